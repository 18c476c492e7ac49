using System.Globalization;
using System.Text;

namespace Cybernetes.ApiServer.Streams;

/// <summary>Reads an HTTP/1.1 body off a connection: chunked (RFC 9112 section 7.1), of a known length, or up to the connection's end.</summary>
internal sealed class ChunkedBody
{
    private readonly Stream _connection;
    private readonly bool _chunked;
    private readonly byte[] _buffer = new byte[16 * 1024];
    private int _start;
    private int _end;
    private long _left;
    private bool _ended;

    /// <summary>A chunked body; <paramref name="early"/> was read with the head.</summary>
    public ChunkedBody(Stream connection, byte[] early) : this(connection, early, 0) => _chunked = true;

    /// <summary>A body of a length; <see cref="long.MaxValue"/> reads to the end.</summary>
    public ChunkedBody(Stream connection, byte[] early, long length)
    {
        _connection = connection;
        _left = length;
        if (early.Length > _buffer.Length)
            _buffer = new byte[early.Length];
        early.CopyTo(_buffer, 0);
        _end = early.Length;
    }

    /// <summary>Reads some bytes; 0 at the end.</summary>
    public async ValueTask<int> ReadAsync(Memory<byte> into, CancellationToken cancellation)
    {
        if (_ended)
            return 0;
        if (_left == 0 && (!_chunked || !await NextChunkAsync(cancellation)))
        {
            _ended = true;
            return 0;
        }
        if (_start == _end && !await FillAsync(cancellation))
        {
            _ended = true;
            return _left is long.MaxValue ? 0 : throw new IOException("the kubelet broke off");
        }
        var count = (int)Math.Min(Math.Min(_end - _start, into.Length), _left);
        _buffer.AsMemory(_start, count).CopyTo(into);
        _start += count;
        if (_left != long.MaxValue)
            _left -= count;
        return count;
    }

    private async ValueTask<bool> NextChunkAsync(CancellationToken cancellation)
    {
        var line = await ReadLineAsync(cancellation);
        if (line.Length == 0)
            line = await ReadLineAsync(cancellation); // the line end behind the chunk before
        var semicolon = line.IndexOf(';');
        var size = semicolon < 0 ? line : line[..semicolon];
        if (!long.TryParse(size.Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out _left) || _left < 0)
            throw new IOException("the kubelet sent a broken chunk");
        return _left > 0;
    }

    private async ValueTask<string> ReadLineAsync(CancellationToken cancellation)
    {
        var line = new StringBuilder();
        while (line.Length < 1024)
        {
            if (_start == _end && !await FillAsync(cancellation))
                throw new IOException("the kubelet broke off");
            var next = (char)_buffer[_start++];
            if (next == '\n')
                return line.ToString();
            if (next != '\r')
                line.Append(next);
        }
        throw new IOException("the kubelet sent a chunk head without end");
    }

    private async ValueTask<bool> FillAsync(CancellationToken cancellation)
    {
        _start = 0;
        _end = await _connection.ReadAsync(_buffer, cancellation);
        return _end > 0;
    }
}
