using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Snapshot.V1;

namespace Cybernetes.Node.LocalStorage;

/// <summary>A snapshot on a node's disk. Its handle is <c>node/name</c>: whoever has it knows where to go.</summary>
internal readonly record struct SnapshotPlace(string Node, string Name)
{
    public string Handle => $"{Node}/{Name}";

    /// <summary>Reads a handle; null when it is none of ours, or leads elsewhere than to a snapshot.</summary>
    public static SnapshotPlace? Parse(string? handle)
    {
        if (handle?.Split('/') is not [var node, var name] || Names.Dns1123Subdomain(node).Count > 0 || Names.Dns1123Subdomain(name).Count > 0)
            return null;
        return new SnapshotPlace(node, name);
    }
}

/// <summary>What a node is to do about a content.</summary>
internal enum SnapshotStep
{
    None,

    /// <summary>Take the snapshot.</summary>
    Take,

    /// <summary>Say of a snapshot that was there before how it is.</summary>
    Check,

    /// <summary>Let the content go; with the snapshot, when the policy says so.</summary>
    LetGo,
}

/// <summary>What becomes of the contents that are a node's, by the protocol of csi-snapshotter. Pure.</summary>
internal static class LocalSnapshots
{
    public const string ContentFinalizer = "snapshot.storage.kubernetes.io/volumesnapshotcontent-bound-protection";
    private const string BeingDeleted = "snapshot.storage.kubernetes.io/volumesnapshot-being-deleted";
    private const string ManagedBy = "snapshot.storage.kubernetes.io/managed-by";
    private const long NanosecondsPerTick = 100;

    /// <summary>Whether the content's snapshot is, or is to be, on the node.</summary>
    public static bool IsOurs(VolumeSnapshotContent content, string node, PersistentVolume? volume)
    {
        if (content.Spec.Driver != LocalStorageOptions.Provisioner)
            return false;
        if (content.Metadata.Labels.OrEmpty().TryGetValue(ManagedBy, out var manager))
            return manager == node;
        return PlaceOf(content, node)?.Node == node && (content.Spec.Source.VolumeHandle is null || (volume is not null && LocalVolumes.IsOurs(volume, node)));
    }

    /// <summary>Where the snapshot is, or is to be; null when the handle is not one of ours.</summary>
    public static SnapshotPlace? PlaceOf(VolumeSnapshotContent content, string node) =>
        content.Spec.Source.SnapshotHandle is { } handle ? SnapshotPlace.Parse(handle)
            : SnapshotPlace.Parse(content.Status?.SnapshotHandle) ?? new SnapshotPlace(node, "snapshot-" + content.Spec.VolumeSnapshotRef.UID);

    public static SnapshotStep Decide(VolumeSnapshotContent content)
    {
        var (metadata, spec) = (content.Metadata, content.Spec);
        if (metadata.DeletionTimestamp is not null)
        {
            var isUnbound = spec.Source.SnapshotHandle is not null && spec.VolumeSnapshotRef.UID.Length == 0;
            var isLetGo = isUnbound || metadata.Annotations.OrEmpty().ContainsKey(BeingDeleted);
            return isLetGo && metadata.Finalizers.OrEmpty().Contains(ContentFinalizer) ? SnapshotStep.LetGo : SnapshotStep.None;
        }
        if (content.Status?.ReadyToUse == true)
            return SnapshotStep.None;
        return spec.Source.VolumeHandle is null ? SnapshotStep.Check : SnapshotStep.Take;
    }

    /// <summary>The status of a content whose snapshot is there.</summary>
    public static VolumeSnapshotContentStatus Ready(SnapshotPlace place, SnapshotFacts facts) => new()
    {
        SnapshotHandle = place.Handle,
        CreationTime = (facts.TakenAt - DateTimeOffset.UnixEpoch).Ticks * NanosecondsPerTick,
        RestoreSize = facts.RestoreBytes,
        ReadyToUse = true,
    };

    /// <summary>The status with a failure; null when it tells of it already.</summary>
    public static VolumeSnapshotContentStatus? Failed(VolumeSnapshotContent content, string message, DateTimeOffset now)
    {
        if (content.Status?.Error?.Message == message)
            return null;
        var status = content.Status?.DeepClone() ?? new VolumeSnapshotContentStatus();
        (status.Error, status.ReadyToUse) = (new() { Message = message, Time = now }, false);
        return status;
    }

    /// <summary>The class for snapshots of whoever names none.</summary>
    public static VolumeSnapshotClass DefaultClass(string name) => new()
    {
        Metadata = { Name = name, Annotations = new() { ["snapshot.storage.kubernetes.io/is-default-class"] = "true" } },
        Driver = LocalStorageOptions.Provisioner,
        DeletionPolicy = "Delete",
    };
}

/// <summary>What is kept beside a snapshot's data.</summary>
/// <param name="TakenAt">When it was taken.</param>
/// <param name="RestoreBytes">The size of the volume it was taken of.</param>
/// <param name="UsedBytes">What its files took on the disk.</param>
internal sealed record SnapshotFacts(DateTimeOffset TakenAt, long RestoreBytes, long UsedBytes);
