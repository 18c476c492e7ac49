namespace Cybernetes.Store;

/// <summary>What to watch.</summary>
public readonly record struct WatchRequest(KeyRange Range)
{
    /// <summary>The first revision whose changes are wanted; 0 (default) for the next one after now.</summary>
    public long StartRevision { get; init; }

    /// <summary><see cref="WatchEvent.Previous"/> is needed (where it is not, it may be there all the same).</summary>
    public bool PreviousRecords { get; init; }

    /// <summary>
    /// How many undelivered events a watcher may have before it is cut off with <see cref="StoreErrorKind.WatcherTooSlow"/>;
    /// 0 (default) for the engine's limit.
    /// </summary>
    public int EventLimit { get; init; }

    /// <summary>
    /// A read that waits goes on, where the engine can, on the thread that has just written, before the write is answered: for a reader that never
    /// blocks and is quick, since all writers wait for it. Default: on another thread.
    /// </summary>
    public bool GoesOnWithWriter { get; init; }
}

/// <summary>
/// A running watch. Batches come in the order of their revisions, each change exactly once, and a transaction is never split
/// over two batches. One reader at a time. Dispose ends it; a waiting read then gets <see cref="StoreErrorKind.Closed"/>.
/// </summary>
public interface IWatch : IAsyncDisposable
{
    /// <summary>
    /// The next batch: events, a progress note, or (as the last one) an error. After an error every read gives the same error.
    /// Cancelling loses nothing: the next read gets what this one would have got.
    /// </summary>
    ValueTask<WatchBatch> ReadAsync(CancellationToken cancellation = default);

    /// <summary>
    /// Asks for a progress note: as soon as all older changes are read, a batch without events says up to which revision (not
    /// below the store's at this moment) nothing is outstanding.
    /// </summary>
    void RequestProgress();
}

/// <summary>One answer of a watch. Shared between watchers: not to be changed.</summary>
/// <param name="Revision">Everything up to this revision has now been delivered.</param>
/// <param name="Events">The changes of one or more whole transactions; empty in a progress note.</param>
/// <param name="Error">Why the watch ended; null while it goes on.</param>
public sealed record WatchBatch(long Revision, IReadOnlyList<WatchEvent> Events, StoreError? Error = null);

/// <summary>One change.</summary>
/// <param name="Record">The new version; for a deletion a record without a value whose <see cref="Store.Record.ModRevision"/>
/// is the revision of the deletion.</param>
/// <param name="Previous">The version before; null when the key is new, or when it was compacted or not asked for.</param>
public readonly record struct WatchEvent(Record Record, Record? Previous)
{
    public bool IsDeletion => Record.IsDeletion;

    public bool IsCreation => !Record.IsDeletion && Record.CreateRevision == Record.ModRevision;
}
