namespace Cybernetes.Store;

/// <summary>
/// An ordered map from ASCII keys to opaque bytes with one revision counter: every transaction that changes something gets the
/// next revision, and every kept revision can be read and watched from. The contract is etcd's v3 (KV, Watch and Lease services
/// of its API reference); the engines are interchangeable.
/// </summary>
/// <remarks>
/// <para>Reads are linear: they see every write that was answered before the read was asked for.</para>
/// <para>A write is answered, and becomes visible to readers and watchers, only when it is durable.</para>
/// <para>Expected failures are <see cref="StoreError"/> values. Exceptions are for broken arguments and for cancelled calls.
/// A cancelled or failed write may have happened all the same, unless the error says otherwise.</para>
/// <para>All members are safe for concurrent use.</para>
/// </remarks>
public interface IStore : IAsyncDisposable
{
    /// <summary>
    /// Whether reads are answered out of this process' memory, so that a copy kept beside the store would bring nothing.
    /// </summary>
    bool AnswersFromMemory { get; }

    /// <summary>One record, at a revision (0: now).</summary>
    /// <returns>The record or null; <see cref="StoreErrorKind.Compacted"/> or <see
    /// cref="StoreErrorKind.FutureRevision"/>.</returns>
    ValueTask<StoreResult<GetResult>> GetAsync(string key, long revision = 0, CancellationToken cancellation = default);

    /// <summary>The records of a range in the order of their keys, all of one revision.</summary>
    /// <returns>The records; <see cref="StoreErrorKind.Compacted"/> or <see cref="StoreErrorKind.FutureRevision"/>.</returns>
    ValueTask<StoreResult<RangeResult>> RangeAsync(RangeRequest request, CancellationToken cancellation = default);

    /// <summary>
    /// Runs the compares and then, atomically, either the one list of operations or the other. A transaction that changes
    /// nothing takes no revision.
    /// </summary>
    /// <returns>What happened; <see cref="StoreErrorKind.NoSpace"/>, <see cref="StoreErrorKind.Unavailable"/>,
    /// <see cref="StoreErrorKind.Overloaded"/>, <see cref="StoreErrorKind.LeaseNotFound"/>, <see
    /// cref="StoreErrorKind.InvalidRequest"/>,
    /// <see cref="StoreErrorKind.TooLarge"/>. After any of these nothing of the transaction is visible.</returns>
    ValueTask<StoreResult<TransactionResult>> TransactAsync(Transaction transaction, CancellationToken cancellation = default);

    /// <summary>Starts a watch. It never fails at once: what is wrong comes as the watch's last batch.</summary>
    IWatch Watch(WatchRequest request);

    /// <summary>
    /// Forgets what was overwritten or deleted before <paramref name="revision"/>: reads and watches from revisions below it
    /// fail from now on with <see cref="StoreErrorKind.Compacted"/>. The space is given back in the background.
    /// </summary>
    /// <returns>The revision; <see cref="StoreErrorKind.Compacted"/> when that was done before,
    /// <see cref="StoreErrorKind.FutureRevision"/>.</returns>
    ValueTask<StoreResult<long>> CompactAsync(long revision, CancellationToken cancellation = default);

    /// <summary>
    /// Makes a lease: the records put under it are deleted when it is not kept alive for <paramref name="timeToLive"/>.
    /// </summary>
    ValueTask<StoreResult<LeaseState>> GrantLeaseAsync(TimeSpan timeToLive, CancellationToken cancellation = default);

    /// <summary>Gives the lease its full time to live again.</summary>
    /// <returns>The lease; <see cref="StoreErrorKind.LeaseNotFound"/>.</returns>
    ValueTask<StoreResult<LeaseState>> KeepLeaseAliveAsync(long lease, CancellationToken cancellation = default);

    /// <summary>How a lease stands, without prolonging it.</summary>
    /// <returns>The lease; <see cref="StoreErrorKind.LeaseNotFound"/>.</returns>
    ValueTask<StoreResult<LeaseState>> ReadLeaseAsync(long lease, CancellationToken cancellation = default);

    /// <summary>Ends the lease and deletes its records in one transaction.</summary>
    /// <returns>The store's revision after that; <see cref="StoreErrorKind.LeaseNotFound"/>.</returns>
    ValueTask<StoreResult<long>> RevokeLeaseAsync(long lease, CancellationToken cancellation = default);

    /// <summary>The store's revision, size and health. Cheap enough for a health check a second.</summary>
    ValueTask<StoreResult<StoreStatus>> StatusAsync(CancellationToken cancellation = default);
}

/// <param name="Record">The record; null when there is none.</param>
/// <param name="Revision">The store's revision when it was read, also where an older one was asked for.</param>
public readonly record struct GetResult(Record? Record, long Revision);

/// <param name="Id">The number records name; never 0.</param>
/// <param name="TimeToLive">What was granted.</param>
/// <param name="Remaining">What is left now.</param>
public readonly record struct LeaseState(long Id, TimeSpan TimeToLive, TimeSpan Remaining);

/// <param name="Revision">The newest revision.</param>
/// <param name="CompactRevision">The oldest revision that can be read; 0 when all can.</param>
/// <param name="Keys">Live keys.</param>
/// <param name="BytesOnDisk">What the engine's files take; 0 in memory.</param>
/// <param name="Fault">Why the last write failed, until one succeeds again; null when all is well.</param>
public sealed record StoreStatus(long Revision, long CompactRevision, long Keys, long BytesOnDisk, StoreError? Fault);
