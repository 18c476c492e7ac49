using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Workloads;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Queue;
using Cybernetes.Scheduler.Snapshot;

namespace Cybernetes.Scheduler.Plugins.NodeResources;

/// <summary>
/// What the pod requests must fit into what the node still has; a node short of several resources counts for each of them. Scores by the
/// profile's strategy.
/// </summary>
/// <param name="strategy">How nodes are rated.</param>
/// <param name="ignored">Extended resources, and groups of them (before the slash), that are not looked at.</param>
/// <param name="isDeviceBacked">Whether a device class stands for a resource.</param>
internal sealed class NodeResourcesFitFilter(
    ScoringStrategy strategy, IReadOnlyList<string>? ignored = null, Func<string, bool>? isDeviceBacked = null) : INodeRoomFilter, INodeRoomScore
{
    public string Name => "NodeResourcesFit";

    public ClusterEvent Wakers => ClusterEvent.NodeAdded | ClusterEvent.NodeAllocatableChanged | ClusterEvent.AssignedPodRemoved
        | ClusterEvent.DeviceChanged;

    public bool MayHelp(Pod pod, in ClusterHappening happening)
    {
        // A device class may stand for what no node has.
        if (happening.Event == ClusterEvent.DeviceChanged)
            return isDeviceBacked is not null && PodResources.Requests(pod.Spec).Keys.Any(isDeviceBacked);
        // A pod that goes gives back at least its place; a node must have room for the pod at all.
        if (happening.Node is not { } node)
            return true;
        return PodResources.Requests(pod.Spec).All(r => IsIgnored(r.Key) || r.Value.Sign <= 0
            || (node.Status.Allocatable.OrEmpty().TryGetValue(r.Key, out var has) && has >= r.Value) || isDeviceBacked?.Invoke(r.Key) == true);
    }

    public bool Applies(PodFacts pod) => true;

    public ushort Check(PodFacts pod, ClusterColumns columns, int slot, RejectionTable rejections)
    {
        var requests = pod.Demand.Requests;
        uint lacking = 0;
        var isResolvable = true;
        for (var i = 0; i < requests.Length; i++)
        {
            var (resource, amount) = requests[i];
            var allocatable = columns.AllocatableAt(resource, slot);
            if (allocatable - columns.RequestedAt(resource, slot) >= amount || IsIgnored(columns.Resources[resource]))
                continue;
            // What a device class stands for may come from devices where no device plugin has it.
            if (allocatable == 0 && pod.DeviceBacked.Contains(resource))
                continue;
            lacking |= 1u << Math.Min(i, 31);
            isResolvable &= amount <= allocatable;
        }
        if (lacking == 0)
            return RejectionTable.Fits;
        if (pod.FitCodes.TryGetValue((lacking, isResolvable), out var code))
            return code;
        var reasons = requests.Where((_, i) => (lacking & (1u << Math.Min(i, 31))) != 0)
            .Select(r => r.Resource == ResourceNames.Pods ? "Too many pods" : "Insufficient " + columns.Resources[r.Resource]);
        return pod.FitCodes[(lacking, isResolvable)] = rejections.CodeOf(this, [.. reasons], isResolvable);
    }

    public int Score(PodFacts pod, ClusterColumns columns, int slot) => strategy.Score(pod, columns, slot);

    private bool IsIgnored(string resource) =>
        ignored is { Count: > 0 } && resource.Contains('/') && (ignored.Contains(resource) || ignored.Contains(resource[..resource.IndexOf('/')]));
}
