using System.Buffers;
using System.IO.Pipelines;
using System.Net.WebSockets;
using Cybernetes.Node.Runtime;

namespace Cybernetes.Node.Server.Streaming;

/// <summary>
/// WebSocket subprotocols <c>v4.channel.k8s.io</c> and <c>v5.channel.k8s.io</c>: each message's first byte names the channel.
/// With v5 the message 255, n closes channel n: so stdin ends without the connection ending (KEP-4006).
/// </summary>
internal sealed class WebSocketCommandSession : CommandSession
{
    private const byte Stdin = 0;
    private const byte Stdout = 1;
    private const byte Stderr = 2;
    private const byte Error = 3;
    private const byte Resize = 4;
    private const byte Close = 255;

    private const int MaxMessageBytes = 1024 * 1024;

    private readonly WebSocket _socket;
    private readonly bool _canCloseStdin;
    private readonly Pipe _stdin = new(new PipeOptions(useSynchronizationContext: false));
    private readonly SemaphoreSlim _sending = new(1, 1);
    private readonly CancellationTokenSource _gone = new();
    private readonly Task _receiving;

    private WebSocketCommandSession(WebSocket socket, CommandOptions options, bool canCloseStdin)
    {
        _socket = socket;
        _canCloseStdin = canCloseStdin;
        Streams = new CommandStreams(
            options.Stdin ? _stdin.Reader.AsStream() : null,
            options.Stdout ? new ChannelStream(this, Stdout) : null,
            options.Stderr && !options.Terminal ? new ChannelStream(this, Stderr) : null,
            options.Terminal ? Resizes : null);
        _receiving = ReceiveAsync();
    }

    public override CommandStreams Streams { get; }

    public override CancellationToken ClientGone => _gone.Token;

    /// <param name="socket">Owned.</param>
    public static async Task<WebSocketCommandSession> StartAsync(
        WebSocket socket, CommandOptions options, bool canCloseStdin, CancellationToken cancellation)
    {
        var session = new WebSocketCommandSession(socket, options, canCloseStdin);

        // An empty message on the first channel the server writes tells the client that the connection stands.
        var first = options.Stdout ? Stdout : options.Stderr ? Stderr : Error;
        await session.SendAsync(first, ReadOnlyMemory<byte>.Empty, cancellation).ConfigureAwait(false);
        return session;
    }

    public override async Task FinishAsync(byte[] statusJson, CancellationToken cancellation)
    {
        try
        {
            await SendAsync(Error, statusJson, cancellation).ConfigureAwait(false);
            await _sending.WaitAsync(cancellation).ConfigureAwait(false);
            try
            {
                await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, cancellation).ConfigureAwait(false);
            }
            finally
            {
                _sending.Release();
            }

            // The client answers the close; until then it may still be reading.
            await _receiving.WaitAsync(cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is WebSocketException or IOException)
        {
            // The client went first: there is nobody left to tell.
        }
    }

    public override async ValueTask DisposeAsync()
    {
        _socket.Abort();
        await _receiving.ConfigureAwait(false);
        _socket.Dispose();
        _gone.Dispose();
    }

    private async Task ReceiveAsync()
    {
        var buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
        var message = new ArrayBufferWriter<byte>();
        try
        {
            while (true)
            {
                var part = await _socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None).ConfigureAwait(false);
                if (part.MessageType == WebSocketMessageType.Close)
                    break;
                message.Write(buffer.AsSpan(0, part.Count));
                if (message.WrittenCount > MaxMessageBytes)
                    break;
                if (!part.EndOfMessage)
                    continue;
                await TakeAsync(message.WrittenMemory).ConfigureAwait(false);
                message.ResetWrittenCount();
            }
        }
        catch (Exception e) when (e is WebSocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The client went away without closing.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            await _stdin.Writer.CompleteAsync().ConfigureAwait(false);
            EndResizes();
            await _gone.CancelAsync().ConfigureAwait(false);
        }
    }

    private async ValueTask TakeAsync(ReadOnlyMemory<byte> message)
    {
        if (message.IsEmpty)
            return;
        switch (message.Span[0])
        {
            case Stdin when message.Length > 1 && Streams.Stdin is not null:
                await _stdin.Writer.WriteAsync(message[1..]).ConfigureAwait(false);
                break;
            case Resize:
                TakeResize(message.Span[1..]);
                break;
            case Close when _canCloseStdin && message.Length == 2 && message.Span[1] == Stdin:
                await _stdin.Writer.CompleteAsync().ConfigureAwait(false);
                break;
        }
    }

    private async ValueTask SendAsync(byte channel, ReadOnlyMemory<byte> data, CancellationToken cancellation)
    {
        var message = ArrayPool<byte>.Shared.Rent(data.Length + 1);
        message[0] = channel;
        data.CopyTo(message.AsMemory(1));
        await _sending.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            await _socket.SendAsync(
                message.AsMemory(0, data.Length + 1), WebSocketMessageType.Binary, endOfMessage: true, cancellation)
                    .ConfigureAwait(false);
        }
        catch (WebSocketException e)
        {
            throw new IOException("the client went away", e);
        }
        finally
        {
            _sending.Release();
            ArrayPool<byte>.Shared.Return(message);
        }
    }

    private sealed class ChannelStream(WebSocketCommandSession session, byte channel) : WriteOnlyStream
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            buffer.IsEmpty ? ValueTask.CompletedTask : session.SendAsync(channel, buffer, cancellationToken);
    }
}
