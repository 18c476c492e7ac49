namespace Cybernetes.ApiServer.Watch;

/// <summary>
/// Wakes watchers in rounds. A change after a quiet moment goes out at once; after a round that woke many the next one waits a little, so that
/// the changes of that time go to each watcher in one write. A write to a socket costs the two ends some 50 µs, whatever is in it: the pause grows with
/// the watchers woken, from nothing for a few to <see cref="UsualPause"/>, and where a round takes long, so that half of the time is left for others,
/// to <see cref="LongestPause"/>. Guarded by the cache's lock.
/// </summary>
internal sealed class WakeRounds(TimeProvider time, Lock owner) : IDisposable
{
    private static readonly TimeSpan PauseForEach = TimeSpan.FromMicroseconds(100);

    // Below this a timer is not worth its while.
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan UsualPause = TimeSpan.FromMilliseconds(25);

    // With the time that such a round takes a change is told within 100 ms.
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(35);

    // A change may just miss a round: two of them are its way, and both have to fit.
    private static readonly TimeSpan SlowRound = TimeSpan.FromMilliseconds(20);

    // So many are worth it that what they write is made once and that they go on side by side on the same few threads.
    private const int Many = 16;

    private readonly List<Watcher> _ready = [];
    private ITimer? _timer;
    private bool _isScheduled;
    private bool _isRunning;
    private long _head;
    private long _last;
    private TimeSpan _pause;
    private bool _isSlow;

    /// <summary>Has a watcher woken with the next round; one that is told twice is woken once.</summary>
    public void Add(Watcher watcher)
    {
        if (watcher.IsInRound)
            return;
        watcher.IsInRound = true;
        _ready.Add(watcher);
    }

    /// <summary>Runs the round now or when its time has come. To be called after changes were added.</summary>
    /// <param name="head">The place behind the last change.</param>
    public void Run(long head)
    {
        _head = head;
        if (!_isScheduled && !_isRunning)
            RunOrWait();
    }

    public void Dispose() => _timer?.Dispose();

    private void RunOrWait()
    {
        if (_ready.Count == 0)
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

    private void OnTime()
    {
        lock (owner)
        {
            _isScheduled = false;
            Wake();
        }
    }

    private void OnEnd(TimeSpan took)
    {
        lock (owner)
        {
            _isRunning = false;
            _isSlow = took > SlowRound;
            var fair = took * 2 < LongestPause ? took * 2 : LongestPause;
            if (fair > _pause)
                _pause = fair;
            RunOrWait();
        }
    }

    private void Wake()
    {
        var many = _ready.Count >= Many;
        foreach (var watcher in _ready)
        {
            watcher.IsInRound = false;
            watcher.Until = many ? _head : long.MaxValue;
            if (!many)
                watcher.Wake();
        }
        var pause = PauseForEach * _ready.Count;
        _pause = pause < ShortestPause ? TimeSpan.Zero : pause < UsualPause ? pause : UsualPause;
        if (_pause > TimeSpan.Zero)
            _last = time.GetTimestamp();
        if (many)
        {
            _isRunning = true;
            new Round(this, time, [.. _ready]).Start(_isSlow ? Environment.ProcessorCount : Math.Max(1, Environment.ProcessorCount / 2));
        }
        _ready.Clear();
    }

    /// <summary>
    /// Watchers that go on one after another, each as far as it comes without waiting: a hand-over to the pool for each of them costs as much as a small
    /// write. They take half of the processors; the other half goes on answering requests, unless the round before was slow.
    /// </summary>
    private sealed class Round(WakeRounds rounds, TimeProvider time, Watcher[] watchers) : IThreadPoolWorkItem
    {
        private readonly long _began = time.GetTimestamp();
        private int _next = -1;
        private int _threads;

        public void Start(int threads)
        {
            _threads = threads;
            for (var i = threads; i > 0; i--)
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }

        public void Execute()
        {
            for (int i; (i = Interlocked.Increment(ref _next)) < watchers.Length;)
                watchers[i].Run();
            if (Interlocked.Decrement(ref _threads) == 0)
                rounds.OnEnd(time.GetElapsedTime(_began));
        }
    }
}
