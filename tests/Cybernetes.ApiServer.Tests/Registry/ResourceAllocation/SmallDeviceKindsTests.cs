using Cybernetes.ApiServer.Registry.ResourceAllocation;
using Cybernetes.Objects.Resource.V1beta2;

namespace Cybernetes.ApiServer.Tests.Registry.ResourceAllocation;

public sealed class SmallDeviceKindsTests
{
    [Theory]
    [InlineData("""{"selectors":[{}],"config":[{"opaque":{"driver":"d","parameters":null}}],"extendedResourceName":"cpu"}""", "spec.selectors[0].cel: Required value|spec.config[0].opaque.parameters: Required value|spec.extendedResourceName: Invalid value: \"cpu\": must be a valid extended resource name")]
    [InlineData("""{"selectors":[{"cel":{"expression":"device.driver == 1"}},{"cel":{"expression":"device.attributes['a.b'].c"}},{"cel":{"expression":"1"}}]}""", "spec.selectors[0].cel.expression: Invalid value: \"device.driver == 1\": compilation failed: ERROR: <input>:1:15: found no matching overload for '_==_' applied to '(string, int)'\n | device.driver == 1\n | ..............^|spec.selectors[2].cel.expression: Invalid value: \"1\": must evaluate to bool or the unknown type, not int")]
    [InlineData("""{"extendedResourceName":"example.com/gpu"}""", "")]
    public void Create_OfDeviceClass_Explains(string spec, string expected) => Assert.Equal(
        KindBench.Expected(expected), KindBench.CreateErrors(new DeviceClassKind(), """{"metadata":{"name":"c"},"spec":""" + spec + "}"));

    [Fact]
    public void TaintRule_InBothVersions_IsStamped()
    {
        var kind = new DeviceTaintRuleKind();
        const string Json = """{"kind":"DeviceTaintRule","apiVersion":"resource.k8s.io/v1alpha3","metadata":{"name":"r"},"spec":{"deviceSelector":{"driver":"d"},"taint":{"key":"k","effect":"NoExecute"}},"status":{}}""";
        var back = KindBench.Given(kind, "resource.k8s.io/v1alpha3", KindBench.Received(kind, "resource.k8s.io/v1alpha3", Json));
        Assert.True(KindBench.SameJson(Json, back), back);
        Assert.Equal(KindBench.Now, ((DeviceTaintRule)KindBench.Created(kind, Json)).Spec.Taint.TimeAdded);
        Assert.Equal(
            ["spec.deviceSelector.pool: Required value", "spec.taint.effect: Required value"],
            KindBench.CreateErrors(kind, """{"metadata":{"name":"r"},"spec":{"deviceSelector":{"pool":""},"taint":{"key":"k"}}}"""));
    }

    [Fact]
    public void PoolStatusRequest_LimitAndStatus_AreChecked()
    {
        var kind = new ResourcePoolStatusRequestKind();
        const string Json = """{"metadata":{"name":"r"},"spec":{"driver":"d","limit":1001}}""";
        Assert.Equal(["spec.limit: Invalid value: 1001: must be less than or equal to 1000"], KindBench.CreateErrors(kind, Json));
        Assert.Equal(["status.poolCount: Required value"], KindBench.StatusErrors(kind, Json, """{"metadata":{"name":"r"},"spec":{"driver":"d"},"status":{}}"""));
    }
}
