namespace Cybernetes.Client.Queues;

/// <summary>
/// What <see cref="WorkQueue{TKey}.TakeAsync"/> gave: a key to work on, or the news that the queue is shut down and empty.
/// </summary>
public readonly record struct WorkItem<TKey>(bool IsShutDown, TKey Key);

/// <summary>
/// A queue of keys for workers, with the contract of client-go's rate-limited work queue: a key that is waiting is not added
/// twice; a key that
/// is added while a worker has it is handed out again after that worker's <see cref="Done"/>, never to two workers at once; order
/// is first in,
/// first out. Safe for concurrent use. It holds each distinct key once, so its length is bounded by the number of objects.
/// </summary>
public sealed class WorkQueue<TKey> : IDisposable
    where TKey : notnull
{
    private readonly Lock _gate = new();
    private readonly Queue<TKey> _ready = new();
    private readonly HashSet<TKey> _dirty = [];
    private readonly HashSet<TKey> _processing = [];
    private readonly Queue<TaskCompletionSource<WorkItem<TKey>>> _takers = new();
    private readonly DelayedKeys<TKey> _delayed;
    private readonly RateLimiter<TKey> _limiter;
    private readonly QueueRecord? _record;
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isShutDown;

    public WorkQueue(TimeProvider time, WorkQueueOptions? options = null)
    {
        Options = options ?? new WorkQueueOptions();
        _limiter = new RateLimiter<TKey>(Options, time);
        _record = Options.Metrics?.For(Options.Name, time);
        _delayed = new DelayedKeys<TKey>(time, Add);
    }

    public WorkQueueOptions Options { get; }

    /// <summary>How many keys wait for a worker now; delayed ones do not count.</summary>
    public int Length
    {
        get
        {
            lock (_gate)
                return _ready.Count;
        }
    }

    /// <summary>Marks a key as needing work. Does nothing when it is waiting already, or after the shut-down.</summary>
    public void Add(TKey key)
    {
        TaskCompletionSource<WorkItem<TKey>>? taker;
        lock (_gate)
        {
            if (_isShutDown || !_dirty.Add(key))
                return;
            _record?.Added(key);
            if (_processing.Contains(key))
                return;
            taker = HandOut(key);
        }
        taker?.TrySetResult(new WorkItem<TKey>(false, key));
    }

    /// <summary>
    /// Adds a key once <paramref name="delay"/> is over; a key that is delayed already comes at the earlier of the two times.
    /// </summary>
    public void AddAfter(TKey key, TimeSpan delay)
    {
        _record?.PutOff();
        if (delay <= TimeSpan.Zero)
        {
            Add(key);
            return;
        }
        lock (_gate)
        {
            if (_isShutDown)
                return;
        }
        _delayed.Add(key, delay);
    }

    /// <summary>Adds a key that failed, after the delay that its failures and the traffic of all failing keys ask for.</summary>
    public void AddRateLimited(TKey key)
    {
        TimeSpan delay;
        lock (_gate)
            delay = _limiter.NextDelay(key);
        AddAfter(key, delay);
    }

    /// <summary>As <see cref="AddRateLimited"/>, for a key whose work failed: that is counted.</summary>
    internal void AddFailed(TKey key)
    {
        _record?.Failed();
        AddRateLimited(key);
    }

    /// <summary>Forgets a key's failures, after it succeeded. Whether it is queued does not change.</summary>
    public void Forget(TKey key)
    {
        lock (_gate)
            _limiter.Forget(key);
    }

    /// <summary>How often a key failed since it was last forgotten.</summary>
    public int Failures(TKey key)
    {
        lock (_gate)
            return _limiter.Failures(key);
    }

    /// <summary>Waits for a key. Every key taken must be given back by <see cref="Done"/>.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; no key is lost by it.</exception>
    public ValueTask<WorkItem<TKey>> TakeAsync(CancellationToken cancellation)
    {
        TaskCompletionSource<WorkItem<TKey>> taker;
        lock (_gate)
        {
            cancellation.ThrowIfCancellationRequested();
            if (_ready.TryDequeue(out TKey? key))
            {
                MarkTaken(key);
                return new(new WorkItem<TKey>(false, key));
            }
            if (_isShutDown)
                return new(new WorkItem<TKey>(true, default!));
            taker = new TaskCompletionSource<WorkItem<TKey>>(TaskCreationOptions.RunContinuationsAsynchronously);
            _takers.Enqueue(taker);
        }

        return cancellation.CanBeCanceled ? WaitAsync(taker, cancellation) : new(taker.Task);
    }

    private async ValueTask<WorkItem<TKey>> WaitAsync(TaskCompletionSource<WorkItem<TKey>> taker, CancellationToken cancellation)
    {
        await using CancellationTokenRegistration registration = cancellation.Register(() => CancelTaker(taker, cancellation));
        return await taker.Task.ConfigureAwait(false);
    }

    /// <summary>Gives back a key that was taken. When it was added meanwhile, it is queued again now.</summary>
    public void Done(TKey key)
    {
        TaskCompletionSource<WorkItem<TKey>>? taker = null;
        lock (_gate)
        {
            if (!_processing.Remove(key))
                return;
            _record?.Done(key);
            if (_dirty.Contains(key))
                taker = HandOut(key);
            NoteDrained();
        }
        taker?.TrySetResult(new WorkItem<TKey>(false, key));
    }

    /// <summary>
    /// No key is accepted any more; what waits is still handed out, then takers get the news. Delayed keys are dropped.
    /// </summary>
    public void ShutDown()
    {
        var released = new List<TaskCompletionSource<WorkItem<TKey>>>();
        lock (_gate)
        {
            if (_isShutDown)
                return;
            _isShutDown = true;
            released.AddRange(_takers);
            _takers.Clear();
            NoteDrained();
        }
        _delayed.Dispose();
        foreach (TaskCompletionSource<WorkItem<TKey>> taker in released)
            taker.TrySetResult(new WorkItem<TKey>(true, default!));
    }

    /// <summary>Shuts down and waits until every key that was waiting or in work is done.</summary>
    public Task ShutDownWithDrainAsync(CancellationToken cancellation)
    {
        ShutDown();
        return _drained.Task.WaitAsync(cancellation);
    }

    public void Dispose() => ShutDown();

    // Under the lock: gives the key to the longest waiting taker, or queues it.
    private TaskCompletionSource<WorkItem<TKey>>? HandOut(TKey key)
    {
        if (_takers.TryDequeue(out TaskCompletionSource<WorkItem<TKey>>? taker))
        {
            MarkTaken(key);
            return taker;
        }
        _ready.Enqueue(key);
        return null;
    }

    private void MarkTaken(TKey key)
    {
        _dirty.Remove(key);
        _processing.Add(key);
        _record?.Taken(key);
    }

    private void NoteDrained()
    {
        if (_isShutDown && _ready.Count == 0 && _processing.Count == 0)
            _drained.TrySetResult();
    }

    // The taker is cancelled only while it is still in the line: once it left, a key is on its way to it and must not be lost.
    private void CancelTaker(TaskCompletionSource<WorkItem<TKey>> taker, CancellationToken cancellation)
    {
        lock (_gate)
        {
            int count = _takers.Count;
            bool wasWaiting = false;
            for (int i = 0; i < count; i++)
            {
                TaskCompletionSource<WorkItem<TKey>> other = _takers.Dequeue();
                if (ReferenceEquals(other, taker))
                    wasWaiting = true;
                else
                    _takers.Enqueue(other);
            }
            if (!wasWaiting)
                return;
        }
        taker.TrySetCanceled(cancellation);
    }
}
