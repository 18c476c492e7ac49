using System.Buffers.Text;

namespace Cybernetes.Store;

/// <summary>
/// The place in a value where the store writes the record's revision: a quoted decimal followed by blanks, always
/// <see cref="Length"/> bytes, so that a stored text is complete and can be handed out without being touched.
/// </summary>
public static class RevisionStamp
{
    /// <summary>Bytes a stamp takes: two quotes, the 19 digits of the largest revision, and one blank.</summary>
    public const int Length = 22;

    /// <summary>Says of a put that its value has no stamp.</summary>
    public const int None = -1;

    /// <summary>Writes the stamp over the first <see cref="Length"/> bytes.</summary>
    public static void Write(Span<byte> destination, long revision)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(revision);
        var stamp = destination[..Length];
        stamp[0] = (byte)'"';
        if (!Utf8Formatter.TryFormat(revision, stamp[1..], out var digits))
            throw new InvalidOperationException("A revision has at most 19 digits.");
        stamp[digits + 1] = (byte)'"';
        stamp[(digits + 2)..].Fill((byte)' ');
    }
}
