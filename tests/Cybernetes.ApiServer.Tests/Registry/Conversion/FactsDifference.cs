using Cybernetes.Objects.Schema;
using Cybernetes.Wire;

namespace Cybernetes.ApiServer.Tests.Registry.Conversion;

/// <summary>Compares two objects of one type field by field: what is absent and what is zero is one where the facts say so.</summary>
internal static class FactsDifference
{
    /// <summary>Paths of <paramref name="left"/> that <paramref name="right"/> lacks or has otherwise; list indices are left out.</summary>
    public static SortedSet<string> Lost(JsonTree left, JsonTree right, TypeFacts type)
    {
        var found = new SortedSet<string>(StringComparer.Ordinal);
        Compare(Prune((JsonMap)left, type), Prune((JsonMap)right, type), "", found);
        return found;
    }

    private static void Compare(JsonTree left, JsonTree? right, string path, SortedSet<string> found)
    {
        if (left is JsonMap map && right is JsonMap other)
        {
            foreach (var (key, value) in map)
                Compare(value, other.Get(key), path.Length == 0 ? key : path + "." + key, found);
        }
        else if (left is JsonList list && right is JsonList others && list.Count == others.Count)
        {
            for (var i = 0; i < list.Count; i++)
                Compare(list[i], others[i], path, found);
        }
        else if (right is null || !left.DeepEquals(right))
        {
            found.Add(path);
        }
    }

    private static JsonMap Prune(JsonMap map, TypeFacts type)
    {
        JsonMap kept = [];
        foreach (var (key, value) in map)
        {
            var field = SchemaFacts.FieldOf(type, key);
            if (field is null)
                kept[key] = value;
            else if (Value(value, field.Type) is { } some)
                kept[key] = some;
        }
        return kept;
    }

    private static JsonTree? Value(JsonTree value, TypeReference type)
    {
        if (value is JsonScalar { Text: "null" })
            return null;
        switch (type.Shape)
        {
            case TypeShape.Struct when value is JsonMap map:
                var pruned = Prune(map, SchemaFacts.Type(type.StructName!));
                return pruned.Count == 0 && !type.Pointer ? null : pruned;
            case TypeShape.List when value is JsonList list:
                return list.Count == 0 ? null : new JsonList(list.Select(i => Element(i, type.Element!)));
            case TypeShape.Map when value is JsonMap entries:
                JsonMap kept = [];
                foreach (var (key, entry) in entries)
                    kept[key] = Element(entry, type.Element!);
                return kept.Count == 0 ? null : kept;
            default:
                return !type.Pointer && value is JsonScalar { Text: "" or "0" or "false" } ? null : value;
        }
    }

    /// <summary>An element stays, even when there is nothing in it.</summary>
    private static JsonTree Element(JsonTree value, TypeReference type) =>
        Value(value, type) ?? (type.Shape == TypeShape.Struct ? new JsonMap() : value);
}
