using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Cybernetes.Expressions;

/// <summary>JSON seen as values, element by element as they are asked for: nothing is copied ahead.</summary>
public static class CelJson
{
    /// <summary>The element's value; it lives as long as its document. Whole numbers are int, others double.</summary>
    public static CelValue From(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => new JsonMap(element),
        JsonValueKind.Array => new JsonList(element),
        JsonValueKind.String => new CelString(element.GetString()!),
        JsonValueKind.Number => element.TryGetInt64(out var whole) ? CelInt.Of(whole) : new CelDouble(element.GetDouble()),
        JsonValueKind.True => CelBool.True,
        JsonValueKind.False => CelBool.False,
        _ => CelNull.Instance,
    };

    private sealed class JsonList(JsonElement element) : CelList
    {
        // Reaching the n-th element of a JSON array walks over those before it: kept when first asked for.
        private CelValue[]? _elements;

        public override int Count => element.GetArrayLength();

        public override CelValue this[int index] => (_elements ??= [.. element.EnumerateArray().Select(From)])[index];
    }

    private sealed class JsonMap(JsonElement element) : CelMap
    {
        public override int Count => element.GetPropertyCount();

        public override IEnumerable<CelValue> Keys => element.EnumerateObject().Select(p => new CelString(p.Name));

        public override bool TryGet(CelValue key, [NotNullWhen(true)] out CelValue? value)
        {
            value = key is CelString name && element.TryGetProperty(name.Value, out var property) ? From(property) : null;
            return value is not null;
        }
    }
}
