using System.Runtime.InteropServices;

namespace Cybernetes.Wire;

/// <summary>One step of a set: whether the path ends here, and what is below.</summary>
/// <param name="Element">The step.</param>
/// <param name="IsMember">Whether the path up to here is in the set itself.</param>
/// <param name="Children">Paths below, null when there are none.</param>
public readonly record struct FieldNode(PathElement Element, bool IsMember, FieldSet? Children);

/// <summary>
/// A set of field paths: who owns what of an object (KEP-555). Immutable, sorted, shared; operations answer the set itself where nothing changes.
/// </summary>
public sealed class FieldSet
{
    private readonly FieldNode[] _nodes;
    private Named? _named;

    private FieldSet(FieldNode[] nodes) => _nodes = nodes;

    /// <summary>The set of nothing.</summary>
    public static FieldSet Empty { get; } = new([]);

    public bool IsEmpty => _nodes.Length == 0;

    /// <summary>The first steps in order.</summary>
    public ReadOnlySpan<FieldNode> Nodes => _nodes;

    /// <summary>The set's FieldsV1 bytes, once they are known.</summary>
    internal byte[]? Json { get; set; }

    /// <summary>A set of these nodes, in any order; what stands twice is united.</summary>
    public static FieldSet Of(List<FieldNode>? nodes)
    {
        if (nodes is null || nodes.Count == 0) return Empty;
        bool sorted = true;
        for (int i = 1; i < nodes.Count && sorted; i++) sorted = nodes[i - 1].Element.CompareTo(nodes[i].Element) < 0;
        if (sorted) return new FieldSet([.. nodes]);
        Sort(CollectionsMarshal.AsSpan(nodes));
        List<FieldNode> united = new(nodes.Count);
        foreach (FieldNode node in nodes)
        {
            if (united.Count > 0 && united[^1].Element.Equals(node.Element)) united[^1] = Unite(united[^1], node);
            else united.Add(node);
        }
        return new FieldSet([.. united]);
    }

    private static void Sort(Span<FieldNode> span)
    {
        const int few = 24;
        if (span.Length > few)
        {
            span.Sort(static (a, b) => a.Element.CompareTo(b.Element));
            return;
        }
        for (int i = 1; i < span.Length; i++)
        {
            FieldNode node = span[i];
            int at = i;
            for (; at > 0 && span[at - 1].Element.CompareTo(node.Element) > 0; at--) span[at] = span[at - 1];
            span[at] = node;
        }
    }

    /// <summary>The set of one path.</summary>
    public static FieldSet Of(params PathElement[] path)
    {
        FieldSet? below = null;
        for (int i = path.Length - 1; i >= 0; i--) below = new FieldSet([new FieldNode(path[i], below is null, below)]);
        return below ?? Empty;
    }

    /// <summary>Whether a path is in the set.</summary>
    public bool Contains(params ReadOnlySpan<PathElement> path)
    {
        FieldSet? at = this;
        for (int i = 0; i < path.Length && at is not null; i++)
        {
            int found = at.Find(path[i]);
            if (found < 0) return false;
            if (i == path.Length - 1) return at._nodes[found].IsMember;
            at = at._nodes[found].Children;
        }
        return false;
    }

    /// <summary>The node of a first step; false when nothing of the set begins with it.</summary>
    public bool TryGet(PathElement element, out FieldNode node)
    {
        int at = Find(element);
        node = at < 0 ? default : _nodes[at];
        return at >= 0;
    }

    public FieldSet Union(FieldSet other)
    {
        if (other.IsEmpty || ReferenceEquals(this, other)) return this;
        if (IsEmpty) return other;
        if (Holds(other)) return this;
        List<FieldNode> nodes = new(_nodes.Length + other._nodes.Length);
        (int l, int r) = (0, 0);
        while (l < _nodes.Length && r < other._nodes.Length)
        {
            int order = _nodes[l].Element.CompareTo(other._nodes[r].Element);
            nodes.Add(order == 0 ? Unite(_nodes[l], other._nodes[r]) : order < 0 ? _nodes[l] : other._nodes[r]);
            if (order <= 0) l++;
            if (order >= 0) r++;
        }
        nodes.AddRange(_nodes.AsSpan(l));
        nodes.AddRange(other._nodes.AsSpan(r));
        return new FieldSet([.. nodes]);
    }

    public FieldSet Intersection(FieldSet other)
    {
        List<FieldNode>? nodes = null;
        (int l, int r) = (0, 0);
        while (l < _nodes.Length && r < other._nodes.Length)
        {
            (FieldNode a, FieldNode b) = (_nodes[l], other._nodes[r]);
            int order = a.Element.CompareTo(b.Element);
            if (order <= 0) l++;
            if (order >= 0) r++;
            if (order != 0) continue;
            FieldSet below = a.Children is { } x && b.Children is { } y ? x.Intersection(y) : Empty;
            bool isMember = a.IsMember && b.IsMember;
            if (isMember || !below.IsEmpty) (nodes ??= []).Add(new FieldNode(a.Element, isMember, below.IsEmpty ? null : below));
        }
        return nodes is null ? Empty : new FieldSet([.. nodes]);
    }

    /// <summary>Without the paths of another set; paths below those stay.</summary>
    public FieldSet Difference(FieldSet other) => Without(other, recursive: false);

    /// <summary>Without the paths of another set and everything below them.</summary>
    public FieldSet RecursiveDifference(FieldSet other) => Without(other, recursive: true);

    /// <summary>
    /// With every named field of a struct that something below is in the set for: removing all of a struct's fields removes the struct. Keys of free
    /// maps and list elements are not named.
    /// </summary>
    public FieldSet WithNamedFields(ApplySchema schema)
    {
        if (_named is { } known && ReferenceEquals(known.Schema, schema)) return known.Set;
        FieldSet named = AddNamedFields(schema);
        // Asked again and again of the same sets: those that were read lately.
        _named = new Named(schema, named);
        return named;
    }

    private FieldSet AddNamedFields(ApplySchema schema)
    {
        FieldNode[] nodes = new FieldNode[_nodes.Length];
        for (int i = 0; i < nodes.Length; i++)
        {
            FieldNode node = _nodes[i];
            bool named = node.Children is not null && schema.HasField(node.Element);
            FieldSet? below = node.Children?.AddNamedFields(schema.Child(node.Element));
            nodes[i] = new FieldNode(node.Element, node.IsMember || named, below);
        }
        return new FieldSet(nodes);
    }

    /// <summary>What of <see cref="WithNamedFields"/> is on the way to the paths of another set, at them or below them.</summary>
    internal FieldSet NamedAround(FieldSet part, ApplySchema schema)
    {
        List<FieldNode>? nodes = null;
        foreach (FieldNode wanted in part._nodes)
        {
            if (!TryGet(wanted.Element, out FieldNode node)) continue;
            ApplySchema below = schema.Child(wanted.Element);
            FieldSet? children = wanted.IsMember || wanted.Children is null
                ? node.Children?.AddNamedFields(below)
                : node.Children?.NamedAround(wanted.Children, below);
            bool isMember = node.IsMember || (node.Children is not null && schema.HasField(node.Element));
            if (isMember || children is { IsEmpty: false })
                (nodes ??= []).Add(new FieldNode(node.Element, isMember, children is { IsEmpty: true } ? null : children));
        }
        return nodes is null ? Empty : new FieldSet([.. nodes]);
    }

    /// <summary>The set of these nodes, in any order and each once; a known set where it is the same.</summary>
    internal static FieldSet Of(Span<FieldNode> nodes, FieldSet? known)
    {
        if (nodes.IsEmpty) return Empty;
        Sort(nodes);
        return known is not null && known.IsOf(nodes) ? known : new FieldSet(nodes.ToArray());
    }

    private bool IsOf(ReadOnlySpan<FieldNode> nodes)
    {
        if (nodes.Length != _nodes.Length) return false;
        for (int i = 0; i < nodes.Length; i++)
        {
            ref readonly FieldNode a = ref nodes[i];
            ref readonly FieldNode b = ref _nodes[i];
            if (a.IsMember != b.IsMember || !ReferenceEquals(a.Children, b.Children) || a.Element.CompareTo(b.Element) != 0) return false;
        }
        return true;
    }

    /// <summary>Every path of the set, those that end early first, as upstream walks it.</summary>
    public IEnumerable<PathElement[]> Paths()
    {
        foreach (FieldNode node in _nodes)
        {
            if (node.IsMember) yield return [node.Element];
        }
        foreach (FieldNode node in _nodes)
        {
            if (node.Children is null) continue;
            foreach (PathElement[] path in node.Children.Paths()) yield return [node.Element, .. path];
        }
    }

    public bool SetEquals(FieldSet other)
    {
        if (ReferenceEquals(this, other)) return true;
        if (_nodes.Length != other._nodes.Length) return false;
        for (int i = 0; i < _nodes.Length; i++)
        {
            (FieldNode a, FieldNode b) = (_nodes[i], other._nodes[i]);
            if (a.IsMember != b.IsMember || a.Element.CompareTo(b.Element) != 0) return false;
            if (!(a.Children ?? Empty).SetEquals(b.Children ?? Empty)) return false;
        }
        return true;
    }

    /// <summary>The paths as messages show them, comma-separated.</summary>
    public override string ToString() => string.Join(", ", Paths().Select(PathText));

    /// <summary>A path as messages show it: <c>.spec.containers[name="web"].image</c>.</summary>
    public static string PathText(IEnumerable<PathElement> path) => string.Concat(path.Select(element => element.ToString()));

    /// <summary>Whether every path of another set is in this one.</summary>
    private bool Holds(FieldSet other)
    {
        if (ReferenceEquals(this, other)) return true;
        if (other._nodes.Length > _nodes.Length) return false;
        int l = 0;
        foreach (FieldNode node in other._nodes)
        {
            int order = 1;
            while (l < _nodes.Length && (order = _nodes[l].Element.CompareTo(node.Element)) < 0) l++;
            if (order != 0 || (node.IsMember && !_nodes[l].IsMember)) return false;
            if (node.Children is not null && _nodes[l].Children?.Holds(node.Children) != true) return false;
            l++;
        }
        return true;
    }

    private static FieldNode Unite(FieldNode a, FieldNode b) => new(a.Element, a.IsMember || b.IsMember,
        a.Children is null ? b.Children : b.Children is null ? a.Children : a.Children.Union(b.Children));

    private FieldSet Without(FieldSet other, bool recursive)
    {
        if (IsEmpty || other.IsEmpty) return this;
        if (ReferenceEquals(this, other)) return Empty;
        List<FieldNode>? kept = null;
        int r = 0;
        for (int l = 0; l < _nodes.Length; l++)
        {
            FieldNode node = _nodes[l];
            while (r < other._nodes.Length && other._nodes[r].Element.CompareTo(node.Element) < 0) r++;
            bool meets = r < other._nodes.Length && other._nodes[r].Element.CompareTo(node.Element) == 0;
            FieldNode left = meets ? Without(node, other._nodes[r], recursive) : node;
            bool same = left.IsMember == node.IsMember && ReferenceEquals(left.Children, node.Children);
            if (same && kept is null) continue;
            kept ??= [.. _nodes.AsSpan(0, l)];
            if (left.IsMember || left.Children is not null) kept.Add(left);
        }
        if (kept is null) return this;
        return kept.Count == 0 ? Empty : new FieldSet([.. kept]);
    }

    private static FieldNode Without(FieldNode node, FieldNode other, bool recursive)
    {
        if (recursive && other.IsMember) return new FieldNode(node.Element, false, null);
        FieldSet? below = node.Children;
        if (below is not null && other.Children is not null) below = below.Without(other.Children, recursive);
        return new FieldNode(node.Element, node.IsMember && !other.IsMember, below is { IsEmpty: true } ? null : below);
    }

    private int Find(PathElement element)
    {
        (int low, int high) = (0, _nodes.Length - 1);
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            int order = _nodes[middle].Element.CompareTo(element);
            if (order == 0) return middle;
            if (order < 0) low = middle + 1;
            else high = middle - 1;
        }
        return -1;
    }

    private sealed record Named(ApplySchema Schema, FieldSet Set);
}
