namespace Cybernetes.Store.Embedded.Journal;

/// <summary>
/// Where the engine's changes are made durable. Used by the writer alone, one call at a time.
/// </summary>
internal interface IJournal : IDisposable
{
    /// <summary>Bytes the journal's files take; may be called from any thread.</summary>
    long BytesOnDisk { get; }

    /// <summary>What is wrong with the disk although commits succeed; null when nothing is. May be called from any thread.</summary>
    StoreError? Fault => null;

    /// <summary>Called, by any thread, when there is a <see cref="Fault"/>: the next commit tries again, and somebody has to bring it about.</summary>
    Action? Failed
    {
        get => null;
        set { }
    }

    /// <summary>
    /// Makes the whole batch durable, or, when it gives an error, nothing of it. After an error the same revisions come again.
    /// </summary>
    StoreError? Commit(JournalBatch batch);

    /// <summary>Gives some free space back, for at most a few milliseconds; false when there is nothing left to do.</summary>
    bool Tidy();
}

/// <summary>What one commit holds.</summary>
internal sealed class JournalBatch
{
    /// <summary>New records in the order of their revisions.</summary>
    public List<Record> Records { get; } = [];

    /// <summary>Ids (see <see cref="RecordId"/>) of compacted records.</summary>
    public List<long> Compacted { get; } = [];

    /// <summary>New leases: id and milliseconds.</summary>
    public List<(long Id, long Milliseconds)> Granted { get; } = [];

    public List<long> Revoked { get; } = [];

    /// <summary>The new compact revision; 0 when it stays.</summary>
    public long CompactRevision { get; set; }

    /// <summary>Something is to be written even if there is nothing.</summary>
    public bool Probe { get; set; }

    public bool IsEmpty =>
        Records.Count + Compacted.Count + Granted.Count + Revoked.Count == 0 && CompactRevision == 0 && !Probe;

    public void Clear()
    {
        Records.Clear();
        Compacted.Clear();
        Granted.Clear();
        Revoked.Clear();
        CompactRevision = 0;
        Probe = false;
    }
}

/// <summary>The number a record has in the journal: its revision and, below, its place in the transaction.</summary>
internal static class RecordId
{
    /// <summary>Changes one transaction may have.</summary>
    public const int ChangeLimit = 1 << 20;

    public static long Of(Record record) => Of(record.ModRevision, record.Order);

    public static long Of(long revision, int order) => (revision << 20) | (uint)order;
}

/// <summary>For a store that lives in memory only.</summary>
internal sealed class MemoryJournal : IJournal
{
    public long BytesOnDisk => 0;

    public StoreError? Commit(JournalBatch batch) => null;

    public bool Tidy() => false;

    public void Dispose()
    {
    }
}
