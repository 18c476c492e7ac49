using Cybernetes.Client.Discovery;
using Cybernetes.Objects;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.Controllers.GarbageCollection;

/// <summary>An object as the collector sees it.</summary>
internal sealed class GraphNode(string uid)
{
    public string Uid { get; } = uid;

    /// <summary>Null while the object is known only as somebody's owner, and again when it is gone.</summary>
    public ServedResource? Resource { get; set; }

    public string Namespace { get; set; } = "";

    public string Name { get; set; } = "";

    /// <summary>Replaced as a whole, never changed.</summary>
    public IReadOnlyList<OwnerReference> Owners { get; set; } = [];

    public HashSet<GraphNode> Dependents { get; } = [];

    /// <summary>Those of the dependents whose reference keeps this object, in foreground deletion, until they are gone.</summary>
    public HashSet<GraphNode> Blocking { get; } = [];

    public bool IsBeingDeleted { get; set; }

    /// <summary>Being deleted, and its dependents must go first.</summary>
    public bool DeletesDependents { get; set; }

    /// <summary>Being deleted, and its dependents must be let go.</summary>
    public bool OrphansDependents { get; set; }

    /// <summary>Its deletion was seen. A uid never comes back.</summary>
    public bool IsGone { get; set; }

    public bool WasSeen => Resource is not null;

    public bool Blocks(GraphNode owner) => Owners.Any(o => o.UID == owner.Uid && o.BlockOwnerDeletion == true);

    /// <summary>Whether a reference found on an object of the namespace names this very object, not only its uid.</summary>
    public bool IsMeantBy(OwnerReference reference, string ns) =>
        Resource is not null && reference.Kind == Resource.Kind && reference.Name == Name && GroupOf(reference.APIVersion) == Resource.Group
        && (Namespace.Length == 0 || Namespace == ns);

    public override string ToString() => $"{Resource?.Plural} {Namespace}/{Name}";

    public static string GroupOf(string apiVersion)
    {
        var slash = apiVersion.IndexOf('/');
        return slash < 0 ? "" : apiVersion[..slash];
    }
}

/// <summary>Who owns whom, kept by the events of all resources. Not thread-safe: a lock of its user guards it. Pure bookkeeping.</summary>
internal sealed class ObjectGraph
{
    private readonly Dictionary<string, GraphNode> _nodes = new(StringComparer.Ordinal);

    public int Count => _nodes.Count;

    public GraphNode? Find(string uid) => _nodes.GetValueOrDefault(uid);

    /// <summary>
    /// An object was made or changed. What of the graph may be garbage by that, or may go on being deleted, is returned. Most changes
    /// of most objects return nothing.
    /// </summary>
    public IReadOnlyList<GraphNode> Set(ServedResource resource, ObjectMeta metadata)
    {
        var node = NodeFor(metadata.UID);
        if (node.IsGone)
            return [];
        var isNew = !node.WasSeen;
        var touched = new HashSet<GraphNode>();
        (node.Resource, node.Namespace, node.Name) = (resource, metadata.Namespace, metadata.Name);
        var owners = metadata.OwnerReferences.OrEmpty();
        if ((isNew || !SameOwners(node.Owners, owners)) && ChangeOwners(node, owners, touched))
            touched.Add(node);
        var deleted = metadata.DeletionTimestamp is not null;
        var deletesDependents = deleted && metadata.Finalizers.OrEmpty().Contains("foregroundDeletion");
        var orphansDependents = deleted && metadata.Finalizers.OrEmpty().Contains("orphan");
        if (deletesDependents && !node.DeletesDependents)
        {
            touched.Add(node);
            touched.UnionWith(node.Dependents);
        }
        if (orphansDependents && !node.OrphansDependents)
            touched.Add(node);
        // References with other coordinates than this object has were judged before it was known.
        if (isNew)
            touched.UnionWith(node.Dependents.Where(d => d.Owners.Any(o => o.UID == node.Uid && !node.IsMeantBy(o, d.Namespace))));
        node.IsBeingDeleted = deleted;
        node.DeletesDependents = deletesDependents;
        node.OrphansDependents = orphansDependents;
        return [.. touched];
    }

    /// <summary>An object is gone; its dependents may be garbage, and owners that waited for it may go.</summary>
    /// <param name="uid">Its uid.</param>
    /// <param name="isDeleted">False when only its resource is not served any more, which proves nothing about the object.</param>
    public IReadOnlyList<GraphNode> Remove(string uid, bool isDeleted = true)
    {
        if (!_nodes.TryGetValue(uid, out var node))
            return [];
        var touched = new HashSet<GraphNode>(node.Dependents);
        ChangeOwners(node, [], touched);
        if (node.Dependents.Count == 0)
            _nodes.Remove(uid);
        node.Resource = null;
        node.IsGone = isDeleted;
        node.IsBeingDeleted = node.DeletesDependents = node.OrphansDependents = false;
        return [.. touched];
    }

    /// <summary>True when every owner of the object is known, means this object and waits for nothing: there is nothing to judge.</summary>
    public bool HasOnlyLivingOwners(GraphNode node) =>
        node.Owners.All(o => _nodes.TryGetValue(o.UID, out var owner) && owner.IsMeantBy(o, node.Namespace) && !owner.DeletesDependents);

    /// <summary>
    /// Whether the object, in foreground deletion or about to be, waits for itself: up through owners that wait for it the way leads back. One
    /// of the circle must stop to block.
    /// </summary>
    public bool IsInCircle(GraphNode node)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var pending = new Stack<GraphNode>([node]);
        while (pending.TryPop(out var current))
        {
            foreach (var reference in current.Owners.Where(o => o.BlockOwnerDeletion == true))
            {
                if (reference.UID == node.Uid)
                    return true;
                if (_nodes.GetValueOrDefault(reference.UID) is { DeletesDependents: true } owner && seen.Add(owner.Uid))
                    pending.Push(owner);
            }
        }
        return false;
    }

    private static bool SameOwners(IReadOnlyList<OwnerReference> left, IReadOnlyList<OwnerReference> right)
    {
        if (left.Count != right.Count)
            return false;
        for (var i = 0; i < left.Count; i++)
        {
            if (!left[i].SemanticEquals(right[i]))
                return false;
        }
        return true;
    }

    /// <returns>Whether the node must be judged: an owner is not known as alive.</returns>
    private bool ChangeOwners(GraphNode node, IReadOnlyList<OwnerReference> owners, HashSet<GraphNode> touched)
    {
        foreach (var old in node.Owners)
        {
            if (!_nodes.TryGetValue(old.UID, out var owner))
                continue;
            var kept = owners.FirstOrDefault(o => o.UID == old.UID);
            // A dependent that is let go, or no longer blocks, may set its owner free.
            if (owner.DeletesDependents && (kept is null || (old.BlockOwnerDeletion == true && kept.BlockOwnerDeletion != true)))
                touched.Add(owner);
            if (kept is not null)
                continue;
            owner.Dependents.Remove(node);
            owner.Blocking.Remove(node);
            if (!owner.WasSeen && owner.Dependents.Count == 0)
                _nodes.Remove(old.UID);
        }
        node.Owners = owners;
        foreach (var reference in owners)
        {
            var owner = NodeFor(reference.UID);
            owner.Dependents.Add(node);
            if (node.Blocks(owner))
                owner.Blocking.Add(node);
            else
                owner.Blocking.Remove(node);
        }
        return !HasOnlyLivingOwners(node);
    }

    private GraphNode NodeFor(string uid)
    {
        if (!_nodes.TryGetValue(uid, out var node))
            _nodes[uid] = node = new GraphNode(uid);
        return node;
    }
}
