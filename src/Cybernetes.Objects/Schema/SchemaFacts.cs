using System.Collections.Frozen;

namespace Cybernetes.Objects.Schema;

/// <summary>
/// The facts of all groups, versions and kinds at run time, read once on first use from the files built into this assembly.
/// Thread-safe; never changes.
/// </summary>
public static class SchemaFacts
{
    private static readonly Lazy<FrozenDictionary<string, GroupFacts>> s_groups = new(Load);

    private static readonly Lazy<FrozenDictionary<string, TypeFacts>> s_types =
        new(() => Groups.SelectMany(g => g.Types).ToFrozenDictionary(t => t.FullName, StringComparer.Ordinal));

    private static readonly Lazy<FrozenDictionary<(string, string, string), KindFacts>> s_kinds =
        new(() => Groups.SelectMany(g => g.Kinds).ToFrozenDictionary(k => (k.Group, k.Version, k.Kind)));

    /// <summary>Every group and version.</summary>
    public static IReadOnlyList<GroupFacts> Groups => s_groups.Value.Values;

    /// <summary>Every kind of every group and version.</summary>
    public static IReadOnlyList<KindFacts> Kinds => s_kinds.Value.Values;

    /// <summary>The type of that full name (<c>core/v1.PodSpec</c>).</summary>
    /// <exception cref="KeyNotFoundException">There is no such type: a mistake in the facts or the caller.</exception>
    public static TypeFacts Type(string fullName) => s_types.Value[fullName];

    /// <summary>The type behind a kind, or null where the facts know no such kind.</summary>
    public static TypeFacts? FindType(string group, string version, string kind) =>
        FindGroup(group, version) is { } facts ? s_types.Value.GetValueOrDefault(facts.Short + "." + kind) : null;

    /// <summary>The kind, or null.</summary>
    public static KindFacts? FindKind(string group, string version, string kind) => s_kinds.Value.GetValueOrDefault((group, version, kind));

    /// <summary>The facts of a group and version, or null.</summary>
    public static GroupFacts? FindGroup(string group, string version) =>
        s_groups.Value.GetValueOrDefault(group.Length == 0 ? version : group + "/" + version);

    /// <summary>The type's fields as JSON has them.</summary>
    public static FieldFacts[] FieldsOf(TypeFacts type) => type.Flatten(Type);

    /// <summary>The field of that JSON name, or null.</summary>
    public static FieldFacts? FieldOf(TypeFacts type, string jsonName) => type.Field(jsonName, Type);

    /// <summary>The texts of the files with descriptions (<c>Facts/words/</c>).</summary>
    public static IEnumerable<string> WordFiles()
    {
        var assembly = typeof(SchemaFacts).Assembly;
        foreach (var resource in assembly.GetManifestResourceNames().Where(r => r.EndsWith(".words", StringComparison.Ordinal)))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            yield return reader.ReadToEnd();
        }
    }

    private static FrozenDictionary<string, GroupFacts> Load()
    {
        var assembly = typeof(SchemaFacts).Assembly;
        var groups = new Dictionary<string, GroupFacts>(StringComparer.Ordinal);
        foreach (var resource in assembly.GetManifestResourceNames())
        {
            if (!resource.EndsWith(".facts", StringComparison.Ordinal))
                continue;
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            var facts = FactsReader.Read(reader.ReadToEnd());
            if (groups.TryGetValue(facts.APIVersion, out var group))
                group.Add(facts);
            else
                groups.Add(facts.APIVersion, facts);
        }
        return groups.ToFrozenDictionary(StringComparer.Ordinal);
    }
}
