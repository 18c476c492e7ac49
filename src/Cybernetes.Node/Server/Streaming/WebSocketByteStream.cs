using System.Net.WebSockets;

namespace Cybernetes.Node.Server.Streaming;

/// <summary>
/// A byte stream in a WebSocket's binary messages, whose borders mean nothing: how <c>SPDY/3.1+portforward.k8s.io</c> carries
/// SPDY (KEP-4006).
/// </summary>
internal sealed class WebSocketByteStream(WebSocket socket) : AsynchronousStream
{
    private readonly SemaphoreSlim _sending = new(1, 1);

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            try
            {
                var part = await socket.ReceiveAsync(buffer, cancellationToken).ConfigureAwait(false);
                if (part.MessageType == WebSocketMessageType.Close)
                    return 0;
                if (part.Count > 0)
                    return part.Count;
            }
            catch (WebSocketException e)
            {
                throw new IOException("the client went away", e);
            }
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await _sending.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await socket.SendAsync(buffer, WebSocketMessageType.Binary, endOfMessage: true, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (WebSocketException e)
        {
            throw new IOException("the client went away", e);
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>Sends the closing handshake's half; errors mean that the client is gone already.</summary>
    public async Task CloseAsync(CancellationToken cancellation)
    {
        try
        {
            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is WebSocketException or IOException or OperationCanceledException)
        {
            socket.Abort();
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            socket.Dispose();
        base.Dispose(disposing);
    }
}
