using System.Buffers;
using System.Text.Json;
using Cybernetes.Objects;
using Cybernetes.Objects.Schema;

namespace Cybernetes.Wire;

/// <summary>
/// Protobuf messages of API objects as JSON, led by the facts. Zero values that Go's protobuf writes for absent fields are left out where Go's JSON
/// leaves them out; fields stand in the order of the facts.
/// </summary>
public static class ProtobufToJson
{
    /// <summary>Levels of messages inside messages; schemas of CRDs nest deepest.</summary>
    internal const int MaximumDepth = 200;

    /// <summary>The object or list in an envelope, with its apiVersion and kind.</summary>
    /// <exception cref="ObjectDecodeException">Malformed, or of a kind the facts do not know.</exception>
    public static byte[] ToUtf8(ReadOnlySpan<byte> envelope)
    {
        ArrayBufferWriter<byte> buffer = new(Math.Max(envelope.Length * 2, 256));
        using (Utf8JsonWriter writer = new(buffer, JsonLimits.WriterOptions)) Write(writer, envelope, 0);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>The same as a tree.</summary>
    /// <exception cref="ObjectDecodeException">As above.</exception>
    public static JsonMap Read(ReadOnlySpan<byte> envelope) => JsonTree.ParseMap(ToUtf8(envelope));

    /// <summary>A message of a struct of the facts, such as <c>core/v1.PodSpec</c>.</summary>
    /// <exception cref="ObjectDecodeException">Malformed.</exception>
    public static JsonMap ReadMessage(ReadOnlySpan<byte> message, string typeFullName)
    {
        ArrayBufferWriter<byte> buffer = new(Math.Max(message.Length * 2, 256));
        using (Utf8JsonWriter writer = new(buffer, JsonLimits.WriterOptions))
            new ProtobufJsonWriter(writer).Object(message, ProtobufMessage.Of(typeFullName), 0);
        return JsonTree.ParseMap(buffer.WrittenSpan);
    }

    internal static void Write(Utf8JsonWriter writer, ReadOnlySpan<byte> envelope, int depth)
    {
        ReadOnlySpan<byte> message = ProtobufEnvelope.Open(envelope, out string apiVersion, out string kind);
        string type = ProtobufKinds.Find(apiVersion, kind, out bool isList)
            ?? throw new ObjectDecodeException($"no kind \"{kind}\" is registered for version \"{apiVersion}\"");
        writer.WriteStartObject();
        writer.WriteString("kind"u8, kind);
        writer.WriteString("apiVersion"u8, apiVersion);
        ProtobufJsonWriter json = new(writer);
        if (isList) WriteList(json, writer, message, ProtobufMessage.Of(type), ProtobufList.Of(apiVersion, kind), depth);
        else json.Fields(message, ProtobufMessage.Of(type), depth);
        writer.WriteEndObject();
    }

    private static void WriteList(
        ProtobufJsonWriter json, Utf8JsonWriter writer, ReadOnlySpan<byte> message, ProtobufMessage item, ProtobufList list, int depth)
    {
        ReadOnlySpan<byte> metadata = default;
        ProtobufReader reader = new(message);
        while (reader.NextField())
        {
            if (reader.Field == list.Metadata) metadata = reader.Bytes();
            else reader.Skip();
        }
        writer.WritePropertyName("metadata"u8);
        json.Object(metadata, ProtobufMessage.Of("meta/v1.ListMeta"), depth + 1);
        writer.WriteStartArray("items"u8);
        reader = new(message);
        while (reader.NextField())
        {
            if (reader.Field == list.Items) json.Object(reader.Bytes(), item, depth + 1);
            else reader.Skip();
        }
        writer.WriteEndArray();
    }
}
