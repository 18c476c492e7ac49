using System.Buffers;
using System.Buffers.Binary;
using System.Net.WebSockets;
using Cybernetes.ApiServer.Pipeline;
using Cybernetes.Wire;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;

namespace Cybernetes.ApiServer.Registry;

/// <summary>How watch events get to a client. Used by one task.</summary>
internal interface IWatchConnection : IAsyncDisposable
{
    /// <summary>Cancelled when the client is gone.</summary>
    CancellationToken Gone { get; }

    /// <summary>Begins the answer.</summary>
    ValueTask StartAsync();

    /// <summary>Says how many bytes of events are about to be added, roughly.</summary>
    void Expect(long bytes);

    /// <summary>Whether events go out as one stream of bytes, so that several of them can be added at once: <see cref="WriteFrames"/>.</summary>
    bool IsStream { get; }

    /// <summary>Adds events as <see cref="WatchFraming"/> puts them together.</summary>
    void WriteFrames(ReadOnlySpan<byte> frames);

    /// <summary>Adds one event.</summary>
    /// <param name="type">ADDED, MODIFIED, DELETED, BOOKMARK or ERROR.</param>
    /// <param name="body">The object: JSON, or an envelope when the connection speaks protobuf.</param>
    void Write(string type, ReadOnlySpan<byte> body);

    /// <summary>Sends what has been added.</summary>
    ValueTask FlushAsync();

    /// <summary>The same, when it is much.</summary>
    ValueTask FlushIfLargeAsync();
}

/// <summary>A body without end: JSON documents on lines of their own, or protobuf with lengths before it.</summary>
internal sealed class BodyWatchConnection(ApiRequest request) : IWatchConnection
{
    private readonly bool _protobuf = request.Media.Format == MediaFormat.Protobuf;
    private readonly BulkWriter _body = new(request.Http.Response.BodyWriter);

    public CancellationToken Gone => request.Aborted;

    public ValueTask StartAsync()
    {
        request.Http.Response.StatusCode = StatusCodes.Status200OK;
        request.Http.Response.ContentType = _protobuf ? ProtobufEnvelope.ContentType + ";stream=watch" : "application/json";
        return ValueTask.CompletedTask;
    }

    public void Expect(long bytes) => _body.Expect(bytes);

    public bool IsStream => true;

    public void Write(string type, ReadOnlySpan<byte> body) => WatchFraming.Write(_body, _protobuf, type, body);

    public void WriteFrames(ReadOnlySpan<byte> frames) => _body.Write(frames);

    public async ValueTask FlushAsync() => await _body.FlushAsync(request.Aborted);

    public ValueTask FlushIfLargeAsync() => _body.IsLarge ? FlushAsync() : ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>
/// A WebSocket: each event is a message, of text for JSON, binary for protobuf (without a length before it). What the client says is not listened to.
/// </summary>
internal sealed class SocketWatchConnection : IWatchConnection
{
    private const int LargeBytes = 64 * 1024;
    private readonly ApiRequest _request;
    private readonly bool _protobuf;
    private readonly ArrayBufferWriter<byte> _pending = new(4096);
    private readonly List<int> _ends = [];
    private readonly CancellationTokenSource _gone;
    private WebSocket? _socket;
    private Task _listening = Task.CompletedTask;

    public SocketWatchConnection(ApiRequest request)
    {
        _request = request;
        _protobuf = request.Media.Format == MediaFormat.Protobuf;
        _gone = CancellationTokenSource.CreateLinkedTokenSource(request.Aborted);
    }

    public CancellationToken Gone => _gone.Token;

    public async ValueTask StartAsync()
    {
        _socket = await WebSocketUpgrade.AcceptAsync(_request);
        _listening = ListenAsync(_socket);
    }

    public void Expect(long bytes)
    {
        // Messages gather in a buffer of the connection's own, which keeps its size.
    }

    public bool IsStream => false;

    public void WriteFrames(ReadOnlySpan<byte> frames) => throw new NotSupportedException("each event is a message");

    public void Write(string type, ReadOnlySpan<byte> body)
    {
        if (_protobuf)
        {
            _pending.Write(ProtobufEnvelope.WatchEventHead(type, body.Length));
            _pending.Write(body);
        }
        else
        {
            WatchFraming.Write(_pending, protobuf: false, type, body);
        }
        _ends.Add(_pending.WrittenCount);
    }

    public async ValueTask FlushAsync()
    {
        // Not Gone: a cancelled send resets the connection, and a client that has just said Close still waits for our own Close.
        var start = 0;
        foreach (var end in _ends)
        {
            await _socket!.SendAsync(_pending.WrittenMemory[start..end], _protobuf ? WebSocketMessageType.Binary : WebSocketMessageType.Text,
                WebSocketMessageFlags.EndOfMessage, _request.Aborted);
            start = end;
        }
        _ends.Clear();
        _pending.ResetWrittenCount();
    }

    public ValueTask FlushIfLargeAsync() => _pending.WrittenCount < LargeBytes ? ValueTask.CompletedTask : FlushAsync();

    public async ValueTask DisposeAsync()
    {
        if (_socket is not null)
        {
            try
            {
                if (_socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
                    await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", _request.Aborted);
            }
            catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
            {
                _request.Http.Abort(); // the client went without a word: nothing is left to be said to it
            }
            await _gone.CancelAsync();
            await _listening;
            _socket.Dispose();
        }
        _gone.Dispose();
    }

    private async Task ListenAsync(WebSocket socket)
    {
        var ignored = new byte[1024];
        try
        {
            while ((await socket.ReceiveAsync(ignored.AsMemory(), Gone)).MessageType != WebSocketMessageType.Close)
            {
                // A watcher has nothing to say.
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or ConnectionAbortedException)
        {
            // Gone without a close frame, or we are leaving ourselves; either way this ends.
        }
        await _gone.CancelAsync();
    }
}
