using Cybernetes.ApiServer.Registry;
using Cybernetes.ApiServer.Registry.Autoscaling;
using Cybernetes.Objects.Autoscaling.V2;

namespace Cybernetes.ApiServer.Tests.Registry.Autoscaling;

public sealed class HorizontalPodAutoscalerTests
{
    private const string Target = """ "scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"web"} """;
    private const string Up = """{"stabilizationWindowSeconds":0,"selectPolicy":"Max","policies":[{"type":"Pods","value":4,"periodSeconds":15},{"type":"Percent","value":100,"periodSeconds":15}]}""";
    private static readonly HorizontalPodAutoscalerKind Kind = new(FeatureGates.Default);

    [Fact]
    public void Defaults_OfV2_AreUpstreams()
    {
        var actual = KindBench.Defaulted(Kind, Hpa($$$$"""{{{{{Target}}}},"maxReplicas":3,"behavior":{"scaleDown":{"stabilizationWindowSeconds":60}}}"""));
        Assert.True(KindBench.SameJson(
            Hpa($$$$"""
                {{{{{Target}}}},"minReplicas":1,"maxReplicas":3,
                 "metrics":[{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":80}}}],
                 "behavior":{"scaleUp":{{{{Up}}}},
                   "scaleDown":{"stabilizationWindowSeconds":60,"selectPolicy":"Max","policies":[{"type":"Percent","value":100,"periodSeconds":15}]}}}
                """)[..^1] + ""","status":{"desiredReplicas":0,"currentMetrics":null}}""", actual), actual);
    }

    [Theory]
    [InlineData("{}", "spec.maxReplicas: Required value: must be set and greater than 0|spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`|spec.scaleTargetRef.kind: Required value|spec.scaleTargetRef.name: Required value|spec.scaleTargetRef.apiVersion: Invalid value: \"\": apiVersion must specify API group")]
    [InlineData("""{"scaleTargetRef":{"apiVersion":"v1","kind":"ReplicationController","name":"a/b"},"maxReplicas":1}""", "spec.scaleTargetRef.name: Invalid value: \"a/b\": may not contain '/'")]
    [InlineData("""{"scaleTargetRef":{"apiVersion":"a/b/c","kind":"Deployment","name":"b"},"maxReplicas":1}""", "spec.scaleTargetRef.apiVersion: Invalid value: \"a/b/c\": unexpected GroupVersion string: a/b/c")]
    [InlineData("""{T,"maxReplicas":2,"minReplicas":0}""", "spec.minReplicas: Invalid value: 0: must be greater than or equal to 1|spec.metrics: Forbidden: must specify at least one Object or External metric to support scaling to zero replicas")]
    [InlineData("""{T,"maxReplicas":2,"minReplicas":3}""", "spec.maxReplicas: Invalid value: 2: must be greater than or equal to `minReplicas`")]
    [InlineData("""{T,"maxReplicas":2,"metrics":[{"type":"Pods","resource":{"name":"cpu","target":{"type":"Utilization"}}}]}""", "spec.metrics[0].resource.target.averageUtilization: Required value: must set either a target raw value or a target utilization|spec.metrics[0].pods: Required value: must populate information for the given metric source")]
    [InlineData("""{T,"maxReplicas":2,"metrics":[{"type":"Odd"}]}""", "spec.metrics[0].type: Unsupported value: \"Odd\": supported values: \"ContainerResource\", \"External\", \"Object\", \"Pods\", \"Resource\"|spec.metrics[0].type: Unsupported value: \"Odd\": supported values: \"ContainerResource\", \"External\", \"Object\", \"Pods\", \"Resource\"")]
    [InlineData("""{T,"maxReplicas":2,"metrics":[{"type":"External","external":{"metric":{"name":"q"},"target":{"type":"Value","value":"0"}},"pods":{"metric":{"name":"q"},"target":{}}}]}""", "spec.metrics[0].external.target.value: Invalid value: \"0\": must be positive|spec.metrics[0].pods: Forbidden: must populate the given metric source only")]
    [InlineData("""{T,"maxReplicas":2,"metrics":[{"type":"ContainerResource","containerResource":{"name":"gpu","container":"A","target":{"type":"Share","averageUtilization":0,"averageValue":"1"}}}]}""", "spec.metrics[0].containerResource.name: Invalid value: \"gpu\": must be a standard resource type or fully qualified|spec.metrics[0].containerResource.name: Invalid value: \"gpu\": must be a standard resource for containers|spec.metrics[0].containerResource.container: Invalid value: \"A\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')|spec.metrics[0].containerResource.target.type: Invalid value: \"Share\": must be either Utilization, Value, or AverageValue|spec.metrics[0].containerResource.target.averageUtilization: Invalid value: 0: must be greater than 0|spec.metrics[0].containerResource.target.averageValue: Forbidden: may not set both a target raw value and a target utilization")]
    [InlineData("""{T,"maxReplicas":2,"behavior":{"scaleUp":{"stabilizationWindowSeconds":3601,"selectPolicy":"Most","policies":[]},"scaleDown":{"tolerance":"-1","policies":[{"type":"Odd","value":0,"periodSeconds":1801}]}}}""", "spec.behavior.scaleUp.stabilizationWindowSeconds: Invalid value: 3601: must be less than or equal to 3600|spec.behavior.scaleUp.selectPolicy: Unsupported value: \"Most\": supported values: \"Disabled\", \"Max\", \"Min\"|spec.behavior.scaleUp.policies: Required value: must specify at least one Policy|spec.behavior.scaleDown.policies[0].type: Unsupported value: \"Odd\": supported values: \"Percent\", \"Pods\"|spec.behavior.scaleDown.policies[0].value: Invalid value: 0: must be greater than zero|spec.behavior.scaleDown.policies[0].periodSeconds: Invalid value: 1801: must be less than or equal to 1800|spec.behavior.scaleDown.tolerance: Invalid value: \"-1\": must be greater than or equal to 0")]
    public void Create_BadSpec_Explains(string spec, string expected) =>
        Assert.Equal(expected.Split('|'), KindBench.CreateErrors(Kind, Hpa(spec.Replace("T,", Target + ",", StringComparison.Ordinal))));

    [Fact]
    public void Update_OfOldReference_MayKeepIt()
    {
        const string Old = """{"scaleTargetRef":{"kind":"Deployment","name":"web"},"maxReplicas":3}""";
        Assert.Empty(KindBench.UpdateErrors(Kind, Hpa(Old), Hpa(Old.Replace("web", "other", StringComparison.Ordinal))));
        Assert.Single(KindBench.UpdateErrors(Kind, Hpa(Old), Hpa(Old.Replace("Deployment", "Other", StringComparison.Ordinal))));
    }

    [Theory]
    [InlineData("""[{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":80}}}]""", "[]", "cpu: <unknown>/80%")]
    [InlineData("""[{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":80}}}]""", """[{"type":"Resource","resource":{"name":"cpu","current":{"averageUtilization":10}}}]""", "cpu: 10%/80%")]
    [InlineData("""[{"type":"Resource","resource":{"name":"memory","target":{"averageValue":"1Gi"}}},{"type":"External","external":{"metric":{"name":"q"},"target":{"averageValue":"5"}}},{"type":"Pods","pods":{"target":{"averageValue":"2"}}}]""", """[{"type":"Resource","resource":{"current":{"averageValue":"512Mi"}}},{"type":"External","external":{"current":{"averageValue":"3"}}}]""", "memory: 512Mi/1Gi, 3/5 (avg) + 1 more...")]
    [InlineData("""[{"type":"Object","object":{"target":{"value":"4"}}},{"type":"ContainerResource","containerResource":{"name":"cpu","target":{}}}]""", """[{"type":"Object","object":{"current":{"value":"7"}}}]""", "7/4, cpu: <unknown>/<auto>")]
    public void Row_OfMetrics_IsUpstreams(string metrics, string current, string expected)
    {
        var json = $$$$"""
            {"metadata":{"name":"h","creationTimestamp":"2026-01-02T03:02:05Z"},
             "spec":{{{{{Target}}}},"minReplicas":1,"maxReplicas":9,"metrics":{{{{metrics}}}}},"status":{"currentReplicas":2,"currentMetrics":{{{{current}}}}}}
            """;
        Assert.Equal($"h | Deployment/web | {expected} | 1 | 9 | 2 | 2m", KindBench.Row(Kind, json));
    }

    [Fact]
    public void V1_WithPercent_IsStoredAsMetricAndReadBack()
    {
        var json = $$$$"""{"apiVersion":"autoscaling/v1","kind":"HorizontalPodAutoscaler","metadata":{"name":"h"},"spec":{{{{{Target}}}},"minReplicas":2,"maxReplicas":5,"targetCPUUtilizationPercentage":50},"status":{"currentReplicas":0,"desiredReplicas":0}}""";
        var stored = (HorizontalPodAutoscaler)KindBench.Received(Kind, "autoscaling/v1", json);
        Assert.Equal(50, Assert.Single(stored.Spec.Metrics!).Resource!.Target.AverageUtilization);
        var back = KindBench.Given(Kind, "autoscaling/v1", stored);
        Assert.True(KindBench.SameJson(json, back), back);
    }

    [Theory]
    [InlineData("autoscaling/v1")]
    [InlineData("autoscaling/v2beta1")]
    [InlineData("autoscaling/v2beta2")]
    public void OlderVersion_AndBack_LosesNothing(string version)
    {
        var stored = KindBench.Received(Kind, "autoscaling/v2", Full);
        var there = KindBench.Given(Kind, version, stored);
        Assert.Contains($"\"apiVersion\":\"{version}\"", there, StringComparison.Ordinal);
        var back = KindBench.Json(KindBench.Received(Kind, version, there));
        Assert.True(KindBench.SameJson(Full, back), back);
    }

    [Fact]
    public void V1_OfFullObject_HasUpstreamsAnnotations()
    {
        var there = KindBench.Given(Kind, "autoscaling/v1", KindBench.Received(Kind, "autoscaling/v2", Full));
        Assert.Contains("""\"ScaleUp\":{\"StabilizationWindowSeconds\":0,\"SelectPolicy\":\"Max\",\"Policies\":[{\"Type\":\"Pods\",\"Value\":4,\"PeriodSeconds\":15}""", there, StringComparison.Ordinal);
        Assert.Contains("""autoscaling.alpha.kubernetes.io/metrics":"[{\"type\":\"Object\",\"object\":{\"target\":{\"kind\":\"Ingress\",\"name\":\"i\",\"apiVersion\":\"networking.k8s.io/v1\"},\"metricName\":\"hits\",\"targetValue\":\"10k\"}}""", there, StringComparison.Ordinal);
        Assert.Contains("autoscaling.alpha.kubernetes.io/current-metrics", there, StringComparison.Ordinal);
        Assert.Contains("autoscaling.alpha.kubernetes.io/conditions", there, StringComparison.Ordinal);
        Assert.Contains("\"targetCPUUtilizationPercentage\":70", there, StringComparison.Ordinal);
        Assert.Contains("\"currentCPUUtilizationPercentage\":33", there, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("[1]")]
    public void V1_WithUnreadableAnnotations_TakesDefaults(string text)
    {
        var json = $$$$"""{"metadata":{"name":"h","annotations":{"autoscaling.alpha.kubernetes.io/metrics":"{{{{text}}}}","autoscaling.alpha.kubernetes.io/behavior":"{{{{text}}}}"}},"spec":{{{{{Target}}}},"maxReplicas":5}}""";
        var stored = (HorizontalPodAutoscaler)KindBench.Received(Kind, "autoscaling/v1", json);
        Assert.Equal(80, Assert.Single(stored.Spec.Metrics!).Resource!.Target.AverageUtilization);
        Assert.Null(stored.Spec.Behavior);
        Assert.Null(stored.Metadata.Annotations);
    }

    private const string Full = $$$$"""
        {"kind":"HorizontalPodAutoscaler","apiVersion":"autoscaling/v2","metadata":{"name":"h","annotations":{"mine":"1"}},
         "spec":{{{{{Target}}}},"minReplicas":2,"maxReplicas":9,
           "metrics":[
             {"type":"Object","object":{"describedObject":{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","name":"i"},"metric":{"name":"hits"},"target":{"type":"Value","value":"10k"}}},
             {"type":"Pods","pods":{"metric":{"name":"q","selector":{"matchLabels":{"a":"b"}}},"target":{"type":"AverageValue","averageValue":"1k"}}},
             {"type":"ContainerResource","containerResource":{"name":"memory","container":"c","target":{"type":"AverageValue","averageValue":"1Gi"}}},
             {"type":"External","external":{"metric":{"name":"queue"},"target":{"type":"AverageValue","averageValue":"30"}}},
             {"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":70}}}],
           "behavior":{"scaleUp":{{{{Up}}}},
             "scaleDown":{"stabilizationWindowSeconds":60,"selectPolicy":"Disabled","policies":[{"type":"Pods","value":1,"periodSeconds":60}],"tolerance":"50m"}}},
         "status":{"observedGeneration":3,"lastScaleTime":"2026-01-02T03:04:05Z","currentReplicas":2,"desiredReplicas":3,
           "currentMetrics":[{"type":"Resource","resource":{"name":"cpu","current":{"averageUtilization":33,"averageValue":"100m"}}}],
           "conditions":[{"type":"AbleToScale","status":"True","lastTransitionTime":"2026-01-02T03:04:05Z","reason":"R","message":"m"}]}}
        """;

    private static string Hpa(string spec) =>
        $$$$"""{"kind":"HorizontalPodAutoscaler","apiVersion":"autoscaling/v2","metadata":{"name":"h","namespace":"default"},"spec":{{{{spec}}}}}""";
}
