using System.Text;
using System.Text.Json;

namespace Cybernetes.Wire;

/// <summary>
/// Reads of a document what a merge patch looks at, and leaves the rest as bytes: most patches change little of much. The document is one that was
/// written by us or parsed before.
/// </summary>
internal static class PatchTarget
{
    /// <summary>Reads an object.</summary>
    /// <param name="document">The document; its bytes are kept in the result.</param>
    /// <param name="patch">The patch, of either kind of merge.</param>
    /// <param name="dropsManaged">Whether metadata.managedFields may be left out where the patch says nothing of it.</param>
    public static JsonMap Read(ReadOnlyMemory<byte> document, JsonTree patch, bool dropsManaged)
    {
        using JsonTape tape = JsonTape.Scan(document);
        JsonMap result = [];
        JsonMap guide = patch as JsonMap ?? [];
        foreach (TapeValue property in tape.Root)
        {
            string name = property.Name;
            JsonMap? metadata = dropsManaged && name == "metadata" && property.Kind == JsonValueKind.Object ? MetadataGuide(guide) : null;
            if (metadata is null) result.Append(name, Value(document, property, guide, name));
            else result.Append(name, Map(document, property, metadata, without: metadata.ContainsKey("managedFields") ? "" : "managedFields"));
        }
        return result;
    }

    // A patch of the metadata that is no map, or says what to do with it as a whole, sees it as a whole.
    private static JsonMap? MetadataGuide(JsonMap guide) => guide.Get("metadata") switch
    {
        null => [],
        JsonMap map when !map.ContainsKey(StrategicMergePatch.Directive) && !map.ContainsKey(StrategicMergePatch.RetainKeys) => map,
        _ => null,
    };

    private static JsonMap Map(ReadOnlyMemory<byte> document, TapeValue map, JsonMap guide, string without)
    {
        JsonMap result = [];
        foreach (TapeValue property in map)
        {
            string name = property.Name;
            if (name != without || name.Length == 0) result.Append(name, Value(document, property, guide, name));
        }
        return result;
    }

    private static JsonTree Value(ReadOnlyMemory<byte> document, TapeValue value, JsonMap guide, string name)
    {
        if (value.Kind is not (JsonValueKind.Object or JsonValueKind.Array)) return ApplyValues.ScalarOf(value);
        JsonTree? said = guide.Get(name);
        bool isNamed = IsNamedByDirective(guide, name);
        if (value.Kind == JsonValueKind.Array) return said is JsonList || isNamed ? List(document, value, said as JsonList) : Raw(document, value);
        if (said is JsonMap below) return Map(document, value, below, without: "");
        return isNamed ? Tree(value) : Raw(document, value);
    }

    /// <summary>A list that may be merged: of its maps the scalars are read, which tell them apart, and what some element of the patch names.</summary>
    private static JsonList List(ReadOnlyMemory<byte> document, TapeValue list, JsonList? said)
    {
        JsonList result = [];
        foreach (TapeValue item in list)
        {
            if (item.Kind != JsonValueKind.Object)
            {
                result.Add(Tree(item));
                continue;
            }
            JsonMap map = [];
            foreach (TapeValue property in item)
            {
                string name = property.Name;
                bool isRead = property.Kind is not (JsonValueKind.Object or JsonValueKind.Array) || IsSaid(said, name);
                map.Append(name, isRead ? Tree(property) : Raw(document, property));
            }
            result.Add(map);
        }
        return result;
    }

    private static bool IsSaid(JsonList? patch, string name)
    {
        for (int i = 0; i < (patch?.Count ?? 0); i++)
        {
            if (patch![i] is JsonMap element && (element.ContainsKey(name) || IsNamedByDirective(element, name))) return true;
        }
        return false;
    }

    private static JsonRaw Raw(ReadOnlyMemory<byte> document, TapeValue value)
    {
        int end = value.Range.End;
        return new JsonRaw(document[(end - value.Raw.Length)..end]);
    }

    /// <summary>Whether a directive such as <c>$setElementOrder/containers</c> is about the field.</summary>
    private static bool IsNamedByDirective(JsonMap guide, string name)
    {
        foreach ((string key, _) in guide)
        {
            if (key.Length > name.Length && key[0] == '$' && key.EndsWith(name, StringComparison.Ordinal)) return true;
        }
        return false;
    }

    private static JsonTree Tree(TapeValue value)
    {
        switch (value.Kind)
        {
            case JsonValueKind.Object:
                JsonMap map = [];
                foreach (TapeValue property in value) map.Append(property.Name, Tree(property));
                return map;
            case JsonValueKind.Array:
                JsonList list = [];
                foreach (TapeValue item in value) list.Add(Tree(item));
                return list;
            default:
                return ApplyValues.ScalarOf(value);
        }
    }

    /// <summary>A map or list that nobody looks into, as the bytes it was written with.</summary>
    private sealed class JsonRaw(ReadOnlyMemory<byte> utf8) : JsonTree
    {
        public override string GoKind => Parsed().GoKind;

        public override void WriteJson(Utf8JsonWriter writer) => writer.WriteRawValue(utf8.Span, skipInputValidation: true);

        public override JsonTree DeepClone() => this;

        public override bool DeepEquals(JsonTree? other) => Parsed().DeepEquals(other is JsonRaw raw ? raw.Parsed() : other);

        internal override void AppendGo(StringBuilder builder) => Parsed().AppendGo(builder);

        private JsonTree Parsed() => Parse(utf8.Span);
    }
}
