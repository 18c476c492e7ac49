using System.Buffers.Binary;
using System.Globalization;
using System.Net.Http.Headers;
using Google.Protobuf;

namespace Cybernetes.Store.Etcd.Grpc;

/// <summary>Messages as gRPC frames on a stream ("gRPC over HTTP2"): a flag byte, the length, the bytes.</summary>
internal static class GrpcFrame
{
    // A whole chunk of a range comes in one message; what etcd can send is bounded by its own limits.
    private const int MaxMessageBytes = 1 << 30;
    private const int PrefixBytes = 5;

    public static byte[] Encode(IMessage message)
    {
        var size = message.CalculateSize();
        var frame = new byte[PrefixBytes + size];
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)size);
        message.WriteTo(frame.AsSpan(PrefixBytes));
        return frame;
    }

    /// <summary>The next message; null at the end of the stream.</summary>
    public static async ValueTask<TMessage?> ReadAsync<TMessage>(
        Stream body, byte[] prefix, MessageParser<TMessage> parser, CancellationToken cancellation)
        where TMessage : class, IMessage<TMessage>
    {
        var got = await body.ReadAtLeastAsync(prefix.AsMemory(0, PrefixBytes), PrefixBytes, false, cancellation).ConfigureAwait(false);
        if (got == 0)
            return null;
        if (got < PrefixBytes || prefix[0] != 0)
            throw new GrpcCallException(GrpcStatus.Internal, "the answer is cut short or compressed");
        var length = BinaryPrimitives.ReadUInt32BigEndian(prefix.AsSpan(1));
        if (length > MaxMessageBytes)
            throw new GrpcCallException(GrpcStatus.ResourceExhausted, $"received message larger than max ({length} vs. {MaxMessageBytes})");
        var message = new byte[length];
        got = await body.ReadAtLeastAsync(message, message.Length, false, cancellation).ConfigureAwait(false);
        if (got < message.Length)
            throw new GrpcCallException(GrpcStatus.Unavailable, "the answer ends inside a message");
        try
        {
            return parser.ParseFrom(message);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new GrpcCallException(GrpcStatus.Internal, $"the answer does not parse: {e.Message}", e);
        }
    }

    /// <summary>The status is in the trailers, or in the headers when the answer has no body.</summary>
    public static void ThrowUnlessOk(HttpResponseMessage response)
    {
        HttpResponseHeaders trailers = response.TrailingHeaders;
        var source = trailers.Contains("grpc-status") ? trailers : response.Headers;
        if (!source.TryGetValues("grpc-status", out var values))
            throw new GrpcCallException(GrpcStatus.Unavailable, "the connection ended before the call's status");
        if (!int.TryParse(values.First(), NumberStyles.None, CultureInfo.InvariantCulture, out var code))
            throw new GrpcCallException(GrpcStatus.Unknown, $"malformed grpc-status: {values.First()}");
        if (code == 0)
            return;
        var message = source.TryGetValues("grpc-message", out var texts) ? Uri.UnescapeDataString(texts.First()) : "";
        throw new GrpcCallException((GrpcStatus)code, message);
    }
}
