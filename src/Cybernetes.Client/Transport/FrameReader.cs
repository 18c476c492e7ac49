using System.Buffers;

namespace Cybernetes.Client.Transport;

/// <summary>
/// Cuts a watch's stream into its frames: one JSON document a line. A frame is handed out in place, in one piece, whatever the
/// pieces it came
/// in; an idle watch holds one small buffer.
/// </summary>
internal sealed class FrameReader(Stream stream) : IDisposable
{
    private const int SmallBuffer = 4096;

    /// <summary>
    /// No frame may be longer, in bytes: an object is at most 3 MiB on the wire, with managed fields and escapes still far below.
    /// </summary>
    public const int LongestFrame = 32 << 20;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(SmallBuffer);
    private int _start;
    private int _end;
    private int _scanned;

    /// <summary>
    /// The next frame, without its line end; null at the end of the stream and when cancelled, which is how most watches end. It is valid until the
    /// next call.
    /// </summary>
    /// <exception cref="IOException">The stream broke, or ended within a frame.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> NextAsync(CancellationToken cancellation)
    {
        while (true)
        {
            if (TakeLine() is { } line)
            {
                if (line.Length > 0)
                    return line;
                continue;
            }

            MakeRoom();
            ValueTask<int> reading = stream.ReadAsync(_buffer.AsMemory(_end), cancellation);
            if (!reading.IsCompletedSuccessfully)
            {
                Task<int> waiting = reading.AsTask();
                await ((Task)waiting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (!waiting.IsCompletedSuccessfully && cancellation.IsCancellationRequested)
                    return null;
                reading = new(waiting);
            }
            int read = await reading.ConfigureAwait(false);
            if (read > 0)
                _end += read;
            else if (_start == _end)
                return null;
            else
                throw new IOException("the watch ended in the middle of an event");
        }
    }

    public void Dispose()
    {
        byte[] buffer = _buffer;
        _buffer = [];
        _start = _end = _scanned = 0;
        if (buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(buffer);
    }

    private ReadOnlyMemory<byte>? TakeLine()
    {
        int found = _buffer.AsSpan(_scanned, _end - _scanned).IndexOf((byte)'\n');
        if (found < 0)
        {
            _scanned = _end;
            return null;
        }
        int lineEnd = _scanned + found;
        ReadOnlyMemory<byte> line = _buffer.AsMemory(_start, lineEnd - _start);
        _start = _scanned = lineEnd + 1;
        return line.Length > 0 && line.Span[^1] == '\r' ? line[..^1] : line;
    }

    private void MakeRoom()
    {
        int pending = _end - _start;
        if (pending == _buffer.Length)
        {
            if (pending >= LongestFrame)
                throw new IOException($"a watch event is longer than {LongestFrame} bytes");
            Move(ArrayPool<byte>.Shared.Rent(_buffer.Length * 2), pending);
        }
        else if (pending == 0 && _buffer.Length > SmallBuffer * 16)
            Move(ArrayPool<byte>.Shared.Rent(SmallBuffer), pending);
        else if (_start > 0 && _end == _buffer.Length || pending == 0)
            Move(_buffer, pending);
    }

    private void Move(byte[] target, int pending)
    {
        Buffer.BlockCopy(_buffer, _start, target, 0, pending);
        if (!ReferenceEquals(target, _buffer))
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = target;
        _scanned -= _start;
        _start = 0;
        _end = pending;
    }
}
