using Cybernetes.Objects.Core.V1;
using Cybernetes.Scheduler.Cycle;

namespace Cybernetes.Scheduler.Queue;

/// <summary>A pod on its way through the queue.</summary>
internal sealed class QueuedPod(Pod pod, TimeSpan now)
{
    /// <summary>The newest form of the pod; replaced on update.</summary>
    public Pod Pod { get; set; } = pod;

    public string Uid => Pod.Metadata.UID;

    public int Priority => Pod.Spec.Priority ?? 0;

    /// <summary>When it came or was last put back: time since the queue began, which no change of the clock moves.</summary>
    public TimeSpan Timestamp { get; set; } = now;

    public int Attempts { get; set; }

    /// <summary>What may make it schedulable again; nothing while it was never tried.</summary>
    public ClusterEvent Wakers { get; set; }

    /// <summary>The plugins that rejected it last: they are asked whether an event may help.</summary>
    public IReadOnlyList<IPlugin> RejectedBy { get; set; } = [];

    /// <summary>Whether the pod itself was changed while it was decided for, in a way that may make it schedulable.</summary>
    public bool ChangedInFlight { get; set; }

    /// <summary>Its standing in the active heap; an older entry of the heap with another number counts for nothing.</summary>
    public long Order { get; set; }

    public QueuePlace Place { get; set; }
}

/// <summary>Where a pod stands.</summary>
internal enum QueuePlace { Gone, Active, Backoff, Unschedulable, Gated, InFlight }
