using Cybernetes.ApiServer.Registry.ResourceAllocation;
using Cybernetes.Objects.Resource.V1;

namespace Cybernetes.ApiServer.Tests.Registry.ResourceAllocation;

public sealed class ResourceSliceTests
{
    private const string Head = """ "driver":"d.example.com","pool":{"name":"p","resourceSliceCount":1},"nodeName":"n" """;
    private static readonly ResourceSliceKind Kind = new();

    [Theory]
    [InlineData("""{H,"devices":[{"name":"a","attributes":{"model":{"string":"x"}},"capacity":{"mem":{"value":"1Gi"}}}]}""", "")]
    [InlineData("""{"pool":{}}""", "spec.driver: Required value|spec.driver: Invalid value: \"\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')|spec.pool.name: Required value|spec.pool.resourceSliceCount: Invalid value: 0: must be greater than zero|spec: Required value: exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required")]
    [InlineData("""{H,"allNodes":true}""", "spec: Invalid value: \"{`nodeName`, `allNodes`}\": exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required, but multiple fields are set")]
    [InlineData("""{H,"devices":[{"name":"a"},{"name":"a","allNodes":true}]}""", "spec.devices[1]: Invalid value: null: `nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec|spec.devices[1]: Duplicate value: \"a\"")]
    [InlineData("""{H,"devices":[{"name":"a","attributes":{"a/b/c":{"int":1},"v":{"version":"1"},"w":{}},"taints":[{"key":"k","effect":"Never"}]}]}""", "spec.devices[0].attributes: Invalid value: \"a/b/c\": must not contain more than one slash|spec.devices[0].attributes[v].version: Invalid value: \"1\": must be a string compatible with semver.org spec 2.0.0|spec.devices[0].attributes[w]: Invalid value: \"\": exactly one value must be specified|spec.devices[0].taints[0].effect: Unsupported value: \"Never\": supported values: \"NoExecute\", \"NoSchedule\", \"None\"")]
    [InlineData("""{H,"devices":[{"name":"a","capacity":{"m":{"value":"10","requestPolicy":{"validRange":{"min":"1"}}}}}]}""", "spec.devices[0].capacity[m].requestPolicy: Forbidden: allowMultipleAllocations must be true")]
    [InlineData("""{H,"devices":[{"name":"a","allowMultipleAllocations":true,"capacity":{"m":{"value":"10","requestPolicy":{"default":"4","validRange":{"min":"1","max":"12","step":"2"}}}}}]}""", "spec.devices[0].capacity[m].requestPolicy.validRange.max: Invalid value: \"12\": max is larger than capacity value: 10|spec.devices[0].capacity[m].requestPolicy.validRange.step: Invalid value: \"4\": value is not a multiple of a given step (2) from (1)|spec.devices[0].capacity[m].requestPolicy.validRange.step: Invalid value: \"12\": value is not a multiple of a given step (2) from (1)")]
    [InlineData("""{H,"sharedCounters":[{"name":"s"}]}""", "spec.sharedCounters[0].counters: Required value")]
    public void Create_OfSlice_Explains(string spec, string expected) => Assert.Equal(
        expected.Split('|', StringSplitOptions.RemoveEmptyEntries), KindBench.CreateErrors(Kind, """{"metadata":{"name":"s"},"spec":""" + spec.Replace("{H", "{" + Head, StringComparison.Ordinal) + "}"));

    [Fact]
    public void Update_OfDriverPoolAndNode_IsRefused()
    {
        const string Before = """{"metadata":{"name":"s"},"spec":{"driver":"d","pool":{"name":"p","resourceSliceCount":1},"nodeName":"n"}}""";
        const string After = """{"metadata":{"name":"s"},"spec":{"driver":"e","pool":{"name":"q","resourceSliceCount":1},"nodeName":"m"}}""";
        Assert.Equal(
            ["spec.pool.name: Invalid value: \"q\": field is immutable", "spec.driver: Invalid value: \"e\": field is immutable", "spec.nodeName: Invalid value: \"m\": field is immutable"],
            KindBench.UpdateErrors(Kind, Before, After));
    }

    [Fact]
    public void Beta_OfDevices_HasThemInBasic()
    {
        const string Json = """
            {"kind":"ResourceSlice","apiVersion":"resource.k8s.io/v1beta1","metadata":{"name":"s"},
             "spec":{"driver":"d","pool":{"name":"p","generation":0,"resourceSliceCount":1},"nodeName":"n",
               "devices":[{"name":"a","basic":{"attributes":{"model":{"string":"x"}},"capacity":{"mem":{"value":"1Gi"}},"allowMultipleAllocations":true}}]}}
            """;
        var stored = (ResourceSlice)KindBench.Received(Kind, "resource.k8s.io/v1beta1", Json);
        Assert.Equal("x", stored.Spec.Devices![0].Attributes!["model"].StringValue);
        Assert.Equal("n", stored.Spec.NodeName);
        Assert.Null(stored.Spec.AllNodes);
        var back = KindBench.Given(Kind, "resource.k8s.io/v1beta1", stored);
        Assert.True(KindBench.SameJson(Json, back), back);
    }

    [Fact]
    public void Created_WithFieldsOfFeaturesThatAreOff_LosesThem()
    {
        var slice = (ResourceSlice)KindBench.Created(Kind, """{"metadata":{"name":"s"},"spec":{"devices":[{"name":"a","attributes":{"l":{"ints":[1]}},"taints":[{"key":"k","effect":"NoSchedule"}]}]}}""");
        Assert.Null(slice.Spec.Devices![0].Attributes!["l"].IntValues);
        Assert.Equal(KindBench.Now, slice.Spec.Devices[0].Taints![0].TimeAdded);
        Assert.Equal(1, slice.Metadata.Generation);
    }

    [Fact]
    public void Rows_OfDeviceKinds_AreUpstreams() => Assert.Equal(
        "s | n | d | p | <unknown>", KindBench.Row(Kind, """{"metadata":{"name":"s"},"spec":{"driver":"d","pool":{"name":"p"},"nodeName":"n"}}"""));
}
