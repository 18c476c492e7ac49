using System.Buffers.Binary;
using System.Text;
using System.Text.Json;

namespace Cybernetes.Wire;

/// <summary>
/// Steps made lately: a cluster's objects have few different keys. Bounded, and without locks: a slot holds one step or another. Steps of other
/// instances may be equal all the same.
/// </summary>
internal static class RecentElements
{
    private const int Slots = 4096;
    private const int MaximumBytes = 128;

    private static readonly PathElement?[] s_fields = new PathElement?[Slots];
    private static readonly ListElement?[] s_elements = new ListElement?[Slots];

    /// <summary>The step to a property, by its name as it is written.</summary>
    public static PathElement Field(TapeValue property)
    {
        ReadOnlySpan<byte> name = property.RawName;
        return name.Length > MaximumBytes || name.Contains((byte)'\\') ? PathElement.Field(property.Name) : Field(name);
    }

    /// <summary>The step to a field of a name without escapes.</summary>
    public static PathElement Field(ReadOnlySpan<byte> name)
    {
        if (name.Length > MaximumBytes) return PathElement.Field(Encoding.UTF8.GetString(name));
        ref PathElement? slot = ref s_fields[Hash(name, 0) % Slots];
        if (Volatile.Read(ref slot) is { } known && known.IsFieldOf(name)) return known;
        PathElement element = PathElement.Field(Encoding.UTF8.GetString(name));
        Volatile.Write(ref slot, element);
        return element;
    }

    /// <summary>What tells an element of a keyed list or set apart; null when it has nothing that does.</summary>
    public static PathElement? Of(ApplySchema list, TapeValue item)
    {
        Span<byte> buffer = stackalloc byte[MaximumBytes];
        int length = Keys(list, item, buffer);
        if (length < 0) return ApplyValues.ElementOf(list, item, out _);
        ReadOnlySpan<byte> keys = buffer[..length];
        ref ListElement? slot = ref s_elements[Hash(keys, list.Number) % Slots];
        if (Volatile.Read(ref slot) is { } known && ReferenceEquals(known.List, list) && keys.SequenceEqual(known.Keys)) return known.Element;
        if (ApplyValues.ElementOf(list, item, out _) is not { } element) return null;
        Volatile.Write(ref slot, new ListElement(list, keys.ToArray(), element));
        return element;
    }

    /// <summary>The raw values of an element's keys; below zero when they are too long or none.</summary>
    private static int Keys(ApplySchema list, TapeValue item, Span<byte> buffer)
    {
        if (list.Keys.Length == 0) return item.Kind is JsonValueKind.Object or JsonValueKind.Array ? -1 : Append(item.Raw, buffer, 0);
        if (item.Kind != JsonValueKind.Object) return -1;
        int length = 0;
        foreach (ApplyListKey key in list.Keys)
        {
            TapeValue value = item.Find(key.Utf8Name);
            if (value.Kind is JsonValueKind.Object or JsonValueKind.Array) return -1;
            length = Append(value.Raw, buffer, length);
            if (length < 0) return -1;
        }
        return length;
    }

    // A comma stands in no number or word, and a string has its quotes: what comes after it is the next value.
    private static int Append(ReadOnlySpan<byte> value, Span<byte> buffer, int length)
    {
        if (length + value.Length + 1 > buffer.Length) return -1;
        value.CopyTo(buffer[length..]);
        buffer[length + value.Length] = (byte)',';
        return length + value.Length + 1;
    }

    private static uint Hash(ReadOnlySpan<byte> bytes, int seed)
    {
        ulong hash = ((ulong)(uint)seed << 32) ^ ((ulong)bytes.Length * 0x9E3779B97F4A7C15);
        while (bytes.Length >= sizeof(ulong))
        {
            hash = (hash ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes)) * 0xBF58476D1CE4E5B9;
            hash ^= hash >> 32;
            bytes = bytes[sizeof(ulong)..];
        }
        foreach (byte value in bytes) hash = (hash ^ value) * 0x100000001B3;
        return (uint)(hash ^ (hash >> 29) ^ (hash >> 43));
    }

    private sealed record ListElement(ApplySchema List, byte[] Keys, PathElement Element);
}
