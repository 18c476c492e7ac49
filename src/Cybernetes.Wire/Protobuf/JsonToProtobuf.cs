using System.Text.Json;
using Cybernetes.Objects;
using Cybernetes.Objects.Schema;

namespace Cybernetes.Wire;

/// <summary>
/// JSON of API objects as protobuf messages, led by the facts, in one pass over the bytes. Fields the facts give no number are left out;
/// what JSON leaves out is left out here too, which a Go client reads as its zero value.
/// </summary>
public static class JsonToProtobuf
{
    /// <summary>The object or list in an envelope; its apiVersion and kind say what it is.</summary>
    /// <exception cref="ObjectDecodeException">The facts do not know the kind, or a value is not of its field's type.</exception>
    public static byte[] Write(ReadOnlySpan<byte> json)
    {
        ReadTypeMeta(json, out string apiVersion, out string kind);
        string type = ProtobufKinds.Find(apiVersion, kind, out bool isList)
            ?? throw new ObjectDecodeException($"no kind \"{kind}\" is registered for version \"{apiVersion}\"");
        ProtobufWriter writer = new(json.Length + 64);
        int message = ProtobufEnvelope.Start(writer, apiVersion, kind);
        Utf8JsonReader reader = new(json, JsonLimits.ReaderOptions);
        reader.Read();
        ProtobufTranscoder transcoder = new(writer, json);
        if (isList) WriteList(writer, transcoder, ref reader, ProtobufMessage.Of(type), ProtobufList.Of(apiVersion, kind));
        else transcoder.Message(ref reader, ProtobufMessage.Of(type));
        ProtobufEnvelope.End(writer, message);
        return writer.ToArray();
    }

    /// <summary>The same of a tree.</summary>
    /// <exception cref="ObjectDecodeException">As above.</exception>
    public static byte[] Write(JsonMap map) => Write(map.ToUtf8());

    /// <summary>The message of a struct of the facts, such as <c>core/v1.PodSpec</c>, without an envelope.</summary>
    /// <exception cref="ObjectDecodeException">A value is not of its field's type.</exception>
    public static void WriteMessage(ProtobufWriter writer, ReadOnlySpan<byte> json, string typeFullName)
    {
        Utf8JsonReader reader = new(json, JsonLimits.ReaderOptions);
        reader.Read();
        new ProtobufTranscoder(writer, json).Message(ref reader, ProtobufMessage.Of(typeFullName));
    }

    private static void WriteList(
        ProtobufWriter writer, ProtobufTranscoder transcoder, ref Utf8JsonReader reader, ProtobufMessage item, ProtobufList list)
    {
        bool hasMetadata = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isMetadata = reader.ValueTextEquals("metadata"u8);
            bool isItems = reader.ValueTextEquals("items"u8);
            reader.Read();
            if (isMetadata && reader.TokenType == JsonTokenType.StartObject)
            {
                hasMetadata = true;
                transcoder.Nested(list.Metadata, ref reader, ProtobufMessage.Of("meta/v1.ListMeta"));
            }
            else if (isItems && reader.TokenType == JsonTokenType.StartArray)
            {
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                    transcoder.Nested(list.Items, ref reader, item);
            }
            else
            {
                reader.Skip();
            }
        }
        if (!hasMetadata) writer.Bytes(list.Metadata, []);
    }

    private static void ReadTypeMeta(ReadOnlySpan<byte> json, out string apiVersion, out string kind)
    {
        apiVersion = "";
        kind = "";
        Utf8JsonReader reader = new(json, JsonLimits.ReaderOptions);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isKind = reader.ValueTextEquals("kind"u8);
            bool isVersion = reader.ValueTextEquals("apiVersion"u8);
            reader.Read();
            if (isKind && reader.TokenType == JsonTokenType.String) kind = JsonRead.Text(ref reader);
            else if (isVersion && reader.TokenType == JsonTokenType.String) apiVersion = JsonRead.Text(ref reader);
            else reader.Skip();
            if (kind.Length > 0 && apiVersion.Length > 0) return;
        }
    }
}
