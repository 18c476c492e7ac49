using System.Buffers.Binary;

namespace Cybernetes.Store.Embedded.Sqlite;

/// <summary>
/// Looks through a write-ahead log that a crash left behind, before SQLite does. SQLite takes the first frame that does not match its
/// checksum for the end of the log. That is right for a torn last commit, which nobody was told of; but a frame damaged later would
/// silently take answered commits with it. A commit begins only when the one before is on disk: so when, at or after the first bad
/// frame, a commit is followed by the frame of a next one, what is bad had been whole once.
/// </summary>
/// <remarks>Source: https://www.sqlite.org/fileformat2.html#the_write_ahead_log. Each frame's checksum goes on from the one before, so
/// that a frame can be checked against the stored checksum of its predecessor even if that one's contents are bad.</remarks>
internal static class WalInspector
{
    private const int HeaderBytes = 32;
    private const int FrameHeaderBytes = 24;
    private const uint Magic = 0x377f0682;

    /// <summary>What is wrong with the log; null when nothing is, or when there is none.</summary>
    public static StoreError? FindDamage(string path)
    {
        try
        {
            if (!File.Exists(path))
                return null;
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1 << 20);
            return FindDamage(file);
        }
        catch (IOException failure)
        {
            return new StoreError(StoreErrorKind.Unavailable, $"the write-ahead log cannot be read: {failure.Message}");
        }
    }

    private static StoreError? FindDamage(Stream file)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        if (file.ReadAtLeast(header, HeaderBytes, throwOnEndOfStream: false) < HeaderBytes)
            return null;
        var magic = BinaryPrimitives.ReadUInt32BigEndian(header);
        var pageSize = BinaryPrimitives.ReadInt32BigEndian(header[8..]);
        if ((magic & ~1u) != Magic || pageSize is < 512 or > 65536 || (pageSize & (pageSize - 1)) != 0)
            return null;
        var sum = new Checksum((magic & 1) != 0, 0, 0).Add(header[..24]);
        // The header is written and synced before the first frame; SQLite skips a log whose header is bad.
        if (!sum.IsStoredIn(header[24..]))
            return null;
        return FindDamage(file, sum, header[16..24].ToArray(), new byte[FrameHeaderBytes + pageSize]);
    }

    private static StoreError? FindDamage(Stream file, Checksum sum, byte[] salts, byte[] frame)
    {
        long number = 0, firstBad = 0;
        var afterCommit = false;
        while (file.ReadAtLeast(frame, frame.Length, throwOnEndOfStream: false) == frame.Length)
        {
            number++;
            var isOurs = frame.AsSpan(8, 8).SequenceEqual(salts);
            var matches = isOurs && sum.Add(frame.AsSpan(0, 8)).Add(frame.AsSpan(FrameHeaderBytes)).IsStoredIn(frame.AsSpan(16));
            if (!matches && firstBad == 0)
                firstBad = number;
            else if (matches && firstBad != 0 && afterCommit)
                return new StoreError(
                    StoreErrorKind.Corrupted, $"the write-ahead log is damaged: frame {firstBad} does not match its checksum");
            afterCommit = isOurs && firstBad != 0 && BinaryPrimitives.ReadInt32BigEndian(frame.AsSpan(4)) != 0;
            sum = sum.GoOnFrom(frame.AsSpan(16));
        }
        return null;
    }

    /// <summary>The log's checksum: two sums over 32 bit words, in the byte order the log's magic number names.</summary>
    private readonly record struct Checksum(bool IsBigEndian, uint First, uint Second)
    {
        public Checksum Add(ReadOnlySpan<byte> bytes)
        {
            var (first, second) = (First, Second);
            for (; bytes.Length >= 8; bytes = bytes[8..])
            {
                first += Word(bytes) + second;
                second += Word(bytes[4..]) + first;
            }
            return this with { First = first, Second = second };
        }

        public bool IsStoredIn(ReadOnlySpan<byte> bytes) =>
            BinaryPrimitives.ReadUInt32BigEndian(bytes) == First && BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]) == Second;

        public Checksum GoOnFrom(ReadOnlySpan<byte> bytes) => this with
        {
            First = BinaryPrimitives.ReadUInt32BigEndian(bytes),
            Second = BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]),
        };

        private uint Word(ReadOnlySpan<byte> bytes) =>
            IsBigEndian ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }
}
