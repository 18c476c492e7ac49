using Cybernetes.Objects.Core.V1;
using Cybernetes.Simulator.World;

namespace Cybernetes.Simulator.Invariants;

/// <summary>
/// A pod that runs on a node goes only when the node says that it is down, or when the node itself is gone: so never are there two pods of one
/// ordinal of a stateful set, whatever becomes of the controllers.
/// </summary>
internal sealed class PodEndings(ClusterModel model) : IInvariant
{
    /// <summary>Pods that their node, or a user who insists, took away, by uid.</summary>
    public HashSet<string> TakenAway { get; } = new(StringComparer.Ordinal);

    public string? See(Change change)
    {
        if (change.New is not null || change.Old is not Pod pod || pod.Spec.NodeName.Length == 0 || ClusterFacts.HasEnded(pod))
            return null;
        if (TakenAway.Contains(pod.Metadata.UID) || model.All<NodeObject>().All(n => n.Metadata.Name != pod.Spec.NodeName))
            return null;
        return $"{ClusterFacts.NameOf(pod)} is gone, and {pod.Spec.NodeName} has not said that it is down";
    }
}
