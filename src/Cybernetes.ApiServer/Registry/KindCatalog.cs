using System.Collections.Frozen;

namespace Cybernetes.ApiServer.Registry;

/// <summary>A kind as one of its versions serves it.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Version">The version.</param>
public sealed record ServedKind(KindDefinition Kind, ServedVersion Version);

/// <summary>All kinds that are served. Immutable; a change makes a new catalog.</summary>
public sealed class KindCatalog
{
    private readonly FrozenDictionary<(string Group, string Version, string Resource), ServedKind> _byResource;
    private readonly FrozenDictionary<(string Group, string Version, string Kind), ServedKind> _byKind;

    /// <summary>Makes the catalog of some kinds.</summary>
    public KindCatalog(IEnumerable<KindDefinition> kinds)
    {
        Kinds = [.. kinds];
        var all = Kinds.SelectMany(k => k.Served.Select(v => new ServedKind(k, v))).ToList();
        _byResource = all.ToFrozenDictionary(s => (s.Version.Group, s.Version.Version, s.Kind.Plural));
        _byKind = all.ToFrozenDictionary(s => (s.Version.Group, s.Version.Version, s.Version.Kind));
        Served = all;
    }

    /// <summary>The kinds in the order of their registration.</summary>
    public IReadOnlyList<KindDefinition> Kinds { get; }

    /// <summary>Every kind in every version.</summary>
    public IReadOnlyList<ServedKind> Served { get; }

    /// <summary>The kind behind a URL's group, version and resource; null when there is none.</summary>
    public ServedKind? Find(string group, string version, string resource) => _byResource.GetValueOrDefault((group, version, resource));

    /// <summary>The kind behind an object's apiVersion and kind; null when there is none.</summary>
    public ServedKind? FindKind(string group, string version, string kind) => _byKind.GetValueOrDefault((group, version, kind));

    /// <summary>The stored kind of a group and plural, in its storage version; null when there is none.</summary>
    public KindDefinition? FindStored(string group, string plural) =>
        Kinds.FirstOrDefault(k => k.Plural == plural && k.Group == group);
}
