using System.Text;
using System.Text.Json;

namespace Cybernetes.Objects;

/// <summary>The UTF-8 bytes of one JSON value, carried as they are (runtime.RawExtension, FieldsV1, apiextensions JSON). Default:
/// nothing, written as null.</summary>
public readonly struct RawJson : IEquatable<RawJson>, IJsonWritable
{
    /// <summary>Takes over <paramref name="utf8"/>, which must be one valid JSON value and must not change afterwards.</summary>
    public RawJson(ReadOnlyMemory<byte> utf8) => Utf8 = utf8;

    /// <summary>The value's bytes; empty when nothing is set.</summary>
    public ReadOnlyMemory<byte> Utf8 { get; }

    public bool IsEmpty => Utf8.IsEmpty;

    public static RawJson FromText(string json) => new(Encoding.UTF8.GetBytes(json));

    /// <summary>Copies the value under the reader; null gives an empty one.</summary>
    public static RawJson ReadJson(ref Utf8JsonReader reader, DecodeContext context)
    {
        if (reader.TokenType == JsonTokenType.Null) return default;
        return new RawJson(context.CopyValue(ref reader));
    }

    public void WriteJson(Utf8JsonWriter writer)
    {
        if (Utf8.IsEmpty) writer.WriteNullValue();
        else writer.WriteRawValue(Utf8.Span, skipInputValidation: true);
    }

    /// <summary>True when both mean the same JSON value, whatever the blanks and the order of keys.</summary>
    public bool SemanticEquals(RawJson other)
    {
        if (Utf8.Span.SequenceEqual(other.Utf8.Span)) return true;
        if (Utf8.IsEmpty || other.Utf8.IsEmpty) return false;
        using JsonDocument left = JsonDocument.Parse(Utf8, JsonLimits.DocumentOptions);
        using JsonDocument right = JsonDocument.Parse(other.Utf8, JsonLimits.DocumentOptions);
        return JsonElement.DeepEquals(left.RootElement, right.RootElement);
    }

    public bool Equals(RawJson other) => Utf8.Span.SequenceEqual(other.Utf8.Span);

    public override bool Equals(object? obj) => obj is RawJson other && Equals(other);

    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.AddBytes(Utf8.Span);
        return hash.ToHashCode();
    }

    public override string ToString() => Utf8.IsEmpty ? "null" : Encoding.UTF8.GetString(Utf8.Span);
}
