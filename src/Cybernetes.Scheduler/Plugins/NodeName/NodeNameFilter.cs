using Cybernetes.Objects.Core.V1;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Queue;

namespace Cybernetes.Scheduler.Plugins.NodeName;

/// <summary>A pod that names its node fits only there.</summary>
internal sealed class NodeNameFilter : INodeFactsFilter
{
    public string Name => "NodeName";

    public ClusterEvent Wakers => ClusterEvent.NodeAdded;

    public bool MayHelp(Pod pod, in ClusterHappening happening) => happening.Node is null || happening.Node.Metadata.Name == pod.Spec.NodeName;

    public void Filter(PodFacts pod, NodeFactsVerdict verdict)
    {
        if (pod.Spec.NodeName.Length == 0)
            return;
        var allowed = new Snapshot.NodeBits(verdict.Columns.Capacity);
        if (verdict.Columns.SlotOf(pod.Spec.NodeName) is >= 0 and var slot)
            allowed.Add(slot);
        verdict.Keep(allowed, "node(s) didn't match the requested node name");
    }
}
