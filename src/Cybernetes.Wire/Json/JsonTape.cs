using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using Cybernetes.Objects;

namespace Cybernetes.Wire;

/// <summary>
/// A JSON document as a table of its values, made in one pass: where each begins and ends, how it is named, where its next neighbour stands. Nothing is
/// decoded. The rows are borrowed: dispose, and use no <see cref="TapeValue"/> of the document afterwards.
/// </summary>
internal sealed class JsonTape : IDisposable
{
    // Objects of the API have a value in every twelve bytes or less.
    private const int BytesPerRow = 12;
    private const int LiteralTrue = 4;
    private const int LiteralFalse = 5;

    private static readonly SearchValues<byte> s_endOfNumber = SearchValues.Create(",]} \t\r\n"u8);

    private readonly byte[] _bytes;
    private readonly int _end;
    private Row[] _rows;
    private int _count;
    private int _open = -1;

    private JsonTape(ReadOnlyMemory<byte> json)
    {
        // A document that is no array is copied: walking asks for bytes all the time.
        ArraySegment<byte> segment = MemoryMarshal.TryGetArray(json, out ArraySegment<byte> found) ? found : json.ToArray();
        (_bytes, Offset, _end) = (segment.Array ?? [], segment.Offset, segment.Offset + segment.Count);
        _rows = ArrayPool<Row>.Shared.Rent((segment.Count / BytesPerRow) + 8);
    }

    /// <summary>The whole document.</summary>
    public TapeValue Root => new(this, 0);

    internal Row[] Rows => _rows;

    internal byte[] Bytes => _bytes;

    /// <summary>Where the document begins in <see cref="Bytes"/>.</summary>
    internal int Offset { get; }

    /// <summary>Reads a document of anyone's making.</summary>
    /// <exception cref="JsonException">Malformed, or nested too deep.</exception>
    public static JsonTape Parse(ReadOnlyMemory<byte> json)
    {
        JsonTape tape = new(json);
        try
        {
            tape.ReadAll(tape.Offset);
        }
        catch (JsonException)
        {
            tape.Dispose();
            throw;
        }
        return tape;
    }

    /// <summary>
    /// Reads a document that was parsed or written by us before, such as a stored object: its syntax is not checked again. What is malformed all the
    /// same gives wrong values or an exception, but touches no memory beyond the document.
    /// The elements of metadata.managedFields are not read: that list looks empty.
    /// </summary>
    public static JsonTape Scan(ReadOnlyMemory<byte> json)
    {
        JsonTape tape = new(json);
        tape.ScanAll(tape.Offset);
        return tape;
    }

    /// <summary>Whether a property's name stands twice in one object.</summary>
    public bool HasDuplicates()
    {
        for (int i = 0; i < _count; i++)
        {
            if (_rows[i].Kind == JsonValueKind.Object && _rows[i].Count > 1 && HasDuplicates(i)) return true;
        }
        return false;
    }

    public void Dispose()
    {
        if (_rows.Length > 0) ArrayPool<Row>.Shared.Return(_rows);
        _rows = [];
    }

    private bool HasDuplicates(int map)
    {
        const int few = 16;
        if (_rows[map].HasEscapes || _rows[map].Count > few)
        {
            HashSet<string> names = new(StringComparer.Ordinal);
            foreach (TapeValue child in new TapeValue(this, map))
            {
                if (!names.Add(child.Name)) return true;
            }
            return false;
        }
        int end = _rows[map].Next;
        for (int i = map + 1; i < end; i = _rows[i].Next)
        {
            ref Row one = ref _rows[i];
            int length = one.NameEnd - one.Name;
            for (int j = one.Next; j < end; j = _rows[j].Next)
            {
                ref Row other = ref _rows[j];
                if (other.NameEnd - other.Name == length && _bytes.AsSpan(one.Name, length).SequenceEqual(_bytes.AsSpan(other.Name, length))) return true;
            }
        }
        return false;
    }

    private void ReadAll(int start)
    {
        Utf8JsonReader reader = new(_bytes.AsSpan(start, _end - start), JsonLimits.ReaderOptions);
        (int name, int nameEnd) = (0, 0);
        while (reader.Read())
        {
            int at = start + (int)reader.TokenStartIndex;
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    (name, nameEnd) = (at + 1, at + 1 + reader.ValueSpan.Length);
                    _rows[_open].HasEscapes |= reader.ValueIsEscaped;
                    continue;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    Close(at + 1);
                    continue;
                case JsonTokenType.StartObject:
                    Open(JsonValueKind.Object, at, name, nameEnd);
                    break;
                case JsonTokenType.StartArray:
                    Open(JsonValueKind.Array, at, name, nameEnd);
                    break;
                default:
                    Add(KindOf(reader.TokenType), at, start + (int)reader.BytesConsumed, name, nameEnd);
                    break;
            }
            (name, nameEnd) = (0, 0);
        }
    }

    private static JsonValueKind KindOf(JsonTokenType type) => type switch
    {
        JsonTokenType.String => JsonValueKind.String,
        JsonTokenType.Number => JsonValueKind.Number,
        JsonTokenType.True => JsonValueKind.True,
        JsonTokenType.False => JsonValueKind.False,
        _ => JsonValueKind.Null,
    };

    private void ScanAll(int start)
    {
        ReadOnlySpan<byte> json = _bytes.AsSpan(0, _end);
        (int name, int nameEnd) = (0, 0);
        for (int at = start; at < json.Length;)
        {
            byte first = json[at];
            switch (first)
            {
                case (byte)',' or (byte)':' or (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t':
                    at++;
                    continue;
                case (byte)'"':
                    int end = EndOfString(json, at, out bool isEscaped);
                    if (name == 0 && _open >= 0 && _rows[_open].Kind == JsonValueKind.Object)
                    {
                        (name, nameEnd, at) = (at + 1, end - 1, end);
                        _rows[_open].HasEscapes |= isEscaped;
                        continue;
                    }
                    Add(JsonValueKind.String, at, end, name, nameEnd);
                    at = end;
                    break;
                case (byte)'{':
                    Open(JsonValueKind.Object, at++, name, nameEnd);
                    break;
                case (byte)'[' when IsManagedFields(name, nameEnd):
                    int after = EndOfList(json, at);
                    Add(JsonValueKind.Array, at, after, name, nameEnd);
                    at = after;
                    break;
                case (byte)'[':
                    Open(JsonValueKind.Array, at++, name, nameEnd);
                    break;
                case (byte)'}' or (byte)']':
                    Close(++at);
                    continue;
                default:
                    at = AddWord(json, at, name, nameEnd);
                    break;
            }
            (name, nameEnd) = (0, 0);
        }
    }

    private int AddWord(ReadOnlySpan<byte> json, int at, int name, int nameEnd)
    {
        JsonValueKind kind = json[at] switch
        {
            (byte)'t' => JsonValueKind.True,
            (byte)'f' => JsonValueKind.False,
            (byte)'n' => JsonValueKind.Null,
            _ => JsonValueKind.Number,
        };
        int end = at + kind switch
        {
            JsonValueKind.True or JsonValueKind.Null => LiteralTrue,
            JsonValueKind.False => LiteralFalse,
            _ => json[at..].IndexOfAny(s_endOfNumber) is >= 0 and var length ? length : json.Length - at,
        };
        Add(kind, at, end, name, nameEnd);
        return end;
    }

    /// <summary>Whether it is the metadata.managedFields of the document: they are as large as all the rest, and nobody looks into them here.</summary>
    private bool IsManagedFields(int name, int nameEnd) =>
        _open > 0 && _rows[_open].Next == 0 && _bytes.AsSpan(name, nameEnd - name).SequenceEqual("managedFields"u8)
        && _bytes.AsSpan(_rows[_open].Name, _rows[_open].NameEnd - _rows[_open].Name).SequenceEqual("metadata"u8);

    private static int EndOfList(ReadOnlySpan<byte> json, int at)
    {
        for (int depth = 0; at < json.Length;)
        {
            int ahead = json[at..].IndexOfAny((byte)'"', (byte)'[', (byte)']');
            if (ahead < 0) break;
            at += ahead;
            if (json[at] == (byte)'"')
            {
                at = EndOfString(json, at, out _);
                continue;
            }
            depth += json[at] == (byte)'[' ? 1 : -1;
            at++;
            if (depth == 0) return at;
        }
        return json.Length;
    }

    private static int EndOfString(ReadOnlySpan<byte> json, int at, out bool isEscaped)
    {
        isEscaped = false;
        for (at++; ;)
        {
            int length = json[at..].IndexOfAny((byte)'"', (byte)'\\');
            if (length < 0) return json.Length;
            at += length + 1;
            if (json[at - 1] == (byte)'"') return at;
            isEscaped = true;
            at++;
        }
    }

    private void Add(JsonValueKind kind, int at, int end, int name, int nameEnd)
    {
        if (_open >= 0) _rows[_open].Count++;
        if (_count == _rows.Length) Grow();
        _rows[_count] = new Row { Kind = kind, Start = at, End = end, Name = name, NameEnd = nameEnd, Next = ++_count };
    }

    // Until it is closed, an open row's next one is the row that it stands in.
    private void Open(JsonValueKind kind, int at, int name, int nameEnd)
    {
        Add(kind, at, at, name, nameEnd);
        _rows[_count - 1].Next = _open;
        _open = _count - 1;
    }

    private void Close(int end)
    {
        ref Row row = ref _rows[_open];
        row.End = end;
        _open = row.Next;
        row.Next = _count;
    }

    private void Grow()
    {
        Row[] rows = ArrayPool<Row>.Shared.Rent(_rows.Length * 2);
        _rows.AsSpan(0, _count).CopyTo(rows);
        ArrayPool<Row>.Shared.Return(_rows);
        _rows = rows;
    }

    /// <summary>
    /// One value: its bytes with quotes and brackets, its name without quotes (0, 0 in lists), the row behind all that is in it, and whether a name in it
    /// is written with escapes.
    /// </summary>
    internal struct Row
    {
        public int Start;
        public int End;
        public int Name;
        public int NameEnd;
        public int Next;
        public int Count;
        public JsonValueKind Kind;
        public bool HasEscapes;
    }
}
