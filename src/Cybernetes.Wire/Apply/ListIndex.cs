using System.Text.Json;

namespace Cybernetes.Wire;

/// <summary>The elements of a keyed list or set by what tells them apart. Elements without it are passed over.</summary>
internal sealed class ListIndex
{
    private static readonly ListIndex s_empty = new();

    private readonly Dictionary<PathElement, IReadOnlyList<JsonElement>> _values = [];

    /// <summary>What tells them apart, each once, in the list's order.</summary>
    public List<PathElement> Elements { get; } = [];

    public static ListIndex Of(ApplySchema schema, JsonElement list)
    {
        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0) return s_empty;
        ListIndex index = new();
        foreach (JsonElement item in list.EnumerateArray())
        {
            if (ApplyValues.ElementOf(schema, item, out _) is not { } element) continue;
            if (index._values.TryGetValue(element, out IReadOnlyList<JsonElement>? known))
            {
                if (known is not List<JsonElement> several) index._values[element] = several = [.. known];
                several.Add(item);
                continue;
            }
            index._values[element] = [item];
            index.Elements.Add(element);
        }
        return index;
    }

    /// <summary>The values under an element: none, one, or the duplicates.</summary>
    public IReadOnlyList<JsonElement> Find(PathElement element) => _values.GetValueOrDefault(element) ?? [];

    /// <summary>The one value under an element; absent when there is none or several.</summary>
    public JsonElement FindOne(PathElement element) => Find(element) is [var one] ? one : default;
}
