using Cybernetes.Objects;

namespace Cybernetes.Client.Informers;

/// <summary>
/// Finds the objects that a selector matches by their labels, so that the search costs as much as the rarest label that is asked for, and not as
/// much as the namespace.
/// </summary>
public static class LabelIndex
{
    private const string Name = "label";

    /// <summary>To be called before the informer starts; again is as good.</summary>
    public static ObjectStore<T> WithLabelIndex<T>(this ObjectStore<T> store)
        where T : class, IKubernetesObject<T>
    {
        store.AddIndex(
            Name, static o => Places(o.Metadata.Namespace, o.Metadata.Labels),
            static (before, after) => ObjectEquality.StringMap(before.Metadata.Labels, after.Metadata.Labels));
        return store;
    }

    /// <summary>The objects of a namespace that the selector matches, in no particular order. The store must have the index.</summary>
    public static IReadOnlyList<T> Matching<T>(this ObjectStore<T> store, string ns, LabelMatcher selector)
        where T : class, IKubernetesObject<T> => store.Matching(Name, ns, selector);

    /// <summary>The same by another index, whose values are <see cref="Places"/>.</summary>
    /// <param name="scope">Where is searched, as the index has it.</param>
    public static IReadOnlyList<T> Matching<T>(this ObjectStore<T> store, string index, string scope, LabelMatcher selector)
        where T : class, IKubernetesObject<T>
    {
        if (selector.MatchesNothing)
            return [];
        string rarest = scope;
        int fewest = int.MaxValue;
        foreach (LabelRequirement requirement in selector.Requirements)
        {
            if (!IsPair(requirement))
                continue;
            string place = Place(scope, requirement.Key, requirement.Values[0]);
            int count = store.CountByIndex(index, place);
            if (count < fewest)
                (rarest, fewest) = (place, count);
        }
        var matching = new List<T>();
        foreach (T candidate in store.ByIndex(index, rarest))
        {
            if (selector.Matches(candidate.Metadata.Labels))
                matching.Add(candidate);
        }
        return matching;
    }

    /// <summary>Where an object is found: in the scope, and under each of its labels there.</summary>
    /// <param name="scope">A namespace, or a part of one; without blanks.</param>
    public static IEnumerable<string> Places(string scope, Dictionary<string, string>? labels)
    {
        yield return scope;
        foreach ((string key, string value) in labels.OrEmpty())
            yield return Place(scope, key, value);
    }

    /// <summary>Whether a requirement asks for one label with one value.</summary>
    internal static bool IsPair(LabelRequirement requirement) =>
        requirement.Operator is LabelOperator.Equals or LabelOperator.DoubleEquals or LabelOperator.In && requirement.Values.Count == 1;

    /// <summary>A label within a scope; none of the three parts can have the characters between them.</summary>
    internal static string Place(string scope, string key, string value) => $"{scope} {key}={value}";
}
