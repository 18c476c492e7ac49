using Microsoft.Win32.SafeHandles;

namespace Cybernetes.Node.Server.Logs;

/// <summary>Finds where the last lines of a file begin, reading from its end.</summary>
internal static class LogTail
{
    private const int BlockBytes = 64 * 1024;

    public static async ValueTask<long> FindAsync(SafeFileHandle file, long lines, CancellationToken cancellation)
    {
        var end = RandomAccess.GetLength(file);
        if (lines == 0)
            return end;
        var block = new byte[BlockBytes];
        var found = 0L;
        for (var right = end; right > 0;)
        {
            var left = Math.Max(0, right - BlockBytes);
            var part = block.AsMemory(0, (int)(right - left));
            var got = await RandomAccess.ReadAsync(file, part, left, cancellation).ConfigureAwait(false);
            if (BeginOf(part.Span[..got], left, end, lines, ref found) is { } begin)
                return begin;
            right = left;
        }

        return 0;
    }

    /// <summary>The newline before the first wanted line; the file's last newline ends the last line and does not
    /// count.</summary>
    private static long? BeginOf(ReadOnlySpan<byte> part, long left, long end, long lines, ref long found)
    {
        for (var at = part.LastIndexOf((byte)'\n'); at >= 0; at = part[..at].LastIndexOf((byte)'\n'))
        {
            if (left + at + 1 != end && ++found == lines)
                return left + at + 1;
        }

        return null;
    }
}
