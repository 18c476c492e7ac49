using System.Text;
using System.Text.Json;
using Cybernetes.Objects;

namespace Cybernetes.Wire;

/// <summary>
/// A value of a <see cref="JsonTape"/>, with its name where it stands in an object. The default stands for a value that is not there; JSON's null is a
/// value. Walking a value walks its children.
/// </summary>
internal readonly struct TapeValue(JsonTape tape, int row)
{
    private readonly JsonTape? _tape = tape;

    public JsonValueKind Kind => _tape is null ? JsonValueKind.Undefined : _tape.Rows[row].Kind;

    public bool IsAbsent => _tape is null;

    /// <summary>How many properties or elements there are.</summary>
    public int Count => _tape is null ? 0 : _tape.Rows[row].Count;

    /// <summary>The value's bytes as they stand in the document; none when it is absent.</summary>
    public ReadOnlySpan<byte> Raw
    {
        get
        {
            if (_tape is null) return default;
            ref JsonTape.Row at = ref _tape.Rows[row];
            return _tape.Bytes.AsSpan(at.Start, at.End - at.Start);
        }
    }

    /// <summary>The name's bytes, without quotes, with its escapes.</summary>
    public ReadOnlySpan<byte> RawName
    {
        get
        {
            if (_tape is null) return default;
            ref JsonTape.Row at = ref _tape.Rows[row];
            return _tape.Bytes.AsSpan(at.Name, at.NameEnd - at.Name);
        }
    }

    /// <summary>The name.</summary>
    public string Name => Unescaped(RawName);

    /// <summary>The text of a string.</summary>
    public string Text => Unescaped(Raw[1..^1]);

    /// <summary>Whether the name of a property is written with escapes.</summary>
    public bool HasEscapes => _tape is not null && _tape.Rows[row].HasEscapes;

    /// <summary>Where it begins in the document, its name included, and where it ends.</summary>
    public (int Start, int End) Range
    {
        get
        {
            if (_tape is null) return (0, 0);
            ref JsonTape.Row at = ref _tape.Rows[row];
            return ((at.Name > 0 ? at.Name - 1 : at.Start) - _tape.Offset, at.End - _tape.Offset);
        }
    }

    /// <summary>The property of a name without escapes; absent when there is none, or when this is no object.</summary>
    public TapeValue Find(ReadOnlySpan<byte> name)
    {
        if (Kind != JsonValueKind.Object) return default;
        foreach (TapeValue child in this)
        {
            if (child.RawName.SequenceEqual(name)) return child;
        }
        // A name may be written with escapes that it does not need.
        return HasEscapes ? FindText(Encoding.UTF8.GetString(name)) : default;
    }

    /// <summary>The property of a name; absent when there is none.</summary>
    public TapeValue FindText(string name)
    {
        if (Kind != JsonValueKind.Object) return default;
        foreach (TapeValue child in this)
        {
            if (child.Name == name) return child;
        }
        return default;
    }

    /// <summary>Equality of the values: order of properties and spelling of strings and numbers do not count.</summary>
    public bool DeepEquals(TapeValue other)
    {
        if (Kind != other.Kind) return false;
        if (Raw.SequenceEqual(other.Raw)) return true;
        switch (Kind)
        {
            case JsonValueKind.Object:
                return ObjectEquals(other);
            case JsonValueKind.Array:
                if (Count != other.Count) return false;
                Enumerator theirs = other.GetEnumerator();
                foreach (TapeValue child in this)
                {
                    theirs.MoveNext();
                    if (!child.DeepEquals(theirs.Current)) return false;
                }
                return true;
            case JsonValueKind.String:
                return (Raw.Contains((byte)'\\') || other.Raw.Contains((byte)'\\')) && Text == other.Text;
            case JsonValueKind.Number:
                using (JsonDocument left = JsonDocument.Parse(Raw.ToArray()))
                using (JsonDocument right = JsonDocument.Parse(other.Raw.ToArray()))
                    return JsonElement.DeepEquals(left.RootElement, right.RootElement);
            default:
                return true;
        }
    }

    public Enumerator GetEnumerator() => new(_tape, row);

    /// <summary>The children as a list, for what is not in a hurry.</summary>
    public List<TapeValue> ToList()
    {
        List<TapeValue> list = new(Count);
        foreach (TapeValue child in this) list.Add(child);
        return list;
    }

    private bool ObjectEquals(TapeValue other)
    {
        if (Count != other.Count) return false;
        ApplyValues.Properties found = new(other);
        foreach (TapeValue child in this)
        {
            TapeValue match = found.Find(child);
            if (match.IsAbsent || !child.DeepEquals(match)) return false;
        }
        return true;
    }

    private static string Unescaped(ReadOnlySpan<byte> raw)
    {
        if (!raw.Contains((byte)'\\')) return Encoding.UTF8.GetString(raw);
        byte[] quoted = [(byte)'"', .. raw, (byte)'"'];
        Utf8JsonReader reader = new(quoted);
        reader.Read();
        return JsonRead.Text(ref reader);
    }

    /// <summary>Walks properties or elements in their order.</summary>
    internal struct Enumerator(JsonTape? tape, int row)
    {
        private readonly int _end = tape is null ? 0 : tape.Rows[row].Next;
        private int _at = -1;

        public TapeValue Current => new(tape!, _at);

        public bool MoveNext()
        {
            _at = _at < 0 ? row + 1 : tape!.Rows[_at].Next;
            return _at < _end;
        }
    }
}
