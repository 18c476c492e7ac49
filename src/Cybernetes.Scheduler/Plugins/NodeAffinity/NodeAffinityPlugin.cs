using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Queue;
using Cybernetes.Scheduler.Snapshot;

namespace Cybernetes.Scheduler.Plugins.NodeAffinity;

/// <summary>nodeSelector and required node affinity reject; preferred terms add their weights.</summary>
/// <param name="added">The profile's addedAffinity, which holds for every pod beside its own; null without.</param>
internal sealed class NodeAffinityPlugin(Objects.Core.V1.NodeAffinity? added = null) : INodeFactsFilter, IClusterScore
{
    public string Name => "NodeAffinity";

    public ClusterEvent Wakers => ClusterEvent.NodeAdded | ClusterEvent.NodeLabelsChanged;

    public bool MayHelp(Pod pod, in ClusterHappening happening)
    {
        if (happening.Node is not { } node)
            return true;
        var one = new ClusterColumns();
        one.SetNode(node);
        return !Required(one, pod.Spec).IsEmpty;
    }

    /// <summary>A pod whose terms all name nodes can only go to those: the others do not take part.</summary>
    public void Restrict(PodFacts pod, NodeFactsVerdict verdict)
    {
        var terms = (pod.NodeAffinity?.RequiredDuringSchedulingIgnoredDuringExecution?.NodeSelectorTerms).OrEmpty();
        if (terms.Count == 0)
            return;
        var named = new NodeBits(verdict.Columns.Capacity);
        foreach (var term in terms)
        {
            var fields = term.MatchFields.OrEmpty().Where(f => f.Key == "metadata.name" && f.Operator == NodeSelectorOperator.NodeSelectorOpIn).ToList();
            if (fields.Count == 0)
                return;
            foreach (var name in fields.SelectMany(f => f.Values.OrEmpty()))
            {
                if (verdict.Columns.SlotOf(name) is >= 0 and var slot)
                    named.Add(slot);
            }
        }
        verdict.Keep(named, "node(s) didn't satisfy plugin(s) [NodeAffinity]");
    }

    public void Filter(PodFacts pod, NodeFactsVerdict verdict)
    {
        if (added?.RequiredDuringSchedulingIgnoredDuringExecution is { } enforced)
        {
            var matching = NodeSelection.Matching(verdict.Columns, enforced.NodeSelectorTerms.OrEmpty());
            verdict.Keep(matching, "node(s) didn't match scheduler-enforced node affinity");
        }
        if (pod.Spec.NodeSelector is { Count: > 0 } || pod.NodeAffinity?.RequiredDuringSchedulingIgnoredDuringExecution is not null)
            verdict.Keep(Required(verdict.Columns, pod.Spec), "node(s) didn't match Pod's node affinity/selector");
    }

    public bool Applies(SchedulingCycle cycle) => Preferred(cycle.Pod).Any();

    public void Score(SchedulingCycle cycle, Span<int> scores)
    {
        foreach (var term in Preferred(cycle.Pod))
        {
            foreach (var slot in NodeSelection.Matching(cycle.Columns, term.Preference))
                scores[slot] += term.Weight;
        }
        Normalization.Apply(cycle, scores, reverse: false);
    }

    /// <summary>The nodes that a pod's node selector and required affinity allow.</summary>
    public static NodeBits Required(ClusterColumns columns, PodSpec spec)
    {
        var allowed = NodeBits.Copy(columns.Live);
        if (spec.NodeSelector is { Count: > 0 } selector)
            NodeSelection.IntersectLabels(columns, allowed, selector);
        if (spec.Affinity?.NodeAffinity?.RequiredDuringSchedulingIgnoredDuringExecution is { } required)
            allowed.IntersectWith(NodeSelection.Matching(columns, required.NodeSelectorTerms.OrEmpty()));
        return allowed;
    }

    private IEnumerable<PreferredSchedulingTerm> Preferred(PodFacts pod)
    {
        var own = (pod.NodeAffinity?.PreferredDuringSchedulingIgnoredDuringExecution).OrEmpty();
        var all = added is null ? own : own.Concat(added.PreferredDuringSchedulingIgnoredDuringExecution.OrEmpty());
        return all.Where(t => t.Weight != 0);
    }
}
