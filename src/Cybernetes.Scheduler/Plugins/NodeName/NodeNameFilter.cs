using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Queue;

namespace Cybernetes.Scheduler.Plugins.NodeName;

/// <summary>A pod that names its node fits only there.</summary>
internal sealed class NodeNameFilter : IFilterPlugin
{
    public string Name => "NodeName";

    public ClusterEvent Wakers => ClusterEvent.NodeAdded;

    public void Filter(SchedulingCycle cycle)
    {
        if (cycle.Pod.Spec.NodeName.Length == 0)
            return;
        var allowed = new Snapshot.NodeBits(cycle.Columns.Capacity);
        if (cycle.Columns.SlotOf(cycle.Pod.Spec.NodeName) is >= 0 and var slot)
            allowed.Add(slot);
        cycle.Keep(allowed, "node(s) didn't match the requested node name");
    }
}
