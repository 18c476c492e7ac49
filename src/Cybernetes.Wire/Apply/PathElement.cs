using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Cybernetes.Objects;

namespace Cybernetes.Wire;

/// <summary>What a <see cref="PathElement"/> names its value by.</summary>
public enum PathElementKind
{
    /// <summary>A field or a key of a map: <c>f:name</c>.</summary>
    Field,

    /// <summary>A list's element by its keys: <c>k:{"name":"web"}</c>.</summary>
    Key,

    /// <summary>An element of a set by its value: <c>v:"a"</c>.</summary>
    Value,

    /// <summary>A list's element by its place: <c>i:0</c>.</summary>
    Index,
}

/// <summary>
/// One step of a path to a field, as <c>metadata.managedFields</c> writes it. Immutable; equal steps are equal, their order is upstream's
/// (structured-merge-diff): fields, keys, values, indexes.
/// </summary>
public sealed class PathElement : IEquatable<PathElement>, IComparable<PathElement>
{
    // Names of fields come again and again; a bound keeps keys of strangers from growing it for ever.
    private const int MaximumInterned = 16 * 1024;

    private static readonly ConcurrentDictionary<string, PathElement> s_fields = new(StringComparer.Ordinal);
    private static int s_interned;

    private readonly (string Name, JsonScalar Value)[] _keys;
    private readonly JsonScalar? _value;
    private readonly int _index;
    private string? _text;
    private byte[]? _utf8Name;

    private PathElement(PathElementKind kind, string? text, (string, JsonScalar)[]? keys = null, JsonScalar? value = null, int index = 0)
    {
        Kind = kind;
        _text = text;
        _keys = keys ?? [];
        _value = value;
        _index = index;
    }

    public PathElementKind Kind { get; }

    /// <summary>The step as managedFields writes it: <c>f:spec</c>.</summary>
    public string Text => _text ??= Kind switch
    {
        PathElementKind.Key => KeyText(),
        PathElementKind.Value => "v:" + _value,
        _ => "i:" + _index.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>The name of a field.</summary>
    public string Name => Kind == PathElementKind.Field ? Text[2..] : "";

    /// <summary><see cref="Text"/> as a JSON property's name, with quotes and colon.</summary>
    internal byte[] Utf8Name =>
        _utf8Name ??= [(byte)'"', .. JsonEncodedText.Encode(Text, JsonLimits.WriterOptions.Encoder).EncodedUtf8Bytes, (byte)'"', (byte)':'];

    /// <summary>Whether it is the step to a field of that name, which has no escapes. False also for names that need escapes.</summary>
    internal bool IsFieldOf(ReadOnlySpan<byte> name) => Kind == PathElementKind.Field && Utf8Name.AsSpan(3..^2).SequenceEqual(name);

    /// <summary>A field or a map's key.</summary>
    public static PathElement Field(string name)
    {
        if (s_fields.TryGetValue(name, out PathElement? known)) return known;
        PathElement element = new(PathElementKind.Field, "f:" + name);
        if (Volatile.Read(ref s_interned) >= MaximumInterned || !s_fields.TryAdd(name, element)) return element;
        Interlocked.Increment(ref s_interned);
        return element;
    }

    /// <summary>A list's element by its keys, in any order.</summary>
    public static PathElement Key(params (string Name, JsonScalar Value)[] keys)
    {
        if (keys.Length > 1) Array.Sort(keys, static (a, b) => string.CompareOrdinal(a.Name, b.Name));
        return new PathElement(PathElementKind.Key, null, keys);
    }

    /// <summary>An element of a set.</summary>
    public static PathElement Value(JsonScalar value) => new(PathElementKind.Value, null, value: value);

    /// <summary>An element by its place.</summary>
    public static PathElement Index(int index) => new(PathElementKind.Index, null, index: index);

    /// <summary>Reads a step as managedFields writes it.</summary>
    /// <returns>Null for a kind of step that is not known (upstream passes over those as well).</returns>
    /// <exception cref="ObjectDecodeException">It is of a known kind but malformed.</exception>
    public static PathElement? Parse(string text)
    {
        if (text.Length < 2 || text[1] != ':') throw new ObjectDecodeException("missing colon");
        string rest = text[2..];
        switch (text[0])
        {
            case 'f':
                return Field(rest);
            case 'k':
                JsonMap map = JsonTree.Parse(rest) as JsonMap ?? throw new ObjectDecodeException("key is no object");
                return Key([.. map.Select(entry => (entry.Key, Scalar(entry.Value)))]);
            case 'v':
                return Value(Scalar(JsonTree.Parse(rest)));
            case 'i':
                return int.TryParse(rest, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int index)
                    ? Index(index)
                    : throw new ObjectDecodeException($"strconv.Atoi: parsing \"{rest}\": invalid syntax");
            default:
                return null;
        }
    }

    public int CompareTo(PathElement? other)
    {
        if (ReferenceEquals(this, other)) return 0;
        if (other is null) return 1;
        if (Kind != other.Kind) return Kind.CompareTo(other.Kind);
        return Kind switch
        {
            PathElementKind.Field => string.CompareOrdinal(Text, other.Text),
            PathElementKind.Key => CompareKeys(_keys, other._keys),
            PathElementKind.Value => Compare(_value!, other._value!),
            _ => _index.CompareTo(other._index),
        };
    }

    public bool Equals(PathElement? other) => other is not null && CompareTo(other) == 0;

    public override bool Equals(object? obj) => obj is PathElement other && Equals(other);

    public override int GetHashCode() => Kind switch
    {
        PathElementKind.Key when _keys.Length > 0 => _keys[0].Value.Text.GetHashCode(StringComparison.Ordinal),
        PathElementKind.Value => _value!.Text.GetHashCode(StringComparison.Ordinal),
        _ => Text.GetHashCode(StringComparison.Ordinal),
    };

    /// <summary>The step as messages show it: <c>.spec</c>, <c>[name="web"]</c>, <c>[="a"]</c>, <c>[0]</c>.</summary>
    public override string ToString() => Kind switch
    {
        PathElementKind.Field => "." + Name,
        PathElementKind.Key => "[" + string.Join(",", _keys.Select(key => key.Name + "=" + Shown(key.Value))) + "]",
        PathElementKind.Value => "[=" + Shown(_value!) + "]",
        _ => $"[{_index}]",
    };

    private string KeyText()
    {
        ArrayBufferWriter<byte> buffer = new(64);
        using (Utf8JsonWriter writer = new(buffer, JsonLimits.WriterOptions))
        {
            writer.WriteStartObject();
            foreach ((string name, JsonScalar value) in _keys)
            {
                writer.WritePropertyName(name);
                value.WriteJson(writer);
            }
            writer.WriteEndObject();
        }
        return "k:" + Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static string Shown(JsonScalar value) => value.ToString();

    private static JsonScalar Scalar(JsonTree value) => value as JsonScalar ?? throw new ObjectDecodeException("only scalars tell list elements apart");

    private static int CompareKeys((string Name, JsonScalar Value)[] left, (string Name, JsonScalar Value)[] right)
    {
        for (int i = 0; i < left.Length && i < right.Length; i++)
        {
            int order = string.CompareOrdinal(left[i].Name, right[i].Name);
            if (order == 0) order = Compare(left[i].Value, right[i].Value);
            if (order != 0) return order;
        }
        return left.Length.CompareTo(right.Length);
    }

    private static int Compare(JsonScalar left, JsonScalar right)
    {
        (int leftRank, int rightRank) = (Rank(left), Rank(right));
        if (leftRank != rightRank) return leftRank.CompareTo(rightRank);
        if (leftRank != 0) return string.CompareOrdinal(left.Text, right.Text);
        if (left.TryInt64(out long a) && right.TryInt64(out long b)) return a.CompareTo(b);
        return double.Parse(left.Text, CultureInfo.InvariantCulture).CompareTo(double.Parse(right.Text, CultureInfo.InvariantCulture));
    }

    private static int Rank(JsonScalar value) => value.Kind switch
    {
        JsonScalarKind.Number => 0,
        JsonScalarKind.String => 1,
        JsonScalarKind.Null => 3,
        _ => 2,
    };
}
