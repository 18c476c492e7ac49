using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Queue;
using Cybernetes.Scheduler.Snapshot;

namespace Cybernetes.Scheduler.Plugins.Volumes;

/// <summary>One user at a time: ReadWriteOncePod claims in the cluster, and disks named in pods that a node can attach once.</summary>
internal sealed class VolumeRestrictionsFilter(IVolumeObjects objects) : IClusterFilter
{
    public string Name => "VolumeRestrictions";

    public ClusterEvent Wakers => ClusterEvent.NodeAdded | ClusterEvent.AssignedPodRemoved | ClusterEvent.ClaimChanged;

    public void Filter(SchedulingCycle cycle)
    {
        var pod = cycle.Pod.Pod;
        if (pod.Spec.Volumes is not { Count: > 0 } volumes)
            return;
        foreach (var (name, _) in PodClaims.NamesOf(pod))
        {
            if (objects.Claim(pod.Metadata.Namespace, name) is { } claim && claim.Spec.AccessModes.OrEmpty().Contains("ReadWriteOncePod")
                && cycle.Columns.PodsIn(pod.Metadata.Namespace).Any(p => PodClaims.NamesOf(p.Pod).Any(n => n.Name == name)))
                cycle.Drop(cycle.Columns.Live, "node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode");
        }
        if (!volumes.Exists(v => v.GCEPersistentDisk is not null || v.AWSElasticBlockStore is not null || v.ISCSI is not null || v.RBD is not null))
            return;
        foreach (var slot in cycle.Feasible)
        {
            if (cycle.Columns.PodsOn(slot).Any(p => volumes.Exists(mine => p.Pod.Spec.Volumes.OrEmpty().Any(other => Conflict(mine, other)))))
                cycle.Reject(slot, "node(s) had no available disk");
        }
    }

    private static bool Conflict(Volume mine, Volume other)
    {
        if (mine.GCEPersistentDisk is { } disk && other.GCEPersistentDisk is { } otherDisk)
            return disk.PDName == otherDisk.PDName && !(disk.ReadOnly && otherDisk.ReadOnly);
        if (mine.AWSElasticBlockStore is { } store && other.AWSElasticBlockStore is { } otherStore)
            return store.VolumeID == otherStore.VolumeID;
        if (mine.ISCSI is { } target && other.ISCSI is { } otherTarget)
            return target.IQN == otherTarget.IQN && !(target.ReadOnly && otherTarget.ReadOnly);
        return mine.RBD is { } image && other.RBD is { } otherImage
            && image.CephMonitors.OrEmpty().Intersect(otherImage.CephMonitors.OrEmpty()).Any() && image.RBDPool == otherImage.RBDPool
            && image.RBDImage == otherImage.RBDImage && !(image.ReadOnly && otherImage.ReadOnly);
    }
}
