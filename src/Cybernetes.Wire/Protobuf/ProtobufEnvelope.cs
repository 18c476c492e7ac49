using System.Buffers.Binary;
using Cybernetes.Objects;

namespace Cybernetes.Wire;

/// <summary>
/// The envelope of <c>application/vnd.kubernetes.protobuf</c>: four magic bytes and a runtime.Unknown that names the kind and
/// holds the
/// object's message.
/// </summary>
public static class ProtobufEnvelope
{
    public const string ContentType = "application/vnd.kubernetes.protobuf";

    private static ReadOnlySpan<byte> Magic => "k8s\0"u8;

    /// <summary>What follows the message: contentEncoding and contentType, both empty.</summary>
    public static ReadOnlySpan<byte> Tail => [0x1A, 0x00, 0x22, 0x00];

    /// <summary>True when the bytes begin as an envelope does.</summary>
    public static bool IsEnvelope(ReadOnlySpan<byte> bytes) => bytes.StartsWith(Magic);

    /// <summary>Opens an envelope; the message points into the bytes.</summary>
    /// <exception cref="ObjectDecodeException">With upstream's message.</exception>
    public static ReadOnlySpan<byte> Open(ReadOnlySpan<byte> bytes, out string apiVersion, out string kind)
    {
        apiVersion = "";
        kind = "";
        if (bytes.IsEmpty) throw new ObjectDecodeException("empty data");
        if (!IsEnvelope(bytes))
            throw new ObjectDecodeException(
                "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]");
        if (bytes.Length == Magic.Length) throw new ObjectDecodeException("empty body");

        ReadOnlySpan<byte> raw = default;
        ProtobufReader reader = new(bytes[Magic.Length..]);
        while (reader.NextField())
        {
            if (reader.Field == 1) ReadTypeMeta(reader.Bytes(), out apiVersion, out kind);
            else if (reader.Field == 2) raw = reader.Bytes();
            else reader.Skip();
        }
        return raw;
    }

    /// <summary>Begins an envelope: what is written next is the object's message, until <see cref="End"/>.</summary>
    public static int Start(ProtobufWriter writer, string apiVersion, string kind)
    {
        WriteHead(writer, apiVersion, kind);
        return writer.StartMessage(2);
    }

    /// <summary>Ends the envelope.</summary>
    /// <param name="writer">The writer.</param>
    /// <param name="message">What <see cref="Start"/> answered.</param>
    public static void End(ProtobufWriter writer, int message)
    {
        writer.EndMessage(message);
        writer.Raw(Tail);
    }

    /// <summary>The bytes before a message whose size is known: for messages that are sent in pieces.</summary>
    public static byte[] Head(string apiVersion, string kind, long messageBytes)
    {
        ProtobufWriter writer = new(apiVersion.Length + kind.Length + 32);
        WriteHead(writer, apiVersion, kind);
        writer.BytesHead(2, messageBytes);
        return writer.ToArray();
    }

    /// <summary>Wraps an object's message.</summary>
    public static byte[] Wrap(string apiVersion, string kind, ReadOnlySpan<byte> message)
    {
        ProtobufWriter writer = new(message.Length + apiVersion.Length + kind.Length + 32);
        WriteHead(writer, apiVersion, kind);
        writer.Bytes(2, message);
        writer.Raw(Tail);
        return writer.ToArray();
    }

    /// <summary>An event of a protobuf watch up to its object in an envelope, which follows and ends it.</summary>
    public static byte[] WatchEventHead(string type, int envelopeBytes)
    {
        ProtobufWriter writer = new(32);
        writer.String(1, type);
        int start = writer.StartMessage(2);
        writer.BytesHead(1, envelopeBytes);
        writer.EndMessage(start, envelopeBytes);
        return writer.ToArray();
    }

    /// <summary>One frame of a protobuf watch: four bytes of length, then the event with the object in its envelope.</summary>
    public static byte[] WatchFrame(string type, ReadOnlySpan<byte> envelope)
    {
        byte[] head = WatchEventHead(type, envelope.Length);
        byte[] frame = new byte[4 + head.Length + envelope.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, frame.Length - 4);
        head.CopyTo(frame, 4);
        envelope.CopyTo(frame.AsSpan(4 + head.Length));
        return frame;
    }

    private static void WriteHead(ProtobufWriter writer, string apiVersion, string kind)
    {
        writer.Raw(Magic);
        int start = writer.StartMessage(1);
        writer.String(1, apiVersion);
        writer.String(2, kind);
        writer.EndMessage(start);
    }

    private static void ReadTypeMeta(ReadOnlySpan<byte> message, out string apiVersion, out string kind)
    {
        apiVersion = "";
        kind = "";
        ProtobufReader reader = new(message);
        while (reader.NextField())
        {
            if (reader.Field == 1) apiVersion = reader.String();
            else if (reader.Field == 2) kind = reader.String();
            else reader.Skip();
        }
    }
}
