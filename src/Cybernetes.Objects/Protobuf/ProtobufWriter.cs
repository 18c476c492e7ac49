using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Cybernetes.Objects;

/// <summary>
/// Writes protobuf fields into a growing buffer. Nested messages are written in place and their length put before them when they
/// end.
/// Not thread-safe; <see cref="Written"/> is valid until the next write.
/// </summary>
public sealed class ProtobufWriter(int capacity = 1024)
{
    private const int Utf8BytesPerChar = 3;
    private const int ShortString = 127 / Utf8BytesPerChar;

    private byte[] _buffer = new byte[capacity];
    private int _length;

    /// <summary>What has been written so far.</summary>
    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _length);

    /// <summary>Begins a nested message; give what it answers to <see cref="EndMessage"/>.</summary>
    public int StartMessage(int field)
    {
        Tag(field, ProtobufWireType.Bytes);
        Reserve(1);
        return ++_length; // room for the length of most messages
    }

    /// <summary>Ends the innermost open message.</summary>
    /// <param name="start">What <see cref="StartMessage"/> answered.</param>
    /// <param name="following">Bytes of the message that are sent after what is written here.</param>
    public void EndMessage(int start, int following = 0)
    {
        int size = _length - start;
        ulong whole = (ulong)size + (ulong)following;
        int prefix = VarintSize(whole);
        if (prefix > 1)
        {
            Reserve(prefix - 1);
            _buffer.AsSpan(start, size).CopyTo(_buffer.AsSpan(start + prefix - 1));
        }
        _length = start - 1;
        Varint(whole);
        _length += size;
    }

    /// <summary>A string field, present even when empty.</summary>
    public void String(int field, string value)
    {
        Tag(field, ProtobufWireType.Bytes);
        if (value.Length <= ShortString)
        {
            // Its length surely takes one byte, so it need not be known beforehand.
            Reserve(1 + value.Length * Utf8BytesPerChar);
            int written = Encoding.UTF8.GetBytes(value, _buffer.AsSpan(_length + 1));
            _buffer[_length] = (byte)written;
            _length += 1 + written;
            return;
        }
        int size = Encoding.UTF8.GetByteCount(value);
        Varint((ulong)size);
        Reserve(size);
        _length += Encoding.UTF8.GetBytes(value, _buffer.AsSpan(_length));
    }

    public void Bytes(int field, ReadOnlySpan<byte> value)
    {
        Tag(field, ProtobufWireType.Bytes);
        Varint((ulong)value.Length);
        Raw(value);
    }

    /// <summary>Tag and length of a string, bytes or message field whose content is sent after what is written here.</summary>
    public void BytesHead(int field, long length)
    {
        Tag(field, ProtobufWireType.Bytes);
        Varint((ulong)length);
    }

    /// <summary>An int32, int64 or enum field; negative numbers take ten bytes.</summary>
    public void Int64(int field, long value)
    {
        Tag(field, ProtobufWireType.Varint);
        Varint((ulong)value);
    }

    public void Boolean(int field, bool value) => Int64(field, value ? 1 : 0);

    public void Double(int field, double value)
    {
        Tag(field, ProtobufWireType.Fixed64);
        Reserve(8);
        BinaryPrimitives.WriteDoubleLittleEndian(_buffer.AsSpan(_length), value);
        _length += 8;
    }

    /// <summary>Bytes as they are, without a field: a message made elsewhere.</summary>
    public void Raw(ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length);
        bytes.CopyTo(_buffer.AsSpan(_length));
        _length += bytes.Length;
    }

    /// <summary>Bytes written so far.</summary>
    public int Length => _length;

    /// <summary>Puts the pieces that end the buffer into the order of their numbers.</summary>
    /// <param name="pieces">In the order written; the last goes to the end. Sorted afterwards.</param>
    public void Sort(Span<Piece> pieces)
    {
        int first = pieces[0].Start;
        for (int i = 0; i < pieces.Length; i++) pieces[i].End = i + 1 < pieces.Length ? pieces[i + 1].Start : _length;
        byte[] before = ArrayPool<byte>.Shared.Rent(_length - first);
        _buffer.AsSpan(first, _length - first).CopyTo(before);
        for (int i = 1; i < pieces.Length; i++)
        {
            Piece moved = pieces[i];
            int at = i;
            for (; at > 0 && pieces[at - 1].Number > moved.Number; at--) pieces[at] = pieces[at - 1];
            pieces[at] = moved;
        }
        int to = first;
        foreach (Piece piece in pieces)
        {
            before.AsSpan(piece.Start - first, piece.End - piece.Start).CopyTo(_buffer.AsSpan(to));
            to += piece.End - piece.Start;
        }
        ArrayPool<byte>.Shared.Return(before);
    }

    /// <summary>Makes the writer empty again; its buffer is kept.</summary>
    public void Clear() => _length = 0;

    public byte[] ToArray() => Written.ToArray();

    private void Tag(int field, ProtobufWireType type) => Varint(((ulong)field << 3) | (uint)type);

    private void Varint(ulong value)
    {
        byte[] buffer = _buffer;
        if (value < 0x80 && _length < buffer.Length)
        {
            buffer[_length++] = (byte)value;
            return;
        }
        LongVarint(value);
    }

    private void LongVarint(ulong value)
    {
        Reserve(10);
        while (value >= 0x80)
        {
            _buffer[_length++] = (byte)(value | 0x80);
            value >>= 7;
        }
        _buffer[_length++] = (byte)value;
    }

    private static int VarintSize(ulong value)
    {
        int size = 1;
        for (; value >= 0x80; value >>= 7) size++;
        return size;
    }

    private void Reserve(int bytes)
    {
        if (_length + bytes > _buffer.Length) Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + bytes));
    }

    /// <summary>The bytes of one field.</summary>
    public struct Piece(int number, int start)
    {
        public readonly int Number = number;
        public readonly int Start = start;
        public int End;
    }
}
