using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;
using Cybernetes.Objects.Snapshot.V1;

namespace Cybernetes.Controllers.VolumeSnapshots;

/// <summary>The names by which snapshots, contents, classes and drivers find each other (kubernetes-csi/external-snapshotter's).</summary>
internal static class SnapshotNames
{
    /// <summary>On contents that a snapshot is bound to.</summary>
    public const string ContentFinalizer = "snapshot.storage.kubernetes.io/volumesnapshotcontent-bound-protection";

    /// <summary>On snapshots whose content goes with them: they wait for it.</summary>
    public const string BoundFinalizer = "snapshot.storage.kubernetes.io/volumesnapshot-bound-protection";

    /// <summary>On snapshots: volumes may be being made of them.</summary>
    public const string SourceFinalizer = "snapshot.storage.kubernetes.io/volumesnapshot-as-source-protection";

    /// <summary>On claims of which a snapshot is being taken.</summary>
    public const string ClaimFinalizer = "snapshot.storage.kubernetes.io/pvc-as-source-protection";

    /// <summary>On contents: the snapshot is going, and the driver is to look at the policy.</summary>
    public const string BeingDeleted = "snapshot.storage.kubernetes.io/volumesnapshot-being-deleted";

    /// <summary>On contents, as a label: the node that takes the snapshot itself.</summary>
    public const string ManagedBy = "snapshot.storage.kubernetes.io/managed-by";

    public const string IsDefaultClass = "snapshot.storage.kubernetes.io/is-default-class";

    /// <summary>The provisioner of the node agent, whose volumes are no CSI ones and are taken snapshots of all the same.</summary>
    public const string LocalDriver = "cybernetes.io/local";

    private const string HostnameLabel = "kubernetes.io/hostname";

    /// <summary>The name of the content made for a snapshot.</summary>
    public static string ContentFor(VolumeSnapshot snapshot) => "snapcontent-" + snapshot.Metadata.UID;

    /// <summary>The content that the snapshot is, or is to be, bound to.</summary>
    public static string ContentOf(VolumeSnapshot snapshot) =>
        snapshot.Spec.Source.VolumeSnapshotContentName ?? ContentFor(snapshot);

    public static string Key(VolumeSnapshot snapshot) => $"{snapshot.Metadata.Namespace}/{snapshot.Metadata.Name}";

    public static bool IsReady(VolumeSnapshot snapshot) => snapshot.Status?.ReadyToUse == true;

    public static bool Has(ObjectMeta metadata, string finalizer) => metadata.Finalizers.OrEmpty().Contains(finalizer);

    /// <summary>Whether the content is for this very snapshot.</summary>
    public static bool IsFor(VolumeSnapshotContent content, VolumeSnapshot snapshot) =>
        content.Spec.VolumeSnapshotRef is { } reference && reference.Name == snapshot.Metadata.Name
        && reference.Namespace == snapshot.Metadata.Namespace && reference.UID == snapshot.Metadata.UID;

    /// <summary>Whether the snapshot is going and something of ours holds it.</summary>
    public static bool IsGoing(VolumeSnapshot snapshot) => snapshot.Metadata.DeletionTimestamp is not null
        && (Has(snapshot.Metadata, SourceFinalizer) || Has(snapshot.Metadata, BoundFinalizer));

    /// <summary>Who can take snapshots of the volume; null when nobody can.</summary>
    public static string? DriverOf(PersistentVolume volume) => volume.Spec.CSI?.Driver ?? (IsLocal(volume) ? LocalDriver : null);

    /// <summary>Whether the volume is a directory that the node agent has made.</summary>
    public static bool IsLocal(PersistentVolume volume) => volume.Spec.Local is not null
        && volume.Metadata.Annotations.OrEmpty().GetValueOrDefault("pv.kubernetes.io/provisioned-by") == LocalDriver;

    /// <summary>The one node that the volume can be used from; null when there is more than one or none is named.</summary>
    public static string? NodeOf(PersistentVolume volume) =>
        volume.Spec.NodeAffinity?.Required?.NodeSelectorTerms is [{ MatchExpressions: [{ Key: HostnameLabel, Values: [var node] }] }] ? node : null;

    /// <summary>Whether the claim is being filled from the snapshot.</summary>
    public static bool IsBeingFilledFrom(PersistentVolumeClaim claim, VolumeSnapshot snapshot) =>
        SourceSnapshotOf(claim) == snapshot.Metadata.Name && claim.Metadata.Namespace == snapshot.Metadata.Namespace && claim.Status.Phase == "Pending";

    /// <summary>The snapshot of its namespace that a claim is to be filled from; null when there is none.</summary>
    public static string? SourceSnapshotOf(PersistentVolumeClaim claim) =>
        claim.Spec.DataSource is { Kind: "VolumeSnapshot", APIGroup: "snapshot.storage.k8s.io" } source ? source.Name : null;
}
