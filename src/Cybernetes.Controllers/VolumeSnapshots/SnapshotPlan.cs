using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Snapshot.V1;

namespace Cybernetes.Controllers.VolumeSnapshots;

/// <summary>What is known of a snapshot and of what it names.</summary>
internal sealed record SnapshotView(VolumeSnapshot Snapshot, DateTimeOffset Now)
{
    /// <summary>The content that stands, or would stand, for the snapshot.</summary>
    public VolumeSnapshotContent? Content { get; init; }

    /// <summary>The claim it is taken of.</summary>
    public PersistentVolumeClaim? Claim { get; init; }

    /// <summary>The volume that the claim names.</summary>
    public PersistentVolume? Volume { get; init; }

    public IReadOnlyList<VolumeSnapshotClass> Classes { get; init; } = [];

    /// <summary>Whether a claim is being filled from it.</summary>
    public bool IsBeingRestored { get; init; }
}

/// <summary>An event to tell.</summary>
internal readonly record struct SnapshotEvent(string Type, string Reason, string Message);

/// <summary>What is to be done, in the order of the properties.</summary>
/// <remarks>A failure is told and waited with: each object that a decision was made by brings the snapshot back when it comes or changes.</remarks>
internal sealed record SnapshotPlan
{
    /// <summary>The claim gets the finalizer that keeps it until the snapshot is taken.</summary>
    public bool HoldClaim { get; init; }

    /// <summary>The content is told that its snapshot is going.</summary>
    public bool MarkContent { get; init; }

    public bool DeleteContent { get; init; }

    /// <summary>The class of a snapshot that named none.</summary>
    public string? AssignClass { get; init; }

    public IReadOnlyList<string> AddFinalizers { get; init; } = [];

    public IReadOnlyList<string> RemoveFinalizers { get; init; } = [];

    /// <summary>The content as it is to be: bound to the snapshot.</summary>
    public VolumeSnapshotContent? UpdateContent { get; init; }

    public VolumeSnapshotContent? CreateContent { get; init; }

    /// <summary>The status as it is to be; null leaves it.</summary>
    public VolumeSnapshotStatus? Status { get; init; }

    public IReadOnlyList<SnapshotEvent> Events { get; init; } = [];
}
