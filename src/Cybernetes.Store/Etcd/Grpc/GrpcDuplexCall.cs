using System.Net;
using System.Threading.Channels;
using Google.Protobuf;

namespace Cybernetes.Store.Etcd.Grpc;

/// <summary>A call in which both sides send. One reader at a time; writing is safe at any time. Dispose resets the stream.</summary>
internal sealed class GrpcDuplexCall(DuplexContent content, HttpResponseMessage response, Stream body, GrpcEndpoint endpoint) : IDisposable
{
    private readonly byte[] _prefix = new byte[5];

    /// <summary>Queues a message; lost when the call has ended, which the reader then learns.</summary>
    public void Write(IMessage message) => content.Write(GrpcFrame.Encode(message));

    /// <summary>The next message.</summary>
    /// <exception cref="GrpcCallException">The call has ended, for whatever reason.</exception>
    public async ValueTask<TMessage> ReadAsync<TMessage>(MessageParser<TMessage> parser, CancellationToken cancellation)
        where TMessage : class, IMessage<TMessage>
    {
        try
        {
            var message = await GrpcFrame.ReadAsync(body, _prefix, parser, cancellation).ConfigureAwait(false);
            if (message is not null)
                return message;
            GrpcFrame.ThrowUnlessOk(response);
            throw new GrpcCallException(GrpcStatus.Unavailable, "the peer ended the stream");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw endpoint.Unreachable(e);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // The limit for opening the call was over when it had just been opened: that ends the sending, and with it the stream.
            throw new GrpcCallException(GrpcStatus.Unavailable, "the call was cancelled while it was opened");
        }
    }

    public void Dispose()
    {
        content.End();
        response.Dispose();
    }
}

/// <summary>A request body that grows while the call lasts.</summary>
internal sealed class DuplexContent : HttpContent
{
    // A caller writes a few small messages a second at most; more than this waiting means that the peer takes nothing.
    private const int QueueLimit = 64;

    private readonly Channel<byte[]> _frames = Channel.CreateBounded<byte[]>(QueueLimit);

    public DuplexContent(byte[] first) => _frames.Writer.TryWrite(first);

    public void Write(byte[] frame) => _frames.Writer.TryWrite(frame);

    public void End() => _frames.Writer.TryComplete();

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await foreach (var frame in _frames.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            await stream.WriteAsync(frame, cancellationToken).ConfigureAwait(false);
            await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
