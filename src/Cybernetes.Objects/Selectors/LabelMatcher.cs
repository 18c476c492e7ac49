namespace Cybernetes.Objects;

/// <summary>A label selector ready to match: all of its requirements must hold. Immutable and safe to share.</summary>
public sealed partial class LabelMatcher
{
    private readonly LabelRequirement[] _requirements;
    private readonly bool _nothing;

    private LabelMatcher(LabelRequirement[] requirements, bool nothing = false)
    {
        // A stable sort by key: two texts of the same selector then print alike.
        _requirements = requirements.Length < 2 ? requirements : [.. requirements.OrderBy(r => r.Key, StringComparer.Ordinal)];
        _nothing = nothing;
    }

    /// <summary>Matches every object.</summary>
    public static LabelMatcher Everything { get; } = new([]);

    /// <summary>Matches no object.</summary>
    public static LabelMatcher Nothing { get; } = new([], nothing: true);

    /// <summary>The requirements, sorted by key.</summary>
    public IReadOnlyList<LabelRequirement> Requirements => _requirements;

    /// <summary>True when nothing is required, so that every object matches.</summary>
    public bool IsEmpty => !_nothing && _requirements.Length == 0;

    /// <summary>True for <see cref="Nothing"/>.</summary>
    public bool MatchesNothing => _nothing;

    public static LabelMatcher Of(params LabelRequirement[] requirements) =>
        requirements.Length == 0 ? Everything : new LabelMatcher(requirements);

    /// <summary>Every pair must be among the labels; an absent or empty set matches everything. Nothing is validated.</summary>
    public static LabelMatcher FromSet(Dictionary<string, string>? set)
    {
        if (set is null || set.Count == 0) return Everything;
        LabelRequirement[] requirements = new LabelRequirement[set.Count];
        int at = 0;
        foreach ((string key, string value) in set) requirements[at++] = LabelRequirement.Of(key, LabelOperator.Equals, value);
        return new LabelMatcher(requirements);
    }

    /// <summary>Parses the text form, such as <c>a=b,c!=d,e in (x,y),!f,g>1</c>.</summary>
    /// <exception cref="FormatException">With upstream's message.</exception>
    public static LabelMatcher Parse(string text) =>
        TryParse(text, out LabelMatcher matcher) is { } error ? throw new FormatException(error) : matcher;

    /// <summary>Parses the text form; null on success, else upstream's error text.</summary>
    public static string? TryParse(string text, out LabelMatcher matcher)
    {
        matcher = Everything;
        string? error = new LabelSelectorParser(text).Parse(out List<LabelRequirement> requirements);
        if (error is null) matcher = Of([.. requirements]);
        return error;
    }

    public bool Matches(Dictionary<string, string>? labels)
    {
        if (_nothing) return false;
        foreach (LabelRequirement requirement in _requirements)
        {
            if (!requirement.Matches(labels)) return false;
        }
        return true;
    }

    /// <summary>The same of labels that lie flat: a key, its value, the next key.</summary>
    public bool MatchesPairs(ReadOnlySpan<string> pairs)
    {
        if (_nothing) return false;
        foreach (LabelRequirement requirement in _requirements)
        {
            if (!requirement.MatchesPairs(pairs)) return false;
        }
        return true;
    }

    /// <summary>Both matchers' requirements together.</summary>
    public LabelMatcher And(LabelMatcher other) =>
        _nothing || other._nothing ? Nothing : Of([.. _requirements, .. other._requirements]);

    public override string ToString() => string.Join(',', _requirements.Select(requirement => requirement.ToString()));
}
