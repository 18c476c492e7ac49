using Cybernetes.ApiServer.Registry;

namespace Cybernetes.ApiServer.Watch;

/// <summary>
/// One watch request's place in its cache. Place and pending flag belong to the cache's lock. The request's own task waits on
/// <see cref="WaitAsync"/> and takes changes by <see cref="WatchCache.Take"/>.
/// </summary>
internal sealed class Watcher(ObjectFilter filter)
{
    private readonly Lock _lock = new();
    private TaskCompletionSource? _waiting;
    private bool _woken;

    public ObjectFilter Filter { get; } = filter;

    public long Place { get; set; }

    public bool HasPending { get; set; }

    public bool IsCut { get; private set; }

    /// <summary>When the clock has something for this watcher: a bookmark or its end.</summary>
    public DateTimeOffset Due { get; set; } = DateTimeOffset.MaxValue;

    public bool IsDue(DateTimeOffset now) => now >= Due;

    /// <summary>Whether a change means anything here: cheap, and true too often rather than too seldom.</summary>
    public bool Concerns(CachedEvent change) => change.For(Filter) is not null;

    /// <summary>Ends the watch: the client has to start again.</summary>
    public void Cut()
    {
        IsCut = true;
        Wake();
    }

    public void Wake()
    {
        TaskCompletionSource? waiting;
        lock (_lock)
        {
            _woken = true;
            waiting = _waiting;
            _waiting = null;
        }
        waiting?.TrySetResult();
    }

    /// <summary>Waits for the next wake; returns at once when one came since the last wait.</summary>
    public Task WaitAsync(CancellationToken cancellation)
    {
        lock (_lock)
        {
            if (_woken)
            {
                _woken = false;
                return Task.CompletedTask;
            }
            _waiting = new(TaskCreationOptions.RunContinuationsAsynchronously);
            return WaitAsync(_waiting.Task, cancellation);
        }
    }

    private async Task WaitAsync(Task wake, CancellationToken cancellation)
    {
        await wake.WaitAsync(cancellation);
        lock (_lock)
            _woken = false;
    }
}
