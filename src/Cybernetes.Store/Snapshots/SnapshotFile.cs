using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Cybernetes.Store.Snapshots;

/// <summary>
/// A snapshot as a file: a mark, the revision, the leases, the records, how many there were, and the SHA-256 of all before it. Every
/// field is a length and bytes, or a number of eight bytes, low byte first. A file that ends early or whose hash does not match is
/// refused as a whole.
/// </summary>
public static class SnapshotFile
{
    private const int HashBytes = 32;
    private const int LongestField = 64 << 20;
    private const long LongestLease = 1000L * 3600 * 24 * 36500; // a hundred years, in milliseconds
    private static readonly byte[] Mark = "cybernetes store snapshot 1\n"u8.ToArray();

    /// <summary>Writes a new file beside <paramref name="path"/> and, when it is on disk, puts it in its place.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public static SnapshotStatus Save(SnapshotContents contents, string path)
    {
        var part = path + ".part";
        SnapshotStatus status;
        using (var file = new FileStream(part, PrivateFile()))
        {
            status = Write(contents, file);
            file.Flush(flushToDisk: true);
        }
        File.Move(part, path, overwrite: true);
        return status;
    }

    /// <summary>Reads and checks the whole file.</summary>
    /// <returns>What it holds; <see cref="StoreErrorKind.Corrupted"/> when it is torn, changed or no snapshot;
    /// <see cref="StoreErrorKind.Unavailable"/> when it cannot be read.</returns>
    public static StoreResult<(SnapshotContents Contents, SnapshotStatus Status)> Load(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var reader = new Reader(file, hash);
            if (!reader.Bytes(Mark.Length).AsSpan().SequenceEqual(Mark))
                return new StoreError(StoreErrorKind.Corrupted, $"{path} is no snapshot of a store");
            var contents = reader.Contents();
            var expected = hash.GetHashAndReset();
            if (!reader.Bytes(HashBytes).AsSpan().SequenceEqual(expected) || file.Position != file.Length)
                return new StoreError(StoreErrorKind.Corrupted, $"{path} does not match its checksum");
            return (contents, new SnapshotStatus(HashOf(expected), contents.Revision, contents.Records.Count, file.Length));
        }
        catch (InvalidDataException damage)
        {
            return new StoreError(StoreErrorKind.Corrupted, $"{path} {damage.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new StoreError(StoreErrorKind.Unavailable, e.Message);
        }
    }

    private static FileStreamOptions PrivateFile()
    {
        // It holds every secret of the cluster.
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, BufferSize = 1 << 20 };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return options;
    }

    private static SnapshotStatus Write(SnapshotContents contents, Stream file)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var writer = new Writer(file, hash);
        writer.Bytes(Mark);
        writer.Number(contents.Revision);
        writer.Number(contents.Leases.Count);
        foreach (var (id, timeToLive) in contents.Leases)
        {
            writer.Number(id);
            writer.Number((long)timeToLive.TotalMilliseconds);
        }
        writer.Number(contents.Records.Count);
        foreach (var record in contents.Records)
        {
            writer.Field(Encoding.ASCII.GetBytes(record.Key));
            writer.Number(record.CreateRevision);
            writer.Number(record.ModRevision);
            writer.Number(record.Version);
            writer.Number(record.Lease);
            writer.Number(record.RevisionOffset);
            writer.Field(record.Value.Span);
        }
        var sum = hash.GetHashAndReset();
        file.Write(sum);
        return new SnapshotStatus(HashOf(sum), contents.Revision, contents.Records.Count, file.Position);
    }

    private static uint HashOf(ReadOnlySpan<byte> sum) => BinaryPrimitives.ReadUInt32BigEndian(sum);

    private readonly struct Writer(Stream file, IncrementalHash hash)
    {
        public void Bytes(ReadOnlySpan<byte> bytes)
        {
            hash.AppendData(bytes);
            file.Write(bytes);
        }

        public void Number(long number)
        {
            Span<byte> bytes = stackalloc byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
            Bytes(bytes);
        }

        public void Field(ReadOnlySpan<byte> bytes)
        {
            Number(bytes.Length);
            Bytes(bytes);
        }
    }

    private readonly struct Reader(Stream file, IncrementalHash hash)
    {
        public SnapshotContents Contents()
        {
            var revision = Number();
            var leases = new List<(long, TimeSpan)>();
            for (var left = Count(); left > 0; left--)
                leases.Add((Number(), TimeToLive()));
            var records = new List<Record>();
            for (var left = Count(); left > 0; left--)
                records.Add(NextRecord(revision));
            return new SnapshotContents(revision, records, leases);
        }

        public byte[] Bytes(long length)
        {
            if (length is < 0 or > LongestField)
                throw new InvalidDataException("is damaged: a length is impossible");
            var bytes = new byte[length];
            if (file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length)
                throw new InvalidDataException("is torn: it ends early");
            hash.AppendData(bytes);
            return bytes;
        }

        private Record NextRecord(long newest)
        {
            var key = Encoding.ASCII.GetString(Bytes(Number()));
            var (created, modified, version, lease, offset) = (Number(), Number(), Number(), Number(), (int)Number());
            var value = Bytes(Number());
            if (modified > newest || (offset != RevisionStamp.None && (offset < 0 || offset > value.Length - RevisionStamp.Length)))
                throw new InvalidDataException("is damaged: a record is impossible");
            return new Record(key, value, offset, new RecordOrigin(created, modified, 0, version, lease));
        }

        private TimeSpan TimeToLive() => Number() is > 0 and <= LongestLease and var milliseconds
            ? TimeSpan.FromMilliseconds(milliseconds)
            : throw new InvalidDataException("is damaged: a lease is impossible");

        private long Count() => Number() is >= 0 and var count ? count : throw new InvalidDataException("is damaged: a count is impossible");

        private long Number() => BinaryPrimitives.ReadInt64LittleEndian(Bytes(8));
    }
}
