using System.Runtime.CompilerServices;

namespace Cybernetes.Store;

/// <summary>The transactions that are wanted most, under their own names.</summary>
public static class StoreOperations
{
    /// <summary>Writes the record whatever is there. For the arguments see <see cref="PutOperation"/>.</summary>
    public static ValueTask<StoreResult<WriteResult>> PutAsync(
        this IStore store, string key, byte[] value, int revisionOffset = RevisionStamp.None, long lease = 0,
        CancellationToken cancellation = default) =>
        WriteAsync(store, Transaction.Of(new PutOperation(key, value, revisionOffset, lease)), cancellation);

    /// <summary>Writes the record if the key does not exist.</summary>
    public static ValueTask<StoreResult<WriteResult>> CreateAsync(
        this IStore store, PutOperation put, CancellationToken cancellation = default) =>
        WriteAsync(store, If(Compare.Absent(put.Key), put, put.Key), cancellation);

    /// <summary>Writes the record if the key was last changed by <paramref name="expectedRevision"/>.</summary>
    public static ValueTask<StoreResult<WriteResult>> UpdateAsync(
        this IStore store, PutOperation put, long expectedRevision, CancellationToken cancellation = default) =>
        WriteAsync(store, If(Compare.ModRevision(put.Key, expectedRevision), put, put.Key), cancellation);

    /// <summary>Deletes the record if the key was last changed by <paramref name="expectedRevision"/>.</summary>
    public static ValueTask<StoreResult<WriteResult>> DeleteAsync(
        this IStore store, string key, long expectedRevision, CancellationToken cancellation = default) =>
        WriteAsync(store, If(Compare.ModRevision(key, expectedRevision), new DeleteOperation(key), key), cancellation);

    /// <summary>Deletes the record, if it is there.</summary>
    public static ValueTask<StoreResult<WriteResult>> DeleteAsync(
        this IStore store, string key, CancellationToken cancellation = default) =>
        WriteAsync(store, Transaction.Of(new DeleteOperation(key)), cancellation);

    /// <summary>The store's newest revision.</summary>
    public static async ValueTask<StoreResult<long>> CurrentRevisionAsync(
        this IStore store, CancellationToken cancellation = default)
    {
        var status = await store.StatusAsync(cancellation).ConfigureAwait(false);
        return status.TryGet(out var value, out var error) ? value.Revision : error;
    }

    private static Transaction If(Compare compare, Operation operation, string key) =>
        new([compare], [operation], [new RangeOperation(key)]);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<StoreResult<WriteResult>> WriteAsync(
        IStore store, Transaction transaction, CancellationToken cancellation)
    {
        var outcome = await store.TransactAsync(transaction, cancellation).ConfigureAwait(false);
        if (!outcome.TryGet(out var result, out var error))
            return error;
        return result.Results[0] switch
        {
            PutResult put => new WriteResult(true, result.Revision, put.Record, put.Previous),
            DeleteResult { Deleted: [var deleted, ..] } => new WriteResult(true, result.Revision, null, deleted),
            RangeOperationResult { Range.Records: [var current, ..] } => new WriteResult(false, result.Revision, null, current),
            _ => new WriteResult(result.Succeeded, result.Revision, null, null),
        };
    }
}

/// <summary>What became of a conditional write.</summary>
/// <param name="Succeeded">False when the condition did not hold; nothing was written then.</param>
/// <param name="Revision">The store's revision after it.</param>
/// <param name="Record">The version that was written; null after a deletion and when nothing was written.</param>
/// <param name="Previous">After a success the version before (null: there was none); after a failure the present one (null: the
/// key does not exist).</param>
public readonly record struct WriteResult(bool Succeeded, long Revision, Record? Record, Record? Previous);
