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
        foreach (var volume in PodClaims.BoundVolumes(cycle.Pod.Pod, objects))
        {
            foreach (var key in s_keys)
            {
                if (!volume.Metadata.Labels.OrEmpty().TryGetValue(key, out var zones))
                    continue;
                var allowed = new Snapshot.NodeBits(cycle.Columns.Capacity);
                var stable = key.Replace("failure-domain.beta", "topology", StringComparison.Ordinal);
                foreach (var zone in zones.Split("__"))
                {
                    allowed.UnionWith(cycle.Columns.Labels.WithPair(key, zone));
                    allowed.UnionWith(cycle.Columns.Labels.WithPair(stable, zone));
                }
                // A cluster without zones does not restrict.
                if (cycle.Columns.Labels.WithKey(key).IsEmpty && cycle.Columns.Labels.WithKey(stable).IsEmpty)
                    continue;
                cycle.Keep(allowed, "node(s) had no available volume zone", isResolvable: false);
            }
        }
    }
}
