using Cybernetes.Client.Informers;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.Ownership;

/// <summary>Finds the pods of a node, so that a node's event costs as much as its own pods.</summary>
internal static class PodsByNode
{
    private const string Name = "node";

    /// <summary>To be called before the informer starts; again is as good.</summary>
    public static ObjectStore<Pod> WithNodeIndex(this ObjectStore<Pod> pods)
    {
        pods.AddIndex(Name, static p => [p.Spec.NodeName]);
        return pods;
    }

    public static IReadOnlyList<Pod> OnNode(this ObjectStore<Pod> pods, string node) => pods.ByIndex(Name, node);
}
