using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Scheduler.Snapshot;

/// <summary>Which pods a term means: those of some namespaces with some labels. Immutable; two of one meaning have one key.</summary>
internal sealed class TermScope
{
    private TermScope(IReadOnlyList<string> namespaces, LabelMatcher? namespaceSelector, LabelMatcher selector)
    {
        Namespaces = namespaces;
        NamespaceSelector = namespaceSelector;
        Selector = selector;
        Key = $"{string.Join(',', namespaces)}|{(namespaceSelector is null ? "" : Text(namespaceSelector))}|{Text(selector)}";
    }

    public IReadOnlyList<string> Namespaces { get; }

    public LabelMatcher? NamespaceSelector { get; }

    public LabelMatcher Selector { get; }

    public string Key { get; }

    /// <summary>The pods of one namespace with some labels.</summary>
    public static TermScope In(string @namespace, LabelMatcher selector) => new([@namespace], null, selector);

    /// <summary>What an affinity term of a pod means: without namespaces and namespace selector, the pod's own namespace.</summary>
    public static TermScope Of(PodAffinityTerm term, string podNamespace)
    {
        var named = term.Namespaces.OrEmpty();
        if (named.Count == 0 && term.NamespaceSelector is null)
            named = [podNamespace];
        return new TermScope(
            [.. named.Order(StringComparer.Ordinal)],
            term.NamespaceSelector is null ? null : LabelMatcher.For(term.NamespaceSelector),
            LabelMatcher.For(term.LabelSelector));
    }

    public bool Matches(string @namespace, Dictionary<string, string>? labels, NamespaceLabels known)
    {
        if (!Selector.Matches(labels))
            return false;
        foreach (var name in Namespaces)
        {
            if (name == @namespace)
                return true;
        }
        return NamespaceSelector is not null && NamespaceSelector.Matches(known.Of(@namespace));
    }

    private static string Text(LabelMatcher matcher) => matcher.MatchesNothing ? "<none>" : matcher.IsEmpty ? "<all>" : matcher.ToString();
}

/// <summary>The labels of namespaces, which namespace selectors look at.</summary>
internal sealed class NamespaceLabels
{
    private readonly Dictionary<string, Dictionary<string, string>> _labels = new(StringComparer.Ordinal);

    public Dictionary<string, string>? Of(string name) => _labels.GetValueOrDefault(name);

    /// <summary>Whether the labels are others than before.</summary>
    public bool Set(string name, Dictionary<string, string>? labels)
    {
        var before = Of(name);
        _labels[name] = labels ?? [];
        return before is null || !ObjectEquality.StringMap(before, labels);
    }

    public void Remove(string name) => _labels.Remove(name);
}
