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

    /// <summary>Wraps an object's message.</summary>
    public static byte[] Wrap(string apiVersion, string kind, ReadOnlySpan<byte> message)
    {
        ProtobufWriter writer = new(message.Length + apiVersion.Length + kind.Length + 32);
        writer.Raw(Magic);
        int start = writer.StartMessage(1);
        writer.String(1, apiVersion);
        writer.String(2, kind);
        writer.EndMessage(start);
        writer.Bytes(2, message);
        writer.String(3, "");
        writer.String(4, "");
        return writer.ToArray();
    }

    /// <summary>One frame of a protobuf watch: four bytes of length, then the event with the object in its envelope.</summary>
    public static byte[] WatchFrame(string type, ReadOnlySpan<byte> envelope)
    {
        ProtobufWriter writer = new(envelope.Length + 32);
        writer.Raw([0, 0, 0, 0]);
        writer.String(1, type);
        int start = writer.StartMessage(2);
        writer.Bytes(1, envelope);
        writer.EndMessage(start);
        byte[] frame = writer.ToArray();
        BinaryPrimitives.WriteInt32BigEndian(frame, frame.Length - 4);
        return frame;
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
