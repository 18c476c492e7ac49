using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Workloads;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Plugins.NodeAffinity;
using Cybernetes.Scheduler.Snapshot;

namespace Cybernetes.Scheduler.Plugins.PodTopologySpread;

/// <summary>One spread constraint with its selector made ready, and the counting that filter and score share.</summary>
internal sealed record SpreadConstraint(string TopologyKey, int MaxSkew, int MinDomains, bool Hard, LabelMatcher Selector, bool HonorAffinity, bool HonorTaints)
{
    /// <summary>The pod's own constraints; without any, upstream's system defaults over what its services and owner select.</summary>
    public static IReadOnlyList<SpreadConstraint> Of(PodFacts pod)
    {
        var own = pod.Spec.TopologySpreadConstraints.OrEmpty();
        if (own.Count > 0)
            return [.. own.Select(c => Of(c, pod.Pod))];
        if (pod.SpreadSelector is null)
            return [];
        return
        [
            new("kubernetes.io/hostname", 3, 1, false, pod.SpreadSelector, true, false),
            new("topology.kubernetes.io/zone", 5, 1, false, pod.SpreadSelector, true, false),
        ];
    }

    /// <summary>The nodes that count for skew: those that carry the key and pass the pod's own affinity and taints, as the policies say.</summary>
    public NodeBits Eligible(SchedulingCycle cycle)
    {
        var columns = cycle.Columns;
        var nodes = new NodeBits(columns.Capacity);
        nodes.CopyFrom(columns.Live);
        nodes.IntersectWith(columns.Labels.WithKey(TopologyKey));
        if (HonorAffinity)
            ApplyAffinity(cycle, nodes);
        if (HonorTaints)
        {
            foreach (var (taint, tainted) in columns.Taints)
            {
                if (taint.Effect is "NoSchedule" or "NoExecute" && !Tolerations.Tolerate(cycle.Pod.Tolerations, taint))
                    nodes.ExceptWith(tainted);
            }
        }
        return nodes;
    }

    /// <summary>Matching pods per domain, over the eligible nodes; domains without pods count zero.</summary>
    public Dictionary<string, int> Count(SchedulingCycle cycle, NodeBits eligible)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var slot in eligible)
            counts.TryAdd(cycle.Columns.LabelsOf(slot)[TopologyKey], 0);
        foreach (var placed in cycle.Columns.PodsIn(cycle.Pod.Pod.Metadata.Namespace))
        {
            if (!placed.IsTerminating && eligible[placed.Slot] && Selector.Matches(placed.Labels))
                counts[cycle.Columns.LabelsOf(placed.Slot)[TopologyKey]]++;
        }
        return counts;
    }

    private static SpreadConstraint Of(TopologySpreadConstraint constraint, Pod pod)
    {
        var selector = LabelMatcher.For(constraint.LabelSelector);
        foreach (var key in constraint.MatchLabelKeys.OrEmpty())
        {
            if (pod.Metadata.Labels.OrEmpty().TryGetValue(key, out var value))
                selector = selector.And(LabelMatcher.Of(LabelRequirement.Of(key, LabelOperator.In, value)));
        }
        return new SpreadConstraint(constraint.TopologyKey, constraint.MaxSkew, constraint.MinDomains ?? 1,
            constraint.WhenUnsatisfiable == "DoNotSchedule", selector, constraint.NodeAffinityPolicy != "Ignore", constraint.NodeTaintsPolicy == "Honor");
    }

    private static void ApplyAffinity(SchedulingCycle cycle, NodeBits nodes)
    {
        if (cycle.Pod.Spec.NodeSelector is { } labels)
            NodeSelection.IntersectLabels(cycle.Columns, nodes, labels);
        if (cycle.Pod.NodeAffinity?.RequiredDuringSchedulingIgnoredDuringExecution is { } required)
            nodes.IntersectWith(NodeSelection.Matching(cycle.Columns, required.NodeSelectorTerms.OrEmpty()));
    }
}
