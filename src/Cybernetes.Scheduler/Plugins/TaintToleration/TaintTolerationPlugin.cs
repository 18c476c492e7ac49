using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Workloads;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Queue;

namespace Cybernetes.Scheduler.Plugins.TaintToleration;

/// <summary>NoSchedule and NoExecute taints reject; untolerated PreferNoSchedule taints count against a node.</summary>
internal sealed class TaintTolerationPlugin : IFilterPlugin, IScorePlugin
{
    public string Name => "TaintToleration";

    public long Weight => 3;

    public ClusterEvent Wakers => ClusterEvent.NodeAdded | ClusterEvent.NodeTaintsChanged;

    public void Filter(SchedulingCycle cycle)
    {
        foreach (var (taint, nodes) in cycle.Columns.Taints)
        {
            if (taint.Effect is "NoSchedule" or "NoExecute" && !Tolerations.Tolerate(cycle.Pod.Tolerations, taint))
                cycle.Drop(nodes, "node(s) had untolerated taint(s)");
        }
    }

    public void Score(SchedulingCycle cycle, Span<long> scores)
    {
        var soft = cycle.Pod.Tolerations.Where(t => t.Effect is "" or "PreferNoSchedule").ToList();
        foreach (var (taint, nodes) in cycle.Columns.Taints)
        {
            if (taint.Effect != "PreferNoSchedule" || Tolerations.Tolerate(soft, taint))
                continue;
            foreach (var slot in nodes)
                scores[slot]++;
        }
        Normalization.Apply(cycle, scores, reverse: true);
    }
}
