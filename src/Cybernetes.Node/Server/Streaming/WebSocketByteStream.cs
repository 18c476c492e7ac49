using System.Net.WebSockets;

namespace Cybernetes.Node.Server.Streaming;

/// <summary>
/// A byte stream in a WebSocket's binary messages, whose borders mean nothing: how <c>SPDY/3.1+portforward.k8s.io</c> carries
/// SPDY (KEP-4006).
/// </summary>
internal sealed class WebSocketByteStream(WebSocket socket) : Stream
{
    private readonly SemaphoreSlim _sending = new(1, 1);

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

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

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("reads are asynchronous");

    public override void Write(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("writes are asynchronous");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            socket.Dispose();
        base.Dispose(disposing);
    }
}
