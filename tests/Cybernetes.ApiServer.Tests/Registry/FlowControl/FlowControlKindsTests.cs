using Cybernetes.ApiServer.Registry;
using Cybernetes.ApiServer.Registry.FlowControl;

namespace Cybernetes.ApiServer.Tests.Registry.FlowControl;

public sealed class FlowControlKindsTests
{
    private static readonly Dictionary<string, KindDefinition> s_kinds = new(StringComparer.Ordinal)
    {
        ["FlowSchema"] = new FlowSchemaKind(), ["PriorityLevel"] = new PriorityLevelKind(),
    };

    [Theory]
    [InlineData("FlowSchema", """{"spec":{"matchingPrecedence":1,"priorityLevelConfiguration":{"name":"a"}}}""", "spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1")]
    [InlineData("FlowSchema", """{"spec":{}}""", "spec.priorityLevelConfiguration.name: Required value: must reference a priority level")]
    [InlineData("FlowSchema", """{"spec":{"priorityLevelConfiguration":{"name":"a"},"distinguisherMethod":{"type":"By"}}}""", """spec.distinguisherMethod.type: Unsupported value: "By": supported values: "ByNamespace", "ByUser" """)]
    [InlineData("FlowSchema", """{"spec":{"priorityLevelConfiguration":{"name":"a"},"rules":[{"subjects":[{"kind":"User","user":{"name":"u"}}]}]}}""", "spec.rules[0]: Required value: at least one of resourceRules and nonResourceRules has to be non-empty")]
    [InlineData("FlowSchema", """{"spec":{"priorityLevelConfiguration":{"name":"a"},"rules":[{"subjects":[{"kind":"User","user":{"name":"u"}}],"resourceRules":[{"verbs":["get"],"apiGroups":[""],"resources":["pods"]}]}]}}""", "spec.rules[0].resourceRules[0].namespaces: Required value: resource rules that are not cluster scoped must supply at least one namespace")]
    [InlineData("PriorityLevel", """{"spec":{"type":"Limited"}}""", "spec.limited: Required value: must not be empty when type is Limited")]
    [InlineData("PriorityLevel", """{"spec":{"type":"Limited","limited":{"limitResponse":{"type":"Queue"}}}}""", "spec.limited.limitResponse.queuing: Required value: must not be empty if limited.limitResponse.type is Limited")]
    [InlineData("PriorityLevel", """{"spec":{"type":"Limited","limited":{"lendablePercent":101,"limitResponse":{"type":"Reject"}}}}""", "spec.limited.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive")]
    [InlineData("PriorityLevel", """{"spec":{"type":"Limited","limited":{"limitResponse":{"type":"Queue","queuing":{"queues":4,"handSize":5}}}}}""", "spec.limited.limitResponse.queuing.handSize: Invalid value: 5: should not be greater than queues (4)")]
    public void Create_Bad_Explains(string kind, string json, string expected) =>
        Assert.Equal([expected.Trim()], KindBench.CreateErrors(s_kinds[kind], json.Insert(1, """ "metadata":{"name":"x"},""")));

    [Fact]
    public async Task Start_MandatoryAndSuggested_AreThere()
    {
        await using var server = await ServerFixture.StartAsync();
        const string group = "/apis/flowcontrol.apiserver.k8s.io/v1/";
        var levels = (await server.GetAsync(group + "prioritylevelconfigurations")).Json["items"]!.AsArray().Select(i => i!["metadata"]!["name"]!.GetValue<string>());
        var schemas = (await server.GetAsync(group + "flowschemas")).Json["items"]!.AsArray().Select(i => i!["metadata"]!["name"]!.GetValue<string>());

        Assert.Equal(["catch-all", "exempt", "global-default", "leader-election", "node-high", "system", "workload-high", "workload-low"], levels);
        Assert.Equal(13, schemas.Count());
    }

    [Theory]
    [InlineData("flowschemas/catch-all", """{"spec":{"matchingPrecedence":9000}}""", "spec of 'catch-all' must equal the fixed value")]
    [InlineData("prioritylevelconfigurations/catch-all", """{"spec":{"limited":{"lendablePercent":50}}}""", "spec of 'catch-all' must equal the fixed value")]
    public async Task Mandatory_Changed_IsRefused(string path, string patch, string expected)
    {
        await using var server = await ServerFixture.StartAsync();
        var reply = await server.SendAsync("PATCH", "/apis/flowcontrol.apiserver.k8s.io/v1/" + path, patch, "application/merge-patch+json");

        Assert.Equal(422, reply.Code);
        Assert.Contains(expected, reply.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("v1beta1", "assuredConcurrencyShares", 30)]
    [InlineData("v1beta2", "assuredConcurrencyShares", 30)]
    [InlineData("v1beta3", "nominalConcurrencyShares", 30)]
    public async Task OlderVersions_Shares_HaveTheirName(string version, string field, int expected)
    {
        await using var server = await ServerFixture.StartAsync();
        var path = $"/apis/flowcontrol.apiserver.k8s.io/{version}/prioritylevelconfigurations";
        var created = await server.SendAsync("POST", path, """{"metadata":{"name":"x"},"spec":{"type":"Limited","limited":{"limitResponse":{"type":"Reject"}}}}""");

        Assert.Equal(201, created.Code);
        Assert.Equal(expected.ToString(System.Globalization.CultureInfo.InvariantCulture), created.At($"spec.limited.{field}"));
        var set = await server.SendAsync("PATCH", path + "/x", $$$"""{"spec":{"limited":{"{{{field}}}":7} } }""", "application/merge-patch+json");
        Assert.Equal("7", set.At($"spec.limited.{field}"));
        Assert.Equal("7", (await server.GetAsync("/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations/x")).At("spec.limited.nominalConcurrencyShares"));
    }

    [Fact]
    public async Task OlderVersion_MeantZero_IsKept()
    {
        await using var server = await ServerFixture.StartAsync();
        const string old = "/apis/flowcontrol.apiserver.k8s.io/v1beta3/prioritylevelconfigurations/x";
        const string path = "/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations";
        await server.SendAsync("POST", path,
            """{"metadata":{"name":"x"},"spec":{"type":"Limited","limited":{"nominalConcurrencyShares":0,"limitResponse":{"type":"Reject"}}}}""");
        var read = await server.GetAsync(old);
        Assert.Equal(200, (await server.SendAsync("PUT", old, read.Text)).Code);

        Assert.Equal("0", (await server.GetAsync(path + "/x")).At("spec.limited.nominalConcurrencyShares"));
    }
}
