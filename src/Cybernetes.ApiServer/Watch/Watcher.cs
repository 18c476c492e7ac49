using System.Threading.Tasks.Sources;
using Cybernetes.ApiServer.Registry;

namespace Cybernetes.ApiServer.Watch;

/// <summary>
/// One watch request's place in its cache. Place, seat and pending flag belong to the cache's lock. The request's own task waits on
/// <see cref="WaitAsync"/> and takes changes by <see cref="WatchCache.Take"/>: only after it was woken, so that what comes shortly after one
/// another is written together. Costs no more than itself while nothing concerns it.
/// </summary>
internal sealed class Watcher(ObjectFilter filter) : IValueTaskSource
{
    private readonly Lock _lock = new();
    private ManualResetValueTaskSourceCore<bool> _wake;
    private bool _isWaiting;
    private bool _isWoken;
    private long _dueTicks = DateTimeOffset.MaxValue.UtcTicks;

    public ObjectFilter Filter { get; } = filter;

    public long Place { get; set; }

    public bool HasPending { get; set; }

    /// <summary>Up to where it takes now: a round's end, so that all of a round take the same.</summary>
    public long Until { get; set; } = long.MaxValue;

    /// <summary>Whether the next round wakes it.</summary>
    public bool IsInRound { get; set; }

    public bool IsCut { get; private set; }

    /// <summary>Where it sits among the watchers of the same key: <see cref="WatcherIndex"/>.</summary>
    public int Seat { get; set; }

    /// <summary>When the clock has something for this watcher: a bookmark or its end.</summary>
    public DateTimeOffset Due
    {
        get => new(Volatile.Read(ref _dueTicks), TimeSpan.Zero);
        set => Volatile.Write(ref _dueTicks, value.UtcTicks);
    }

    /// <summary>Whether a change means anything here.</summary>
    public bool Concerns(CachedEvent change) => change.For(Filter) is not null;

    /// <summary>Ends the watch: the client has to start again.</summary>
    public void Cut()
    {
        IsCut = true;
        Wake();
    }

    /// <summary>Has the watch go on, on another thread.</summary>
    public void Wake() => Wake(onThisThread: false);

    /// <summary>Has the watch go on right here, until it waits for something. Not under any lock.</summary>
    public void Run() => Wake(onThisThread: true);

    private void Wake(bool onThisThread)
    {
        lock (_lock)
        {
            if (!_isWaiting)
            {
                _isWoken = true;
                return;
            }
            _isWaiting = false;
        }
        _wake.RunContinuationsAsynchronously = !onThisThread;
        _wake.SetResult(true);
    }

    /// <summary>Waits for the next wake; returns at once when one came since the last wait. One waiter at a time.</summary>
    public ValueTask WaitAsync()
    {
        lock (_lock)
        {
            if (_isWoken)
            {
                _isWoken = false;
                return ValueTask.CompletedTask;
            }
            _wake.Reset();
            _isWaiting = true;
            return new(this, _wake.Version);
        }
    }

    void IValueTaskSource.GetResult(short token) => _wake.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _wake.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _wake.OnCompleted(continuation, state, token, flags);
}
