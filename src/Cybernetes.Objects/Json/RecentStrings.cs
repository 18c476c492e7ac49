using System.Buffers.Binary;
using System.Text;

namespace Cybernetes.Objects;

/// <summary>
/// Short strings read lately, so that the words of which a cluster's objects are full (names of labels, resources, images, namespaces) exist once:
/// less to allocate in a decode, less to keep in an informer. Bounded, and without locks: a slot holds one string or another.
/// </summary>
public static class RecentStrings
{
    private const int Slots = 4096;
    private const int MaximumBytes = 40;

    private static readonly string?[] s_slots = new string?[Slots];

    /// <summary>The string of these bytes, which have no escapes; null when they are not short and plain ASCII.</summary>
    public static string? Of(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length is 0 or > MaximumBytes) return null;
        ref string? slot = ref s_slots[Hash(utf8) % Slots];
        string? known = Volatile.Read(ref slot);
        if (known is not null && known.Length == utf8.Length && Ascii.Equals(utf8, known)) return known;
        if (!Ascii.IsValid(utf8)) return null;
        string text = Encoding.ASCII.GetString(utf8);
        Volatile.Write(ref slot, text);
        return text;
    }

    private static uint Hash(ReadOnlySpan<byte> utf8)
    {
        ulong hash = (ulong)utf8.Length * 0x9E3779B97F4A7C15;
        while (utf8.Length >= sizeof(ulong))
        {
            hash = (hash ^ BinaryPrimitives.ReadUInt64LittleEndian(utf8)) * 0xBF58476D1CE4E5B9;
            hash ^= hash >> 32;
            utf8 = utf8[sizeof(ulong)..];
        }
        foreach (byte value in utf8) hash = (hash ^ value) * 0x100000001B3;
        return (uint)(hash ^ (hash >> 29));
    }
}
