using Cybernetes.ApiServer.Registry.Policy;

namespace Cybernetes.ApiServer.Tests.Registry.Policy;

public sealed class PodDisruptionBudgetTests
{
    private const string Label = "pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match";
    private static readonly PodDisruptionBudgetKind Kind = new();

    [Theory]
    [InlineData("""{"minAvailable":1,"maxUnavailable":1}""", "spec: Invalid value: {\"minAvailable\":1,\"maxUnavailable\":1}: minAvailable and maxUnavailable cannot be both set")]
    [InlineData("""{"minAvailable":-1}""", "spec.minAvailable: Invalid value: -1: must be greater than or equal to 0")]
    [InlineData("""{"maxUnavailable":"101%"}""", "spec.maxUnavailable: Invalid value: \"101%\": must not be greater than 100%")]
    [InlineData("""{"selector":{"matchExpressions":[{"key":"a","operator":"In"}]}}""", "spec.selector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'")]
    [InlineData("""{"unhealthyPodEvictionPolicy":"Never"}""", "spec.unhealthyPodEvictionPolicy: Unsupported value: \"Never\": supported values: \"AlwaysAllow\", \"IfHealthyBudget\"")]
    public void Create_BadSpec_Explains(string spec, string expected) => Assert.Equal([expected], KindBench.CreateErrors(Kind, Budget(spec)));

    [Fact]
    public void Status_BadNumbersAndConditions_AreExplained()
    {
        var errors = KindBench.StatusErrors(Kind, Budget("{}"), Budget("""{},"status":{"currentHealthy":-1,"conditions":[{"type":"A","status":"Yes","reason":"R","lastTransitionTime":"2026-01-02T03:04:05Z"}]}"""));
        Assert.Equal(
            [
                "status.conditions[0].status: Unsupported value: \"Yes\": supported values: \"False\", \"True\", \"Unknown\"",
                "status.currentHealthy: Invalid value: -1: must be greater than or equal to 0",
            ],
            errors);
    }

    [Theory]
    [InlineData("{}", """{"matchExpressions":[{"key":"L","operator":"Exists"}]}""")]
    [InlineData("""{"matchExpressions":[{"key":"L","operator":"DoesNotExist"}]}""", "{}")]
    [InlineData("""{"matchLabels":{"a":"b"}}""", """{"matchLabels":{"a":"b"}}""")]
    public void BetaSelector_InV1_SelectsTheSame(string beta, string stored)
    {
        var (given, wanted) = (beta.Replace("L", Label, StringComparison.Ordinal), stored.Replace("L", Label, StringComparison.Ordinal));
        if (beta.Contains("matchLabels", StringComparison.Ordinal))
            (given, wanted) = (beta, stored);
        var json = $$$"""{"kind":"PodDisruptionBudget","apiVersion":"policy/v1beta1","metadata":{"name":"b"},"spec":{"minAvailable":1,"selector":{{{given}}}},"status":{"disruptionsAllowed":0,"currentHealthy":0,"desiredHealthy":0,"expectedPods":0}}""";
        var obj = (Objects.Policy.V1.PodDisruptionBudget)KindBench.Received(Kind, "policy/v1beta1", json);
        var text = KindBench.Json(obj);
        Assert.Contains($"\"selector\":{wanted}", text, StringComparison.Ordinal);
        var back = KindBench.Given(Kind, "policy/v1beta1", obj);
        Assert.True(KindBench.SameJson(json, back), back);
    }

    [Fact]
    public void Row_OfBudget_IsUpstreams() => Assert.Equal("b | 50% | N/A | 2 | <unknown>", KindBench.Row(Kind, Budget("""{"minAvailable":"50%"},"status":{"disruptionsAllowed":2}""")));

    private static string Budget(string spec) => """{"kind":"PodDisruptionBudget","apiVersion":"policy/v1","metadata":{"name":"b","namespace":"default"},"spec":""" + spec + "}";
}
