using System.Numerics;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Queue;
using Cybernetes.Scheduler.Snapshot;

namespace Cybernetes.Scheduler.Plugins.NodeResources;

/// <summary>What the pod requests must fit into what the node still has. A node short of several resources counts for each of them.</summary>
internal sealed class NodeResourcesFitFilter : IFilterPlugin
{
    public string Name => "NodeResourcesFit";

    public ClusterEvent Wakers => ClusterEvent.NodeAdded | ClusterEvent.NodeAllocatableGrown | ClusterEvent.AssignedPodRemoved;

    public void Filter(SchedulingCycle cycle)
    {
        var columns = cycle.Columns;
        var rejected = new NodeBits(columns.Capacity);
        foreach (var (resource, amount) in cycle.Pod.Demand.Requests)
        {
            var lacking = Lacking(columns.Allocatable(resource), columns.Requested(resource), amount);
            lacking.IntersectWith(cycle.Feasible);
            var reason = resource == ResourceNames.Pods ? "Too many pods" : "Insufficient " + columns.Resources[resource];
            cycle.AddReason(reason, lacking.Count());
            rejected.UnionWith(lacking);
        }
        cycle.Feasible.ExceptWith(rejected);
    }

    /// <summary>The slots where <c>requested + amount</c> exceeds <c>allocatable</c>; compared a vector at a time.</summary>
    internal static NodeBits Lacking(ReadOnlySpan<long> allocatable, ReadOnlySpan<long> requested, long amount)
    {
        var bits = new NodeBits(allocatable.Length);
        var slot = 0;
        var wanted = new Vector<long>(amount);
        for (; slot <= allocatable.Length - Vector<long>.Count; slot += Vector<long>.Count)
        {
            var free = new Vector<long>(allocatable[slot..]) - new Vector<long>(requested[slot..]);
            if (Vector.GreaterThanOrEqualAll(free, wanted))
                continue;
            for (var i = 0; i < Vector<long>.Count; i++)
            {
                if (free[i] < amount)
                    bits.Add(slot + i);
            }
        }
        for (; slot < allocatable.Length; slot++)
        {
            if (allocatable[slot] - requested[slot] < amount)
                bits.Add(slot);
        }
        return bits;
    }
}
