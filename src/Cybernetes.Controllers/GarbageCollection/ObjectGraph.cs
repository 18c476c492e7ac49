using Cybernetes.Client.Discovery;
using Cybernetes.Objects;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.Controllers.GarbageCollection;

/// <summary>An object as the collector sees it.</summary>
internal sealed class GraphNode(string uid)
{
    public string Uid { get; } = uid;

    /// <summary>Null while the object is known only as somebody's owner.</summary>
    public ServedResource? Resource { get; set; }

    public string Namespace { get; set; } = "";

    public string Name { get; set; } = "";

    public IReadOnlyList<OwnerReference> Owners { get; set; } = [];

    public HashSet<GraphNode> Dependents { get; } = [];

    public bool IsBeingDeleted { get; set; }

    /// <summary>Being deleted, and its dependents must go first.</summary>
    public bool DeletesDependents { get; set; }

    /// <summary>Being deleted, and its dependents must be let go.</summary>
    public bool OrphansDependents { get; set; }

    public bool WasSeen => Resource is not null;

    public bool Blocks(GraphNode owner) => Owners.Any(o => o.UID == owner.Uid && o.BlockOwnerDeletion == true);

    public override string ToString() => $"{Resource?.Plural} {Namespace}/{Name}";
}

/// <summary>Who owns whom, kept by the events of all resources. Not thread-safe: one loop owns it. Pure bookkeeping.</summary>
internal sealed class ObjectGraph
{
    private readonly Dictionary<string, GraphNode> _nodes = new(StringComparer.Ordinal);

    public int Count => _nodes.Count;

    public GraphNode? Find(string uid) => _nodes.GetValueOrDefault(uid);

    /// <summary>An object was made or changed. What of the graph may now be garbage, or may go on being deleted, is returned.</summary>
    public IReadOnlyList<GraphNode> Set(ServedResource resource, ObjectMeta metadata)
    {
        var node = NodeFor(metadata.UID);
        var touched = new HashSet<GraphNode>();
        (node.Resource, node.Namespace, node.Name) = (resource, metadata.Namespace, metadata.Name);
        ChangeOwners(node, metadata.OwnerReferences.OrEmpty(), touched);
        var deleted = metadata.DeletionTimestamp is not null;
        node.IsBeingDeleted = deleted;
        node.DeletesDependents = deleted && metadata.Finalizers.OrEmpty().Contains("foregroundDeletion");
        node.OrphansDependents = deleted && metadata.Finalizers.OrEmpty().Contains("orphan");
        if (node.Owners.Count > 0 || node.DeletesDependents || node.OrphansDependents)
            touched.Add(node);
        if (node.DeletesDependents)
            touched.UnionWith(node.Dependents);
        return [.. touched];
    }

    /// <summary>An object is gone; its dependents may be garbage, and owners that waited for it may go.</summary>
    public IReadOnlyList<GraphNode> Remove(string uid)
    {
        if (!_nodes.TryGetValue(uid, out var node))
            return [];
        var touched = new HashSet<GraphNode>(node.Dependents);
        ChangeOwners(node, [], touched);
        if (node.Dependents.Count == 0)
            _nodes.Remove(uid);
        node.Resource = null;
        node.IsBeingDeleted = node.DeletesDependents = node.OrphansDependents = false;
        return [.. touched];
    }

    private void ChangeOwners(GraphNode node, IReadOnlyList<OwnerReference> owners, HashSet<GraphNode> touched)
    {
        foreach (var old in node.Owners.Where(o => owners.All(n => n.UID != o.UID)))
        {
            if (!_nodes.TryGetValue(old.UID, out var owner))
                continue;
            owner.Dependents.Remove(node);
            if (owner.DeletesDependents)
                touched.Add(owner);
            if (!owner.WasSeen && owner.Dependents.Count == 0)
                _nodes.Remove(old.UID);
        }
        foreach (var reference in owners)
            NodeFor(reference.UID).Dependents.Add(node);
        foreach (var changed in node.Owners.Where(o => o.BlockOwnerDeletion == true))
        {
            // A dependent that no longer blocks sets its owner free.
            if (owners.Any(n => n.UID == changed.UID && n.BlockOwnerDeletion != true) && _nodes.GetValueOrDefault(changed.UID) is { DeletesDependents: true } owner)
                touched.Add(owner);
        }
        node.Owners = owners;
    }

    private GraphNode NodeFor(string uid)
    {
        if (!_nodes.TryGetValue(uid, out var node))
            _nodes[uid] = node = new GraphNode(uid);
        return node;
    }
}
