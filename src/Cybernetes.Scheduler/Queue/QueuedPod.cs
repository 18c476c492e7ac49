using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Scheduler.Queue;

/// <summary>A pod on its way through the queue.</summary>
internal sealed class QueuedPod(Pod pod, DateTimeOffset now)
{
    /// <summary>The newest form of the pod; replaced on update.</summary>
    public Pod Pod { get; set; } = pod;

    public string Uid => Pod.Metadata.UID;

    public int Priority => Pod.Spec.Priority ?? 0;

    /// <summary>When it last entered the active queue's order.</summary>
    public DateTimeOffset Timestamp { get; set; } = now;

    public DateTimeOffset FirstSeen { get; } = now;

    public int Attempts { get; set; }

    /// <summary>What may make it schedulable again; nothing while it was never tried.</summary>
    public ClusterEvent Wakers { get; set; }

    /// <summary>The count of moves when the pod was handed out: an event in between must not be missed.</summary>
    public long MoveCountAtPop { get; set; }

    public QueuePlace Place { get; set; }
}

/// <summary>Where a pod stands.</summary>
internal enum QueuePlace { Gone, Active, Backoff, Unschedulable, Gated, InFlight }
