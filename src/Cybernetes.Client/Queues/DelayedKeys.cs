namespace Cybernetes.Client.Queues;

/// <summary>
/// Keys that become due later, each once, at the earliest time it was added for. One timer for all. Safe for concurrent use.
/// </summary>
internal sealed class DelayedKeys<TKey> : IDisposable
    where TKey : notnull
{
    private static readonly TimeSpan longestWait = TimeSpan.FromDays(1);
    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly Action<TKey> _due;
    private readonly ITimer _timer;
    private readonly long _start;
    private readonly Dictionary<TKey, TimeSpan> _dueAt = [];
    // May hold entries that an earlier time for the same key made stale; they are passed over when they come up.
    private readonly PriorityQueue<TKey, (TimeSpan At, long Sequence)> _order = new();
    private long _sequence;
    private bool _isDisposed;

    public DelayedKeys(TimeProvider time, Action<TKey> due)
    {
        _time = time;
        _due = due;
        _start = time.GetTimestamp();
        _timer = time.CreateTimer(
            static state => ((DelayedKeys<TKey>)state!).Fire(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Add(TKey key, TimeSpan delay)
    {
        lock (_gate)
        {
            if (_isDisposed)
                return;
            TimeSpan now = Now();
            TimeSpan at = delay > TimeSpan.MaxValue - now ? TimeSpan.MaxValue : now + delay;
            if (_dueAt.TryGetValue(key, out TimeSpan present) && present <= at)
                return;
            _dueAt[key] = at;
            _order.Enqueue(key, (at, _sequence++));
            Arm();
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            _order.Clear();
            _dueAt.Clear();
        }
        _timer.Dispose();
    }

    private TimeSpan Now() => _time.GetElapsedTime(_start);

    private void Fire()
    {
        var ready = new List<TKey>();
        lock (_gate)
        {
            if (_isDisposed)
                return;
            TimeSpan now = Now();
            while (_order.TryPeek(out TKey? key, out (TimeSpan At, long Sequence) next) && next.At <= now)
            {
                _order.Dequeue();
                if (_dueAt.TryGetValue(key, out TimeSpan at) && at == next.At && _dueAt.Remove(key))
                    ready.Add(key);
            }
            Arm();
        }
        foreach (TKey key in ready)
            _due(key);
    }

    // A real timer may come a moment early by rounding: then nothing is due, and it is armed again, a millisecond at the least.
    private void Arm()
    {
        if (!_order.TryPeek(out _, out (TimeSpan At, long Sequence) next))
            return;
        TimeSpan wait = next.At - Now();
        TimeSpan least = TimeSpan.FromMilliseconds(1);
        // Timers take some weeks at the most, and objects may name any year: then the timer comes early and is armed again.
        _timer.Change(wait < least ? least : wait > longestWait ? longestWait : wait, Timeout.InfiniteTimeSpan);
    }
}
