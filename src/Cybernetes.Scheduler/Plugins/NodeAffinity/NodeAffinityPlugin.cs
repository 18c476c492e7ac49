using Cybernetes.Objects;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Queue;

namespace Cybernetes.Scheduler.Plugins.NodeAffinity;

/// <summary>nodeSelector and required node affinity reject; preferred terms add their weights.</summary>
internal sealed class NodeAffinityPlugin : IFilterPlugin, IScorePlugin
{
    private const string Reason = "node(s) didn't match Pod's node affinity/selector";

    public string Name => "NodeAffinity";

    public long Weight => 2;

    public ClusterEvent Wakers => ClusterEvent.NodeAdded | ClusterEvent.NodeLabelsChanged;

    public void Filter(SchedulingCycle cycle)
    {
        var selector = cycle.Pod.Spec.NodeSelector;
        var required = cycle.Pod.NodeAffinity?.RequiredDuringSchedulingIgnoredDuringExecution;
        if (selector is not { Count: > 0 } && required is null)
            return;
        var allowed = new Snapshot.NodeBits(cycle.Columns.Capacity);
        allowed.CopyFrom(cycle.Columns.Live);
        if (selector is not null)
            NodeSelection.IntersectLabels(cycle.Columns, allowed, selector);
        if (required is not null)
            allowed.IntersectWith(NodeSelection.Matching(cycle.Columns, required.NodeSelectorTerms.OrEmpty()));
        cycle.Keep(allowed, Reason);
    }

    public void Score(SchedulingCycle cycle, Span<long> scores)
    {
        var preferred = cycle.Pod.NodeAffinity?.PreferredDuringSchedulingIgnoredDuringExecution.OrEmpty() ?? [];
        foreach (var term in preferred.Where(t => t.Weight != 0))
        {
            foreach (var slot in NodeSelection.Matching(cycle.Columns, term.Preference))
                scores[slot] += term.Weight;
        }
        if (preferred.Count > 0)
            Normalization.Apply(cycle, scores, reverse: false);
    }
}
