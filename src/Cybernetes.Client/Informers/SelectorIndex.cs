using Cybernetes.Objects;

namespace Cybernetes.Client.Informers;

/// <summary>
/// Finds the objects whose selector may match given labels: those of services, budgets and workloads that a pod concerns, without asking each of the
/// namespace.
/// </summary>
public sealed class SelectorIndex<T>
    where T : class, IKubernetesObject<T>
{
    private const string Name = "selector";

    private readonly ObjectStore<T> _store;
    private readonly Func<T, LabelMatcher> _selectorOf;

    /// <param name="store">Of an informer that has not started.</param>
    /// <param name="selectorOf">An object's selector. All users of one store must mean the same.</param>
    public SelectorIndex(ObjectStore<T> store, Func<T, LabelMatcher> selectorOf)
    {
        (_store, _selectorOf) = (store, selectorOf);
        store.AddIndex(Name, o => PlacesOf(o.Metadata.Namespace, selectorOf(o)));
    }

    /// <summary>The objects of the namespace whose selector matches; a selector that is empty matches everything.</summary>
    public IEnumerable<T> Selecting(string ns, Dictionary<string, string>? labels)
    {
        foreach (T candidate in _store.ByIndex(Name, ns))
        {
            if (_selectorOf(candidate).Matches(labels))
                yield return candidate;
        }
        foreach ((string key, string value) in labels.OrEmpty())
        {
            foreach (T candidate in _store.ByIndex(Name, LabelIndex.Place(ns, key, value)))
            {
                if (_selectorOf(candidate).Matches(labels))
                    yield return candidate;
            }
        }
    }

    /// <summary>
    /// One place is enough, since all that a selector asks for must be there. Of its labels the one with the longest value is taken: it says most
    /// (an application rather than a tier).
    /// </summary>
    private static IEnumerable<string> PlacesOf(string ns, LabelMatcher selector)
    {
        if (selector.MatchesNothing)
            return [];
        LabelRequirement? longest = null;
        foreach (LabelRequirement requirement in selector.Requirements)
        {
            if (LabelIndex.IsPair(requirement) && (longest is null || requirement.Values[0].Length > longest.Values[0].Length))
                longest = requirement;
        }
        return [longest is null ? ns : LabelIndex.Place(ns, longest.Key, longest.Values[0])];
    }
}
