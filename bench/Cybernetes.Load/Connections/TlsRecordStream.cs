using System.Buffers.Binary;
using System.Net.Sockets;

namespace Cybernetes.Load.Connections;

/// <summary>No record is here, and waiting for one is not allowed.</summary>
internal sealed class NothingYetException() : IOException("nothing to read yet");

/// <summary>
/// What SslStream reads from: gives it one whole TLS record at a time, out of what one receive brought. So the loop knows, before it asks
/// SslStream for bytes, that the answer is there and the thread will not be held up; and a large answer costs one call of the system for many
/// records.
/// </summary>
/// <param name="socket">Where records come from.</param>
/// <param name="arrivals">Where they are received; all connections of one thread share it, so that it stays in the processor's cache.</param>
internal sealed class TlsRecordStream(Socket socket, byte[] arrivals) : Stream
{
    private const int HeaderBytes = 5;

    private byte[] _rest = []; // the beginning of a record whose end has not come, between two turns
    private int _restLength;
    private int _start;
    private int _end;
    private int _leftOfRecord;
    private bool _closed;

    // Always the same one: nobody looks at where it was thrown.
    private static readonly NothingYetException s_nothingYet = new();

    /// <summary>Room for several records of at most 16 KiB + 261 bytes.</summary>
    public const int ArrivalBytes = 256 * 1024;

    /// <summary>
    /// Whether a read may hold up the thread: while shaking hands. Later a read finds its record here, unless that record is the protocol's own, such
    /// as a session ticket, which SslStream takes in before it asks for the next one.
    /// </summary>
    public bool MayWait { get; set; } = true;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Whether a whole record is here, or the connection's end.</summary>
    public bool HasRecord
    {
        get
        {
            var held = _end - _start;
            if (held < HeaderBytes)
                return _closed;
            return _closed || held >= HeaderBytes + BinaryPrimitives.ReadUInt16BigEndian(arrivals.AsSpan(_start + 3));
        }
    }

    /// <summary>Takes what the socket holds, as far as there is room; does not wait. End with <see cref="Rest"/>.</summary>
    public void Fill()
    {
        if (_restLength > 0)
        {
            _rest.AsSpan(0, _restLength).CopyTo(arrivals);
            (_start, _end, _restLength) = (0, _restLength, 0);
        }
        else if (_start == _end)
        {
            _start = _end = 0;
        }
        if (_end == arrivals.Length)
            return;
        var received = socket.Receive(arrivals.AsSpan(_end), SocketFlags.None, out var error);
        if (error == SocketError.WouldBlock)
            return;
        if (error != SocketError.Success || received == 0)
            _closed = true;
        else
            _end += received;
    }

    /// <summary>Puts aside what is not a whole record yet: the shared buffer is the next connection's.</summary>
    public void Rest()
    {
        var left = _end - _start;
        if (left > 0)
        {
            if (_rest.Length < left)
                _rest = new byte[left];
            arrivals.AsSpan(_start, left).CopyTo(_rest);
        }
        (_start, _end, _restLength) = (0, 0, left);
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        if (buffer.Length == 0)
            return 0;
        if (_leftOfRecord == 0)
        {
            while (!HasRecord)
            {
                if (!MayWait)
                    throw s_nothingYet;
                socket.Poll(Timeout.InfiniteTimeSpan, SelectMode.SelectRead);
                Fill();
            }
            if (_end - _start < HeaderBytes)
                return 0;
            _leftOfRecord = HeaderBytes + BinaryPrimitives.ReadUInt16BigEndian(arrivals.AsSpan(_start + 3));
        }
        var given = Math.Min(Math.Min(buffer.Length, _leftOfRecord), _end - _start);
        arrivals.AsSpan(_start, given).CopyTo(buffer);
        _start += given;
        _leftOfRecord -= given;
        return given;
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            var sent = socket.Send(buffer, SocketFlags.None, out var error);
            if (error == SocketError.WouldBlock)
                socket.Poll(Timeout.InfiniteTimeSpan, SelectMode.SelectWrite);
            else if (error != SocketError.Success)
                throw new IOException("the connection is closed", new SocketException((int)error));
            else
                buffer = buffer[sent..];
        }
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
