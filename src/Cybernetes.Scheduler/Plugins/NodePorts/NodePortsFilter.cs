using Cybernetes.Objects.Core.V1;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Queue;
using Cybernetes.Scheduler.Snapshot;

namespace Cybernetes.Scheduler.Plugins.NodePorts;

/// <summary>Host ports must be free on the node, by protocol and address.</summary>
internal sealed class NodePortsFilter : INodeRoomFilter
{
    public string Name => "NodePorts";

    public ClusterEvent Wakers => ClusterEvent.NodeAdded | ClusterEvent.AssignedPodRemoved;

    public bool MayHelp(Pod pod, in ClusterHappening happening)
    {
        if (happening.Pod is not { } removed)
            return true;
        var freed = PodDemand.PortsOf(removed.Spec);
        return PodDemand.PortsOf(pod.Spec).Any(wanted => freed.Any(wanted.CollidesWith));
    }

    public bool Applies(PodFacts pod) => pod.Demand.HostPorts.Length > 0;

    public ushort Check(PodFacts pod, ClusterColumns columns, int slot, RejectionTable rejections)
    {
        foreach (var taken in columns.HostPortsOn(slot))
        {
            foreach (var wanted in pod.Demand.HostPorts)
            {
                if (wanted.CollidesWith(taken))
                    return rejections.CodeOf(this, "node(s) didn't have free ports for the requested pod ports", isResolvable: true);
            }
        }
        return RejectionTable.Fits;
    }
}
