using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Snapshot.V1;
using Cybernetes.Objects.Storage.V1;

namespace Cybernetes.Node.LocalStorage;

/// <summary>What a claim is to be filled from, and on which node that is: a snapshot, or a volume.</summary>
internal readonly record struct LocalSource(string Node, string? Snapshot, string? Volume);

/// <summary>Reads what a claim's data source names, as external-provisioner judges it, in its words. Pure.</summary>
internal static class LocalSources
{
    private const string SnapshotGroup = "snapshot.storage.k8s.io";

    /// <summary>Where sources are looked up.</summary>
    public interface IObjects
    {
        PersistentVolumeClaim? Claim(string ns, string name);

        PersistentVolume? Volume(string name);

        VolumeSnapshot? Snapshot(string ns, string name);

        VolumeSnapshotContent? Content(string name);
    }

    public static bool HasSource(PersistentVolumeClaim claim) => claim.Spec.DataSource is not null || claim.Spec.DataSourceRef is not null;

    public static string? SnapshotOf(PersistentVolumeClaim claim) =>
        claim.Spec.DataSource is { Kind: "VolumeSnapshot", APIGroup: SnapshotGroup } source ? source.Name : null;

    public static string? ClaimOf(PersistentVolumeClaim claim) =>
        claim.Spec.DataSource is { Kind: "PersistentVolumeClaim", APIGroup: null or "" } source ? source.Name : null;

    /// <summary>Whether somebody else fills the claim: a populator of a kind that we do not know.</summary>
    public static bool IsForeign(PersistentVolumeClaim claim) => HasSource(claim) && SnapshotOf(claim) is null && ClaimOf(claim) is null;

    /// <summary>The source of a claim that names a snapshot or a claim, or why it cannot be used.</summary>
    public static (LocalSource? Source, string? Problem) Resolve(PersistentVolumeClaim claim, StorageClass storage, IObjects objects)
    {
        var (source, problem) = SnapshotOf(claim) is { } snapshot
            ? OfSnapshot(claim, snapshot, storage, objects) : OfClaim(claim, ClaimOf(claim)!, storage, objects);
        if (problem is null)
            return (source, null);
        var named = claim.Spec.DataSource!;
        return (null, $"error getting handle for DataSource Type {named.Kind} by Name {named.Name}: {problem}");
    }

    private static (LocalSource? Source, string? Problem) OfSnapshot(PersistentVolumeClaim claim, string name, StorageClass storage, IObjects objects)
    {
        var unbound = $"snapshot {name} not bound";
        if (objects.Snapshot(claim.Metadata.Namespace, name) is not { } snapshot)
            return (null, $"error getting snapshot {name} from api server: volumesnapshots.snapshot.storage.k8s.io \"{name}\" not found");
        if (snapshot.Metadata.DeletionTimestamp is not null)
            return (null, $"snapshot {name} is being deleted");
        if (snapshot.Status?.BoundVolumeSnapshotContentName is not { } bound || objects.Content(bound) is not { } content
            || content.Spec.VolumeSnapshotRef.UID != snapshot.Metadata.UID || content.Spec.VolumeSnapshotRef.Namespace != snapshot.Metadata.Namespace
            || content.Spec.VolumeSnapshotRef.Name != name || content.Spec.Driver != storage.Provisioner)
            return (null, unbound);
        if (snapshot.Status.ReadyToUse != true)
            return (null, $"snapshot {name} is not Ready");
        if (SnapshotPlace.Parse(content.Status?.SnapshotHandle) is not { } place)
            return (null, $"snapshot handle {name} is not available");
        var wanted = LocalVolumes.BytesOf(claim.Spec.Resources.Requests);
        if (snapshot.Status.RestoreSize is { } size && wanted < size.Value())
            return (null, $"requested volume size {wanted} is less than the size {size.Value()} for the source snapshot {name}");
        return (new LocalSource(place.Node, place.Name, null), null);
    }

    private static (LocalSource? Source, string? Problem) OfClaim(PersistentVolumeClaim claim, string name, StorageClass storage, IObjects objects)
    {
        const string invalid = "claim in dataSource not bound or invalid";
        var ns = claim.Metadata.Namespace;
        if (objects.Claim(ns, name) is not { } source)
            return (null, $"error getting PVC {name} (namespace {GoText.Quote(ns)}) from api server: persistentvolumeclaim \"{name}\" not found");
        if (source.Status.Phase != "Bound")
            return (null, $"the PVC DataSource {name} must have a status of Bound.  Got {source.Status.Phase}");
        if (source.Metadata.DeletionTimestamp is not null)
            return (null, $"the PVC DataSource {name} is currently being deleted");
        if (source.Spec.StorageClassName is null)
            return (null, $"the source PVC ({name}) storageclass cannot be empty");
        var (wanted, had) = (LocalVolumes.BytesOf(claim.Spec.Resources.Requests), LocalVolumes.BytesOf(source.Spec.Resources.Requests));
        if (wanted < had)
        {
            return (null, "error, new PVC request must be greater than or equal in size to the specified PVC data source, "
                + $"requested {wanted} but source is {had}");
        }
        if (objects.Volume(source.Spec.VolumeName) is not { } volume || volume.Spec.ClaimRef?.UID != source.Metadata.UID || volume.Status.Phase != "Bound"
            || storage.Provisioner != LocalStorageOptions.Provisioner || LocalVolumes.NodeOf(volume) is not { } node)
            return (null, invalid);
        return (new LocalSource(node, null, volume.Metadata.Name), null);
    }
}
