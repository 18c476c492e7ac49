using System.Buffers.Text;
using Cybernetes.Load.Requests;

namespace Cybernetes.Load.Connections;

/// <summary>
/// HTTP/1.1 (RFC 9112) as far as an API server's answers need it: status, content-length or chunks. Nothing is allocated for an answer.
/// </summary>
internal sealed class Http1Exchange(Connection connection, IAnswerSink sink) : Exchange(connection, sink)
{
    private const int HeadLimit = 16 * 1024;

    private readonly byte[] _held = new byte[HeadLimit]; // a head or a chunk's size line that came in pieces
    private int _heldLength;
    private Part _part;
    private long _left;

    private enum Part { Head, Counted, ChunkSize, Chunk, ChunkEnd, Trailer }

    public override void Send(RequestTemplate request) => Connection.Send(request.Bytes, request.Length);

    public override void Feed(ReadOnlySpan<byte> bytes)
    {
        ReceivedBytes += bytes.Length;
        while (!bytes.IsEmpty)
        {
            bytes = _part switch
            {
                Part.Head => Until(bytes, "\r\n\r\n"u8, out var head) ? TakeHead(head, bytes[_taken..]) : [],
                Part.ChunkSize => Until(bytes, "\r\n"u8, out var line) ? TakeChunkSize(line, bytes[_taken..]) : [],
                Part.ChunkEnd => Until(bytes, "\r\n"u8, out _) ? Next(Part.ChunkSize, bytes[_taken..]) : [],
                Part.Trailer => Until(bytes, "\r\n"u8, out var trailer) ? TakeTrailer(trailer, bytes[_taken..]) : [],
                _ => TakeBody(bytes),
            };
        }
    }

    private int _taken;

    private ReadOnlySpan<byte> Next(Part part, ReadOnlySpan<byte> rest)
    {
        _part = part;
        return rest;
    }

    private ReadOnlySpan<byte> TakeBody(ReadOnlySpan<byte> bytes)
    {
        var now = (int)Math.Min(_left, bytes.Length);
        Sink.Body(bytes[..now]);
        _left -= now;
        if (_left > 0)
            return [];
        if (_part == Part.Chunk)
            return Next(Part.ChunkEnd, bytes[now..]);
        _part = Part.Head;
        Sink.End();
        return bytes[now..];
    }

    private ReadOnlySpan<byte> TakeHead(ReadOnlySpan<byte> head, ReadOnlySpan<byte> rest)
    {
        // HTTP/1.1 200 OK
        if (head.Length < 12 || !Utf8Parser.TryParse(head[9..12], out int status, out _))
            throw new IOException("the server's answer is no HTTP/1.1");
        Sink.Head(status);
        _left = 0;
        var chunked = false;
        for (var lines = head; ;)
        {
            var end = lines.IndexOf((byte)'\n');
            if (end < 0)
                break;
            lines = lines[(end + 1)..];
            if (Value(lines, "content-length:"u8, out var text))
                Utf8Parser.TryParse(text, out _left, out _);
            else if (Value(lines, "transfer-encoding:"u8, out text))
                chunked = text.StartsWith("chunked"u8);
        }
        if (chunked)
            return Next(Part.ChunkSize, rest);
        if (_left > 0)
            return Next(Part.Counted, rest);
        Sink.End();
        return rest;
    }

    private ReadOnlySpan<byte> TakeChunkSize(ReadOnlySpan<byte> line, ReadOnlySpan<byte> rest)
    {
        if (!Utf8Parser.TryParse(line, out _left, out _, 'x'))
            throw new IOException("the server's answer has a chunk without a size");
        return Next(_left == 0 ? Part.Trailer : Part.Chunk, rest);
    }

    private ReadOnlySpan<byte> TakeTrailer(ReadOnlySpan<byte> line, ReadOnlySpan<byte> rest)
    {
        if (line.Length > 0)
            return rest;
        _part = Part.Head;
        Sink.End();
        return rest;
    }

    private static bool Value(ReadOnlySpan<byte> line, ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        value = default;
        // The first letters differ for nearly every other header.
        if (line.Length <= name.Length || (line[0] | 0x20) != name[0])
            return false;
        for (var i = 1; i < name.Length; i++)
        {
            if ((line[i] | 0x20) != (name[i] | 0x20))
                return false;
        }
        value = line[name.Length..].TrimStart((byte)' ');
        return true;
    }

    // Finds the end mark and gives what is before it; what came without an end is kept for the next bytes. _taken: how many of the bytes were used.
    private bool Until(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> mark, out ReadOnlySpan<byte> before)
    {
        if (_heldLength == 0)
        {
            var at = bytes.IndexOf(mark);
            if (at >= 0)
            {
                before = bytes[..at];
                _taken = at + mark.Length;
                return true;
            }
        }
        var old = _heldLength;
        if (old + bytes.Length > HeadLimit && bytes.IndexOf(mark) < 0 && old == HeadLimit)
            throw new IOException("the server's answer has too long a head");
        var copied = Math.Min(bytes.Length, HeadLimit - old);
        bytes[..copied].CopyTo(_held.AsSpan(old));
        _heldLength += copied;
        var found = _held.AsSpan(0, _heldLength).IndexOf(mark);
        if (found < 0)
        {
            before = default;
            return false;
        }
        _taken = found + mark.Length - old;
        before = _held.AsSpan(0, found);
        _heldLength = 0;
        return true;
    }
}
