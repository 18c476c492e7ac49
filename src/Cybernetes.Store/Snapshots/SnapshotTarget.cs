using Cybernetes.Store.Embedded;
using Cybernetes.Store.Embedded.Journal;
using Cybernetes.Store.Embedded.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cybernetes.Store.Snapshots;

/// <summary>Puts a snapshot's contents into an empty store.</summary>
public static class SnapshotTarget
{
    // One transaction of etcd takes 128 operations; a request 1.5 MiB.
    private const int OperationsPerPut = 100;
    private const int BytesPerPut = 1 << 20;

    /// <summary>
    /// Makes an embedded store. Its records keep their revisions; the store's own goes on behind the snapshot's plus
    /// <paramref name="bump"/>, and everything before that counts as compacted. So nobody who saw the old store after the snapshot
    /// was taken can take the new one's history for a continuation: watchers get "compacted" and read anew.
    /// </summary>
    /// <param name="folder">Must not hold a store yet.</param>
    /// <param name="bump">At least as many revisions as the old store may have gone on after the snapshot.</param>
    public static StoreError? ToEmbedded(SnapshotContents contents, string folder, long bump)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bump);
        if (!DataDirectory.Open(folder).TryGet(out var directory, out var error))
            return error;
        using (directory)
        {
            var loader = new StateLoader();
            if (!SqliteJournal.Open(directory.DatabasePath, new EmbeddedStoreOptions(), loader, NullLogger.Instance).TryGet(out var journal, out error))
                return error;
            using (journal)
            {
                if (loader.State.Revision != StoreState.FirstRevision)
                    return new StoreError(StoreErrorKind.InvalidRequest, $"there is a store in {folder} already");
                // One commit: a crash leaves an empty store or the whole one.
                var batch = new JournalBatch { CompactRevision = Math.Max(contents.Revision + bump, StoreState.FirstRevision + 1) };
                batch.Records.AddRange(Numbered(contents.Records));
                batch.Granted.AddRange(contents.Leases.Select(lease => (lease.Id, (long)lease.TimeToLive.TotalMilliseconds)));
                return journal.Commit(batch);
            }
        }
    }

    /// <summary>
    /// Puts the records into a store that has none, in transactions of some records each; their revisions become the store's own.
    /// Where it fails half-way the store has to be emptied before it is tried again.
    /// </summary>
    public static async Task<StoreError?> ToStoreAsync(SnapshotContents contents, IStore store, CancellationToken cancellation = default)
    {
        var count = await store.RangeAsync(new RangeRequest(KeyRange.All) { CountOnly = true }, cancellation).ConfigureAwait(false);
        if (!count.TryGet(out var found, out var error))
            return error;
        if (found.Count > 0)
            return new StoreError(StoreErrorKind.InvalidRequest, $"the store to write to holds {found.Count} keys already");
        var leases = new Dictionary<long, long> { [0] = 0 };
        foreach (var (id, timeToLive) in contents.Leases)
        {
            if (!(await store.GrantLeaseAsync(timeToLive, cancellation).ConfigureAwait(false)).TryGet(out var lease, out error))
                return error;
            leases[id] = lease.Id;
        }
        var puts = new List<Operation>();
        long bytes = 0;
        foreach (var record in contents.Records)
        {
            if (puts.Count == OperationsPerPut || (puts.Count > 0 && bytes + record.Value.Length > BytesPerPut))
            {
                if ((error = await FlushAsync(store, puts, cancellation).ConfigureAwait(false)) is not null)
                    return error;
                bytes = 0;
            }
            bytes += record.Value.Length;
            puts.Add(new PutOperation(record.Key, record.Value.ToArray(), record.RevisionOffset, leases[record.Lease]));
        }
        return puts.Count == 0 ? null : await FlushAsync(store, puts, cancellation).ConfigureAwait(false);
    }

    /// <summary>
    /// Writes and deletes a key until the store's revision is above another's, so that versions do not go back for those who move
    /// over to it.
    /// </summary>
    public static async Task<StoreError?> RaiseRevisionAsync(IStore store, long above, string key, CancellationToken cancellation = default)
    {
        const int writers = 64;
        var reached = await store.CurrentRevisionAsync(cancellation).ConfigureAwait(false);
        if (!reached.TryGet(out var revision, out var error))
            return error;
        while (revision < above)
        {
            var wanted = (int)Math.Min(writers, above - revision);
            var results = await Task.WhenAll(Enumerable.Range(0, wanted)
                .Select(i => store.PutAsync($"{key}{i}", [], cancellation: cancellation).AsTask())).ConfigureAwait(false);
            if (results.FirstOrDefault(result => result.Error is not null).Error is { } failed)
                return failed;
            revision = results.Max(result => result.Value.Revision);
        }
        var cleared = await store.TransactAsync(Transaction.Of(new DeleteOperation(KeyRange.Prefix(key))), cancellation).ConfigureAwait(false);
        return cleared.Error;
    }

    /// <summary>
    /// In the order of their revisions. What place a record had in its transaction is not known any more; any that is its own will do.
    /// </summary>
    private static IEnumerable<Record> Numbered(IEnumerable<Record> records)
    {
        var (revision, order) = (0L, 0);
        foreach (var record in records.OrderBy(record => record.ModRevision))
        {
            order = record.ModRevision == revision ? order + 1 : 0;
            revision = record.ModRevision;
            var origin = new RecordOrigin(record.CreateRevision, revision, order, record.Version, record.Lease);
            yield return new Record(record.Key, record.ValueArray, record.RevisionOffset, origin);
        }
    }

    private static async Task<StoreError?> FlushAsync(IStore store, List<Operation> puts, CancellationToken cancellation)
    {
        var written = await store.TransactAsync(Transaction.Of([.. puts]), cancellation).ConfigureAwait(false);
        puts.Clear();
        return written.Error;
    }
}
