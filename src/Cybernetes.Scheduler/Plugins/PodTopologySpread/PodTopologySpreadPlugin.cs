using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Queue;

namespace Cybernetes.Scheduler.Plugins.PodTopologySpread;

/// <summary>Keeps the number of a workload's pods per topology domain even (KEP-895, KEP-3022, KEP-3094).</summary>
internal sealed class PodTopologySpreadPlugin : IFilterPlugin, IScorePlugin
{
    public string Name => "PodTopologySpread";

    public long Weight => 2;

    public ClusterEvent Wakers => ClusterEvent.NodeAdded | ClusterEvent.NodeLabelsChanged | ClusterEvent.NodeTaintsChanged
        | ClusterEvent.AssignedPodAdded | ClusterEvent.AssignedPodRemoved | ClusterEvent.AssignedPodLabelsChanged;

    public void Filter(SchedulingCycle cycle)
    {
        foreach (var constraint in SpreadConstraint.Of(cycle.Pod).Where(c => c.Hard))
        {
            cycle.Keep(cycle.Columns.Labels.WithKey(constraint.TopologyKey),
                "node(s) didn't match pod topology spread constraints (missing required label)");
            var counts = constraint.Count(cycle, constraint.Eligible(cycle));
            // Fewer domains than asked for: the missing ones count as empty.
            var minimum = counts.Count == 0 || counts.Count < constraint.MinDomains ? 0 : counts.Values.Min();
            var self = constraint.Selector.Matches(cycle.Pod.Pod.Metadata.Labels) ? 1 : 0;
            foreach (var slot in cycle.Feasible)
            {
                var domain = cycle.Columns.LabelsOf(slot)[constraint.TopologyKey];
                if (counts.GetValueOrDefault(domain) + self - minimum > constraint.MaxSkew)
                    cycle.Reject(slot, "node(s) didn't match pod topology spread constraints");
            }
        }
    }

    public void Score(SchedulingCycle cycle, Span<long> scores)
    {
        var constraints = SpreadConstraint.Of(cycle.Pod).Where(c => !c.Hard).ToList();
        if (constraints.Count == 0)
            return;
        // The system defaults do not punish nodes without zone labels; a pod's own constraints do.
        var strict = cycle.Pod.Spec.TopologySpreadConstraints is { Count: > 0 };
        var raw = new double[cycle.Columns.Capacity];
        var ignored = new Snapshot.NodeBits(cycle.Columns.Capacity);
        foreach (var constraint in constraints)
            Add(cycle, constraint, raw, strict ? ignored : null);
        Normalize(cycle, raw, ignored, scores);
    }

    private static void Add(SchedulingCycle cycle, SpreadConstraint constraint, double[] raw, Snapshot.NodeBits? ignored)
    {
        var keyed = cycle.Columns.Labels.WithKey(constraint.TopologyKey);
        var counts = constraint.Count(cycle, constraint.Eligible(cycle));
        var domains = new HashSet<string>(StringComparer.Ordinal);
        foreach (var slot in cycle.Feasible)
        {
            if (keyed[slot])
                domains.Add(cycle.Columns.LabelsOf(slot)[constraint.TopologyKey]);
        }
        // Keys with few domains would drown those with many: the weight grows with the number of domains.
        var weight = Math.Log(domains.Count + 2);
        foreach (var slot in cycle.Feasible)
        {
            if (keyed[slot])
                raw[slot] += counts.GetValueOrDefault(cycle.Columns.LabelsOf(slot)[constraint.TopologyKey]) * weight + (constraint.MaxSkew - 1);
            else
                ignored?.Add(slot);
        }
    }

    private static void Normalize(SchedulingCycle cycle, double[] raw, Snapshot.NodeBits ignored, Span<long> scores)
    {
        long minimum = long.MaxValue, maximum = 0;
        foreach (var slot in cycle.Feasible)
        {
            if (ignored[slot])
                continue;
            scores[slot] = (long)Math.Round(raw[slot]);
            minimum = Math.Min(minimum, scores[slot]);
            maximum = Math.Max(maximum, scores[slot]);
        }
        foreach (var slot in cycle.Feasible)
        {
            if (ignored[slot]) scores[slot] = 0;
            else if (maximum == 0) scores[slot] = IScorePlugin.MaximumScore;
            else scores[slot] = IScorePlugin.MaximumScore * (maximum + minimum - scores[slot]) / maximum;
        }
    }
}
