using Cybernetes.ApiServer.Registry.Core.Pods;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Tests.Registry.Core;

public sealed class PodDefaultsTests
{
    private static readonly PodKind Kind = new();

    [Fact]
    public void Defaults_SmallPod_AreUpstreams() => Expect(
        """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"nginx"}]}}""",
        """
        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},
         "spec":{"containers":[{"name":"c","image":"nginx","resources":{},"terminationMessagePath":"/dev/termination-log",
                                "terminationMessagePolicy":"File","imagePullPolicy":"Always"}],
                 "restartPolicy":"Always","terminationGracePeriodSeconds":30,"dnsPolicy":"ClusterFirst","securityContext":{},
                 "schedulerName":"default-scheduler","enableServiceLinks":true},
         "status":{}}
        """);

    [Fact]
    public void Defaults_ProbesPortsVolumes_AreUpstreams() => Expect(
        """
        {"kind":"Pod","metadata":{"name":"p"},"spec":{"hostNetwork":true,"serviceAccount":"sa",
         "volumes":[{"name":"a"},{"name":"b","configMap":{"name":"m"}},{"name":"c","hostPath":{"path":"/x"}},
                    {"name":"d","projected":{"sources":[{"serviceAccountToken":{"path":"t"}}]}}],
         "containers":[{"name":"c","image":"nginx:1.2","ports":[{"containerPort":80}],
                        "env":[{"name":"N","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}}],
                        "resources":{"limits":{"cpu":"1","memory":"1Mi"},"requests":{"cpu":"0.0001"}},
                        "livenessProbe":{"httpGet":{"port":80}},"readinessProbe":{"grpc":{"port":1}}}]}}
        """,
        """
        {"kind":"Pod","apiVersion":"v1","metadata":{"name":"p"},
         "spec":{"volumes":[{"name":"a","emptyDir":{}},{"name":"b","configMap":{"name":"m","defaultMode":420}},
                            {"name":"c","hostPath":{"path":"/x","type":""}},
                            {"name":"d","projected":{"sources":[{"serviceAccountToken":{"expirationSeconds":3600,"path":"t"}}],"defaultMode":420}}],
                 "containers":[{"name":"c","image":"nginx:1.2","ports":[{"hostPort":80,"containerPort":80,"protocol":"TCP"}],
                   "env":[{"name":"N","valueFrom":{"fieldRef":{"apiVersion":"v1","fieldPath":"metadata.name"}}}],
                   "resources":{"limits":{"cpu":"1","memory":"1Mi"},"requests":{"cpu":"1m","memory":"1Mi"}},
                   "livenessProbe":{"httpGet":{"path":"/","port":80,"scheme":"HTTP"},"timeoutSeconds":1,"periodSeconds":10,"successThreshold":1,"failureThreshold":3},
                   "readinessProbe":{"grpc":{"port":1,"service":""},"timeoutSeconds":1,"periodSeconds":10,"successThreshold":1,"failureThreshold":3},
                   "terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File","imagePullPolicy":"IfNotPresent"}],
                 "restartPolicy":"Always","terminationGracePeriodSeconds":30,"dnsPolicy":"ClusterFirst","serviceAccountName":"sa","serviceAccount":"sa",
                 "hostNetwork":true,"securityContext":{},"schedulerName":"default-scheduler","enableServiceLinks":true},
         "status":{}}
        """);

    [Theory]
    [InlineData("nginx", "Always")]
    [InlineData("nginx:latest", "Always")]
    [InlineData("localhost:5000/nginx", "Always")]
    [InlineData("nginx:1", "IfNotPresent")]
    [InlineData("localhost:5000/nginx:1", "IfNotPresent")]
    [InlineData("nginx@sha256:0000000000000000000000000000000000000000000000000000000000000000", "IfNotPresent")]
    public void PullPolicy_OfImage_FollowsItsTag(string image, string expected) =>
        Assert.Equal(expected, ImageReferences.DefaultPullPolicy(image));

    [Theory]
    [InlineData("""{}""", "BestEffort")]
    [InlineData("""{"requests":{"cpu":"1"}}""", "Burstable")]
    [InlineData("""{"limits":{"cpu":"1","memory":"1Gi"}}""", "Guaranteed")]
    [InlineData("""{"limits":{"cpu":"1","memory":"1Gi"},"requests":{"cpu":"500m"}}""", "Burstable")]
    [InlineData("""{"limits":{"cpu":"1"}}""", "Burstable")]
    public void QualityOfService_OfResources_IsSetOnCreate(string resources, string expected)
    {
        var pod = (Pod)KindBench.Created(Kind, $$$"""{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i","resources":{{{resources}}} }]}}""");
        Assert.Equal(expected, pod.Status.QOSClass);
        Assert.Equal("Pending", pod.Status.Phase);
        Assert.Equal(1, pod.Metadata.Generation);
    }

    [Fact]
    public void Create_WithStatusOfClient_StartsAfresh()
    {
        var pod = (Pod)KindBench.Created(
            Kind, """{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"}]},"status":{"phase":"Running","podIP":"1.2.3.4"}}""");
        Assert.Equal("Pending", pod.Status.Phase);
        Assert.Equal("", pod.Status.PodIP);
    }

    [Fact]
    public void Create_WithMatchLabelKeys_AddsTheOwnValues()
    {
        var pod = (Pod)KindBench.Created(
            Kind,
            """
            {"metadata":{"name":"p","labels":{"h":"x1"}},"spec":{"containers":[{"name":"c","image":"i"}],
             "topologySpreadConstraints":[{"maxSkew":1,"topologyKey":"z","whenUnsatisfiable":"DoNotSchedule","labelSelector":{},"matchLabelKeys":["h"]}]}}
            """);
        var expression = Assert.Single(pod.Spec.TopologySpreadConstraints![0].LabelSelector!.MatchExpressions!);
        Assert.Equal(("h", "In", "x1"), (expression.Key, expression.Operator, expression.Values![0]));
    }

    private static void Expect(string given, string expected)
    {
        var actual = KindBench.Defaulted(Kind, given);
        Assert.True(KindBench.SameJson(expected, actual), actual);
    }
}
