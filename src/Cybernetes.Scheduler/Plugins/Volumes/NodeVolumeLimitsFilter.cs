using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Queue;
using Cybernetes.Scheduler.Snapshot;

namespace Cybernetes.Scheduler.Plugins.Volumes;

/// <summary>A node attaches no more volumes of a CSI driver than its CSINode says; a volume that is there already costs nothing.</summary>
internal sealed class NodeVolumeLimitsFilter(IVolumeObjects objects) : IClusterFilter
{
    public string Name => "NodeVolumeLimits";

    public ClusterEvent Wakers => ClusterEvent.NodeAdded | ClusterEvent.AssignedPodRemoved | ClusterEvent.StorageNodeChanged
        | ClusterEvent.ClaimChanged | ClusterEvent.VolumeChanged | ClusterEvent.StorageClassChanged;

    public void Filter(SchedulingCycle cycle)
    {
        var wanted = VolumesOf(cycle.Pod.Pod).ToHashSet();
        if (wanted.Count == 0)
            return;
        foreach (var slot in cycle.Feasible)
        {
            if (objects.Node(cycle.Columns.NodeName(slot)) is not { } node)
                continue;
            foreach (var driver in node.Spec.Drivers.OrEmpty().Where(d => d.Allocatable?.Count is not null))
            {
                var there = cycle.Columns.PodsOn(slot).SelectMany(p => VolumesOf(p.Pod)).Where(v => v.Driver == driver.Name).ToHashSet();
                var added = wanted.Count(v => v.Driver == driver.Name && !there.Contains(v));
                if (added > 0 && there.Count + added > driver.Allocatable!.Count)
                    cycle.Reject(slot, "node(s) exceed max volume count");
            }
        }
    }

    /// <summary>A pod's CSI volumes; a claim that its class will fill counts by its own name.</summary>
    private IEnumerable<(string Driver, string Handle)> VolumesOf(Pod pod)
    {
        if (!PodClaims.HasAny(pod))
            yield break;
        foreach (var (name, _) in PodClaims.NamesOf(pod))
        {
            if (objects.Claim(pod.Metadata.Namespace, name) is not { } claim)
                continue;
            if (claim.Spec.VolumeName.Length > 0)
            {
                if (objects.Volume(claim.Spec.VolumeName)?.Spec.CSI is { } csi)
                    yield return (csi.Driver, csi.VolumeHandle);
            }
            else if (objects.Class(PodClaims.ClassOf(claim)) is { } @class)
                yield return (@class.Provisioner, $"{claim.Metadata.Namespace}/{claim.Metadata.Name}");
        }
    }
}
