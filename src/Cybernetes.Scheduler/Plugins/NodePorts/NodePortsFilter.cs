using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Queue;

namespace Cybernetes.Scheduler.Plugins.NodePorts;

/// <summary>Host ports must be free on the node, by protocol and address.</summary>
internal sealed class NodePortsFilter : IFilterPlugin
{
    public string Name => "NodePorts";

    public ClusterEvent Wakers => ClusterEvent.NodeAdded | ClusterEvent.AssignedPodRemoved;

    public void Filter(SchedulingCycle cycle)
    {
        var wanted = cycle.Pod.Demand.HostPorts;
        if (wanted.Count == 0)
            return;
        foreach (var slot in cycle.Feasible)
        {
            var taken = cycle.Columns.PodsOn(slot).SelectMany(p => p.Demand.HostPorts);
            if (taken.Any(port => wanted.Any(port.CollidesWith)))
                cycle.Reject(slot, "node(s) didn't have free ports for the requested pod ports");
        }
    }
}
