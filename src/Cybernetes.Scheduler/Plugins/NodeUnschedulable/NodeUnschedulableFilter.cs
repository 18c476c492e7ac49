using Cybernetes.Objects.Workloads;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Queue;

namespace Cybernetes.Scheduler.Plugins.NodeUnschedulable;

/// <summary>Cordoned nodes take only pods that tolerate the taint that stands for it.</summary>
internal sealed class NodeUnschedulableFilter : IFilterPlugin
{
    private static readonly Objects.Core.V1.Taint s_taint = new() { Key = "node.kubernetes.io/unschedulable", Effect = "NoSchedule" };

    public string Name => "NodeUnschedulable";

    public ClusterEvent Wakers => ClusterEvent.NodeAdded | ClusterEvent.NodeUncordoned;

    public void Filter(SchedulingCycle cycle)
    {
        if (!Tolerations.Tolerate(cycle.Pod.Tolerations, s_taint))
            cycle.Drop(cycle.Columns.Unschedulable, "node(s) were unschedulable");
    }
}
