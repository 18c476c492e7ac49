namespace Cybernetes.Node.Simulated.Fleet;

/// <summary>Things to do at their times: one timer for all of them. Thread-safe; one taker.</summary>
internal sealed class DueQueue<T> : IDisposable
{
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly PriorityQueue<T, DateTimeOffset> _due = new();
    private readonly ITimer _timer;
    private TaskCompletionSource _awake = NewSignal();

    public DueQueue(TimeProvider time)
    {
        _time = time;
        _timer = time.CreateTimer(_ => Wake(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Add(T thing, DateTimeOffset at)
    {
        lock (_lock)
        {
            var isFirst = !_due.TryPeek(out _, out var first) || at < first;
            _due.Enqueue(thing, at);
            if (isFirst)
                _awake.TrySetResult();
        }
    }

    /// <summary>The next thing, once its time has come.</summary>
    public async ValueTask<T> TakeAsync(CancellationToken cancellation)
    {
        while (true)
        {
            Task awake;
            lock (_lock)
            {
                var wait = Timeout.InfiniteTimeSpan;
                if (_due.TryPeek(out _, out var at))
                {
                    wait = at - _time.GetUtcNow();
                    if (wait <= TimeSpan.Zero)
                        return _due.Dequeue();
                }
                if (_awake.Task.IsCompleted)
                    _awake = NewSignal();
                awake = _awake.Task;
                _timer.Change(wait, Timeout.InfiniteTimeSpan);
            }
            await awake.WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Wake()
    {
        lock (_lock)
            _awake.TrySetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
