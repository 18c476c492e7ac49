using Cybernetes.Objects;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Queue;

namespace Cybernetes.Scheduler.Plugins.Volumes;

/// <summary>Volumes with zone or region labels are reached only from nodes of that zone or region; a label may name several, joined by "__".</summary>
internal sealed class VolumeZoneFilter(IVolumeObjects objects) : IClusterFilter
{
    private static readonly string[] s_keys =
    [
        "failure-domain.beta.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/zone", "topology.kubernetes.io/region",
    ];

    public string Name => "VolumeZone";

    public ClusterEvent Wakers => ClusterEvent.NodeAdded | ClusterEvent.NodeLabelsChanged | ClusterEvent.ClaimChanged | ClusterEvent.VolumeChanged
        | ClusterEvent.StorageClassChanged;

    public void Filter(SchedulingCycle cycle)
    {
        if (!PodClaims.HasAny(cycle.Pod.Pod))
            return;
        // A node that says nothing of where it is, as in a cluster of one zone, is not held against it.
        var unzoned = Snapshot.NodeBits.Copy(cycle.Columns.Live);
        foreach (var key in s_keys)
            unzoned.ExceptWith(cycle.Columns.Labels.WithKey(key));
        foreach (var volume in PodClaims.BoundVolumes(cycle.Pod.Pod, objects))
        {
            foreach (var key in s_keys)
            {
                if (!volume.Metadata.Labels.OrEmpty().TryGetValue(key, out var zones))
                    continue;
                var allowed = Snapshot.NodeBits.Copy(unzoned);
                var stable = key.Replace("failure-domain.beta", "topology", StringComparison.Ordinal);
                foreach (var zone in zones.Split("__"))
                {
                    allowed.UnionWith(cycle.Columns.Labels.WithPair(key, zone));
                    allowed.UnionWith(cycle.Columns.Labels.WithPair(stable, zone));
                }
                cycle.Keep(allowed, "node(s) had no available volume zone", isResolvable: false);
            }
        }
    }
}
