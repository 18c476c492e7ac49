using System.Buffers;
using System.IO.Pipelines;

namespace Cybernetes.ApiServer.Pipeline;

/// <summary>
/// Fills a response's pipe in large pieces. What is written into a pipe piece by piece of 4 KiB goes out as TLS records and system calls of that
/// size; pieces of 64 KiB become records of the largest size and a quarter of the work. Used by one task.
/// </summary>
internal sealed class BulkWriter(PipeWriter writer) : IBufferWriter<byte>
{
    // A little less than a power of two: the server adds the length before and the line end behind, and shared arrays come in powers of two.
    private const int LargestPiece = (64 * 1024) - 64;
    private const int SmallestPiece = 1024;
    private const int FlushFromBytes = 128 * 1024;
    private Memory<byte> _room;
    private int _used;
    private int _next = SmallestPiece;
    private long _unflushed;

    /// <summary>Whether so much has gathered that it should be sent.</summary>
    public bool IsLarge => _unflushed + _used >= FlushFromBytes;

    /// <summary>How much is about to be written, so that the pieces are neither too large nor too small.</summary>
    public void Expect(long bytes) => _next = (int)Math.Clamp(bytes, SmallestPiece, LargestPiece);

    /// <summary>Adds bytes.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > _room.Length - _used)
        {
            var fits = _room.Length - _used;
            bytes[..fits].CopyTo(_room.Span[_used..]);
            _used += fits;
            bytes = bytes[fits..];
            Commit();
            _room = writer.GetMemory(_next);
        }
        bytes.CopyTo(_room.Span[_used..]);
        _used += bytes.Length;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (_room.Length - _used < Math.Max(sizeHint, 1))
        {
            Commit();
            _room = writer.GetMemory(Math.Max(sizeHint, _next));
        }
        return _room[_used..];
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public void Advance(int count) => _used += count;

    /// <summary>Sends what has gathered; waits when the client does not keep up.</summary>
    public ValueTask<FlushResult> FlushAsync(CancellationToken cancellation)
    {
        Commit();
        _unflushed = 0;
        return writer.FlushAsync(cancellation);
    }

    private void Commit()
    {
        if (_used > 0)
            writer.Advance(_used);
        _unflushed += _used;
        _room = default;
        _used = 0;
    }
}
