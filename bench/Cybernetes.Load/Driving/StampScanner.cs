using System.Text;
using Cybernetes.Load.Requests;

namespace Cybernetes.Load.Driving;

/// <summary>
/// Finds the stamps of objects in a stream of JSON or protobuf that comes in pieces, without reading the rest of it. An object of ours has exactly
/// one, so their number is the number of objects or events.
/// </summary>
internal sealed class StampScanner
{
    private readonly byte[] _mark;
    private readonly byte[] _held; // the end of what came so far, and the beginning of what comes, in which a stamp may be cut in two
    private readonly int _overlap;
    private readonly Action<long, long>? _found;
    private int _heldLength;

    /// <param name="protobuf">What the stream is; else JSON.</param>
    /// <param name="found">Told each stamp's clock and number; null: they are only counted.</param>
    public StampScanner(bool protobuf, Action<long, long>? found = null)
    {
        // Protobuf: a map's entry is the key (field 1) and then the value: tag 0x12, its length.
        _mark = Encoding.ASCII.GetBytes(protobuf ? $"{Stamp.Annotation}\x12{(char)Stamp.Length}" : $"\"{Stamp.Annotation}\":\"");
        _overlap = _mark.Length + Stamp.Length - 1;
        _held = new byte[2 * _overlap];
        _found = found;
    }

    public long Found { get; private set; }

    public void Feed(ReadOnlySpan<byte> bytes)
    {
        if (_heldLength == 0)
        {
            Hold(bytes[Search(bytes, bytes.Length)..]);
            return;
        }
        var old = _heldLength;
        var copied = Math.Min(bytes.Length, _overlap);
        bytes[..copied].CopyTo(_held.AsSpan(old));
        var both = _held.AsSpan(0, old + copied);
        if (copied == bytes.Length)
        {
            Hold(both[Search(both, both.Length)..]);
            return;
        }
        var used = Search(both, old);
        bytes = bytes[Math.Max(0, used - old)..];
        Hold(bytes[Search(bytes, bytes.Length)..]);
    }

    /// <summary>Finds whole stamps that begin before <paramref name="limit"/>.</summary>
    /// <returns>Behind the last of them.</returns>
    private int Search(ReadOnlySpan<byte> bytes, int limit)
    {
        var from = 0;
        while (true)
        {
            var at = bytes[from..].IndexOf(_mark);
            if (at < 0 || from + at >= limit || from + at + _overlap >= bytes.Length)
                return from;
            var text = bytes.Slice(from + at + _mark.Length, Stamp.Length);
            if (Stamp.TryRead(text, out var clock, out var number))
            {
                Found++;
                _found?.Invoke(clock, number);
            }
            from += at + _overlap + 1;
        }
    }

    private void Hold(ReadOnlySpan<byte> rest)
    {
        _heldLength = Math.Min(rest.Length, _overlap);
        rest[^_heldLength..].CopyTo(_held);
    }
}
