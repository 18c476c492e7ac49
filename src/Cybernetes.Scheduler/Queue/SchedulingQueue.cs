using Cybernetes.Foundation;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Scheduler.Cycle;

namespace Cybernetes.Scheduler.Queue;

/// <summary>
/// Pods that wait for a node. Active pods come out by priority, then age (or as a profile's QueueSort says); a pod without a place waits as
/// unschedulable until something happens that its plugins wait for, and then backs off (1 s … 10 s, doubling) before it is tried again; five
/// minutes wake every pod anyway. An event costs only the pods that wait for its kind. Thread-safe; one consumer.
/// </summary>
internal sealed class SchedulingQueue : IDisposable
{
    private static readonly TimeSpan s_longestUnschedulable = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan s_flushInterval = TimeSpan.FromSeconds(30);
    private const int EventKinds = 20;
    private const int MostRecent = 4096;

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly BackoffOptions _backoffOptions;
    private readonly Func<Pod, bool> _isGated;
    private readonly Dictionary<string, QueuedPod> _pods = new(StringComparer.Ordinal);
    private readonly PriorityQueue<(QueuedPod Pod, long Order), QueuedPod> _active;
    private readonly PriorityQueue<QueuedPod, TimeSpan> _backoff = new();
    private readonly HashSet<QueuedPod>[] _waiting = [.. Enumerable.Range(0, EventKinds).Select(_ => new HashSet<QueuedPod>())];
    private readonly int[] _places = new int[6];
    private readonly List<ClusterHappening> _recent = [];
    private readonly long _beginning;
    private readonly ITimer _backoffTimer;
    private readonly ITimer _flushTimer;
    private TaskCompletionSource _available = NewSignal();
    private long _order;
    private bool _missedEvents;
    private bool _flushes;

    public SchedulingQueue(TimeProvider time, IComparer<QueuedPod>? order = null, BackoffOptions? backoff = null, Func<Pod, bool>? isGated = null)
    {
        _time = time;
        _beginning = time.GetTimestamp();
        _backoffOptions = backoff ?? new BackoffOptions(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10));
        _isGated = isGated ?? (pod => Plugins.SchedulingGates.SchedulingGatesPlugin.MessageFor(pod) is not null);
        _active = new(order ?? Plugins.QueueSort.PrioritySort.Instance);
        _backoffTimer = time.CreateTimer(_ => Guarded(FlushBackoff), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _flushTimer = time.CreateTimer(_ => Guarded(FlushUnschedulable), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    // Not the clock's time: a clock that is set back must not keep pods waiting, nor one that is set forward wake them.
    private TimeSpan Now => _time.GetElapsedTime(_beginning);

    /// <summary>How many pods stand in a place.</summary>
    public int Count(QueuePlace place)
    {
        lock (_lock)
            return _places[(int)place];
    }

    /// <summary>A pending pod appeared or changed.</summary>
    public void Put(Pod pod)
    {
        lock (_lock)
        {
            if (!_pods.TryGetValue(pod.Metadata.UID, out var queued))
            {
                queued = _pods[pod.Metadata.UID] = new QueuedPod(pod, Now);
                Activate(queued);
                return;
            }
            var before = queued.Pod;
            queued.Pod = pod;
            var mayHelp = before.Metadata.Generation != pod.Metadata.Generation || !ObjectEquality.StringMap(before.Metadata.Labels, pod.Metadata.Labels);
            if (queued.Place == QueuePlace.Gated || (queued.Place == QueuePlace.Unschedulable && mayHelp))
                Activate(queued);
            queued.ChangedInFlight |= mayHelp && queued.Place == QueuePlace.InFlight;
        }
    }

    /// <summary>The pod is bound, deleted, or no longer ours.</summary>
    public void Remove(string uid)
    {
        lock (_lock)
        {
            // Heaps skip pods whose place says they are gone.
            if (_pods.Remove(uid, out var queued))
                MoveTo(queued, QueuePlace.Gone);
        }
    }

    /// <summary>The pod as the queue knows it, or null.</summary>
    public Pod? Find(string uid)
    {
        lock (_lock)
            return _pods.TryGetValue(uid, out var queued) ? queued.Pod : null;
    }

    /// <summary>Takes the next pod, waiting for one. It must be given back by <see cref="Remove"/> or <see cref="PutBack"/>.</summary>
    public async ValueTask<QueuedPod> TakeAsync(CancellationToken cancellation)
    {
        while (true)
        {
            Task available;
            lock (_lock)
            {
                if (TryTake() is { } queued)
                    return queued;
                if (_available.Task.IsCompleted)
                    _available = NewSignal();
                available = _available.Task;
            }
            await available.WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Takes further pods, wherever they wait, as long as they may be scheduled. Each must be given back.</summary>
    public IReadOnlyList<QueuedPod> TakeMore(IReadOnlyList<string> uids)
    {
        List<QueuedPod> taken = [];
        lock (_lock)
        {
            foreach (var uid in uids)
            {
                if (!_pods.TryGetValue(uid, out var queued) || queued.Place is not (QueuePlace.Active or QueuePlace.Backoff or QueuePlace.Unschedulable))
                    continue;
                Begin(queued);
                taken.Add(queued);
            }
        }
        return taken;
    }

    /// <summary>What kept these pods out of the queue, or made them unschedulable together, may be different now.</summary>
    public void Reconsider(IReadOnlyList<string> uids)
    {
        lock (_lock)
        {
            foreach (var uid in uids)
            {
                if (!_pods.TryGetValue(uid, out var queued))
                    continue;
                queued.ChangedInFlight |= queued.Place == QueuePlace.InFlight;
                if (queued.Place == QueuePlace.Gated)
                    Activate(queued);
                else if (queued.Place == QueuePlace.Unschedulable)
                    BackOff(queued);
            }
        }
    }

    /// <summary>The pod found no node (or its binding failed: nobody rejected it, then it only backs off).</summary>
    public void PutBack(QueuedPod queued, ClusterEvent wakers, IReadOnlyList<IPlugin>? rejectedBy = null)
    {
        lock (_lock)
        {
            if (queued.Place == QueuePlace.Gone)
                return;
            queued.Wakers = wakers;
            queued.RejectedBy = rejectedBy ?? [];
            queued.Timestamp = Now;
            var missed = _missedEvents || queued.ChangedInFlight || _recent.Exists(happening => MayHelp(queued, happening));
            if (wakers == ClusterEvent.None || missed)
                BackOff(queued);
            else
                MoveTo(queued, QueuePlace.Unschedulable);
        }
    }

    /// <summary>Something happened: pods that wait for it move on.</summary>
    public void Move(in ClusterHappening happening)
    {
        lock (_lock)
        {
            // What happens while a pod is decided for must not be missed when it comes back.
            if (_places[(int)QueuePlace.InFlight] > 0)
            {
                if (_recent.Count < MostRecent) _recent.Add(happening);
                else _missedEvents = true;
            }
            List<QueuedPod>? moved = null;
            for (var kind = 0; kind < EventKinds; kind++)
            {
                if (((int)happening.Event & (1 << kind)) == 0)
                    continue;
                foreach (var queued in _waiting[kind])
                {
                    if (MayHelp(queued, happening))
                        (moved ??= []).Add(queued);
                }
            }
            foreach (var queued in moved ?? [])
            {
                if (queued.Place == QueuePlace.Unschedulable)
                    BackOff(queued);
            }
        }
    }

    public void Dispose()
    {
        _backoffTimer.Dispose();
        _flushTimer.Dispose();
    }

    private static bool MayHelp(QueuedPod queued, in ClusterHappening happening)
    {
        if ((queued.Wakers & happening.Event) == 0)
            return false;
        if (queued.RejectedBy.Count == 0)
            return true;
        foreach (var plugin in queued.RejectedBy)
        {
            if ((plugin.Wakers & happening.Event) != 0 && plugin.MayHelp(queued.Pod, happening))
                return true;
        }
        return false;
    }

    private QueuedPod? TryTake()
    {
        while (_active.TryDequeue(out var next, out _))
        {
            // A pod may stand in the heap twice after it moved; only its latest standing counts.
            if (next.Pod.Place != QueuePlace.Active || next.Order != next.Pod.Order)
                continue;
            // Of its group something may be gone since it came in.
            if (next.Pod.Pod.Spec.SchedulingGroup is not null && _isGated(next.Pod.Pod))
            {
                MoveTo(next.Pod, QueuePlace.Gated);
                continue;
            }
            Begin(next.Pod);
            _recent.Clear();
            _missedEvents = false;
            return next.Pod;
        }
        return null;
    }

    private void Begin(QueuedPod queued)
    {
        MoveTo(queued, QueuePlace.InFlight);
        queued.Attempts++;
        queued.ChangedInFlight = false;
    }

    private void Activate(QueuedPod queued)
    {
        if (_isGated(queued.Pod))
        {
            MoveTo(queued, QueuePlace.Gated);
            return;
        }
        MoveTo(queued, QueuePlace.Active);
        queued.Order = _order++;
        _active.Enqueue((queued, queued.Order), queued);
        _available.TrySetResult();
    }

    private void BackOff(QueuedPod queued)
    {
        var ready = queued.Timestamp + _backoffOptions.Delay(queued.Attempts - 1);
        if (ready <= Now)
        {
            Activate(queued);
            return;
        }
        MoveTo(queued, QueuePlace.Backoff);
        _backoff.Enqueue(queued, ready);
        if (_backoff.Peek() == queued)
            _backoffTimer.Change(ready - Now, Timeout.InfiniteTimeSpan);
    }

    private void MoveTo(QueuedPod queued, QueuePlace place)
    {
        Wait(queued, isWaiting: false);
        _places[(int)queued.Place]--;
        _places[(int)place]++;
        queued.Place = place;
        Wait(queued, isWaiting: true);
        if (place == QueuePlace.Unschedulable && !_flushes)
            AwaitFlush();
    }

    // Each half minute since the beginning, while pods wait: else a virtual clock would stop there for nothing.
    private void AwaitFlush()
    {
        _flushes = true;
        _flushTimer.Change(s_flushInterval - new TimeSpan(Now.Ticks % s_flushInterval.Ticks), Timeout.InfiniteTimeSpan);
    }

    private void Wait(QueuedPod queued, bool isWaiting)
    {
        if (queued.Place != QueuePlace.Unschedulable)
            return;
        for (var kind = 0; kind < EventKinds; kind++)
        {
            if (((int)queued.Wakers & (1 << kind)) == 0)
                continue;
            if (isWaiting) _waiting[kind].Add(queued);
            else _waiting[kind].Remove(queued);
        }
    }

    private void FlushBackoff()
    {
        var now = Now;
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
        var oldest = Now - s_longestUnschedulable;
        foreach (var queued in _pods.Values.Where(p => p.Place == QueuePlace.Unschedulable && p.Timestamp <= oldest).ToList())
            BackOff(queued);
        _flushes = false;
        if (_places[(int)QueuePlace.Unschedulable] > 0)
            AwaitFlush();
    }

    private void Guarded(Action action)
    {
        lock (_lock)
            action();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
