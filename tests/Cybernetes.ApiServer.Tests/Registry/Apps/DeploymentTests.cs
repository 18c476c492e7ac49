using Cybernetes.ApiServer.Registry;
using Cybernetes.ApiServer.Registry.Apps;
using Cybernetes.Objects.Apps.V1;

namespace Cybernetes.ApiServer.Tests.Registry.Apps;

public sealed class DeploymentTests
{
    private const string Template = """ "template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"c","image":"i"}]}} """;
    private static readonly DeploymentKind Kind = new();

    [Theory]
    [InlineData("""{"template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}""", "spec.selector: Required value|spec.template.metadata.labels: Invalid value: {\"app\":\"web\"}: `selector` does not match template `labels`")]
    [InlineData("""{"selector":{"matchLabels":{"app":"other"}},"template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}""", "spec.template.metadata.labels: Invalid value: {\"app\":\"web\"}: `selector` does not match template `labels`")]
    [InlineData("""{"selector":{},"template":{"spec":{"containers":[{"name":"c","image":"i"}]}}}""", "spec.selector: Invalid value: {}: empty selector is invalid for deployment")]
    [InlineData("""{"selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},"spec":{}}}""", "spec.template.spec.containers: Required value")]
    [InlineData("""{"selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i"}]}}}""", "spec.template.spec.restartPolicy: Unsupported value: \"Never\": supported values: \"Always\"")]
    public void Create_BadTemplate_Explains(string spec, string expected) =>
        Assert.Equal(expected.Split('|'), KindBench.CreateErrors(Kind, Deployment(spec)));

    [Theory]
    [InlineData(""" "replicas":-1 """, "spec.replicas: Invalid value: -1: must be greater than or equal to 0")]
    [InlineData(""" "minReadySeconds":600 """, "spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds")]
    [InlineData(""" "strategy":{"type":"Recreate","rollingUpdate":{}} """, "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'")]
    [InlineData(""" "strategy":{"rollingUpdate":{"maxSurge":0,"maxUnavailable":0}} """, "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0")]
    [InlineData(""" "strategy":{"rollingUpdate":{"maxUnavailable":"101%"}} """, """spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%""")]
    [InlineData(""" "strategy":{"rollingUpdate":{"maxSurge":"much"}} """, """spec.strategy.rollingUpdate.maxSurge: Invalid value: "much": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')""")]
    public void Create_BadField_Explains(string fields, string expected) => Assert.Equal(
        [expected], KindBench.CreateErrors(Kind, Deployment($$$"""{"selector":{"matchLabels":{"app":"web"}},{{{Template}}},{{{fields}}}}""")));

    [Fact]
    public void Update_Selector_IsImmutable()
    {
        var errors = KindBench.UpdateErrors(
            Kind,
            Deployment($$$"""{"selector":{"matchLabels":{"app":"web"}},{{{Template}}}}"""),
            Deployment("""{"selector":{"matchLabels":{"app":"b"}},"template":{"metadata":{"labels":{"app":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}"""));
        Assert.Equal(["spec.selector: Invalid value: {\"matchLabels\":{\"app\":\"b\"}}: field is immutable"], errors);
    }

    [Fact]
    public void Defaults_OfDeployment_AreUpstreams()
    {
        var actual = KindBench.Defaulted(Kind, Deployment($$$"""{"selector":{"matchLabels":{"app":"web"}},{{{Template}}}}"""));
        Assert.True(KindBench.SameJson(
            """
            {"kind":"Deployment","apiVersion":"apps/v1","metadata":{"name":"d","namespace":"default"},
             "spec":{"replicas":1,"selector":{"matchLabels":{"app":"web"}},
               "template":{"metadata":{"labels":{"app":"web"}},
                 "spec":{"containers":[{"name":"c","image":"i","resources":{},"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File","imagePullPolicy":"Always"}],
                         "restartPolicy":"Always","terminationGracePeriodSeconds":30,"dnsPolicy":"ClusterFirst","securityContext":{},"schedulerName":"default-scheduler"}},
               "strategy":{"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":"25%","maxSurge":"25%"}},
               "revisionHistoryLimit":10,"progressDeadlineSeconds":600},
             "status":{}}
            """, actual), actual);
    }

    [Fact]
    public void Generation_OfDeployment_CountsSpecAndAnnotations()
    {
        var json = Deployment($$$"""{"selector":{"matchLabels":{"app":"web"}},{{{Template}}}}""");
        var old = (Deployment)KindBench.Created(Kind, json);
        Assert.Equal(1, old.Metadata.Generation);
        Assert.Equal(1, KindBench.Updated(Kind, old, json).Metadata.Generation);
        Assert.Equal(2, KindBench.Updated(Kind, old, json.Replace("\"spec\":{\"selector\"", "\"spec\":{\"replicas\":3,\"selector\"", StringComparison.Ordinal)).Metadata.Generation);
        Assert.Equal(2, KindBench.Updated(Kind, old, json.Replace("\"name\":\"d\"", "\"name\":\"d\",\"annotations\":{\"a\":\"b\"}", StringComparison.Ordinal)).Metadata.Generation);
    }

    [Fact]
    public void Row_OfDeployment_IsUpstreams()
    {
        var json = """
            {"metadata":{"name":"d","creationTimestamp":"2026-01-02T00:04:05Z"},
             "spec":{"replicas":3,"selector":{"matchLabels":{"app":"web"}},"template":{"spec":{"containers":[{"name":"a","image":"x"},{"name":"b","image":"y:1"}]}}},
             "status":{"readyReplicas":2,"updatedReplicas":3,"availableReplicas":1}}
            """;
        Assert.Equal("d | 2/3 | 3 | 1 | 3h | a,b | x,y:1 | app=web", KindBench.Row(Kind, json));
        Assert.Equal("d | 3 | 0 | 2 | 3h | a,b | x,y:1 | app=web", KindBench.Row(new ReplicaSetKind(), json));
    }

    [Fact]
    public void Scale_OfReplicaSet_ReadsAndWrites()
    {
        KindDefinition kind = new ReplicaSetKind();
        var set = KindBench.Decode(kind, """{"metadata":{"name":"r"},"spec":{"replicas":3,"selector":{"matchLabels":{"a":"b"}}},"status":{"replicas":2}}""");
        Assert.Equal(new ScaleView(3, 2, "a=b"), kind.ReadScale(set));
        kind.WriteScale(set, 5);
        Assert.Equal(5, kind.ReadScale(set).SpecReplicas);
    }

    private static string Deployment(string spec) => $$"""{"metadata":{"name":"d","namespace":"default"},"spec":{{spec}}}""";
}
