using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace Cybernetes.Objects;

/// <summary>
/// Reads of single values with Go's rules: null leaves the zero value, a fraction is no integer, ranges are checked,
/// and what is malformed in a string becomes U+FFFD. Errors are Go's, thrown as <see cref="ObjectDecodeException"/>.
/// </summary>
public static partial class JsonRead
{
    public static bool Boolean(ref Utf8JsonReader reader, DecodeContext context, string goType = "bool")
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.True: return true;
            case JsonTokenType.False or JsonTokenType.Null: return false;
        }
        context.ThrowType(ref reader, goType);
        return false;
    }

    public static int Int32(ref Utf8JsonReader reader, DecodeContext context, string goType = "int32")
    {
        if (reader.TokenType == JsonTokenType.Number)
        {
            if (reader.TryGetInt32(out int value) && IsInteger(ref reader)) return value;
            context.ThrowType("number " + NumberText(ref reader), goType);
        }
        if (reader.TokenType != JsonTokenType.Null) context.ThrowType(ref reader, goType);
        return 0;
    }

    public static long Int64(ref Utf8JsonReader reader, DecodeContext context, string goType = "int64")
    {
        if (reader.TokenType == JsonTokenType.Number)
        {
            if (reader.TryGetInt64(out long value) && IsInteger(ref reader)) return value;
            context.ThrowType("number " + NumberText(ref reader), goType);
        }
        if (reader.TokenType != JsonTokenType.Null) context.ThrowType(ref reader, goType);
        return 0;
    }

    public static double Double(ref Utf8JsonReader reader, DecodeContext context, string goType = "float64")
    {
        if (reader.TokenType == JsonTokenType.Number)
        {
            if (reader.TryGetDouble(out double value) && double.IsFinite(value)) return value;
            context.ThrowType("number " + NumberText(ref reader), goType);
        }
        if (reader.TokenType != JsonTokenType.Null) context.ThrowType(ref reader, goType);
        return 0;
    }

    public static string String(ref Utf8JsonReader reader, DecodeContext context, string goType = "string")
    {
        if (reader.TokenType == JsonTokenType.String) return Text(ref reader);
        if (reader.TokenType != JsonTokenType.Null) context.ThrowType(ref reader, goType);
        return "";
    }

    /// <summary>Bytes as standard base64 with padding, line breaks ignored; null gives null.</summary>
    public static byte[]? Bytes(ref Utf8JsonReader reader, DecodeContext context, string goType = "[]uint8")
    {
        if (reader.TokenType == JsonTokenType.Null) return null;
        if (reader.TokenType != JsonTokenType.String) context.ThrowType(ref reader, goType);
        if (!reader.ValueIsEscaped && !reader.HasValueSequence && Base64.IsValid(reader.ValueSpan)
            && reader.TryGetBytesFromBase64(out byte[]? bytes))
            return bytes;
        return GoBase64.Decode(Text(ref reader));
    }

    public static List<string>? StringList(ref Utf8JsonReader reader, DecodeContext context, string goType = "[]string")
    {
        if (!context.StartArray(ref reader, goType)) return null;
        List<string> list = [];
        while (context.NextElement(ref reader)) list.Add(String(ref reader, context, goType[2..]));
        return list;
    }

    public static Dictionary<string, string>? StringMap(
        ref Utf8JsonReader reader, DecodeContext context, string goType = "map[string]string")
    {
        if (!context.StartMap(ref reader, goType)) return null;
        Dictionary<string, string> map = new(StringComparer.Ordinal);
        while (context.NextKey(ref reader, out string key))
        {
            string value = String(ref reader, context);
            if (!map.TryAdd(key, value))
            {
                context.Duplicate();
                map[key] = value;
            }
        }
        return map;
    }

    /// <summary>The digits of the number under the reader, as written.</summary>
    public static string NumberText(ref Utf8JsonReader reader) =>
        reader.HasValueSequence
            ? Encoding.ASCII.GetString(reader.ValueSequence.ToArray())
            : Encoding.ASCII.GetString(reader.ValueSpan);

    /// <summary>The bytes of the property name under the reader, unescaped; valid until the reader moves.</summary>
    public static ReadOnlySpan<byte> NameSpan(ref Utf8JsonReader reader) =>
        !reader.ValueIsEscaped && !reader.HasValueSequence ? reader.ValueSpan : Encoding.UTF8.GetBytes(Text(ref reader));

    /// <summary>The unescaped string or property name under the reader; malformed UTF-8 and lone surrogates become
    /// U+FFFD.</summary>
    public static string Text(ref Utf8JsonReader reader)
    {
        try
        {
            if (!reader.ValueIsEscaped && !reader.HasValueSequence && RecentStrings.Of(reader.ValueSpan) is { } known) return known;
            return reader.GetString() ?? "";
        }
        catch (InvalidOperationException)
        {
            // Malformed text: Go repairs it where .NET refuses, so repair it the slow way.
            return GoJsonString.Unescape(reader.HasValueSequence ? reader.ValueSequence.ToArray() : reader.ValueSpan);
        }
    }

    /// <summary>Skips the value and gives its JSON text, for messages about it.</summary>
    internal static string SkipToText(ref Utf8JsonReader reader, DecodeContext context) =>
        Encoding.UTF8.GetString(context.CopyValue(ref reader));

    // TryGetInt32 takes 1e0 for 1; Go's ParseInt does not.
    private static bool IsInteger(ref Utf8JsonReader reader) =>
        reader.HasValueSequence
            ? reader.ValueSequence.ToArray().AsSpan().IndexOfAny((byte)'.', (byte)'e', (byte)'E') < 0
            : reader.ValueSpan.IndexOfAny((byte)'.', (byte)'e', (byte)'E') < 0;
}
