using Cybernetes.Store;

namespace Cybernetes.ApiServer.Registry;

/// <summary>
/// Leases of the store for objects that expire (events). Objects of about the same age share one, as upstream does: a lease of their own each
/// would cost a write each. Safe for concurrent use.
/// </summary>
internal sealed class LeasePool(IStore store, TimeProvider time)
{
    // Upstream's: a lease is taken for so long, or for so many objects, whichever ends first.
    private static readonly TimeSpan Reuse = TimeSpan.FromSeconds(60);
    private const int MaxObjects = 1000;

    private readonly SemaphoreSlim _turn = new(1);
    private long _lease;
    private TimeSpan _timeToLive;
    private DateTimeOffset _takenUntil;
    private int _objects;

    /// <summary>A lease that lives at least as long as asked for; 0 asks for none.</summary>
    public async ValueTask<long> TakeAsync(TimeSpan timeToLive, CancellationToken cancellation)
    {
        if (timeToLive == TimeSpan.Zero)
            return 0;
        await _turn.WaitAsync(cancellation);
        try
        {
            var now = time.GetUtcNow();
            if (_lease == 0 || _timeToLive != timeToLive || now >= _takenUntil || _objects >= MaxObjects)
            {
                var granted = await store.GrantLeaseAsync(timeToLive + Reuse, cancellation);
                if (!granted.TryGet(out var state, out var error))
                    throw StoredJson.FailureOf(error);
                (_lease, _timeToLive, _takenUntil, _objects) = (state.Id, timeToLive, now + Reuse, 0);
            }
            _objects++;
            return _lease;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>The store no longer knows the lease: the next taker gets a fresh one.</summary>
    public async ValueTask ForgetAsync(long lease, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            if (_lease == lease)
                _lease = 0;
        }
        finally
        {
            _turn.Release();
        }
    }
}
