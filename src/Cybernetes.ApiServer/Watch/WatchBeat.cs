namespace Cybernetes.ApiServer.Watch;

/// <summary>
/// Beats on whole seconds of the clock, and only on those for which somebody has asked: what is due in the same second is done at once, and where
/// nothing is due for long no timer fires, so that a virtual clock passes over the time between in one step. Thread-safe.
/// </summary>
internal sealed class WatchBeat(TimeProvider time) : IDisposable
{
    private const long Second = TimeSpan.TicksPerSecond;

    // The clock may be set forward meanwhile: what is due by then is late by this at most.
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private Action? _beat;
    private ITimer? _timer;
    private long _next = long.MaxValue;
    private bool _isDisposed;

    /// <summary>From now on beats call this, each on its own and never under the lock of whoever asks.</summary>
    public void Begin(Action beat)
    {
        lock (_lock)
        {
            if (_isDisposed)
                return;
            _beat = beat;
            _timer = time.CreateTimer(_ => OnTime(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            Arm();
        }
    }

    /// <summary>Asks for a beat in the second after <paramref name="due"/> at the latest; not before the next whole second.</summary>
    public void Ask(DateTimeOffset due)
    {
        if (due == DateTimeOffset.MaxValue || due.UtcTicks >= Volatile.Read(ref _next))
            return;
        lock (_lock)
        {
            var soonest = Up(time.GetUtcNow().UtcTicks + 1);
            var second = Math.Max(Up(due.UtcTicks), soonest);
            if (second >= _next)
                return;
            Volatile.Write(ref _next, second);
            Arm();
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _timer?.Dispose();
        }
    }

    private static long Up(long ticks) => (ticks + Second - 1) / Second * Second;

    private void Arm()
    {
        if (_timer is null || _isDisposed || _next == long.MaxValue)
            return;
        var wait = new TimeSpan(Math.Max(_next - time.GetUtcNow().UtcTicks, 1));
        if (time == TimeProvider.System && wait > LongestWait)
            wait = LongestWait;
        _timer.Change(wait, Timeout.InfiniteTimeSpan);
    }

    private void OnTime()
    {
        lock (_lock)
        {
            if (time.GetUtcNow().UtcTicks < _next)
            {
                Arm();
                return;
            }
            Volatile.Write(ref _next, long.MaxValue);
        }
        _beat!();
    }
}
