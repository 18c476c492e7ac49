using Cybernetes.Foundation;

namespace Cybernetes.Store.Embedded;

/// <summary>
/// The leases, what hangs on them, and when they end. Grants and revocations are decided by the writer and noted here after
/// they are durable; keeping alive needs no durability and happens at once. Safe for concurrent use.
/// </summary>
internal sealed class LeaseTable : IDisposable
{
    // When the end of a lease could not be written down, it is tried again after so long.
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<long, Lease> _leases = [];
    private readonly PriorityQueue<long, TimeSpan> _ends = new();
    private readonly TimeProvider _time;
    private readonly IRandomSource _random;
    private readonly long _start;
    private readonly ITimer _timer;
    private readonly Action<long> _expired;

    /// <param name="expired">Called, outside of any lock, for each lease whose time is up; it has to see to its
    /// revocation.</param>
    public LeaseTable(TimeProvider time, IRandomSource random, Action<long> expired)
    {
        (_time, _random, _expired) = (time, random, expired);
        _start = time.GetTimestamp();
        _timer = time.CreateTimer(_ => EndDue(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    // Not the time of day, which people set.
    private TimeSpan Now => _time.GetElapsedTime(_start);

    /// <summary>An id no lease has.</summary>
    public long NewId()
    {
        Span<byte> bytes = stackalloc byte[8];
        lock (_gate)
        {
            long id;
            do
            {
                _random.Fill(bytes);
                id = BitConverter.ToInt64(bytes) & long.MaxValue;
            }
            while (id == 0 || _leases.ContainsKey(id));
            return id;
        }
    }

    public LeaseState Add(long id, TimeSpan timeToLive)
    {
        lock (_gate)
        {
            var lease = new Lease(timeToLive) { End = Now + timeToLive };
            _leases.Add(id, lease);
            Schedule(id, lease.End);
            return new LeaseState(id, timeToLive, timeToLive);
        }
    }

    public bool Contains(long id)
    {
        lock (_gate)
            return _leases.TryGetValue(id, out var lease) && !lease.Ending;
    }

    public LeaseState? KeepAlive(long id)
    {
        lock (_gate)
        {
            if (!_leases.TryGetValue(id, out var lease) || lease.Ending)
                return null;
            lease.End = Now + lease.TimeToLive;
            Schedule(id, lease.End);
            return new LeaseState(id, lease.TimeToLive, lease.TimeToLive);
        }
    }

    public LeaseState? Read(long id)
    {
        lock (_gate)
        {
            if (!_leases.TryGetValue(id, out var lease) || lease.Ending)
                return null;
            return new LeaseState(id, lease.TimeToLive, Latest(lease.End - Now, TimeSpan.Zero));
        }
    }

    /// <summary>
    /// Marks the lease as ending, so that it cannot be kept alive any more, and gives its keys; null when there is no such
    /// lease or, with <paramref name="onlyIfOver"/>, when it was kept alive in time.
    /// </summary>
    public string[]? BeginEnd(long id, bool onlyIfOver)
    {
        lock (_gate)
        {
            if (!_leases.TryGetValue(id, out var lease) || lease.Ending || (onlyIfOver && lease.End > Now))
                return null;
            lease.Ending = true;
            return [.. lease.Keys];
        }
    }

    /// <summary>The end was not written down: the lease goes on, and ends a little later if its time is up.</summary>
    public void UndoEnd(long id)
    {
        lock (_gate)
        {
            if (!_leases.TryGetValue(id, out var lease))
                return;
            lease.Ending = false;
            Schedule(id, Latest(lease.End, Now + RetryDelay));
        }
    }

    public void Remove(long id)
    {
        lock (_gate)
            _leases.Remove(id);
    }

    /// <summary>Notes that a record becomes the newest of its key.</summary>
    public void Note(Record record, Record? older) => Move(record.Key, older?.Lease ?? 0, record.Lease);

    /// <summary>The record did not become the newest: what was noted after it is forgotten already.</summary>
    public void Forget(Record record, Record? older) => Move(record.Key, record.Lease, older?.Lease ?? 0);

    public void Dispose() => _timer.Dispose();

    private static TimeSpan Latest(TimeSpan left, TimeSpan right) => left > right ? left : right;

    private void Move(string key, long from, long to)
    {
        if (from == to)
            return;
        lock (_gate)
        {
            if (from != 0 && _leases.TryGetValue(from, out var left))
                left.Keys.Remove(key);
            if (to != 0 && _leases.TryGetValue(to, out var joined))
                joined.Keys.Add(key);
        }
    }

    private void EndDue()
    {
        List<long>? over = null;
        lock (_gate)
        {
            var now = Now;
            while (_ends.TryPeek(out var id, out var end) && end <= now)
            {
                _ends.Dequeue();
                if (!_leases.TryGetValue(id, out var lease) || lease.Ending)
                    continue;
                // It was kept alive or its end is retried: a later entry stands for it.
                if (lease.End <= now)
                    (over ??= []).Add(id);
            }
            Arm();
        }
        foreach (var id in over ?? [])
            _expired(id);
    }

    private void Schedule(long id, TimeSpan end)
    {
        _ends.Enqueue(id, end);
        if (_ends.Count > 64 && _ends.Count > _leases.Count * 4)
            DropStaleEnds();
        Arm();
    }

    // Each keep-alive adds an entry; the old ones are thrown out together.
    private void DropStaleEnds()
    {
        _ends.Clear();
        var soonest = Now + RetryDelay;
        foreach (var (id, lease) in _leases)
        {
            if (!lease.Ending)
                _ends.Enqueue(id, lease.End < Now ? soonest : lease.End);
        }
    }

    private void Arm()
    {
        var due = Timeout.InfiniteTimeSpan;
        if (_ends.TryPeek(out _, out var end))
            due = Latest(end, Now) - Now;
        // Timers of the runtime take at most about 49 days; it is armed again when it fires too early.
        _timer.Change(due > TimeSpan.FromDays(40) ? TimeSpan.FromDays(40) : due, Timeout.InfiniteTimeSpan);
    }

    private sealed class Lease(TimeSpan timeToLive)
    {
        public TimeSpan TimeToLive { get; } = timeToLive;

        public TimeSpan End { get; set; }

        public bool Ending { get; set; }

        public HashSet<string> Keys { get; } = new(StringComparer.Ordinal);
    }
}
