using System.Collections.Frozen;
using Cybernetes.Objects.Schema;

namespace Cybernetes.ApiServer.OpenApi;

/// <summary>The short descriptions of everyday types and fields, in our own words (<c>Facts/words/</c> of the Objects room). What has none is empty.</summary>
internal static class DescriptionWords
{
    private static readonly Lazy<FrozenDictionary<string, string>> s_words = new(Load);

    /// <summary>The type's own words, or those of the type of that name in another version.</summary>
    /// <param name="type">Full name, such as <c>core/v1.Pod</c>.</param>
    public static string OfType(string type) => s_words.Value.GetValueOrDefault(type) ?? s_words.Value.GetValueOrDefault(InAnyVersion(type), "");

    /// <summary>
    /// The field's own words, or those of the type of that name in another version, or those that hold for a field of that name in every type
    /// (<c>*.metadata</c>).
    /// </summary>
    public static string OfField(string type, string field) =>
        s_words.Value.GetValueOrDefault(type + "." + field)
        ?? s_words.Value.GetValueOrDefault(InAnyVersion(type) + "." + field)
        ?? s_words.Value.GetValueOrDefault("*." + field, "");

    // extensions/v1beta1.Ingress and networking/v1.Ingress are told about once.
    private static string InAnyVersion(string type) => type[(type.IndexOf('.') + 1)..];

    private static FrozenDictionary<string, string> Load()
    {
        var words = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var text in SchemaFacts.WordFiles())
        {
            var type = "";
            foreach (var line in text.Split('\n'))
            {
                if (line.Length == 0 || line[0] == '#')
                    continue;
                var colon = line.IndexOf(':');
                var name = line[..colon].Trim();
                if (line[0] != ' ')
                    type = name;
                var key = line[0] == ' ' ? type + "." + name : name;
                var description = line[(colon + 1)..].Trim();
                if (description.Length == 0)
                    continue;
                words[key] = description;
                if (type != "*")
                    words.TryAdd(InAnyVersion(key), description);
            }
        }
        return words.ToFrozenDictionary(StringComparer.Ordinal);
    }
}
