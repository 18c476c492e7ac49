using Cybernetes.Objects.Core.V1;
using ResourceClaim = Cybernetes.Objects.Resource.V1.ResourceClaim;
using NodeObject = Cybernetes.Objects.Core.V1.Node;

namespace Cybernetes.Scheduler.Queue;

/// <summary>What happened in the cluster that may make unschedulable pods schedulable; also what a plugin waits for.</summary>
[Flags]
internal enum ClusterEvent
{
    None = 0,
    NodeAdded = 1,
    NodeAllocatableChanged = 2,
    NodeLabelsChanged = 4,
    NodeTaintsChanged = 8,
    NodeUncordoned = 16,
    AssignedPodAdded = 32,
    AssignedPodRemoved = 64,
    AssignedPodLabelsChanged = 128,
    PodUpdated = 256,
    ClaimChanged = 512,
    VolumeChanged = 1024,
    StorageClassChanged = 2048,
    StorageNodeChanged = 4096,
    ResourceClaimChanged = 8192,
    NodeRemoved = 16384,
    NamespaceChanged = 32768,
    DeviceChanged = 65536,
    PodGroupChanged = 131072,
    NodeFeaturesChanged = 262144,
    NodeChanged = NodeAdded | NodeAllocatableChanged | NodeLabelsChanged | NodeTaintsChanged | NodeUncordoned | NodeFeaturesChanged,
}

/// <summary>
/// One event with what it happened to, for queueing hints. One of the objects is set for pod and node events; events of resource claims have the claim
/// before (null: it is new) and after (null: it is gone).
/// </summary>
internal readonly record struct ClusterHappening(
    ClusterEvent Event, Pod? Pod = null, NodeObject? Node = null, ResourceClaim? Claim = null, ResourceClaim? ClaimBefore = null);
