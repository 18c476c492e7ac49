using Cybernetes.ApiServer.Registry.Core.Quotas;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Tests.Registry.Core.Quotas;

public sealed class QuotaKindTests
{
    private static readonly ResourceQuotaKind Quota = new();
    private static readonly LimitRangeKind Limits = new();

    [Theory]
    [InlineData(""" "hard":{"pods":"1.5","bananas":"1","storage":"1","count/jobs.batch":"-1"} """, "spec.hard[bananas]: Invalid value: \"bananas\": must be a standard resource type or fully qualified|spec.hard[bananas]: Invalid value: \"bananas\": must be a standard resource for quota|spec.hard[count/jobs.batch]: Invalid value: \"-1\": must be greater than or equal to 0|spec.hard[pods]: Invalid value: \"1500m\": must be an integer|spec.hard[storage]: Invalid value: \"storage\": must be a standard resource for quota")]
    [InlineData(""" "hard":{"cpu":"1"},"scopes":["BestEffort"] """, "spec.scopes: Invalid value: [\"BestEffort\"]: unsupported scope applied to resource")]
    [InlineData(""" "hard":{"pods":"1"},"scopes":["Terminating","NotTerminating","Odd"] """, "spec.scopes: Invalid value: [\"Terminating\",\"NotTerminating\",\"Odd\"]: unsupported scope|spec.scopes: Invalid value: [\"Terminating\",\"NotTerminating\",\"Odd\"]: conflicting scopes")]
    [InlineData(""" "hard":{"pods":"1"},"scopeSelector":{"matchExpressions":[{"scopeName":"PriorityClass","operator":"In"},{"scopeName":"BestEffort","operator":"In","values":["a"]}]} """, "spec.scopeSelector.matchExpressions.values: Required value: must be at least one value when `operator` is 'In' or 'NotIn' for scope selector|spec.scopeSelector.matchExpressions.operator: Invalid value: \"In\": must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity")]
    [InlineData(""" "hard":{"secrets":"1"},"scopeSelector":{"matchExpressions":[{"scopeName":"PriorityClass","operator":"Exists"}]} """, "spec.scopeSelector.matchExpressions: Invalid value: {\"MatchExpressions\":[{\"ScopeName\":\"PriorityClass\",\"Operator\":\"Exists\",\"Values\":null}]}: unsupported scope applied to resource")]
    public void CreateQuota_BadField_Explains(string spec, string expected) =>
        Assert.Equal(expected.Split('|'), KindBench.CreateErrors(Quota, Of(spec)));

    [Fact]
    public void UpdateQuota_Scopes_AreImmutable() => Assert.Equal(
        ["spec.scopes: Invalid value: [\"NotBestEffort\"]: field is immutable"],
        KindBench.UpdateErrors(Quota, Of(""" "hard":{"pods":"1"},"scopes":["BestEffort"] """), Of(""" "hard":{"pods":"1"},"scopes":["NotBestEffort"] """)));

    [Fact]
    public void Row_OfQuota_SplitsRequestsAndLimits() => Assert.Equal("q | pods: 1/4, requests.cpu: 0/1 | limits.cpu: 500m/2 | <unknown>", KindBench.Row(Quota,
        """{"metadata":{"name":"q"},"status":{"hard":{"requests.cpu":"1","limits.cpu":"2","pods":"4"},"used":{"pods":"1","limits.cpu":"500m"}}}"""));

    [Theory]
    [InlineData("""{"type":"Box"}""", "spec.limits[0].type: Invalid value: \"Box\": must be a standard limit type or fully qualified")]
    [InlineData("""{"type":"Container","min":{"cpu":"2"},"max":{"cpu":"1"}}""", "spec.limits[0].min[cpu]: Invalid value: \"2\": min value 2 is greater than max value 1|spec.limits[0].defaultRequest[cpu]: Invalid value: \"1\": min value 2 is greater than default request value 1|spec.limits[0].default[cpu]: Invalid value: \"2\": min value 2 is greater than default value 1")]
    [InlineData("""{"type":"Pod","default":{"cpu":"1"}}""", "spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'")]
    [InlineData("""{"type":"PersistentVolumeClaim"}""", "spec.limits[0].limits: Required value: either minimum or maximum storage value is required, but neither was provided")]
    [InlineData("""{"type":"Pod","min":{"cpu":"1"},"max":{"cpu":"2"},"maxLimitRequestRatio":{"cpu":"3"}}""", "spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: \"3\": ratio 3 is greater than max/min = 2.000000")]
    [InlineData("""{"type":"Pod","maxLimitRequestRatio":{"cpu":"500m"}}""", "spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: \"500m\": ratio 500m is less than 1")]
    [InlineData("""{"type":"Container","max":{"pods":"1"}}""", "spec.limits[0].max[pods]: Invalid value: \"pods\": must be a standard resource for containers|spec.limits[0].default[pods]: Invalid value: \"pods\": must be a standard resource for containers|spec.limits[0].defaultRequest[pods]: Invalid value: \"pods\": must be a standard resource for containers")]
    [InlineData("""{"type":"Pod"},{"type":"Pod"}""", "spec.limits[1].type: Duplicate value: \"Pod\"")]
    public void CreateLimitRange_BadItem_Explains(string items, string expected) =>
        Assert.Equal(expected.Split('|'), KindBench.CreateErrors(Limits, Of($$""" "limits":[{{items}}] """)));

    [Fact]
    public void Defaults_OfLimitRange_FlowFromMaxToLimitToRequest()
    {
        var range = (LimitRange)KindBench.Created(Limits, Of(""" "limits":[{"type":"Container","max":{"cpu":"2"},"default":{"memory":"1Gi"},"min":{"ephemeral-storage":"1"}}] """));
        var item = range.Spec.Limits![0];
        Assert.Equal("cpu=2 memory=1Gi", Text(item.Default!));
        Assert.Equal("cpu=2 ephemeral-storage=1 memory=1Gi", Text(item.DefaultRequest!));
    }

    private static string Text(Dictionary<string, Cybernetes.Objects.Quantity> amounts) =>
        string.Join(' ', amounts.OrderBy(a => a.Key, StringComparer.Ordinal).Select(a => $"{a.Key}={a.Value}"));

    private static string Of(string spec) => $$"""{"metadata":{"name":"q","namespace":"default"},"spec":{ {{spec}} } }""";
}
