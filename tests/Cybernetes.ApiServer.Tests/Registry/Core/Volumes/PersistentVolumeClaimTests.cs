using Cybernetes.ApiServer.Registry.Core.Volumes;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Tests.Registry.Core.Volumes;

public sealed class PersistentVolumeClaimTests
{
    private const string Good = """ "accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"2Gi"}} """;
    private static readonly PersistentVolumeClaimKind Kind = new();

    [Theory]
    [InlineData(""" """, "spec.accessModes: Required value: at least 1 access mode is required|spec.resources[storage]: Required value")]
    [InlineData(""" "accessModes":["RWO"],"resources":{"requests":{"storage":"-1"}} """, "spec.accessModes: Unsupported value: \"RWO\": supported values: \"ReadOnlyMany\", \"ReadWriteMany\", \"ReadWriteOnce\", \"ReadWriteOncePod\"|spec.resources[storage]: Invalid value: \"-1\": must be greater than zero")]
    [InlineData(""" "accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1"}},"volumeMode":"Tape","storageClassName":"A" """, "spec.storageClassName: Invalid value: \"A\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')|spec.volumeMode: Unsupported value: \"Tape\": supported values: \"Block\", \"Filesystem\"")]
    [InlineData(""" "accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1"}},"dataSourceRef":{"kind":"Pod","name":"p"} """, "spec.dataSource: Invalid value: \"Pod\": must be 'PersistentVolumeClaim' when referencing the default apiGroup|spec.dataSourceRef: Invalid value: \"Pod\": must be 'PersistentVolumeClaim' when referencing the default apiGroup")]
    [InlineData(""" "accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1"}},"dataSource":{"kind":"PersistentVolumeClaim","name":"a"},"dataSourceRef":{"kind":"PersistentVolumeClaim","name":"b"} """, "spec: Invalid value: {}: must match dataSourceRef")]
    public void Create_BadField_Explains(string spec, string expected) =>
        Assert.Equal(expected.Split('|'), KindBench.CreateErrors(Kind, Claim(spec)));

    [Fact]
    public void Create_DataSource_IsTheReferenceToo()
    {
        var claim = (PersistentVolumeClaim)KindBench.Created(Kind, Claim(Good + """ ,"dataSource":{"kind":"PersistentVolumeClaim","name":"a"} """));
        Assert.Equal(("PersistentVolumeClaim", "a"), (claim.Spec.DataSourceRef!.Kind, claim.Spec.DataSourceRef.Name));
        Assert.Equal(("Pending", "Filesystem"), (claim.Status.Phase, claim.Spec.VolumeMode));
        var unknown = (PersistentVolumeClaim)KindBench.Created(Kind, Claim(Good + """ ,"dataSource":{"apiGroup":"x.io","kind":"X","name":"a"} """));
        Assert.Null(unknown.Spec.DataSource);
    }

    [Theory]
    [InlineData(""" "accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"3Gi"}} """, "", "spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n  - resources.requests.storage: \"2Gi\"\n  + resources.requests.storage: \"3Gi\"\n")]
    [InlineData(""" "accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"3Gi"}} """, "Bound", "")]
    [InlineData(""" "accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}} """, "Bound", "spec.resources.requests.storage: Forbidden: field can not be less than status.capacity")]
    [InlineData(""" "accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"2Gi"}},"volumeName":"v" """, "", "")]
    [InlineData(""" "accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"2Gi"}},"storageClassName":"late" """, "", "")]
    [InlineData(""" "accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"2Gi"}},"volumeAttributesClassName":"gold" """, "Bound", "")]
    public void Update_Claim_KeepsToTheRules(string after, string phase, string expected)
    {
        var old = (PersistentVolumeClaim)KindBench.Created(Kind, Claim(Good));
        old.Status = new() { Phase = phase, Capacity = new() { ["storage"] = Cybernetes.Objects.Quantity.Parse("1Gi") } };
        var now = (PersistentVolumeClaim)KindBench.Updated(Kind, old, Claim(after));
        var errors = new Cybernetes.Objects.FieldErrorList();
        ClaimChange.Validate(now, old, errors);
        Assert.Equal(expected.Length == 0 ? [] : [expected], errors.Select(e => e.ToString()));
    }

    [Fact]
    public void Status_ResizeStates_AreChecked() => Assert.Equal(
        [
            "status.allocatedResourceStatus: Unsupported value: \"storage\": supported values: \"ControllerResizeInProgress\", \"ControllerResizeInfeasible\", \"NodeResizeInProgress\", \"NodeResizeInfeasible\", \"NodeResizePending\"",
            "status.allocatedResources: Unsupported value: \"cpu\": supported values: \"storage\"",
        ],
        KindBench.StatusErrors(Kind, Claim(Good),
            """{"metadata":{"name":"c"},"status":{"allocatedResourceStatuses":{"storage":"Soon"},"allocatedResources":{"cpu":"1"}}}"""));

    [Theory]
    [InlineData("""{"metadata":{"name":"c"},"spec":{"resources":{"requests":{"storage":"1Gi"}},"storageClassName":"s","volumeMode":"Filesystem"},"status":{"phase":"Pending"}}""", "c | Pending |  |  |  | s | <unset> | <unknown> | Filesystem")]
    [InlineData("""{"metadata":{"name":"c","annotations":{"volume.beta.kubernetes.io/storage-class":"old"}},"spec":{"volumeName":"v","volumeAttributesClassName":"gold"},"status":{"phase":"Bound","accessModes":["ReadWriteOncePod"],"capacity":{"storage":"5Gi"}}}""", "c | Bound | v | 5Gi | RWOP | old | gold | <unknown> | <unset>")]
    public void Row_OfClaim_IsUpstreams(string json, string expected) => Assert.Equal(expected, KindBench.Row(Kind, json));

    private static string Claim(string spec) => $$"""{"metadata":{"name":"c","namespace":"default"},"spec":{ {{spec}} } }""";
}
