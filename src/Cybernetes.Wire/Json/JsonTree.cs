using System.Buffers;
using System.Text;
using System.Text.Json;
using Cybernetes.Objects;

namespace Cybernetes.Wire;

/// <summary>
/// A JSON value without a type: what patches, server-side apply and kinds made at run time work on. Mutable maps and lists,
/// immutable
/// scalars; numbers keep their digits, maps the order of their keys. A tree has one owner: clone before sharing parts of it.
/// </summary>
public abstract class JsonTree : IJsonWritable
{
    private const int FirstBytes = 1024;

    // One large document must not keep its room for ever.
    private const int MaximumKeptBytes = 1024 * 1024;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? t_buffer;

    private protected JsonTree()
    {
    }

    /// <summary>Parses one document.</summary>
    /// <param name="utf8">The whole document.</param>
    /// <param name="context">Takes note of duplicate keys; null when they do not matter.</param>
    /// <exception cref="ObjectDecodeException">Malformed; the message is Go's.</exception>
    public static JsonTree Parse(ReadOnlySpan<byte> utf8, DecodeContext? context = null)
    {
        try
        {
            Utf8JsonReader reader = new(utf8, JsonLimits.ReaderOptions);
            reader.Read();
            JsonTree tree = ReadJson(ref reader, context ?? new DecodeContext(collectStrict: false));
            // Reads on to the end, so that what follows the value is seen.
            reader.Read();
            return tree;
        }
        catch (JsonException error)
        {
            throw new ObjectDecodeException(GoJsonSyntax.Check(utf8) ?? error.Message, error);
        }
    }

    /// <summary>Parses one document given as text.</summary>
    /// <exception cref="ObjectDecodeException">Malformed; the message is Go's.</exception>
    public static JsonTree Parse(string json) => Parse(Encoding.UTF8.GetBytes(json));

    /// <summary>Parses a document that must be an object.</summary>
    /// <exception cref="ObjectDecodeException">Malformed, or no object; the message is Go's.</exception>
    public static JsonMap ParseMap(ReadOnlySpan<byte> utf8, DecodeContext? context = null)
    {
        JsonTree tree = Parse(utf8, context);
        if (tree is JsonMap map) return map;
        if (tree == JsonScalar.Null) return [];
        throw new ObjectDecodeException($"json: cannot unmarshal {tree.GoKind} into Go value of type map[string]interface {{}}");
    }

    /// <summary>Reads the value under the reader and leaves on its last token.</summary>
    public static JsonTree ReadJson(ref Utf8JsonReader reader, DecodeContext context)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                JsonMap map = [];
                context.StartMap(ref reader, "map[string]interface {}");
                while (context.NextKey(ref reader, out string key))
                {
                    JsonTree value = ReadJson(ref reader, context);
                    if (map.TryAdd(key, value)) continue;
                    context.Duplicate();
                    map[key] = value;
                }
                return map;
            case JsonTokenType.StartArray:
                JsonList list = [];
                context.StartArray(ref reader, "[]interface {}");
                while (context.NextElement(ref reader)) list.Add(ReadJson(ref reader, context));
                return list;
            default:
                return JsonScalar.Read(ref reader);
        }
    }

    /// <summary>True for JSON's null.</summary>
    public bool IsNull => ReferenceEquals(this, JsonScalar.Null);

    /// <summary>The string this is, or null when it is something else.</summary>
    public string? AsString => this is JsonScalar { Kind: JsonScalarKind.String } scalar ? scalar.Text : null;

    /// <summary>The value's kind as Go's decoder names it: object, array, string, number, bool, null.</summary>
    public abstract string GoKind { get; }

    public abstract void WriteJson(Utf8JsonWriter writer);

    /// <summary>A copy that shares nothing mutable.</summary>
    public abstract JsonTree DeepClone();

    /// <summary>Equality of the values; the order of keys does not count, the digits of numbers do.</summary>
    public abstract bool DeepEquals(JsonTree? other);

    /// <summary>The value as Go's %v prints a decoded one: <c>map[a:1 b:[x y]]</c>.</summary>
    internal abstract void AppendGo(StringBuilder builder);

    /// <summary>The value as UTF-8 JSON.</summary>
    public byte[] ToUtf8()
    {
        // Taken while it is used: a value may write another one.
        ArrayBufferWriter<byte> buffer = t_buffer ?? new ArrayBufferWriter<byte>(FirstBytes);
        t_buffer = null;
        buffer.ResetWrittenCount();
        using (Utf8JsonWriter writer = new(buffer, JsonLimits.WriterOptions)) WriteJson(writer);
        byte[] json = buffer.WrittenSpan.ToArray();
        if (buffer.Capacity <= MaximumKeptBytes) t_buffer = buffer;
        return json;
    }

    /// <summary>The value as JSON text.</summary>
    public override string ToString() => Encoding.UTF8.GetString(ToUtf8());

    internal string ToGo()
    {
        StringBuilder builder = new();
        AppendGo(builder);
        return builder.ToString();
    }

    public static implicit operator JsonTree(string text) => JsonScalar.Of(text);

    public static implicit operator JsonTree(long number) => JsonScalar.Of(number);

    public static implicit operator JsonTree(bool flag) => JsonScalar.Of(flag);
}
