using Cybernetes.ApiServer.Registry;
using Cybernetes.ApiServer.Registry.ResourceAllocation;
using Cybernetes.Objects.Resource.V1;

namespace Cybernetes.ApiServer.Tests.Registry.ResourceAllocation;

public sealed class ResourceClaimTests
{
    private const string Group = "resource.k8s.io";
    private static readonly ResourceClaimKind Kind = new();
    private static readonly ResourceClaimTemplateKind Template = new();

    [Theory]
    [InlineData("""{"devices":{"requests":[{"name":"r","exactly":{"deviceClassName":"c"}}]}}""", "")]
    [InlineData("""{"devices":{"requests":[{"name":"R"}]}}""", "devices.requests[0].name: Invalid value: \"R\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')|devices.requests[0]: Required value: exactly one of `exactly` or `firstAvailable` is required")]
    [InlineData("""{"devices":{"requests":[{"name":"r","exactly":{"allocationMode":"All","count":2}},{"name":"r","firstAvailable":[{"name":"s","deviceClassName":"c","allocationMode":"Some"}]}]}}""", "devices.requests[0].exactly.deviceClassName: Required value|devices.requests[0].exactly.count: Invalid value: 2: must not be specified when allocationMode is 'All'|devices.requests[1].firstAvailable[0].allocationMode: Unsupported value: \"Some\": supported values: \"All\", \"ExactCount\"|devices.requests[1]: Duplicate value: \"r\"")]
    [InlineData("""{"devices":{"requests":[{"name":"r","exactly":{"deviceClassName":"c","selectors":[{}],"tolerations":[{"operator":"Exists","value":"x","effect":"No"}]}}],"constraints":[{"requests":["r","q"],"matchAttribute":"model"},{}]}}""", "devices.requests[0].exactly.selectors[0].cel: Required value|devices.requests[0].exactly.tolerations[0].value: Invalid value: \"x\": must be empty for operator `Exists`|devices.requests[0].exactly.tolerations[0].effect: Unsupported value: \"No\": supported values: \"NoExecute\", \"NoSchedule\", \"None\"|devices.constraints[0].requests[1]: Invalid value: \"q\": must be the name of a request in the claim or the name of a request and a subrequest separated by '/'|devices.constraints[0].matchAttribute: Invalid value: \"model\": a fully qualified name must be a domain and a name separated by a slash|devices.constraints[1]: Required value: exactly one of \"matchAttribute\" or \"distinctAttribute\" is required, but multiple fields are set")]
    [InlineData("""{"devices":{"config":[{},{"opaque":{"driver":"d","parameters":[]}}]}}""", "devices.config[0].opaque: Required value|devices.config[1].opaque.parameters: Invalid value: \"<value omitted>\": must be a valid JSON object")]
    public void Create_OfClaimAndTemplate_Explains(string spec, string expected)
    {
        var wanted = expected.Split('|', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(wanted.Select(e => "spec." + e), KindBench.CreateErrors(Kind, """{"metadata":{"name":"c"},"spec":""" + spec + "}"));
        Assert.Equal(wanted.Select(e => "spec.spec." + e), KindBench.CreateErrors(Template, """{"metadata":{"name":"t"},"spec":{"spec":""" + spec + "}}"));
    }

    [Fact]
    public void Defaults_OfRequests_CountOne()
    {
        var claim = (ResourceClaim)KindBench.Created(Kind, """{"metadata":{"name":"c"},"spec":{"devices":{"requests":[{"name":"r","exactly":{"deviceClassName":"c","tolerations":[{"key":"k"}]}},{"name":"s","firstAvailable":[{"name":"a","allocationMode":"All"}]}]}},"status":{"reservedFor":[{"name":"p"}]}}""");
        var exactly = claim.Spec.Devices.Requests![0].Exactly!;
        Assert.Equal(("ExactCount", 1L, "Equal"), (exactly.AllocationMode, exactly.Count, exactly.Tolerations![0].Operator));
        Assert.Equal(("All", 0L), (claim.Spec.Devices.Requests[1].FirstAvailable![0].AllocationMode, claim.Spec.Devices.Requests[1].FirstAvailable![0].Count));
        Assert.Null(claim.Status.ReservedFor);
    }

    [Fact]
    public void Update_OfSpec_IsImmutable()
    {
        const string Before = """{"metadata":{"name":"c"},"spec":{"devices":{"requests":[{"name":"r","exactly":{"deviceClassName":"c"}}]}}}""";
        Assert.Empty(KindBench.UpdateErrors(Kind, Before, Before));
        Assert.EndsWith("field is immutable", Assert.Single(KindBench.UpdateErrors(Kind, Before, Before.Replace("\"c\"}}", "\"d\"}}", StringComparison.Ordinal))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"reservedFor":[{"resource":"pods","name":"p","uid":"u"}]}""", "status.reservedFor: Forbidden: may not be specified when `allocated` is not set")]
    [InlineData("""{"allocation":{"devices":{"results":[{"request":"r","driver":"d","pool":"p","device":"x"}]}},"devices":[{"driver":"d","pool":"p","device":"y"}]}""", "status.devices[0]: Invalid value: \"d/p/y\": must be an allocated device in the claim")]
    [InlineData("""{"allocation":{"devices":{"results":[{"request":"q","driver":"d","pool":"p","device":"x","bindingConditions":["a"]}],"config":[{"source":"Else","opaque":{"driver":"d","parameters":{}}}]}}}""", "status.allocation.devices.results[0].request: Invalid value: \"q\": must be the name of a request in the claim or the name of a request and a subrequest separated by '/'|status.allocation.devices.results[0].bindingFailureConditions: Invalid value: []: bindingFailureConditions are required to use bindingConditions|status.allocation.devices.config[0].source: Unsupported value: \"Else\": supported values: \"FromClaim\", \"FromClass\"")]
    public void Status_ThatCannotBe_IsExplained(string status, string expected)
    {
        const string Before = """{"metadata":{"name":"c"},"spec":{"devices":{"requests":[{"name":"r","exactly":{"deviceClassName":"c"}}]}}}""";
        Assert.Equal(expected.Split('|'), KindBench.StatusErrors(Kind, Before, """{"metadata":{"name":"c"},"status":""" + status + "}"));
    }

    [Theory]
    [InlineData("{}", "pending")]
    [InlineData("""{"allocation":{}}""", "allocated")]
    [InlineData("""{"allocation":{},"reservedFor":[{"name":"p"}]}""", "allocated,reserved")]
    public void Row_OfClaim_TellsItsState(string status, string expected) => Assert.Equal(
        $"c | {expected} | <unknown>", KindBench.Row(Kind, """{"metadata":{"name":"c"},"status":""" + status + "}"));

    [Theory]
    [InlineData("v1beta1", """{"name":"r","deviceClassName":"c","allocationMode":"ExactCount","count":2,"adminAccess":true,"selectors":[{"cel":{"expression":"true"}}],"tolerations":[{"key":"k","operator":"Exists"}],"capacity":{"requests":{"m":"1Gi"}}}""", """{"name":"r","exactly":{"deviceClassName":"c","selectors":[{"cel":{"expression":"true"}}],"allocationMode":"ExactCount","count":2,"adminAccess":true,"tolerations":[{"key":"k","operator":"Exists"}],"capacity":{"requests":{"m":"1Gi"}}}}""")]
    [InlineData("v1beta1", """{"name":"r","deviceClassName":"","firstAvailable":[{"name":"s","deviceClassName":"c","allocationMode":"All"}]}""", """{"name":"r","firstAvailable":[{"name":"s","deviceClassName":"c","allocationMode":"All"}]}""")]
    [InlineData("v1beta2", """{"name":"r","exactly":{"deviceClassName":"c","allocationMode":"All"}}""", """{"name":"r","exactly":{"deviceClassName":"c","allocationMode":"All"}}""")]
    public void OlderVersion_OfRequest_GoesThereAndBack(string version, string older, string stored)
    {
        foreach (var (kind, wrap) in new (KindDefinition Kind, string Wrap)[] { (Kind, "{\"devices\":{\"requests\":[R]}}"), (Template, "{\"metadata\":{},\"spec\":{\"devices\":{\"requests\":[R]}}}") })
        {
            var json = $$"""{"kind":"{{kind.Kind}}","apiVersion":"{{Group}}/{{version}}","metadata":{"name":"c"},"spec":""" + wrap.Replace("R", older, StringComparison.Ordinal)
                + (kind == Kind ? ",\"status\":{}}" : "}");
            var obj = KindBench.Received(kind, $"{Group}/{version}", json);
            Assert.Contains(stored, KindBench.Json(obj), StringComparison.Ordinal);
            var back = KindBench.Given(kind, $"{Group}/{version}", obj);
            Assert.True(KindBench.SameJson(json, back), back);
        }
    }
}
