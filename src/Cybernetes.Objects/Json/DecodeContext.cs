using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Cybernetes.Objects;

/// <summary>
/// What a decode knows beside the bytes: where it stands in the document, and what was unknown or duplicate. One per decode, for
/// one thread;
/// <see cref="Reset"/> makes it ready for the next. The happy path allocates nothing.
/// <para>
/// The protocol of a reader, which stands on the value's first token and leaves on its last:
/// objects <c>if (!StartObject) return; while (NextField) { if name matches: EnterField; read value; else Unknown; }</c>,
/// lists <c>if (!StartArray) …; while (NextElement) read value</c>, maps <c>if (!StartMap) …; while (NextKey) read value</c>.
/// </para>
/// </summary>
public sealed class DecodeContext
{
    // The bound upstream's decoder has on what it remembers.
    private const int MaximumFindings = 100;

    private Frame[] _frames = new Frame[16];
    private int _depth;
    private List<string>? _findings;
    private HashSet<string>? _seenFindings;

    /// <param name="collectStrict">Whether unknown and duplicate fields are noted at all (fieldValidation Strict and
    /// Warn).</param>
    public DecodeContext(bool collectStrict = true) => CollectStrict = collectStrict;

    public bool CollectStrict { get; }

    /// <summary>The document being read, when the caller has it as memory: raw values are then cut out of it instead of parsed
    /// again.</summary>
    public ReadOnlyMemory<byte> Source { get; set; }

    /// <summary>Unknown and duplicate fields in the order found, such as <c>unknown field "spec.foo"</c>; at most 100.</summary>
    public IReadOnlyList<string> StrictFindings => _findings ?? (IReadOnlyList<string>)[];

    /// <summary>Forgets position and findings.</summary>
    public void Reset(ReadOnlyMemory<byte> source = default)
    {
        _depth = 0;
        _findings?.Clear();
        _seenFindings?.Clear();
        Source = source;
    }

    /// <summary>Enters an object; false when the value is null.</summary>
    /// <param name="goType">The Go type, such as v1.PodSpec: its last part names the struct in errors.</param>
    public bool StartObject(ref Utf8JsonReader reader, string goType)
    {
        if (reader.TokenType == JsonTokenType.StartObject)
        {
            Push(goType, FrameKind.Struct);
            return true;
        }
        if (reader.TokenType != JsonTokenType.Null) ThrowType(ref reader, goType);
        return false;
    }

    /// <summary>Steps to the next property name; false at the object's end, which is then left.</summary>
    public bool NextField(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.PropertyName) return true;
        _depth--;
        return false;
    }

    /// <summary>Steps from a known property's name onto its value.</summary>
    /// <param name="index">The field's number within its type, 0 … 127, to see duplicates.</param>
    public void EnterField(ref Utf8JsonReader reader, string name, int index)
    {
        ref Frame frame = ref _frames[_depth - 1];
        frame.Name = name;
        ulong bit = 1UL << (index & 63);
        ref ulong seen = ref (index < 64 ? ref frame.SeenLow : ref frame.SeenHigh);
        if ((seen & bit) != 0) Note("duplicate");
        seen |= bit;
        reader.Read();
    }

    /// <summary>Notes the property under the reader as unknown and skips its value.</summary>
    public void Unknown(ref Utf8JsonReader reader)
    {
        if (CollectStrict)
        {
            _frames[_depth - 1].Name = JsonRead.Text(ref reader);
            Note("unknown");
        }
        reader.Skip();
    }

    /// <summary>Enters a list; false when the value is null.</summary>
    /// <param name="goType">The Go type, such as []v1.Container.</param>
    public bool StartArray(ref Utf8JsonReader reader, string goType)
    {
        if (reader.TokenType == JsonTokenType.StartArray)
        {
            Push(goType, FrameKind.List);
            return true;
        }
        if (reader.TokenType != JsonTokenType.Null) ThrowType(ref reader, goType);
        return false;
    }

    /// <summary>Steps onto the next element; false at the list's end, which is then left.</summary>
    public bool NextElement(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.EndArray)
        {
            _depth--;
            return false;
        }
        _frames[_depth - 1].Index++;
        return true;
    }

    /// <summary>Enters a map; false when the value is null.</summary>
    /// <param name="goType">The Go type, such as map[string]string.</param>
    public bool StartMap(ref Utf8JsonReader reader, string goType)
    {
        if (reader.TokenType == JsonTokenType.StartObject)
        {
            Push(goType, FrameKind.Map);
            return true;
        }
        if (reader.TokenType != JsonTokenType.Null) ThrowType(ref reader, goType);
        return false;
    }

    /// <summary>Steps onto the next entry's value and gives its key; false at the map's end, which is then left.</summary>
    public bool NextKey(ref Utf8JsonReader reader, out string key)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.PropertyName)
        {
            key = JsonRead.Text(ref reader);
            _frames[_depth - 1].Name = key;
            reader.Read();
            return true;
        }
        key = "";
        _depth--;
        return false;
    }

    /// <summary>Notes the current map key or field as given twice. For struct fields <see cref="EnterField"/> does it.</summary>
    public void Duplicate() => Note("duplicate");

    /// <summary>The bytes of the value under the reader, copied; the reader then stands on the value's last token.</summary>
    public byte[] CopyValue(ref Utf8JsonReader reader)
    {
        if (!Source.IsEmpty)
        {
            long start = reader.TokenStartIndex;
            reader.Skip();
            return Source.Span[(int)start..(int)reader.BytesConsumed].ToArray();
        }
        using JsonDocument document = JsonDocument.ParseValue(ref reader);
        return JsonMarshal.GetRawUtf8Value(document.RootElement).ToArray();
    }

    /// <summary>Throws Go's complaint about the value under the reader not being a <paramref name="goType"/>.</summary>
    /// <exception cref="ObjectDecodeException">Always.</exception>
    public void ThrowType(ref Utf8JsonReader reader, string goType)
    {
        string value = reader.TokenType switch
        {
            JsonTokenType.StartObject => "object",
            JsonTokenType.StartArray => "array",
            JsonTokenType.String => "string",
            JsonTokenType.True or JsonTokenType.False => "bool",
            _ => "number",
        };
        ThrowType(value, goType);
    }

    /// <summary>As the other overload, with the value's kind given: "number 1.5" and the like.</summary>
    /// <exception cref="ObjectDecodeException">Always.</exception>
    public void ThrowType(string value, string goType)
    {
        StringBuilder fields = new();
        string structName = "";
        for (int i = 0; i < _depth; i++)
        {
            ref Frame frame = ref _frames[i];
            if (frame.Kind != FrameKind.Struct || frame.Name is null) continue;
            if (fields.Length > 0) fields.Append('.');
            fields.Append(frame.Name);
            structName = frame.GoType;
        }
        string target = fields.Length == 0
            ? $"Go value of type {goType}"
            : $"Go struct field {structName[(structName.LastIndexOf('.') + 1)..]}.{fields} of type {goType}";
        throw new ObjectDecodeException($"json: cannot unmarshal {value} into {target}");
    }

    /// <summary>The path of the current field: <c>spec.containers[0].name</c>.</summary>
    public string Path()
    {
        StringBuilder path = new();
        for (int i = 0; i < _depth; i++)
        {
            ref Frame frame = ref _frames[i];
            if (frame.Kind == FrameKind.List)
            {
                path.Append(CultureInfo.InvariantCulture, $"[{frame.Index}]");
                continue;
            }
            if (frame.Name is null) continue;
            if (path.Length > 0) path.Append('.');
            path.Append(frame.Name);
        }
        return path.ToString();
    }

    private void Note(string kind)
    {
        if (!CollectStrict || _findings?.Count >= MaximumFindings) return;
        string text = $"{kind} field {GoText.Quote(Path())}";
        if (!(_seenFindings ??= new HashSet<string>(StringComparer.Ordinal)).Add(text)) return;
        (_findings ??= []).Add(text);
    }

    private void Push(string goType, FrameKind kind)
    {
        if (_depth == _frames.Length)
        {
            if (_depth >= JsonLimits.MaximumDepth) throw new ObjectDecodeException("exceeded max depth");
            Array.Resize(ref _frames, _depth * 2);
        }
        _frames[_depth++] = new Frame { GoType = goType, Kind = kind, Index = -1 };
    }

    private enum FrameKind : byte
    {
        Struct,
        List,
        Map,
    }

    private struct Frame
    {
        public string GoType;
        public string? Name;
        public ulong SeenLow;
        public ulong SeenHigh;
        public int Index;
        public FrameKind Kind;
    }
}
