using System.Buffers.Binary;
using System.Text;

namespace Cybernetes.Objects;

/// <summary>How a field's value is laid out.</summary>
public enum ProtobufWireType
{
    Varint = 0,
    Fixed64 = 1,
    Bytes = 2,
    StartGroup = 3,
    EndGroup = 4,
    Fixed32 = 5,
}

/// <summary>Reads the fields of one message from its bytes. Malformed input throws <see cref="ObjectDecodeException"/> with
/// gogo's words.</summary>
public ref struct ProtobufReader(ReadOnlySpan<byte> message)
{
    private const int MaximumGroupDepth = 100;

    private readonly ReadOnlySpan<byte> _message = message;
    private int _at;

    /// <summary>The field at hand, after <see cref="NextField"/>.</summary>
    public int Field { get; private set; }

    public ProtobufWireType WireType { get; private set; }

    /// <summary>Where the field at hand begins in the message, its tag included.</summary>
    public int FieldStart { get; private set; }

    /// <summary>What has been read so far, in bytes.</summary>
    public readonly int Position => _at;

    /// <summary>Steps to the next field; false at the message's end. The field's value must be read or skipped before the next
    /// step.</summary>
    public bool NextField()
    {
        if (_at >= _message.Length) return false;
        FieldStart = _at;
        ulong tag = Varint();
        Field = (int)(uint)(tag >> 3);
        WireType = (ProtobufWireType)(int)(tag & 7);
        if (Field <= 0) throw new ObjectDecodeException($"proto: illegal tag {Field} (wire type {(int)WireType})");
        return true;
    }

    /// <summary>Steps to the next number of a packed list, which has no tags; false at its end.</summary>
    public bool NextPacked()
    {
        WireType = ProtobufWireType.Varint;
        return _at < _message.Length;
    }

    public long Int64()
    {
        Expect(ProtobufWireType.Varint);
        return (long)Varint();
    }

    public bool Boolean() => Int64() != 0;

    public double Double()
    {
        Expect(ProtobufWireType.Fixed64);
        return BinaryPrimitives.ReadDoubleLittleEndian(Take(8));
    }

    public string String() => Encoding.UTF8.GetString(Bytes());

    /// <summary>A nested message's, string's or byte field's content; points into the message.</summary>
    public ReadOnlySpan<byte> Bytes()
    {
        Expect(ProtobufWireType.Bytes);
        ulong length = Varint();
        if (length > int.MaxValue) throw new ObjectDecodeException("proto: negative length found during unmarshaling");
        return Take((int)length);
    }

    /// <summary>Passes over the value of the field at hand.</summary>
    public void Skip() => Skip(0);

    private void Skip(int depth)
    {
        switch (WireType)
        {
            case ProtobufWireType.Varint:
                Varint();
                break;
            case ProtobufWireType.Fixed64:
                Take(8);
                break;
            case ProtobufWireType.Bytes:
                Bytes();
                break;
            case ProtobufWireType.StartGroup:
                if (depth > MaximumGroupDepth) throw new ObjectDecodeException("proto: exceeded max depth");
                while (NextField() && WireType != ProtobufWireType.EndGroup) Skip(depth + 1);
                break;
            case ProtobufWireType.Fixed32:
                Take(4);
                break;
            default:
                throw new ObjectDecodeException($"proto: illegal wireType {(int)WireType}");
        }
    }

    private readonly void Expect(ProtobufWireType type)
    {
        if (WireType != type) throw new ObjectDecodeException($"proto: wrong wireType = {(int)WireType} for field {Field}");
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _message.Length - _at) throw new ObjectDecodeException("unexpected EOF");
        ReadOnlySpan<byte> taken = _message.Slice(_at, count);
        _at += count;
        return taken;
    }

    private ulong Varint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            if (_at >= _message.Length) throw new ObjectDecodeException("unexpected EOF");
            byte next = _message[_at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) return value;
        }
        throw new ObjectDecodeException("proto: integer overflow");
    }
}
