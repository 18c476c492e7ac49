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
    /// <summary>A pod's or a profile's constraint; <paramref name="selector"/> stands in for one without.</summary>
    public static SpreadConstraint Of(TopologySpreadConstraint constraint, Pod pod, LabelMatcher? selector = null)
    {
        var own = selector ?? LabelMatcher.For(constraint.LabelSelector);
        foreach (var key in constraint.MatchLabelKeys.OrEmpty())
        {
            if (pod.Metadata.Labels.OrEmpty().TryGetValue(key, out var value))
                own = own.And(LabelMatcher.Of(LabelRequirement.Of(key, LabelOperator.In, value)));
        }
        return new SpreadConstraint(constraint.TopologyKey, constraint.MaxSkew, constraint.MinDomains ?? 1,
            constraint.WhenUnsatisfiable == "DoNotSchedule", own, constraint.NodeAffinityPolicy != "Ignore", constraint.NodeTaintsPolicy == "Honor");
    }

    /// <summary>Whether every node counts that carries the key: neither policy has anything to leave out.</summary>
    public bool CountsAll(PodFacts pod) =>
        !HonorTaints && (!HonorAffinity
            || (pod.Spec.NodeSelector is not { Count: > 0 } && pod.NodeAffinity?.RequiredDuringSchedulingIgnoredDuringExecution is null));

    /// <summary>Takes the nodes out that the policies leave out of the count.</summary>
    public void ApplyPolicies(SchedulingCycle cycle, NodeBits nodes)
    {
        if (CountsAll(cycle.Pod))
            return;
        if (HonorAffinity)
            nodes.IntersectWith(NodeAffinityPlugin.Required(cycle.Columns, cycle.Pod.Spec));
        if (!HonorTaints)
            return;
        foreach (var (taint, tainted) in cycle.Columns.Taints)
        {
            if (taint.Effect is "NoSchedule" or "NoExecute" && !Tolerations.Tolerate(cycle.Pod.Tolerations, taint))
                nodes.ExceptWith(tainted);
        }
    }

    /// <summary>The matching pods by node; null where the selector selects everything, which upstream counts as nothing.</summary>
    public PodCounter? Counter(SchedulingCycle cycle) =>
        Selector.IsEmpty ? null : cycle.Columns.Counters.For(TermScope.In(cycle.Pod.Namespace, Selector), skipsTerminating: true);

    /// <summary>Matching pods by domain, over the given nodes.</summary>
    public int[] ByDomain(SchedulingCycle cycle, TopologyDomains domains, NodeBits nodes)
    {
        var counts = new int[domains.Count];
        if (Counter(cycle) is not { Total: > 0 } counter)
            return counts;
        var bySlot = counter.BySlot(cycle.Columns.Capacity);
        foreach (var slot in counter.Slots)
        {
            if (nodes[slot] && domains.DomainOf[slot] is >= 0 and var domain)
                counts[domain] += bySlot[slot];
        }
        return counts;
    }
}
