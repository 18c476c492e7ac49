namespace Cybernetes.Wire;

/// <summary>
/// Takes fields out of ownership that a request cannot set: the status through the main resource, the spec through the status subresource.
/// Patterns are dotted paths; <c>*</c> stands for any one step.
/// </summary>
public sealed class FieldFilter
{
    private readonly string[][] _patterns;
    private readonly bool _includes;

    private FieldFilter(string[] patterns, bool includes)
    {
        _patterns = [.. patterns.Select(pattern => pattern.Split('.'))];
        _includes = includes;
    }

    /// <summary>Keeps every field.</summary>
    public static FieldFilter None { get; } = new([], includes: false);

    public bool KeepsAll => _patterns.Length == 0 && !_includes;

    /// <summary>Takes out these fields and what is below them.</summary>
    public static FieldFilter Excluding(params string[] patterns) => patterns.Length == 0 ? None : new(patterns, includes: false);

    /// <summary>Keeps only these fields and what is below them.</summary>
    public static FieldFilter Including(params string[] patterns) => new(patterns, includes: true);

    /// <summary>Whether only whole fields at the top are taken out.</summary>
    internal bool IsOfTopFields => !_includes && Array.TrueForAll(_patterns, pattern => pattern.Length == 1 && pattern[0] != "*");

    /// <summary>Whether a field at the top is taken out as a whole.</summary>
    internal bool TakesOut(PathElement top) =>
        _patterns.Length > 0 && top.Kind == PathElementKind.Field && Array.Exists(_patterns, pattern => top.Text.AsSpan(2).SequenceEqual(pattern[0]));

    /// <summary>The set without what is taken out.</summary>
    public FieldSet Apply(FieldSet set)
    {
        if (KeepsAll || set.IsEmpty) return set;
        bool isMet = !IsOfTopFields;
        foreach (FieldNode node in set.Nodes) isMet = isMet || TakesOut(node.Element);
        return isMet ? Apply(set, _patterns, 0) : set;
    }

    private FieldSet Apply(FieldSet set, IReadOnlyList<string[]> patterns, int depth)
    {
        List<FieldNode> kept = [];
        bool isSame = true;
        foreach (FieldNode node in set.Nodes)
        {
            List<string[]> met = [.. patterns.Where(pattern => pattern[depth] == "*" || pattern[depth] == node.Element.Name)];
            bool isEnd = met.Exists(pattern => pattern.Length == depth + 1);
            FieldNode result = isEnd == _includes && (isEnd || met.Count == 0) ? node : Part(node, met, isEnd, depth);
            isSame &= result.IsMember == node.IsMember && ReferenceEquals(result.Children, node.Children);
            if (result.IsMember || result.Children is not null) kept.Add(result);
        }
        return isSame ? set : FieldSet.Of(kept);
    }

    private FieldNode Part(FieldNode node, List<string[]> met, bool isEnd, int depth)
    {
        if (isEnd || met.Count == 0 || node.Children is null) return new(node.Element, !_includes && !isEnd && node.IsMember, null);
        FieldSet below = Apply(node.Children, met, depth + 1);
        return new(node.Element, !_includes && node.IsMember, below.IsEmpty ? null : below);
    }
}
