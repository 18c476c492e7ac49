using System.Text;
using System.Text.Json;

namespace Cybernetes.Wire;

/// <summary>
/// Small questions about the values that server-side apply walks over. An element of kind Undefined stands for a value that is not there; JSON's null
/// is a value.
/// </summary>
internal static class ApplyValues
{
    // From so many keys on, an index is cheaper than searching.
    private const int IndexFrom = 24;

    // Both sides mostly come in one order, with a few properties on one side alone.
    private const int LookAhead = 4;

    public static bool IsAbsent(TapeValue value) => value.IsAbsent;

    public static bool SameBytes(TapeValue left, TapeValue right) => left.Raw.SequenceEqual(right.Raw);

    /// <summary>Whether a map or list has nothing in it, or is null or absent.</summary>
    public static bool IsEmpty(TapeValue value) => value.Kind switch
    {
        JsonValueKind.Object or JsonValueKind.Array => value.Count == 0,
        _ => true,
    };

    /// <summary>The shape to walk by: the schema's, or the values' own where it leaves that to them.</summary>
    public static ApplyShape ShapeOf(ApplySchema schema, TapeValue value) => schema.Shape != ApplyShape.Deduced ? schema.Shape : value.Kind switch
    {
        JsonValueKind.Object => ApplyShape.Map,
        JsonValueKind.Array => ApplyShape.List,
        _ => ApplyShape.Scalar,
    };

    /// <summary>Whether a value of that schema and shape is owned as a whole.</summary>
    public static bool IsLeaf(ApplySchema schema, ApplyShape shape) =>
        shape == ApplyShape.Scalar || schema.IsAtomic || (schema.Shape == ApplyShape.Deduced && shape == ApplyShape.List);

    /// <summary>The field of a property; null where the schema names none. The place is a guess where to look first.</summary>
    public static ApplyField? FieldOf(ApplySchema schema, TapeValue property, ref int place) =>
        schema.Fields.Length == 0 ? null : schema.FieldOf(property.RawName, ref place);

    /// <summary>The schema of a property's value.</summary>
    public static ApplySchema SchemaOf(ApplySchema schema, TapeValue property, ref int place) =>
        FieldOf(schema, property, ref place)?.Schema ?? schema.Element ?? ApplySchema.Deduced;

    /// <summary>The element of a keyed list or set; null, with the problem, when it has none.</summary>
    public static PathElement? ElementOf(ApplySchema list, TapeValue item, out string problem)
    {
        problem = "";
        if (list.Keys.Length == 0)
        {
            if (item.Kind is JsonValueKind.Object) problem = "associative list without keys has an element that's a map type";
            else if (item.Kind is JsonValueKind.Array) problem = "not supporting lists within lists (set element)";
            else if (item.Kind is JsonValueKind.Null) problem = "associative list without keys has an element that's an explicit null";
            return problem.Length > 0 ? null : PathElement.Value(ScalarOf(item));
        }
        if (item.Kind is JsonValueKind.Null) problem = "associative list with keys may not have a null element";
        else if (item.Kind is not JsonValueKind.Object) problem = "associative list with keys may not have non-map elements";
        if (problem.Length > 0) return null;

        var keys = new (string, JsonScalar)[list.Keys.Length];
        for (int i = 0; i < keys.Length; i++)
        {
            ApplyListKey key = list.Keys[i];
            TapeValue value = item.Find(key.Utf8Name);
            if (!value.IsAbsent)
            {
                if (value.Kind is JsonValueKind.Object or JsonValueKind.Array)
                {
                    problem = $"associative list with keys has an element whose key field \"{key.Name}\" is no scalar";
                    return null;
                }
                keys[i] = (key.Name, ScalarOf(value));
            }
            else if (key.Default is { } standing)
            {
                keys[i] = (key.Name, standing);
            }
            else
            {
                problem = $"associative list with keys has an element that omits key field \"{key.Name}\" (and doesn't have default value)";
                return null;
            }
        }
        return PathElement.Key(keys);
    }

    public static JsonScalar ScalarOf(TapeValue value) => value.Kind switch
    {
        JsonValueKind.String => JsonScalar.Of(value.Text),
        JsonValueKind.Number => JsonScalar.Number(Encoding.UTF8.GetString(value.Raw)),
        JsonValueKind.True => JsonScalar.True,
        JsonValueKind.False => JsonScalar.False,
        _ => JsonScalar.Null,
    };

    /// <summary>Finds properties of an object by name, quickly when both come in the same order.</summary>
    internal ref struct Properties
    {
        private readonly TapeValue _object;
        private readonly Dictionary<string, TapeValue>? _index;
        private TapeValue.Enumerator _next;
        private bool _isAtProperty;
        private bool _hasGaps;

        public Properties(TapeValue value)
        {
            _object = value;
            if (value.Kind != JsonValueKind.Object) return;
            if (value.Count >= IndexFrom)
            {
                _index = new Dictionary<string, TapeValue>(value.Count, StringComparer.Ordinal);
                foreach (TapeValue property in value) _index[property.Name] = property;
            }
            _next = value.GetEnumerator();
            _isAtProperty = _next.MoveNext();
        }

        public TapeValue Find(TapeValue wanted)
        {
            // At the end without a gap: every property was asked for and found already.
            if (!_isAtProperty && !_hasGaps) return default;
            ReadOnlySpan<byte> name = wanted.RawName;
            TapeValue.Enumerator ahead = _next;
            bool isAt = _isAtProperty;
            for (int i = 0; i < LookAhead && isAt; i++, isAt = ahead.MoveNext())
            {
                TapeValue candidate = ahead.Current;
                if (!name.SequenceEqual(candidate.RawName)) continue;
                _hasGaps |= i > 0;
                _isAtProperty = ahead.MoveNext();
                _next = ahead;
                return candidate;
            }
            if (_index is not null) return _index.GetValueOrDefault(wanted.Name);
            // All that is left was looked at, and nothing was passed over.
            if (!isAt && !_hasGaps && !_object.HasEscapes && !name.Contains((byte)'\\')) return default;
            return name.Contains((byte)'\\') ? _object.FindText(wanted.Name) : _object.Find(name);
        }
    }
}
