using Cybernetes.Store.Embedded.Journal;

namespace Cybernetes.Store.Embedded.Writing;

/// <summary>
/// Gives back what a compaction has made unreachable, a slice a batch, so that writers never wait for it. It walks the change
/// log from its old end: a change that is older than the compact revision makes the version it replaced superfluous, and, if it
/// is a deletion, itself. Versions of one key go oldest first, so that a crash between two slices never brings one back.
/// </summary>
/// <remarks>
/// Slices are taken and undone by whoever has the turn at the journal, completed by whoever publishes: one thread each.
/// </remarks>
internal sealed class Compactor
{
    // Deleting a row costs about as much as writing one. Twice what is written keeps pace with any load, without being felt
    // much.
    private const int IdleSlice = 512;
    private const int BusySlice = 32;

    private readonly ChangeLog _log;
    private readonly long[] _leftOver;
    private int _nextLeftOver;
    private long _next;
    private long _historyBytes;

    /// <param name="leftOver">Ids of records that an earlier process has compacted and not removed.</param>
    public Compactor(ChangeLog log, Queue<long> leftOver) => (_log, _leftOver, _next) = (log, [.. leftOver], log.First);

    /// <summary>Bytes in memory that a compaction of all that is past would give back.</summary>
    public long HistoryBytes => Volatile.Read(ref _historyBytes);

    /// <summary>True while there is something to give back that is in no slice yet.</summary>
    public bool HasWork(long compactRevision) =>
        Volatile.Read(ref _nextLeftOver) < _leftOver.Length || IsOld(Volatile.Read(ref _next), compactRevision);

    /// <summary>True when nothing is to be given back and no slice is on its way.</summary>
    public bool IsAtRest(long compactRevision) => _next == _log.First && !HasWork(compactRevision);

    /// <summary>Notes a change that was added to the log.</summary>
    public void Note(Record record) => Volatile.Write(ref _historyBytes, _historyBytes + Weight(record));

    /// <summary>Adds the next slice to the batch: a large one when nobody waits for the batch.</summary>
    public void Prepare(CompactionSlice slice, CommitBatch batch, long compactRevision, bool idle)
    {
        var limit = idle ? IdleSlice : Math.Max(BusySlice, batch.Journal.Records.Count * 2);
        for (; _nextLeftOver < _leftOver.Length && slice.LeftOver < limit; _nextLeftOver++, slice.LeftOver++)
            batch.Journal.Compacted.Add(_leftOver[_nextLeftOver]);
        var position = _next;
        for (; slice.Changes.Count < limit && IsOld(position, compactRevision); position++)
        {
            var record = _log.TryGet(position)!;
            slice.Changes.Add(record);
            if (record.Older is { IsDeletion: false } older)
                batch.Journal.Compacted.Add(RecordId.Of(older));
            if (!record.IsDeletion)
                continue;
            batch.Journal.Compacted.Add(RecordId.Of(record));
            batch.DropDeletion(record);
        }
        Volatile.Write(ref _next, position);
    }

    /// <summary>The batch is durable: lets the memory go.</summary>
    public void Complete(CompactionSlice slice)
    {
        if (slice.Changes.Count == 0)
            return;
        var bytes = _historyBytes;
        foreach (var record in slice.Changes)
        {
            bytes -= Weight(record);
            record.Older = null;
        }
        Volatile.Write(ref _historyBytes, bytes);
        _log.TrimBefore(_log.First + slice.Changes.Count);
    }

    /// <summary>The batch came to nothing, and no slice was taken after it: it comes again.</summary>
    public void Undo(CompactionSlice slice)
    {
        Volatile.Write(ref _nextLeftOver, _nextLeftOver - slice.LeftOver);
        Volatile.Write(ref _next, _next - slice.Changes.Count);
    }

    /// <summary>A revision such that about half of the history is older.</summary>
    public long Middle() => _log.TryGet(_log.First + ((_log.End - _log.First) / 2))?.ModRevision ?? 0;

    private bool IsOld(long position, long compactRevision) =>
        position < _log.End && _log.TryGet(position) is { } record && record.ModRevision < compactRevision;

    // What goes when the change does: the version it replaced, and a deletion with its key.
    private static long Weight(Record change) =>
        (change.Older is { } replaced ? MemoryWeight.OfVersion(replaced) : 0)
        + (change.IsDeletion ? MemoryWeight.OfVersion(change) + MemoryWeight.OfKey(change.Key) : 0);
}

/// <summary>What one batch takes out of the history.</summary>
internal sealed class CompactionSlice
{
    /// <summary>Changes of the log, from its old end.</summary>
    public List<Record> Changes { get; } = [];

    /// <summary>Rows of an earlier process.</summary>
    public int LeftOver { get; set; }

    public void Clear()
    {
        Changes.Clear();
        LeftOver = 0;
    }
}
