using System.Buffers.Binary;
using System.Text;

namespace Cybernetes.Load.Requests;

/// <summary>A rendered request whose slots are filled in place: sending one more costs some digits and no memory.</summary>
internal sealed class RequestTemplate(byte[] bytes, int length, (int At, char Mark)[] slots, int[] streamIds)
{
    public byte[] Bytes { get; } = bytes;

    public int Length { get; } = length;

    public void Fill(long index, int namespaceNumber, long clock, long number)
    {
        foreach (var (at, mark) in slots)
        {
            if (mark == Slots.Index)
                Stamp.WriteDigits(Bytes.AsSpan(at, Slots.IndexDigits), index);
            else if (mark == Slots.Namespace)
                Stamp.WriteDigits(Bytes.AsSpan(at, Slots.NamespaceDigits), namespaceNumber);
            else
                Stamp.Write(Bytes.AsSpan(at), clock, number);
        }
    }

    /// <summary>HTTP/2 only: the stream that the frames belong to.</summary>
    public void SetStream(int id)
    {
        foreach (var at in streamIds)
            BinaryPrimitives.WriteInt32BigEndian(Bytes.AsSpan(at), id);
    }
}

/// <summary>Bytes in the making, and where slots are in them.</summary>
internal sealed class TemplateBuilder
{
    private readonly List<(int At, char Mark)> _slots = [];
    private readonly List<int> _streamIds = [];
    private byte[] _bytes = new byte[1024];

    public int Length { get; private set; }

    /// <summary>How many bytes a text takes once its marks are digits.</summary>
    public static int WidthOf(string text) => text.Sum(c => IsMark(c) ? Slots.WidthOf(c) : c < 0x80 ? 1 : Encoding.UTF8.GetByteCount([c]));

    public TemplateBuilder Append(string text)
    {
        foreach (var c in text)
        {
            if (IsMark(c))
            {
                _slots.Add((Length, c));
                Room(Slots.WidthOf(c)).Fill((byte)'0');
            }
            else if (c < 0x80)
                Room(1)[0] = (byte)c;
            else
                Encoding.UTF8.GetBytes([c], Room(Encoding.UTF8.GetByteCount([c])));
        }
        return this;
    }

    public TemplateBuilder Append(params ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Room(bytes.Length));
        return this;
    }

    /// <summary>Four bytes for a stream's number.</summary>
    public void AppendStreamId()
    {
        _streamIds.Add(Length);
        Room(4).Clear();
    }

    public Span<byte> At(int offset, int count) => _bytes.AsSpan(offset, count);

    public RequestTemplate Build() => new(_bytes, Length, [.. _slots], [.. _streamIds]);

    private static bool IsMark(char c) => c is Slots.Index or Slots.Sent or Slots.Namespace;

    private Span<byte> Room(int count)
    {
        while (_bytes.Length < Length + count)
            Array.Resize(ref _bytes, _bytes.Length * 2);
        Length += count;
        return _bytes.AsSpan(Length - count, count);
    }
}
