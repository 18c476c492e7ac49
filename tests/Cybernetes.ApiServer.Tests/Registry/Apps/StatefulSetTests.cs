using Cybernetes.ApiServer.Registry;
using Cybernetes.ApiServer.Registry.Apps;
using Cybernetes.Objects.Apps.V1;

namespace Cybernetes.ApiServer.Tests.Registry.Apps;

public sealed class StatefulSetTests
{
    private const string Good =
        """ "selector":{"matchLabels":{"app":"db"}},"template":{"metadata":{"labels":{"app":"db"}},"spec":{"containers":[{"name":"c","image":"i","volumeMounts":[{"name":"data","mountPath":"/d"}]}]}},"volumeClaimTemplates":[{"metadata":{"name":"data"},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}] """;

    private static readonly StatefulSetKind Kind = new();

    [Theory]
    [InlineData(""" "replicas":2 """)]
    [InlineData(""" "replicas":-1 """, "spec.replicas: Invalid value: -1: must be greater than or equal to 0")]
    [InlineData(""" "podManagementPolicy":"Wild" """, "spec.podManagementPolicy: Invalid value: \"Wild\": must be 'OrderedReady' or 'Parallel'")]
    [InlineData(""" "updateStrategy":{"type":"Now"} """, "spec.updateStrategy: Invalid value: {\"type\":\"Now\"}: must be 'RollingUpdate' or 'OnDelete'")]
    [InlineData(""" "updateStrategy":{"type":"OnDelete","rollingUpdate":{"partition":1}} """, "spec.updateStrategy.rollingUpdate: Invalid value: {\"partition\":1}: only allowed for updateStrategy 'RollingUpdate'")]
    [InlineData(""" "updateStrategy":{"rollingUpdate":{"partition":-1}} """, "spec.updateStrategy.rollingUpdate.partition: Invalid value: -1: must be greater than or equal to 0")]
    [InlineData(""" "persistentVolumeClaimRetentionPolicy":{"whenScaled":"Keep"} """, "spec.persistentVolumeClaimRetentionPolicy.whenScaled: Unsupported value: \"Keep\": supported values: \"Retain\", \"Delete\"")]
    [InlineData(""" "ordinals":{"start":-1} """, "spec.ordinals.start: Invalid value: -1: must be greater than or equal to 0")]
    [InlineData(""" "serviceName":"No_Name" """, "spec.serviceName: Invalid value: \"No_Name\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')")]
    public void Create_Fields_AreExplained(string fields, params string[] expected) =>
        Assert.Equal(expected, KindBench.CreateErrors(Kind, Set($"{Good},{fields}")));

    [Theory]
    [InlineData(""" "template":{"metadata":{"labels":{"app":"db"}},"spec":{"containers":[{"name":"c","image":"i"}]}} """, "spec.selector: Required value", "spec.template.metadata.labels: Invalid value: {\"app\":\"db\"}: `selector` does not match template `labels`")]
    [InlineData(""" "selector":{},"template":{"spec":{"containers":[{"name":"c","image":"i"}]}} """, "spec.selector: Invalid value: {}: empty selector is invalid for statefulset")]
    [InlineData(""" "selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"restartPolicy":"Never","activeDeadlineSeconds":3,"containers":[{"name":"c","image":"i"}]}} """, "spec.template.spec.restartPolicy: Unsupported value: \"Never\": supported values: \"Always\"", "spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in StatefulSet is not Supported")]
    public void Create_BadTemplate_IsExplained(string spec, params string[] expected) =>
        Assert.Equal(expected, KindBench.CreateErrors(Kind, Set(spec)));

    [Fact]
    public void Defaults_OfStatefulSet_AreUpstreams()
    {
        var set = (StatefulSet)KindBench.Created(Kind, Set(Good));
        Assert.Equal("OrderedReady", set.Spec.PodManagementPolicy);
        Assert.Equal("RollingUpdate", set.Spec.UpdateStrategy.Type);
        Assert.Equal(0, set.Spec.UpdateStrategy.RollingUpdate!.Partition);
        Assert.Null(set.Spec.UpdateStrategy.RollingUpdate.MaxUnavailable);
        Assert.Equal(("Retain", "Retain"), (set.Spec.PersistentVolumeClaimRetentionPolicy!.WhenDeleted, set.Spec.PersistentVolumeClaimRetentionPolicy.WhenScaled));
        Assert.Equal((1, 10), (set.Spec.Replicas, set.Spec.RevisionHistoryLimit));
        var claim = set.Spec.VolumeClaimTemplates![0];
        Assert.Equal(("v1", "PersistentVolumeClaim", "Filesystem", "Pending"), (claim.APIVersion, claim.Kind, claim.Spec.VolumeMode, claim.Status.Phase));
    }

    [Fact]
    public void MaxUnavailable_WithAndWithoutGate_IsKeptOrDropped()
    {
        var json = Set(Good + """,   "updateStrategy":{"rollingUpdate":{"maxUnavailable":"0%"}} """);
        Assert.Empty(KindBench.CreateErrors(Kind, json));
        Assert.Null(((StatefulSet)KindBench.Created(Kind, json)).Spec.UpdateStrategy.RollingUpdate!.MaxUnavailable);
        Assert.Equal(["spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: \"0%\": cannot be 0"], KindBench.CreateErrors(new StatefulSetKind(GatesWith("MaxUnavailableStatefulSet=true")), json));
    }

    [Fact]
    public void Update_OfOtherFields_IsForbidden()
    {
        var changed = Set(Good.Replace("1Gi", "2Gi", StringComparison.Ordinal));
        Assert.Equal(
            ["spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"],
            KindBench.UpdateErrors(Kind, Set(Good), changed));
        Assert.Empty(KindBench.UpdateErrors(Kind, Set(Good), Set(Good + """, "replicas":5,"minReadySeconds":3,"ordinals":{"start":2} """)));
    }

    [Fact]
    public void Status_OfStatefulSet_IsChecked() => Assert.Equal(
        [
            "status.readyReplicas: Invalid value: 3: cannot be greater than status.replicas",
            "status.availableReplicas: Invalid value: 4: cannot be greater than status.replicas",
            "status.availableReplicas: Invalid value: 4: cannot be greater than status.readyReplicas",
        ],
        KindBench.StatusErrors(Kind, Set(Good), """{"metadata":{"name":"s"},"status":{"replicas":2,"readyReplicas":3,"availableReplicas":4}}"""));

    [Fact]
    public void Row_OfStatefulSet_IsUpstreams() => Assert.Equal(
        "s | 1/3 | 3h | c | i",
        KindBench.Row(Kind, """{"metadata":{"name":"s","creationTimestamp":"2026-01-02T00:04:05Z"},"spec":{"replicas":3,"template":{"spec":{"containers":[{"name":"c","image":"i"}]}}},"status":{"readyReplicas":1}}"""));

    [Fact]
    public void DaemonSet_Template_IsCounted()
    {
        const string template = """ "selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}} """;
        KindDefinition kind = new DaemonSetKind();
        var old = (DaemonSet)KindBench.Created(kind, Set(template));
        Assert.Equal("1", old.Metadata.Annotations![DaemonSetKind.TemplateGeneration]);
        Assert.Equal((1L, "RollingUpdate", 10), (old.Metadata.Generation, old.Spec.UpdateStrategy.Type, old.Spec.RevisionHistoryLimit));
        var paced = (DaemonSet)KindBench.Updated(kind, old, Set(template + ", \"minReadySeconds\":4"));
        Assert.Equal((2L, "1"), (paced.Metadata.Generation, paced.Metadata.Annotations![DaemonSetKind.TemplateGeneration]));
        var changed = (DaemonSet)KindBench.Updated(kind, old, Set(template.Replace("\"i\"", "\"j\"", StringComparison.Ordinal)));
        Assert.Equal((2L, "2"), (changed.Metadata.Generation, changed.Metadata.Annotations![DaemonSetKind.TemplateGeneration]));
    }

    [Theory]
    [InlineData(""" "updateStrategy":{"type":"Soon"} """, "spec.updateStrategy: Unsupported value: {\"type\":\"Soon\"}: supported values: \"RollingUpdate\", \"OnDelete\"")]
    [InlineData(""" "updateStrategy":{"rollingUpdate":{"maxSurge":1}} """, "spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero")]
    [InlineData(""" "updateStrategy":{"rollingUpdate":{"maxUnavailable":0}} """, "spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0")]
    [InlineData(""" "updateStrategy":{"rollingUpdate":{"maxUnavailable":"110%"}} """, "spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: \"110%\": must not be greater than 100%")]
    [InlineData(""" "updateStrategy":{"rollingUpdate":{"maxUnavailable":0,"maxSurge":"20%"}} """)]
    public void DaemonSet_Strategy_IsExplained(string fields, params string[] expected) => Assert.Equal(
        expected,
        KindBench.CreateErrors(new DaemonSetKind(), Set($$""" "selector":{"matchLabels":{"a":"b"} },"template":{"metadata":{"labels":{"a":"b"} },"spec":{"containers":[{"name":"c","image":"i"}]} },{{fields}} """)));

    [Fact]
    public void Row_OfDaemonSet_IsUpstreams() => Assert.Equal(
        "s | 3 | 2 | 1 | 2 | 1 | disk=ssd,zone=a | 3h | c | i | a=b",
        KindBench.Row(new DaemonSetKind(), """
            {"metadata":{"name":"s","creationTimestamp":"2026-01-02T00:04:05Z"},
             "spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"spec":{"nodeSelector":{"zone":"a","disk":"ssd"},"containers":[{"name":"c","image":"i"}]}}},
             "status":{"desiredNumberScheduled":3,"currentNumberScheduled":2,"numberReady":1,"updatedNumberScheduled":2,"numberAvailable":1}}
            """));

    [Fact]
    public void ControllerRevision_Change_IsRefused()
    {
        KindDefinition kind = new ControllerRevisionKind();
        const string good = """{"metadata":{"name":"r","ownerReferences":[{"apiVersion":"apps/v1","kind":"StatefulSet","name":"web","uid":"u","controller":true}]},"data":{"a":1},"revision":7}""";
        Assert.Equal(["data: Required value: data is mandatory", "revision: Invalid value: -1: must be greater than or equal to 0"], KindBench.CreateErrors(kind, """{"metadata":{"name":"r"},"revision":-1}"""));
        Assert.Equal(["data: Invalid value: {\"a\":2}: field is immutable"], KindBench.UpdateErrors(kind, good, good.Replace("\"a\":1", "\"a\":2", StringComparison.Ordinal)));
        Assert.Empty(KindBench.UpdateErrors(kind, good, good.Replace("\"a\":1", "\"a\": 1", StringComparison.Ordinal)));
        Assert.Equal("r | statefulset.apps/web | 7 | <unknown>", KindBench.Row(kind, good));
    }

    private static FeatureGates GatesWith(string text) =>
        FeatureGates.TryParse(text, out var gates, out var error) ? gates : throw new ArgumentException(error, nameof(text));

    private static string Set(string spec) => $$"""{"metadata":{"name":"s","namespace":"default"},"spec":{ {{spec}} } }""";
}
