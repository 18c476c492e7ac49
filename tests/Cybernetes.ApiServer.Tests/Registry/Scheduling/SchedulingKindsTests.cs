using Cybernetes.ApiServer.Registry;
using Cybernetes.ApiServer.Registry.Coordination;
using Cybernetes.ApiServer.Registry.NodeRuntime;
using Cybernetes.ApiServer.Registry.Scheduling;
using Cybernetes.ApiServer.Registry.StorageMigration;

namespace Cybernetes.ApiServer.Tests.Registry.Scheduling;

public sealed class SchedulingKindsTests
{
    private static readonly Dictionary<string, KindDefinition> s_kinds = new(StringComparer.Ordinal)
    {
        ["PriorityClass"] = new PriorityClassKind(),
        ["Workload"] = new WorkloadKind(),
        ["PodGroup"] = new PodGroupKind(),
        ["RuntimeClass"] = new RuntimeClassKind(),
        ["LeaseCandidate"] = new LeaseCandidateKind(),
        ["StorageVersionMigration"] = new StorageVersionMigrationKind(),
    };

    [Theory]
    [InlineData("PriorityClass", """{"metadata":{"name":"x"},"value":1000000001}""", "value: Forbidden: maximum allowed value of a user defined priority is 1000000000")]
    [InlineData("PriorityClass", """{"metadata":{"name":"system-mine"},"value":1}""", "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: system-mine is not a known system priority class")]
    [InlineData("PriorityClass", """{"metadata":{"name":"system-node-critical"},"value":1}""", "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: value of system-node-critical PriorityClass must be 2000001000")]
    [InlineData("PriorityClass", """{"metadata":{"name":"x"},"preemptionPolicy":"Often"}""", """preemptionPolicy: Unsupported value: "Often": supported values: "Never", "PreemptLowerPriority" """)]
    [InlineData("RuntimeClass", """{"metadata":{"name":"x"},"handler":"A"}""", """handler: Invalid value: "A": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')""")]
    [InlineData("Workload", """{"metadata":{"name":"x"},"spec":{}}""", "spec.podGroupTemplates: Required value: must have at least one item")]
    [InlineData("Workload", """{"metadata":{"name":"x"},"spec":{"podGroupTemplates":[{"name":"a","schedulingPolicy":{"gang":{}}}]}}""", "spec.podGroupTemplates[0].schedulingPolicy.gang.minCount: Invalid value: 0: must be greater than or equal to 1")]
    [InlineData("PodGroup", """{"metadata":{"name":"x"},"spec":{}}""", """spec.schedulingPolicy: Invalid value: "": must specify one of: `basic`, `gang`""")]
    [InlineData("LeaseCandidate", """{"metadata":{"name":"x"},"spec":{"leaseName":"l","strategy":"OldestEmulationVersion","binaryVersion":"1.2.0","emulationVersion":"1.3.0"}}""", """spec.binaryVersion: Invalid value: "1.2.0": must be greater than or equal to `emulationVersion`""")]
    [InlineData("StorageVersionMigration", """{"metadata":{"name":"x"},"spec":{"resource":{"group":"apps"}}}""", "spec.resource.resource: Required value: resource is required")]
    public void Create_Bad_Explains(string kind, string json, string expected) =>
        Assert.Equal([expected.Trim()], KindBench.CreateErrors(s_kinds[kind], json));

    [Theory]
    [InlineData("PriorityClass", """{"value":1}""", """{"value":2}""", "value: Forbidden: may not be changed in an update.")]
    [InlineData("PriorityClass", """{"preemptionPolicy":"Never"}""", """{"preemptionPolicy":"PreemptLowerPriority"}""", """preemptionPolicy: Invalid value: "PreemptLowerPriority": field is immutable""")]
    [InlineData("RuntimeClass", """{"handler":"a"}""", """{"handler":"b"}""", """handler: Invalid value: "b": field is immutable""")]
    public void Update_Immutable_Explains(string kind, string before, string after, string expected) => Assert.Equal(
        [expected], KindBench.UpdateErrors(s_kinds[kind], Named(before), Named(after)));

    [Fact]
    public void PriorityClass_Row_ShowsItsValue() => Assert.Equal(
        "x | 7 | True | <unknown> | Never",
        KindBench.Row(s_kinds["PriorityClass"], """{"metadata":{"name":"x"},"value":7,"globalDefault":true,"preemptionPolicy":"Never"}"""));

    [Fact]
    public async Task Start_SystemClasses_AreThere()
    {
        await using var server = await ServerFixture.StartAsync();

        Assert.Equal("2000001000", (await server.GetAsync("/apis/scheduling.k8s.io/v1/priorityclasses/system-node-critical")).At("value"));
        Assert.Equal("2000000000", (await server.GetAsync("/apis/scheduling.k8s.io/v1beta1/priorityclasses/system-cluster-critical")).At("value"));
    }

    [Fact]
    public async Task GlobalDefault_Second_IsRefusedAndFirstGoesToPods()
    {
        await using var server = await ServerFixture.StartAsync();
        Assert.Equal(201, (await CreateClassAsync(server, "first", 10)).Code);
        var second = await CreateClassAsync(server, "second", 20);
        Assert.Equal(403, second.Code);
        Assert.Equal(
            "priorityclasses.scheduling.k8s.io \"second\" is forbidden: PriorityClass first is already marked as default. Only one default can exist",
            second.Message);
        await server.SendAsync("POST", "/api/v1/namespaces/default/serviceaccounts", """{"metadata":{"name":"default"}}""");
        var pod = await server.SendAsync("POST", "/api/v1/namespaces/default/pods", """{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"}]}}""");

        Assert.Equal("first", pod.At("spec.priorityClassName"));
        Assert.Equal("10", pod.At("spec.priority"));
    }

    [Fact]
    public async Task Workloads_ByDefault_AreNotServed()
    {
        await using var server = await ServerFixture.StartAsync();
        Assert.Equal(404, (await server.GetAsync("/apis/scheduling.k8s.io/v1alpha2/workloads")).Code);

        Assert.True(FeatureGates.TryParse("GenericWorkload=true", out var gates, out _));
        Assert.True(ApiEnablement.TryParse("scheduling.k8s.io/v1alpha2=true", out var enablement, out _));
        await using var open = await ServerFixture.StartAsync(o => o with { FeatureGates = gates, Enablement = enablement });
        Assert.Equal(200, (await open.GetAsync("/apis/scheduling.k8s.io/v1alpha2/workloads")).Code);
    }

    private static Task<Reply> CreateClassAsync(ServerFixture server, string name, int value) => server.SendAsync(
        "POST", "/apis/scheduling.k8s.io/v1/priorityclasses", $$"""{"metadata":{"name":"{{name}}"},"value":{{value}},"globalDefault":true}""");

    private static string Named(string fields) => fields.Insert(1, """ "metadata":{"name":"x"},""");
}
