using System.Collections.Frozen;

namespace Cybernetes.ApiServer.Registry;

/// <summary>A kind as one of its versions serves it.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Version">The version.</param>
public sealed record ServedKind(KindDefinition Kind, ServedVersion Version)
{
    // A version added for old manifests must not win clients over by a short name; a kind that has no newer one keeps its names.
    private bool IsNamed => !Version.IsOlder || Version.IsStorage;

    /// <summary>Short names under which discovery lists it.</summary>
    public IReadOnlyList<string> ShortNames => IsNamed ? Kind.ShortNames : [];

    /// <summary>Categories under which discovery lists it.</summary>
    public IReadOnlyList<string> Categories => IsNamed ? Kind.Categories : [];

    /// <summary>Subresources beside status and scale: the kind's and the version's own.</summary>
    public IEnumerable<Subresource> Subresources => Version.Subresources.Count == 0 ? Kind.Subresources : Kind.Subresources.Concat(Version.Subresources);
}

/// <summary>All kinds that are served. Immutable; a change makes a new catalog.</summary>
public sealed class KindCatalog
{
    // A plural names one kind mostly, in one to three versions: the few are looked through.
    private readonly FrozenDictionary<string, ServedKind[]>.AlternateLookup<ReadOnlySpan<char>> _byResource;
    private readonly FrozenDictionary<(string Group, string Plural), KindDefinition> _stored;
    private readonly FrozenDictionary<(string Group, string Version, string Kind), ServedKind> _byKind;

    /// <summary>Makes the catalog of some kinds.</summary>
    /// <param name="kinds">The kinds.</param>
    /// <param name="isServed">Which of their versions are served; all when null. A kind without any is left out.</param>
    public KindCatalog(IEnumerable<KindDefinition> kinds, Func<KindDefinition, ServedVersion, bool>? isServed = null)
    {
        var all = kinds.SelectMany(k => k.Served.Where(v => isServed?.Invoke(k, v) ?? true).Select(v => new ServedKind(k, v))).ToList();
        Kinds = [.. all.Select(s => s.Kind).Distinct()];
        _byResource = all.GroupBy(s => s.Kind.Plural, StringComparer.Ordinal)
            .ToFrozenDictionary(g => g.Key, g => g.ToArray(), StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();
        _stored = Kinds.GroupBy(k => (k.Group, k.Plural)).ToFrozenDictionary(g => g.Key, g => g.First());
        _byKind = all.ToFrozenDictionary(s => (s.Version.Group, s.Version.Version, s.Version.Kind));
        Served = all;
    }

    /// <summary>The kinds in the order of their registration.</summary>
    public IReadOnlyList<KindDefinition> Kinds { get; }

    /// <summary>Every kind in every version.</summary>
    public IReadOnlyList<ServedKind> Served { get; }

    /// <summary>The kind behind a URL's group, version and resource; null when there is none.</summary>
    public ServedKind? Find(ReadOnlySpan<char> group, ReadOnlySpan<char> version, ReadOnlySpan<char> resource)
    {
        if (!_byResource.TryGetValue(resource, out var served))
            return null;
        foreach (var one in served)
        {
            if (version.SequenceEqual(one.Version.Version) && group.SequenceEqual(one.Version.Group))
                return one;
        }
        return null;
    }

    /// <summary>The kind behind an object's apiVersion and kind; null when there is none.</summary>
    public ServedKind? FindKind(string group, string version, string kind) => _byKind.GetValueOrDefault((group, version, kind));

    /// <summary>The stored kind of a group and plural, in its storage version; null when there is none.</summary>
    public KindDefinition? FindStored(string group, string plural) => _stored.GetValueOrDefault((group, plural));
}
