using Cybernetes.Foundation;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Scheduler.Plugins.SchedulingGates;

namespace Cybernetes.Scheduler.Queue;

/// <summary>
/// Pods that wait for a node. Active pods come out by priority, then age; a pod without a place waits as unschedulable until something happens
/// that its plugins wait for, and then backs off (1 s … 10 s, doubling) before it is tried again; five minutes wake every pod anyway.
/// Thread-safe; one consumer.
/// </summary>
internal sealed class SchedulingQueue : IDisposable
{
    private static readonly BackoffOptions s_backoff = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10));
    private static readonly TimeSpan s_longestUnschedulable = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan s_flushInterval = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly Dictionary<string, QueuedPod> _pods = new(StringComparer.Ordinal);
    private readonly PriorityQueue<QueuedPod, (int NegativePriority, DateTimeOffset Timestamp, long Order)> _active = new();
    private readonly PriorityQueue<QueuedPod, DateTimeOffset> _backoff = new();
    private readonly ITimer _backoffTimer;
    private readonly ITimer _flushTimer;
    private TaskCompletionSource _available = NewSignal();
    private long _order;
    private long _moves;
    private ClusterEvent _recent;

    public SchedulingQueue(TimeProvider time)
    {
        _time = time;
        _backoffTimer = time.CreateTimer(_ => Guarded(FlushBackoff), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _flushTimer = time.CreateTimer(_ => Guarded(FlushUnschedulable), null, s_flushInterval, s_flushInterval);
    }

    /// <summary>How many pods stand in a place.</summary>
    public int Count(QueuePlace place)
    {
        lock (_lock)
            return _pods.Values.Count(p => p.Place == place);
    }

    /// <summary>A pending pod appeared or changed.</summary>
    public void Put(Pod pod)
    {
        lock (_lock)
        {
            if (!_pods.TryGetValue(pod.Metadata.UID, out var queued))
            {
                queued = _pods[pod.Metadata.UID] = new QueuedPod(pod, _time.GetUtcNow());
                Activate(queued);
                return;
            }
            var before = queued.Pod;
            queued.Pod = pod;
            var mayHelp = before.Metadata.Generation != pod.Metadata.Generation || !ReferenceEquals(before, pod) && LabelsDiffer(before, pod);
            if (queued.Place == QueuePlace.Gated || (queued.Place == QueuePlace.Unschedulable && mayHelp))
                Activate(queued);
        }
    }

    /// <summary>The pod is bound, deleted, or no longer ours.</summary>
    public void Remove(string uid)
    {
        lock (_lock)
        {
            // Heaps skip pods whose place says they are gone.
            if (_pods.Remove(uid, out var queued))
                queued.Place = QueuePlace.Gone;
        }
    }

    /// <summary>Takes the next pod, waiting for one. It must be given back by <see cref="Remove"/> or <see cref="PutBack"/>.</summary>
    public async Task<QueuedPod> TakeAsync(CancellationToken cancellation)
    {
        while (true)
        {
            Task available;
            lock (_lock)
            {
                while (_active.TryDequeue(out var queued, out var order))
                {
                    // A pod may stand in the heap twice after it moved; only its latest standing counts.
                    if (queued.Place != QueuePlace.Active || order.Timestamp != queued.Timestamp)
                        continue;
                    queued.Place = QueuePlace.InFlight;
                    queued.Attempts++;
                    queued.MoveCountAtPop = _moves;
                    if (_pods.Values.All(p => p.Place != QueuePlace.InFlight || p == queued))
                        _recent = ClusterEvent.None;
                    return queued;
                }
                if (_available.Task.IsCompleted)
                    _available = NewSignal();
                available = _available.Task;
            }
            await available.WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>The pod found no node (or its binding failed: no wakers, then it only backs off).</summary>
    public void PutBack(QueuedPod queued, ClusterEvent wakers)
    {
        lock (_lock)
        {
            if (queued.Place == QueuePlace.Gone)
                return;
            queued.Wakers = wakers;
            queued.Timestamp = _time.GetUtcNow();
            var missed = _moves != queued.MoveCountAtPop && (_recent & wakers) != 0;
            if (wakers == ClusterEvent.None || missed)
                BackOff(queued);
            else
                queued.Place = QueuePlace.Unschedulable;
        }
    }

    /// <summary>Something happened: pods that wait for it move on.</summary>
    public void Move(ClusterEvent happened)
    {
        lock (_lock)
        {
            _moves++;
            _recent |= happened;
            foreach (var queued in _pods.Values)
            {
                if (queued.Place == QueuePlace.Unschedulable && (queued.Wakers & happened) != 0)
                    BackOff(queued);
            }
        }
    }

    public void Dispose()
    {
        _backoffTimer.Dispose();
        _flushTimer.Dispose();
    }

    private void Activate(QueuedPod queued)
    {
        if (SchedulingGatesCheck.MessageFor(queued.Pod) is not null)
        {
            queued.Place = QueuePlace.Gated;
            return;
        }
        queued.Place = QueuePlace.Active;
        _active.Enqueue(queued, (-queued.Priority, queued.Timestamp, _order++));
        _available.TrySetResult();
    }

    private void BackOff(QueuedPod queued)
    {
        var ready = queued.Timestamp + s_backoff.Delay(queued.Attempts - 1);
        if (ready <= _time.GetUtcNow())
        {
            Activate(queued);
            return;
        }
        queued.Place = QueuePlace.Backoff;
        _backoff.Enqueue(queued, ready);
        if (_backoff.Peek() == queued)
            _backoffTimer.Change(ready - _time.GetUtcNow(), Timeout.InfiniteTimeSpan);
    }

    private void FlushBackoff()
    {
        var now = _time.GetUtcNow();
        while (_backoff.TryPeek(out var queued, out var ready))
        {
            if (ready > now)
            {
                _backoffTimer.Change(ready - now, Timeout.InfiniteTimeSpan);
                return;
            }
            _backoff.Dequeue();
            if (queued.Place == QueuePlace.Backoff)
                Activate(queued);
        }
    }

    private void FlushUnschedulable()
    {
        var oldest = _time.GetUtcNow() - s_longestUnschedulable;
        foreach (var queued in _pods.Values)
        {
            if (queued.Place == QueuePlace.Unschedulable && queued.Timestamp <= oldest)
                BackOff(queued);
        }
    }

    private void Guarded(Action action)
    {
        lock (_lock)
            action();
    }

    private static bool LabelsDiffer(Pod before, Pod after) => !Objects.ObjectEquality.StringMap(before.Metadata.Labels, after.Metadata.Labels);

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
