using Cybernetes.Store;

namespace Cybernetes.ApiServer.Tests.Watch;

/// <summary>A store that is elsewhere, as etcd is: several servers share it, and each of its reads is counted.</summary>
internal sealed class RemoteStore(IStore inner) : IStore
{
    private int _ranges;
    private int _gets;

    /// <summary>Whose reads are counted in <see cref="Gets"/>; null: nobody's.</summary>
    public Func<string, bool>? Watched { get; set; }

    /// <summary>Called with each transaction, by the thread that asks for it, before it begins.</summary>
    public Action<Transaction>? Writing { get; set; }

    /// <summary>How many single records of those were read.</summary>
    public int Gets => Volatile.Read(ref _gets);

    /// <summary>How many ranges were read.</summary>
    public int Ranges => Volatile.Read(ref _ranges);

    public bool AnswersFromMemory => false;

    public ValueTask<StoreResult<GetResult>> GetAsync(string key, long revision = 0, CancellationToken cancellation = default)
    {
        if (Watched?.Invoke(key) == true)
            Interlocked.Increment(ref _gets);
        return inner.GetAsync(key, revision, cancellation);
    }

    public ValueTask<StoreResult<RangeResult>> RangeAsync(RangeRequest request, CancellationToken cancellation = default)
    {
        Interlocked.Increment(ref _ranges);
        return inner.RangeAsync(request, cancellation);
    }

    public ValueTask<StoreResult<TransactionResult>> TransactAsync(Transaction transaction, CancellationToken cancellation = default)
    {
        Writing?.Invoke(transaction);
        return inner.TransactAsync(transaction, cancellation);
    }

    public IWatch Watch(WatchRequest request) => inner.Watch(request);

    public ValueTask<StoreResult<long>> CompactAsync(long revision, CancellationToken cancellation = default) =>
        inner.CompactAsync(revision, cancellation);

    public ValueTask<StoreResult<LeaseState>> GrantLeaseAsync(TimeSpan timeToLive, CancellationToken cancellation = default) =>
        inner.GrantLeaseAsync(timeToLive, cancellation);

    public ValueTask<StoreResult<LeaseState>> KeepLeaseAliveAsync(long lease, CancellationToken cancellation = default) =>
        inner.KeepLeaseAliveAsync(lease, cancellation);

    public ValueTask<StoreResult<LeaseState>> ReadLeaseAsync(long lease, CancellationToken cancellation = default) =>
        inner.ReadLeaseAsync(lease, cancellation);

    public ValueTask<StoreResult<long>> RevokeLeaseAsync(long lease, CancellationToken cancellation = default) =>
        inner.RevokeLeaseAsync(lease, cancellation);

    public ValueTask<StoreResult<StoreStatus>> StatusAsync(CancellationToken cancellation = default) => inner.StatusAsync(cancellation);

    // The store is shared: whoever made it ends it.
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
