using Cybernetes.Store.Embedded.Journal;

namespace Cybernetes.Store.Embedded.Writing;

/// <summary>
/// Gives back what a compaction has made unreachable, a slice a batch, so that writers never wait for it. It walks the change
/// log from its old end: a change that is older than the compact revision makes the version it replaced superfluous, and, if it
/// is a deletion, itself. Versions of one key go oldest first, so that a crash between two slices never brings one back.
/// </summary>
internal sealed class Compactor(ChangeLog log, Queue<long> leftOver)
{
    // Deleting a row costs about as much as writing one. Twice what is written keeps pace with any load, without being felt
    // much.
    private const int IdleSlice = 512;
    private const int BusySlice = 32;

    private readonly List<Record> _slice = [];
    private int _leftOverTaken;

    /// <summary>Bytes in memory that a compaction of all that is past would give back.</summary>
    public long HistoryBytes { get; private set; }

    /// <summary>True while there is something to give back.</summary>
    public bool HasWork(long compactRevision) => leftOver.Count > 0 || IsOld(log.First, compactRevision);

    /// <summary>Notes a change that was added to the log.</summary>
    public void Note(Record record) => HistoryBytes += Weight(record);

    /// <summary>Adds the next slice to the batch: a large one when nobody waits for the batch.</summary>
    public void Prepare(CommitBatch batch, long compactRevision, bool idle)
    {
        _slice.Clear();
        _leftOverTaken = 0;
        var limit = idle ? IdleSlice : Math.Max(BusySlice, batch.Journal.Records.Count * 2);
        foreach (var id in leftOver.Take(limit))
        {
            batch.Journal.Compacted.Add(id);
            _leftOverTaken++;
        }
        for (var position = log.First; _slice.Count < limit && IsOld(position, compactRevision); position++)
        {
            var record = log.TryGet(position)!;
            _slice.Add(record);
            if (record.Older is { IsDeletion: false } older)
                batch.Journal.Compacted.Add(RecordId.Of(older));
            if (!record.IsDeletion)
                continue;
            batch.Journal.Compacted.Add(RecordId.Of(record));
            batch.DropDeletion(record);
        }
    }

    /// <summary>The batch is durable: lets the memory go.</summary>
    public void Complete()
    {
        for (; _leftOverTaken > 0; _leftOverTaken--)
            leftOver.Dequeue();
        if (_slice.Count == 0)
            return;
        foreach (var record in _slice)
        {
            HistoryBytes -= Weight(record);
            record.Older = null;
        }
        log.TrimBefore(log.First + _slice.Count);
        _slice.Clear();
    }

    /// <summary>A revision such that about half of the history is older.</summary>
    public long Middle() => log.TryGet(log.First + ((log.End - log.First) / 2))?.ModRevision ?? 0;

    private bool IsOld(long position, long compactRevision) =>
        position < log.End && log.TryGet(position) is { } record && record.ModRevision < compactRevision;

    // What goes when the change does: the version it replaced, and a deletion with its key.
    private static long Weight(Record change) =>
        (change.Older is { } replaced ? MemoryWeight.OfVersion(replaced) : 0)
        + (change.IsDeletion ? MemoryWeight.OfVersion(change) + MemoryWeight.OfKey(change.Key) : 0);
}
