using Cybernetes.Objects;
using Cybernetes.Objects.Snapshot.V1;

namespace Cybernetes.Controllers.VolumeSnapshots;

/// <summary>A snapshot's status as its content's makes it, and as failures make it. Pure.</summary>
internal static class SnapshotStatuses
{
    private const long TicksPerNanosecondDivisor = 100;

    /// <summary>The status that follows the content's; null when it is that already.</summary>
    public static VolumeSnapshotStatus? Following(VolumeSnapshot snapshot, VolumeSnapshotContent content)
    {
        var status = snapshot.Status?.DeepClone() ?? new VolumeSnapshotStatus();
        var (known, isReady) = (content.Status, content.Status?.ReadyToUse ?? false);
        status.BoundVolumeSnapshotContentName ??= content.Metadata.Name;
        if (known?.CreationTime is { } nanoseconds)
            status.CreationTime ??= MomentOf(nanoseconds);
        status.ReadyToUse = isReady;
        if (known?.RestoreSize is { } bytes && (status.RestoreSize is null || (status.RestoreSize.Value.Value() == 0 && bytes > 0)))
            status.RestoreSize = Quantity.FromBytes(bytes);
        status.Error = known?.Error?.DeepClone();
        return snapshot.Status is { } old && status.SemanticEquals(old) ? null : status;
    }

    /// <summary>What of a change of status is told.</summary>
    public static IReadOnlyList<SnapshotEvent> Told(VolumeSnapshot snapshot, VolumeSnapshotStatus? status)
    {
        if (status is null)
            return [];
        var (told, key) = (new List<SnapshotEvent>(2), SnapshotNames.Key(snapshot));
        if (snapshot.Status?.CreationTime is null && status.CreationTime is not null)
            told.Add(new("Normal", "SnapshotCreated", $"Snapshot {key} was successfully created by the CSI driver."));
        if (!SnapshotNames.IsReady(snapshot) && status.ReadyToUse == true)
            told.Add(new("Normal", "SnapshotReady", $"Snapshot {key} is ready to use."));
        return told;
    }

    /// <summary>The status with an error; null when it tells of the very error already.</summary>
    public static VolumeSnapshotStatus? Failed(VolumeSnapshot snapshot, string message, bool isUnready, DateTimeOffset now)
    {
        if (snapshot.Status?.Error?.Message == message)
            return null;
        var status = snapshot.Status?.DeepClone() ?? new VolumeSnapshotStatus();
        status.Error = new() { Message = message, Time = now };
        if (isUnready)
            status.ReadyToUse = false;
        return status;
    }

    /// <summary>Nanoseconds since 1970, to the second: the status holds no more.</summary>
    private static DateTimeOffset MomentOf(long nanoseconds) =>
        DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UnixEpoch.AddTicks(nanoseconds / TicksPerNanosecondDivisor).ToUnixTimeSeconds());
}
