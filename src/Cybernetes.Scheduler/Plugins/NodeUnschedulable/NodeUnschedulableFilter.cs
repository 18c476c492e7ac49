using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Workloads;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Queue;

namespace Cybernetes.Scheduler.Plugins.NodeUnschedulable;

/// <summary>Cordoned nodes take only pods that tolerate the taint that stands for it.</summary>
internal sealed class NodeUnschedulableFilter : INodeFactsFilter
{
    private static readonly Taint s_taint = new() { Key = "node.kubernetes.io/unschedulable", Effect = "NoSchedule" };

    public string Name => "NodeUnschedulable";

    public ClusterEvent Wakers => ClusterEvent.NodeAdded | ClusterEvent.NodeUncordoned;

    public bool MayHelp(Pod pod, in ClusterHappening happening) => happening.Node is not { Spec.Unschedulable: true };

    public void Filter(PodFacts pod, NodeFactsVerdict verdict)
    {
        if (!Tolerations.Tolerate(pod.Tolerations, s_taint))
            verdict.Drop(verdict.Columns.Unschedulable, "node(s) were unschedulable");
    }
}
