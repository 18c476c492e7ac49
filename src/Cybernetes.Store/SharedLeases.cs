namespace Cybernetes.Store;

/// <summary>
/// Gives records a time to live without a lease each: records that are written close together share one, and so may live a little
/// longer than asked for. A lease of its own costs a durable write; with thousands of short-lived records that is half of all writes.
/// Safe for concurrent use.
/// </summary>
/// <param name="store">Where the leases are made.</param>
/// <param name="time">The store's clock.</param>
public sealed class SharedLeases(IStore store, TimeProvider time)
{
    // As kube-apiserver does it: a lease is shared for a minute, or a twentieth of the time to live if that is less, by at most
    // a thousand records (so that its end is no huge transaction).
    private const int RecordLimit = 1000;
    private const int ShareFraction = 20;
    private static readonly TimeSpan ShareLimit = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly Dictionary<TimeSpan, Shared> _current = [];

    /// <summary>A lease under which a record put now lives at least <paramref name="timeToLive"/>; to be asked for each put.</summary>
    /// <returns>The lease's id; or why none could be made.</returns>
    public async ValueTask<StoreResult<long>> TakeAsync(TimeSpan timeToLive, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(timeToLive, TimeSpan.Zero);
        await _gate.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            var now = time.GetTimestamp();
            if (_current.TryGetValue(timeToLive, out var shared) && shared.TryTake(time, now))
                return shared.Lease;
            var share = TimeSpan.FromTicks(Math.Min(ShareLimit.Ticks, timeToLive.Ticks / ShareFraction));
            var granted = await store.GrantLeaseAsync(timeToLive + share, cancellation).ConfigureAwait(false);
            if (!granted.TryGet(out var lease, out var error))
                return error;
            _current[timeToLive] = new Shared(lease.Id, now, share);
            return lease.Id;
        }
        finally
        {
            _gate.Release();
        }
    }

    private sealed class Shared(long lease, long since, TimeSpan share)
    {
        private int _records = 1;

        public long Lease { get; } = lease;

        public bool TryTake(TimeProvider time, long now)
        {
            if (_records >= RecordLimit || time.GetElapsedTime(since, now) >= share)
                return false;
            _records++;
            return true;
        }
    }
}
