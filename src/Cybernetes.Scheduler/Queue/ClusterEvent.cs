namespace Cybernetes.Scheduler.Queue;

/// <summary>What happened in the cluster that may make unschedulable pods schedulable; also what a plugin waits for.</summary>
[Flags]
internal enum ClusterEvent
{
    None = 0,
    NodeAdded = 1,
    NodeAllocatableGrown = 2,
    NodeLabelsChanged = 4,
    NodeTaintsChanged = 8,
    NodeUncordoned = 16,
    AssignedPodAdded = 32,
    AssignedPodRemoved = 64,
    AssignedPodLabelsChanged = 128,
    SpreadOwnersChanged = 256,
    PodUpdated = 512,
}
