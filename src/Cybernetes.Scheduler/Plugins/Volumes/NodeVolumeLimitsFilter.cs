using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Queue;
using Cybernetes.Scheduler.Snapshot;

namespace Cybernetes.Scheduler.Plugins.Volumes;

/// <summary>
/// A node attaches no more volumes of a CSI driver than its CSINode says. Those of its pods count, and those that are still attached though no pod uses
/// them any more; a volume that is there already costs nothing.
/// </summary>
internal sealed class NodeVolumeLimitsFilter(IVolumeObjects objects) : IClusterFilter
{
    public string Name => "NodeVolumeLimits";

    public ClusterEvent Wakers => ClusterEvent.NodeAdded | ClusterEvent.AssignedPodRemoved | ClusterEvent.StorageNodeChanged
        | ClusterEvent.ClaimChanged | ClusterEvent.VolumeChanged | ClusterEvent.StorageClassChanged;

    public void Filter(SchedulingCycle cycle)
    {
        if (cycle.Pod.Pod.Spec.Volumes is not { Count: > 0 })
            return;
        var wanted = VolumesOf(cycle.Pod.Pod).ToHashSet();
        if (wanted.Count == 0)
            return;
        foreach (var slot in cycle.Feasible)
        {
            if (objects.Node(cycle.Columns.NodeName(slot)) is not { } node)
                continue;
            var limits = node.Spec.Drivers.OrEmpty().Where(d => d.Allocatable?.Count is not null && wanted.Any(v => v.Driver == d.Name)).ToList();
            if (limits.Count == 0)
                continue;
            var there = cycle.Columns.PodsOn(slot).SelectMany(p => VolumesOf(p.Pod)).Concat(AttachedTo(node.Metadata.Name)).ToHashSet();
            foreach (var driver in limits)
            {
                var added = wanted.Count(v => v.Driver == driver.Name && !there.Contains(v));
                if (added > 0 && there.Count(v => v.Driver == driver.Name) + added > driver.Allocatable!.Count)
                    cycle.Reject(slot, "node(s) exceed max volume count");
            }
        }
    }

    private IEnumerable<AttachableVolume> AttachedTo(string node)
    {
        foreach (var attachment in objects.AttachmentsOf(node))
        {
            if (attachment.Spec.Source.PersistentVolumeName is { } name && objects.Volume(name) is { } volume
                && AttachableVolumes.Of(volume) is { } attached)
                yield return attached;
        }
    }

    /// <summary>What is attached for a pod; a claim that its class will fill counts by its own name.</summary>
    private IEnumerable<AttachableVolume> VolumesOf(Pod pod)
    {
        foreach (var volume in pod.Spec.Volumes.OrEmpty())
        {
            if (PodClaims.NameOf(pod, volume) is not { } name)
            {
                if (AttachableVolumes.Of(volume) is { } own)
                    yield return own;
                continue;
            }
            if (objects.Claim(pod.Metadata.Namespace, name) is not { } claim)
                continue;
            if (claim.Spec.VolumeName.Length > 0)
            {
                if (objects.Volume(claim.Spec.VolumeName) is { } bound && AttachableVolumes.Of(bound) is { } attached)
                    yield return attached;
            }
            else if (objects.Class(PodClaims.ClassOf(claim)) is { } storageClass)
                yield return new(AttachableVolumes.DriverOf(storageClass), $"{claim.Metadata.Namespace}/{claim.Metadata.Name}");
        }
    }
}
