using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Cybernetes.Store.Embedded.Sqlite;

/// <summary>
/// CRC-32C (Castagnoli; RFC 3720, appendix B.4) over everything a row says, so that no flipped bit is served.
/// </summary>
internal static class RecordChecksum
{
    public static uint Of(
        long id, long created, long version, long lease, long stamp, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value,
        bool isDeletion)
    {
        var crc = uint.MaxValue;
        crc = BitOperations.Crc32C(crc, (ulong)id);
        crc = BitOperations.Crc32C(crc, (ulong)created);
        crc = BitOperations.Crc32C(crc, (ulong)version);
        crc = BitOperations.Crc32C(crc, (ulong)lease);
        crc = BitOperations.Crc32C(crc, (ulong)stamp);
        crc = BitOperations.Crc32C(crc, ((ulong)key.Length << 1) | (isDeletion ? 1u : 0u));
        crc = Add(crc, key);
        return ~Add(crc, value);
    }

    internal static uint Add(uint crc, ReadOnlySpan<byte> bytes)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (var word in words)
            crc = BitOperations.Crc32C(crc, BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word));
        foreach (var rest in bytes[(words.Length * sizeof(ulong))..])
            crc = BitOperations.Crc32C(crc, rest);
        return crc;
    }
}
