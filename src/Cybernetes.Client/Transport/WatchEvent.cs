using System.Text.Json;
using Cybernetes.Objects;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.Client.Transport;

/// <summary>What happened to an object.</summary>
public enum WatchEventType
{
    Added,
    Modified,
    Deleted,

    /// <summary>Nothing happened; the object holds only the revision up to which all was told.</summary>
    Bookmark,
}

/// <summary>One change.</summary>
/// <param name="Object">The object after the change; for a deletion as it was last.</param>
public readonly record struct WatchEvent<T>(WatchEventType Type, T Object)
    where T : class, IKubernetesObject<T>;

/// <summary>Decodes <c>{"type": …, "object": …}</c>.</summary>
internal static class WatchFrame
{
    /// <exception cref="ApiStatusException">The frame is an error event.</exception>
    /// <exception cref="ObjectDecodeException">The frame is no watch event of this kind.</exception>
    public static WatchEvent<T> Read<T>(ReadOnlyMemory<byte> frame)
        where T : class, IKubernetesObject<T>
    {
        try
        {
            (WatchEventType type, ReadOnlyMemory<byte> body) = Split(frame);
            return new WatchEvent<T>(type, WireBody.Read<T>(body));
        }
        catch (JsonException failure)
        {
            throw new ObjectDecodeException($"a watch event is not JSON: {failure.Message}", failure);
        }
    }

    /// <summary>The kind of change and the bytes of its object, cut out of the frame.</summary>
    /// <exception cref="ApiStatusException">The frame is an error event.</exception>
    /// <exception cref="ObjectDecodeException">The frame is no watch event.</exception>
    public static (WatchEventType Type, ReadOnlyMemory<byte> Body) Split(ReadOnlyMemory<byte> frame)
    {
        var reader = new Utf8JsonReader(frame.Span, JsonLimits.ReaderOptions);
        string? type = null;
        ReadOnlyMemory<byte> body = default;
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new ObjectDecodeException("a watch event is not a JSON object");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isType = reader.ValueTextEquals("type"u8);
            bool isObject = reader.ValueTextEquals("object"u8);
            reader.Read();
            if (isType)
                type = reader.GetString();
            int start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (isObject)
                body = frame[start..(int)reader.BytesConsumed];
        }
        if (type is null || body.IsEmpty)
            throw new ObjectDecodeException("a watch event has no type or no object");

        return type switch
        {
            "ADDED" => (WatchEventType.Added, body),
            "MODIFIED" => (WatchEventType.Modified, body),
            "DELETED" => (WatchEventType.Deleted, body),
            "BOOKMARK" => (WatchEventType.Bookmark, body),
            "ERROR" => throw new ApiStatusException(WireBody.Read<Status>(body)),
            _ => throw new ObjectDecodeException($"a watch event has the unknown type \"{type}\""),
        };
    }
}
