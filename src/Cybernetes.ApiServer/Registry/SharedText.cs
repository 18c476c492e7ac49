using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Cybernetes.ApiServer.Registry;

/// <summary>
/// One string for texts that many objects bear: label keys, node names, phases. A table of fixed size in which a newer text takes the place of an
/// older one, so it never grows and needs no lock; at worst a text exists twice.
/// </summary>
internal static class SharedText
{
    private const int Slots = 8192;

    // Longer texts are seldom the same.
    private const int LongestBytes = 64;
    private static readonly string?[] s_table = new string?[Slots];

    /// <summary>The text of the string or property name under the reader.</summary>
    public static string Of(ref Utf8JsonReader reader)
    {
        if (reader.ValueIsEscaped || reader.HasValueSequence || reader.ValueSpan.Length is 0 or > LongestBytes)
            return reader.GetString() ?? "";
        var text = reader.ValueSpan;
        ref var slot = ref s_table[SlotOf(text)];
        var known = Volatile.Read(ref slot);
        // Texts beyond ASCII are never equal here and are made anew.
        if (known is not null && Ascii.Equals(text, known))
            return known;
        var made = reader.GetString()!;
        Volatile.Write(ref slot, made);
        return made;
    }

    private static int SlotOf(ReadOnlySpan<byte> text)
    {
        ulong hash = (uint)text.Length;
        for (; text.Length >= sizeof(ulong); text = text[sizeof(ulong)..])
            hash = (hash ^ MemoryMarshal.Read<ulong>(text)) * 0x9E3779B97F4A7C15;
        foreach (var b in text)
            hash = (hash ^ b) * 0x100000001B3;
        hash ^= hash >> 32;
        return (int)((hash ^ (hash >> 15)) % Slots);
    }
}
