using System.Buffers;
using System.Buffers.Binary;
using Cybernetes.Wire;

namespace Cybernetes.ApiServer.Registry;

/// <summary>One event of a watch as it stands in a body: a JSON document on a line of its own, or protobuf with its length before it.</summary>
internal static class WatchFraming
{
    /// <summary>Adds one event.</summary>
    /// <param name="into">Where to.</param>
    /// <param name="protobuf">Whether <paramref name="body"/> is an envelope; else JSON.</param>
    /// <param name="type">ADDED, MODIFIED, DELETED, BOOKMARK or ERROR.</param>
    /// <param name="body">The object.</param>
    public static void Write<T>(T into, bool protobuf, string type, ReadOnlySpan<byte> body) where T : class, IBufferWriter<byte>
    {
        if (protobuf)
        {
            var head = ProtobufEnvelope.WatchEventHead(type, body.Length);
            Span<byte> length = stackalloc byte[sizeof(int)];
            BinaryPrimitives.WriteInt32BigEndian(length, head.Length + body.Length);
            into.Write(length);
            into.Write(head);
            into.Write(body);
            return;
        }
        into.Write(StartOf(type));
        into.Write(body);
        into.Write("}\n"u8);
    }

    private static ReadOnlySpan<byte> StartOf(string type) => type switch
    {
        "ADDED" => "{\"type\":\"ADDED\",\"object\":"u8,
        "MODIFIED" => "{\"type\":\"MODIFIED\",\"object\":"u8,
        "DELETED" => "{\"type\":\"DELETED\",\"object\":"u8,
        "BOOKMARK" => "{\"type\":\"BOOKMARK\",\"object\":"u8,
        _ => "{\"type\":\"ERROR\",\"object\":"u8,
    };
}
