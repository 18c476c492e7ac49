using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Workloads;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Queue;

namespace Cybernetes.Scheduler.Plugins.TaintToleration;

/// <summary>NoSchedule and NoExecute taints reject; untolerated PreferNoSchedule taints count against a node.</summary>
internal sealed class TaintTolerationPlugin : INodeFactsFilter, IClusterScore
{
    public string Name => "TaintToleration";

    public ClusterEvent Wakers => ClusterEvent.NodeAdded | ClusterEvent.NodeTaintsChanged;

    public bool MayHelp(Pod pod, in ClusterHappening happening) =>
        happening.Node is not { } node || node.Spec.Taints.OrEmpty().All(t => !Forbids(t) || Tolerations.Tolerate(pod.Spec.Tolerations.OrEmpty(), t));

    public void Filter(PodFacts pod, NodeFactsVerdict verdict)
    {
        foreach (var (taint, nodes) in verdict.Columns.Taints)
        {
            if (Forbids(taint) && !Tolerations.Tolerate(pod.Tolerations, taint))
                verdict.Drop(nodes, "node(s) had untolerated taint(s)");
        }
    }

    public bool Applies(SchedulingCycle cycle)
    {
        foreach (var (taint, _) in cycle.Columns.SoftTaints)
        {
            if (!IsTolerated(cycle.Pod, taint))
                return true;
        }
        return false;
    }

    public void Score(SchedulingCycle cycle, Span<int> scores)
    {
        foreach (var (taint, nodes) in cycle.Columns.SoftTaints)
        {
            if (IsTolerated(cycle.Pod, taint))
                continue;
            foreach (var slot in nodes)
                scores[slot]++;
        }
        Normalization.Apply(cycle, scores, reverse: true);
    }

    private static bool Forbids(Taint taint) => taint.Effect is "NoSchedule" or "NoExecute";

    private static bool IsTolerated(PodFacts pod, Taint taint)
    {
        foreach (var toleration in pod.Tolerations)
        {
            if (toleration.Effect is "" or "PreferNoSchedule" && Tolerations.Tolerates(toleration, taint))
                return true;
        }
        return false;
    }
}
