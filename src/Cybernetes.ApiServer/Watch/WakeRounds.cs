namespace Cybernetes.ApiServer.Watch;

/// <summary>
/// Wakes watchers in rounds. A change after a quiet moment goes out at once; after a round that woke many the next one waits a little, so that
/// the changes of that time go to each watcher in one write. A write to a socket costs the two ends some 50 µs, whatever is in it: the pause grows with
/// the watchers woken, from nothing for a few to <see cref="LongestPause"/>. Guarded by the cache's lock.
/// </summary>
internal sealed class WakeRounds(TimeProvider time, Lock owner) : IDisposable
{
    private static readonly TimeSpan PauseForEach = TimeSpan.FromMicroseconds(100);

    // Below this a timer is not worth its while.
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(25);

    private readonly List<Watcher> _ready = [];
    private ITimer? _timer;
    private bool _isScheduled;
    private long _last;
    private TimeSpan _pause;

    /// <summary>Has a watcher woken with the next round.</summary>
    public void Add(Watcher watcher) => _ready.Add(watcher);

    /// <summary>Runs the round now or when its time has come. To be called after changes were added.</summary>
    public void Run()
    {
        if (_ready.Count == 0 || _isScheduled)
            return;
        var rest = _pause == TimeSpan.Zero ? TimeSpan.Zero : _pause - time.GetElapsedTime(_last);
        if (rest <= TimeSpan.Zero)
        {
            Wake();
            return;
        }
        _isScheduled = true;
        _timer ??= time.CreateTimer(_ => OnTime(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(rest, Timeout.InfiniteTimeSpan);
    }

    public void Dispose() => _timer?.Dispose();

    private void OnTime()
    {
        lock (owner)
        {
            _isScheduled = false;
            Wake();
        }
    }

    private void Wake()
    {
        foreach (var watcher in _ready)
            watcher.Wake();
        var pause = PauseForEach * _ready.Count;
        _pause = pause < ShortestPause ? TimeSpan.Zero : pause < LongestPause ? pause : LongestPause;
        if (_pause > TimeSpan.Zero)
            _last = time.GetTimestamp();
        _ready.Clear();
    }
}
