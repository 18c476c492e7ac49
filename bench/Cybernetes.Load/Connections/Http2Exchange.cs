using System.Buffers.Binary;
using System.Buffers.Text;
using Cybernetes.Load.Requests;

namespace Cybernetes.Load.Connections;

/// <summary>
/// HTTP/2 (RFC 9113) as far as one request at a time needs it. The server is told to use no header table and given the largest windows, so that
/// there is nothing to keep but the stream's number and how much of the connection's window is used up.
/// </summary>
internal sealed class Http2Exchange : Exchange
{
    private const int LargestWindow = int.MaxValue;
    private const int FirstWindow = 65535;
    private const int RenewAfter = 1 << 30;

    private readonly byte[] _held = new byte[32 * 1024]; // a frame that came in pieces, unless it is of data
    private readonly byte[] _out = new byte[64];
    private int _heldLength;
    private int _stream = -1;
    private int _dataLeft;
    private byte _dataFlags;
    private int _consumed;

    private enum FrameType : byte { Data, Headers, Priority, ResetStream, Settings, PushPromise, Ping, GoAway, WindowUpdate, Continuation }

    public Http2Exchange(Connection connection, IAnswerSink sink)
        : base(connection, sink)
    {
        var hello = new TemplateBuilder().Append("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8)
            .Append(0, 0, 18, (byte)FrameType.Settings, 0, 0, 0, 0, 0)
            .Append(0, 1, 0, 0, 0, 0)               // HEADER_TABLE_SIZE 0
            .Append(0, 2, 0, 0, 0, 0)               // ENABLE_PUSH 0
            .Append(0, 4, 0x7f, 0xff, 0xff, 0xff);  // INITIAL_WINDOW_SIZE, the largest
        var request = hello.Build();
        connection.Send(request.Bytes, request.Length);
        SendWindow(0, LargestWindow - FirstWindow);
    }

    public override void Send(RequestTemplate request)
    {
        _stream += 2;
        request.SetStream(_stream);
        Connection.Send(request.Bytes, request.Length);
    }

    public override void Feed(ReadOnlySpan<byte> bytes)
    {
        ReceivedBytes += bytes.Length;
        while (!bytes.IsEmpty)
        {
            if (_dataLeft > 0)
                bytes = TakeData(bytes);
            else if (_heldLength > 0 || !TryTakeFrame(bytes, out var used))
                bytes = Hold(bytes);
            else
                bytes = bytes[used..];
        }
    }

    // Used only while nothing is held. A frame of data is begun as soon as its header is here.
    private bool TryTakeFrame(ReadOnlySpan<byte> bytes, out int used)
    {
        used = 0;
        if (bytes.Length < Http2Request.FrameHeaderBytes)
            return false;
        var length = BinaryPrimitives.ReadInt32BigEndian(bytes) >> 8;
        var type = (FrameType)bytes[3];
        if (type == FrameType.Data)
        {
            used = Http2Request.FrameHeaderBytes;
            BeginData(length, bytes[4]);
            return true;
        }
        if (length > _held.Length - Http2Request.FrameHeaderBytes)
            throw new IOException($"the server sent a frame of {length} bytes");
        if (bytes.Length < Http2Request.FrameHeaderBytes + length)
            return false;
        used = Http2Request.FrameHeaderBytes + length;
        Take(type, bytes[4], bytes[Http2Request.FrameHeaderBytes..used]);
        return true;
    }

    private ReadOnlySpan<byte> Hold(ReadOnlySpan<byte> bytes)
    {
        var old = _heldLength;
        var copied = Math.Min(bytes.Length, _held.Length - old);
        bytes[..copied].CopyTo(_held.AsSpan(old));
        _heldLength = 0;
        if (TryTakeFrame(_held.AsSpan(0, old + copied), out var used))
            return bytes[(used - old)..];
        _heldLength = old + copied;
        return bytes[copied..];
    }

    private void BeginData(int length, byte flags)
    {
        if ((flags & 8) != 0)
            throw new IOException("the server pads its data, which this tool does not read");
        _dataLeft = length;
        _dataFlags = flags;
        _consumed += length;
        if (_consumed >= RenewAfter)
        {
            SendWindow(0, _consumed);
            SendWindow(_stream, _consumed);
            _consumed = 0;
        }
        if (length == 0 && (flags & 1) != 0)
            Sink.End();
    }

    private ReadOnlySpan<byte> TakeData(ReadOnlySpan<byte> bytes)
    {
        var now = Math.Min(bytes.Length, _dataLeft);
        Sink.Body(bytes[..now]);
        _dataLeft -= now;
        if (_dataLeft == 0 && (_dataFlags & 1) != 0)
            Sink.End();
        return bytes[now..];
    }

    private void Take(FrameType type, byte flags, ReadOnlySpan<byte> payload)
    {
        switch (type)
        {
            case FrameType.Headers:
                TakeHeaders(flags, payload);
                break;
            case FrameType.Settings when (flags & 1) == 0:
                SendFrame(FrameType.Settings, 1, 0, []);
                break;
            case FrameType.Ping when (flags & 1) == 0:
                SendFrame(FrameType.Ping, 1, 0, payload);
                break;
            case FrameType.ResetStream:
                throw new IOException($"the server reset a stream: error {BinaryPrimitives.ReadInt32BigEndian(payload)}");
            case FrameType.GoAway:
                throw new IOException($"the server ends the connection: error {BinaryPrimitives.ReadInt32BigEndian(payload[4..])}");
            default:
                break;
        }
    }

    private void TakeHeaders(byte flags, ReadOnlySpan<byte> payload)
    {
        if ((flags & 4) == 0)
            throw new IOException("the server sends a head in several frames, which this tool does not read");
        if ((flags & 0x20) != 0)
            payload = payload[5..]; // priority
        // A size update of the table may come first; then :status, as it comes before all else.
        while (payload.Length > 0 && (payload[0] & 0xe0) == 0x20)
            payload = payload[1..];
        // A trailer carries no status: it only ends the stream.
        if (payload.Length > 0 && StatusOf(payload) is var status and > 0)
            Sink.Head(status);
        if ((flags & 1) != 0)
            Sink.End();
    }

    private static int StatusOf(ReadOnlySpan<byte> block)
    {
        ReadOnlySpan<int> known = [200, 204, 206, 304, 400, 404, 500]; // the static table's entries 8 to 14
        if (block[0] is >= 0x88 and <= 0x8e)
            return known[block[0] - 0x88];
        // A literal whose name is one of those entries, in any of the three forms; three digits, plain or in Huffman's code.
        var name = (block[0] & 0xc0) == 0x40 ? block[0] & 0x3f : block[0] & 0x0f;
        if (name is < 8 or > 14 || block.Length < 2)
            return 0;
        var text = block.Slice(2, block[1] & 0x7f);
        if ((block[1] & 0x80) != 0)
            return HuffmanDigits(text);
        return Utf8Parser.TryParse(text, out int status, out _) ? status : 0;
    }

    // Digits in HPACK's code: 0, 1 and 2 take five bits (0, 1, 2), 3 to 9 take six (25 to 31).
    private static int HuffmanDigits(ReadOnlySpan<byte> text)
    {
        long bits = 0;
        foreach (var b in text)
            bits = (bits << 8) | b;
        var left = text.Length * 8;
        var value = 0;
        for (var digit = 0; digit < 3; digit++)
        {
            var five = (int)(bits >> (left - 5)) & 0x1f;
            if (five <= 2)
            {
                value = (value * 10) + five;
                left -= 5;
                continue;
            }
            value = (value * 10) + ((int)(bits >> (left - 6)) & 0x3f) - 25 + 3;
            left -= 6;
        }
        return value;
    }

    private void SendWindow(int stream, int size)
    {
        Span<byte> payload = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(payload, size);
        SendFrame(FrameType.WindowUpdate, 0, stream, payload);
    }

    private void SendFrame(FrameType type, byte flags, int stream, ReadOnlySpan<byte> payload)
    {
        BinaryPrimitives.WriteInt32BigEndian(_out, payload.Length << 8);
        _out[3] = (byte)type;
        _out[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(_out.AsSpan(5), stream);
        payload.CopyTo(_out.AsSpan(Http2Request.FrameHeaderBytes));
        Connection.Send(_out, Http2Request.FrameHeaderBytes + payload.Length);
    }
}
