using System.Numerics;
using System.Text.Json;
using Cybernetes.Objects;
using Cybernetes.Store;

namespace Cybernetes.ApiServer.Registry;

/// <summary>
/// What selectors ask of a stored object beside its names, which stand in its key: labels and the kind's selectable fields. Taken out of the JSON
/// when it is first asked for and kept with the record, so that lists and watchers parse an object once. Kept small: there is one for each object.
/// </summary>
internal sealed class ObjectFacts
{
    private string[] _labels = [];

    private ObjectFacts(string[] fields) => Fields = fields;

    /// <summary>Labels: a key, its value, the next key.</summary>
    public ReadOnlySpan<string> Labels => _labels;

    /// <summary>Values of <see cref="KindDefinition.SelectableFields"/>, in their order.</summary>
    public string[] Fields { get; }

    /// <summary>The facts of a record, from its attachment or its bytes.</summary>
    public static ObjectFacts Of(Record record, KindDefinition kind)
    {
        if (record.Attachment is ObjectFacts facts)
            return facts;
        facts = Read(record.Value.Span, kind.SelectableFields);
        record.Attachment = facts;
        return facts;
    }

    /// <summary>Reads the facts off a stored object.</summary>
    public static ObjectFacts Read(ReadOnlySpan<byte> json, IReadOnlyList<SelectableField> fields)
    {
        var values = fields.Count == 0 ? [] : new string[fields.Count];
        for (var i = 0; i < values.Length; i++)
            values[i] = fields[i].Absent;
        var facts = new ObjectFacts(values);
        var reader = new Utf8JsonReader(json, JsonLimits.ReaderOptions);
        reader.Read();
        var pending = fields.Count; // stop early: metadata comes first
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("metadata"u8))
            {
                reader.Read();
                facts.ReadMetadata(ref reader);
                if (pending == 0)
                    break;
                continue;
            }
            facts.ReadField(ref reader, fields, Candidates(fields.Count), 0);
        }
        return facts;
    }

    /// <summary>The value of a label; null when the object has none of that key.</summary>
    public string? Label(string key)
    {
        for (var i = 0; i < _labels.Length; i += 2)
        {
            if (string.Equals(_labels[i], key, StringComparison.Ordinal))
                return _labels[i + 1];
        }
        return null;
    }

    private static ulong Candidates(int count) => count == 64 ? ulong.MaxValue : (1UL << count) - 1;

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("labels"u8))
            {
                reader.Read();
                ReadLabels(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private void ReadLabels(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            return;
        var labels = new List<string>(8);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            labels.Add(TextOf(ref reader));
            reader.Read();
            labels.Add(reader.TokenType == JsonTokenType.String ? TextOf(ref reader) : "");
        }
        if (labels.Count > 0)
            _labels = [.. labels];
    }

    /// <summary>Reads the property under the reader if a candidate's path goes through it, else skips it.</summary>
    private void ReadField(ref Utf8JsonReader reader, IReadOnlyList<SelectableField> fields, ulong candidates, int depth)
    {
        ulong deeper = 0;
        ulong ends = 0; // several fields may name the same value
        for (var i = 0; i < fields.Count; i++)
        {
            if ((candidates & (1UL << i)) == 0 || !reader.ValueTextEquals(fields[i].Path[depth]))
                continue;
            if (fields[i].Path.Length == depth + 1)
                ends |= 1UL << i;
            else
                deeper |= 1UL << i;
        }
        reader.Read();
        if (ends != 0 && Scalar(ref reader) is { } value)
        {
            for (; ends != 0; ends &= ends - 1)
                Fields[BitOperations.TrailingZeroCount(ends)] = value;
            return;
        }
        if (deeper == 0 || reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            ReadField(ref reader, fields, deeper, depth + 1);
    }

    /// <summary>The string or property name under the reader. Objects bear the same keys, nodes and phases: those exist once.</summary>
    private static string TextOf(ref Utf8JsonReader reader) =>
        (reader.ValueIsEscaped || reader.HasValueSequence ? null : RecentStrings.Of(reader.ValueSpan)) ?? reader.GetString() ?? "";

    private static string? Scalar(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.String => TextOf(ref reader),
        JsonTokenType.True => "true",
        JsonTokenType.False => "false",
        JsonTokenType.Number => System.Text.Encoding.UTF8.GetString(reader.ValueSpan),
        _ => null,
    };
}
