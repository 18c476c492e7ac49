using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Simulator.World;

namespace Cybernetes.Simulator.Invariants;

/// <summary>No pod is ever on two nodes, no uid is given twice, no node has more on it than it can hold.</summary>
internal sealed class PodPlacement(ClusterModel model) : IInvariant
{
    private readonly Dictionary<string, string> _nodes = new(StringComparer.Ordinal);
    private readonly HashSet<string> _uids = new(StringComparer.Ordinal);

    public string? See(Change change)
    {
        if (change.IsNew && !_uids.Add(change.Object.Metadata.UID))
            return $"{ClusterFacts.NameOf(change.Object)} got the uid {change.Object.Metadata.UID}, which another object had";
        if (change.Old is { } old && change.New is { } now && old.Metadata.UID != now.Metadata.UID)
            return $"{ClusterFacts.NameOf(now)} changed its uid";
        if (change.New is not Pod pod || pod.Spec.NodeName.Length == 0)
            return null;
        if (_nodes.TryGetValue(pod.Metadata.UID, out var before))
            return before == pod.Spec.NodeName ? null : $"pod {pod.Metadata.Namespace}/{pod.Metadata.Name} was on {before} and is on {pod.Spec.NodeName}";
        _nodes[pod.Metadata.UID] = pod.Spec.NodeName;
        return Overload(pod);
    }

    private string? Overload(Pod added)
    {
        var node = model.All<NodeObject>().FirstOrDefault(n => n.Metadata.Name == added.Spec.NodeName);
        if (node?.Status.Allocatable is not { } room)
            return null;
        var there = model.All<Pod>().Where(p => p.Spec.NodeName == added.Spec.NodeName && !ClusterFacts.HasEnded(p)).ToList();
        var cpu = there.Sum(ClusterFacts.MilliCpu);
        var memory = there.Sum(ClusterFacts.MemoryBytes);
        if (cpu <= room["cpu"].MilliValue() && memory <= room["memory"].Value() && there.Count <= room["pods"].Value())
            return null;
        return $"node {node.Metadata.Name} is over its allocatable with {ClusterFacts.NameOf(added)}: {there.Count} pods, cpu {cpu}m, memory {memory} "
            + $"of {room["pods"]} pods, cpu {room["cpu"]}, memory {room["memory"]}";
    }
}
