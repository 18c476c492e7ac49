using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Concurrent;

namespace Cybernetes.Node.Server.Streaming;

internal enum SpdyFrameType
{
    SynStream = 1,
    SynReply = 2,
    RstStream = 3,
    Settings = 4,
    Ping = 6,
    GoAway = 7,
    Headers = 8,
    WindowUpdate = 9,
}

/// <summary>
/// One end of a SPDY/3.1 connection (draft 3.1) over an upgraded HTTP connection, as exec, attach and port-forward use it: either
/// side may open streams. The same class is client (towards the container runtime) and server (towards kubectl).
/// </summary>
/// <remarks>
/// Flow control: this end always gives windows back. It keeps to the peer's windows only once the peer has shown that it has some
/// (WINDOW_UPDATE or SETTINGS): Go's spdystream, which most peers use, never sends them, and would let the sender wait for ever.
/// </remarks>
internal sealed class SpdyConnection : IAsyncDisposable
{
    public const int InitialWindowBytes = 64 * 1024;

    private const int FrameHeaderBytes = 8;
    private const int MaxFrameBytes = 0xFFFFFF;
    private const int MaxDataBytes = 32 * 1024;
    private const int MaxStreams = 1024;
    private const byte FinFlag = 1;
    private const uint SettingInitialWindow = 7;

    private readonly Stream _transport;
    private readonly Func<SpdyStream, Task>? _onStream;
    private readonly SpdyHeaderCodec _codec = new();
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly ConcurrentDictionary<int, SpdyStream> _streams = new();
    private readonly CancellationTokenSource _ending = new();
    private Task _reading = Task.CompletedTask;
    private int _nextStreamId;
    private int _lastPeerStreamId;
    private volatile bool _peerHasWindows;
    private volatile bool _ended;

    /// <param name="transport">Owned: closed with the connection.</param>
    /// <param name="onStream">Called for each stream that the peer opens, from the reading loop: must not wait for the stream's
    /// data.</param>
    public SpdyConnection(Stream transport, bool isServer, Func<SpdyStream, Task>? onStream = null)
    {
        _transport = transport;
        _onStream = onStream;
        _nextStreamId = isServer ? 2 : 1;
    }

    internal bool PeerHasWindows => _peerHasWindows;

    /// <summary>Reads frames until the peer closes, the token is cancelled or the peer breaks the protocol; then all streams
    /// end.</summary>
    public Task RunAsync(CancellationToken cancellation) => _reading = ReadAsync(cancellation);

    private async Task ReadAsync(CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _ending.Token);
        Exception? fault = null;
        try
        {
            var header = new byte[FrameHeaderBytes];
            while (await ReadFullyAsync(header, either.Token).ConfigureAwait(false))
            {
                var length = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4)) & MaxFrameBytes;
                if ((header[0] & 0x80) == 0)
                    await TakeDataAsync(header, length, either.Token).ConfigureAwait(false);
                else
                    await TakeControlAsync(header, length, either.Token).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is IOException or InvalidDataException or ObjectDisposedException)
        {
            fault = e;
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            // The end that was asked for.
        }
        finally
        {
            _ended = true;
            foreach (var stream in _streams.Values)
                stream.EndBoth(fault);
            _streams.Clear();
        }
    }

    /// <summary>Opens a stream and waits for the peer's reply. <see cref="RunAsync"/> has to be running.</summary>
    /// <exception cref="IOException">The peer refused, or the connection ended.</exception>
    public async Task<SpdyStream> OpenStreamAsync(
        IReadOnlyCollection<KeyValuePair<string, string>> headers, CancellationToken cancellation)
    {
        SpdyStream stream;
        await _writing.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            var named = new Dictionary<string, string>(headers, StringComparer.OrdinalIgnoreCase);
            stream = new SpdyStream(this, _nextStreamId, named);
            _nextStreamId += 2;
            _streams[stream.Id] = stream;
            if (_ended)
                throw new IOException("the SPDY connection has ended");

            var block = _codec.Encode(headers);
            var payload = new byte[10 + block.Length];
            BinaryPrimitives.WriteInt32BigEndian(payload, stream.Id);
            block.CopyTo(payload, 10);
            await WriteFrameLockedAsync(SpdyFrameType.SynStream, 0, payload, cancellation).ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
        }

        await stream.Replied.WaitAsync(cancellation).ConfigureAwait(false);
        return stream;
    }

    /// <summary>Says that no more streams will be taken. Those open go on.</summary>
    public Task GoAwayAsync(CancellationToken cancellation)
    {
        var payload = new byte[8];
        BinaryPrimitives.WriteInt32BigEndian(payload, _lastPeerStreamId);
        return WriteFrameAsync(SpdyFrameType.GoAway, payload, cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        // First the reading ends, then its source: a stream must not be closed under a read.
        await _ending.CancelAsync().ConfigureAwait(false);
        await _reading.ConfigureAwait(false);
        await _transport.DisposeAsync().ConfigureAwait(false);
    }

    internal async Task WriteDataAsync(SpdyStream stream, ReadOnlyMemory<byte> data, bool isLast, CancellationToken cancellation)
    {
        do
        {
            var size = Math.Min(data.Length, MaxDataBytes);
            if (_peerHasWindows && size > 0)
                size = await stream.TakeWindowAsync(size, cancellation).ConfigureAwait(false);
            else
                stream.CountSent(size);
            var fin = isLast && size == data.Length ? FinFlag : (byte)0;
            await WriteDataFrameAsync(stream.Id, fin, data[..size], cancellation).ConfigureAwait(false);
            data = data[size..];
        }
        while (!data.IsEmpty);
    }

    internal Task WriteWindowUpdateAsync(int streamId, int delta, CancellationToken cancellation)
    {
        var payload = new byte[8];
        BinaryPrimitives.WriteInt32BigEndian(payload, streamId);
        BinaryPrimitives.WriteInt32BigEndian(payload.AsSpan(4), delta);
        return WriteFrameAsync(SpdyFrameType.WindowUpdate, payload, cancellation);
    }

    /// <param name="status">RST_STREAM's: 1 protocol error, 2 invalid stream, 3 refused, 5 cancel.</param>
    internal Task WriteResetAsync(int streamId, int status, CancellationToken cancellation)
    {
        var payload = new byte[8];
        BinaryPrimitives.WriteInt32BigEndian(payload, streamId);
        BinaryPrimitives.WriteInt32BigEndian(payload.AsSpan(4), status);
        return WriteFrameAsync(SpdyFrameType.RstStream, payload, cancellation);
    }

    internal void Forget(SpdyStream stream) => _streams.TryRemove(stream.Id, out _);

    private async Task TakeControlAsync(byte[] header, int length, CancellationToken cancellation)
    {
        var type = (SpdyFrameType)BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(2));
        var flags = header[4];
        var payload = new byte[length];
        if (!await ReadFullyAsync(payload, cancellation).ConfigureAwait(false) && length > 0)
            throw new InvalidDataException("SPDY frame is cut short");
        switch (type)
        {
            case SpdyFrameType.SynStream when length >= 10:
                await TakeSynStreamAsync(payload, flags, cancellation).ConfigureAwait(false);
                break;
            case SpdyFrameType.SynReply when length >= 4:
                _codec.Decode(payload[4..]);
                if (Find(payload) is { } replied)
                {
                    replied.TakeReply();
                    await FinishIfAsync(replied, flags).ConfigureAwait(false);
                }

                break;
            case SpdyFrameType.Headers when length >= 4:
                // Their block has to be inflated even when unwanted: the next one builds on it.
                _codec.Decode(payload[4..]);
                if (Find(payload) is { } continued)
                    await FinishIfAsync(continued, flags).ConfigureAwait(false);
                break;
            case SpdyFrameType.RstStream when length >= 8:
                if (Find(payload) is { } reset)
                    reset.TakeReset(BinaryPrimitives.ReadInt32BigEndian(payload.AsSpan(4)));
                break;
            case SpdyFrameType.Ping when length >= 4:
                await AnswerPingAsync(payload, cancellation).ConfigureAwait(false);
                break;
            case SpdyFrameType.WindowUpdate when length >= 8:
                _peerHasWindows = true;
                Find(payload)?.AddWindow(BinaryPrimitives.ReadInt32BigEndian(payload.AsSpan(4)) & 0x7FFFFFFF);
                break;
            case SpdyFrameType.Settings when length >= 4:
                TakeSettings(payload);
                break;
            case SpdyFrameType.GoAway:
            default:
                // After GOAWAY the open streams go on; frames of unknown types are to be ignored.
                break;
        }
    }

    private async Task TakeSynStreamAsync(byte[] payload, byte flags, CancellationToken cancellation)
    {
        var id = BinaryPrimitives.ReadInt32BigEndian(payload) & 0x7FFFFFFF;
        var headers = _codec.Decode(payload[10..]);
        if (_onStream is null || _streams.Count >= MaxStreams)
        {
            await WriteResetAsync(id, status: 3, cancellation).ConfigureAwait(false);
            return;
        }

        if (id <= _lastPeerStreamId || (id & 1) == (_nextStreamId & 1))
            throw new InvalidDataException($"SPDY stream id {id} is out of turn");
        _lastPeerStreamId = id;
        var stream = new SpdyStream(this, id, headers);
        stream.TakeReply();
        _streams[id] = stream;

        // Replied to before anything else is sent on it: Go's spdystream drops data that comes earlier.
        await WriteSynReplyAsync(id, cancellation).ConfigureAwait(false);
        await FinishIfAsync(stream, flags).ConfigureAwait(false);
        await _onStream(stream).ConfigureAwait(false);
    }

    private async Task WriteSynReplyAsync(int id, CancellationToken cancellation)
    {
        await _writing.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            var block = _codec.Encode([]);
            var payload = new byte[4 + block.Length];
            BinaryPrimitives.WriteInt32BigEndian(payload, id);
            block.CopyTo(payload, 4);
            await WriteFrameLockedAsync(SpdyFrameType.SynReply, 0, payload, cancellation).ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
        }
    }

    private async Task TakeDataAsync(byte[] header, int length, CancellationToken cancellation)
    {
        var stream = Find(header);
        var left = length;
        var chunk = ArrayPool<byte>.Shared.Rent(MaxDataBytes);
        try
        {
            while (left > 0)
            {
                var part = chunk.AsMemory(0, Math.Min(left, MaxDataBytes));
                if (!await ReadFullyAsync(part, cancellation).ConfigureAwait(false))
                    throw new InvalidDataException("SPDY frame is cut short");
                left -= part.Length;
                if (stream is not null)
                    await stream.TakeDataAsync(part, cancellation).ConfigureAwait(false);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }

        if (stream is not null)
            await FinishIfAsync(stream, header[4]).ConfigureAwait(false);
    }

    private static ValueTask FinishIfAsync(SpdyStream stream, byte flags) =>
        (flags & FinFlag) != 0 ? stream.TakeFinAsync() : ValueTask.CompletedTask;

    private Task AnswerPingAsync(byte[] payload, CancellationToken cancellation)
    {
        // Odd ids are the client's; only the other side's are answered.
        var isOurs = ((payload[3] ^ _nextStreamId) & 1) == 0;
        return isOurs ? Task.CompletedTask : WriteFrameAsync(SpdyFrameType.Ping, payload[..4], cancellation);
    }

    private void TakeSettings(byte[] payload)
    {
        var count = BinaryPrimitives.ReadInt32BigEndian(payload);
        for (var i = 0; i < count && payload.Length >= 4 + ((i + 1) * 8); i++)
        {
            var id = BinaryPrimitives.ReadUInt32BigEndian(payload.AsSpan(4 + (i * 8))) & 0xFFFFFF;
            _peerHasWindows |= id == SettingInitialWindow;
        }
    }

    private SpdyStream? Find(byte[] idBytes) =>
        _streams.GetValueOrDefault(BinaryPrimitives.ReadInt32BigEndian(idBytes) & 0x7FFFFFFF);

    private async Task WriteFrameAsync(SpdyFrameType type, byte[] payload, CancellationToken cancellation)
    {
        await _writing.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            await WriteFrameLockedAsync(type, 0, payload, cancellation).ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
        }
    }

    private async Task WriteFrameLockedAsync(SpdyFrameType type, byte flags, byte[] payload, CancellationToken cancellation)
    {
        var frame = new byte[FrameHeaderBytes + payload.Length];
        frame[0] = 0x80;
        frame[1] = 3;
        frame[3] = (byte)type;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(4), payload.Length);
        frame[4] = flags;
        payload.CopyTo(frame, FrameHeaderBytes);
        await _transport.WriteAsync(frame, cancellation).ConfigureAwait(false);
        await _transport.FlushAsync(cancellation).ConfigureAwait(false);
    }

    private async Task WriteDataFrameAsync(int streamId, byte flags, ReadOnlyMemory<byte> data, CancellationToken cancellation)
    {
        var frame = ArrayPool<byte>.Shared.Rent(FrameHeaderBytes + data.Length);
        await _writing.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            BinaryPrimitives.WriteInt32BigEndian(frame, streamId);
            BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(4), data.Length);
            frame[4] = flags;
            data.CopyTo(frame.AsMemory(FrameHeaderBytes));
            await _transport.WriteAsync(frame.AsMemory(0, FrameHeaderBytes + data.Length), cancellation).ConfigureAwait(false);
            await _transport.FlushAsync(cancellation).ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
            ArrayPool<byte>.Shared.Return(frame);
        }
    }

    /// <summary>False at the end of the transport before the first byte.</summary>
    private async ValueTask<bool> ReadFullyAsync(Memory<byte> buffer, CancellationToken cancellation)
    {
        var got = await _transport.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellation)
            .ConfigureAwait(false);
        if (got == buffer.Length)
            return true;
        return got == 0 ? false : throw new InvalidDataException("SPDY frame is cut short");
    }
}
