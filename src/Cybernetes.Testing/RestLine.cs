using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Cybernetes.Foundation;

namespace Cybernetes.Testing;

/// <summary>
/// Those who wait until a cluster rests, where the pool has one thread: they come in one at a time, each on that thread and into a rest of his own, so
/// that it makes no difference when they came to wait.
/// </summary>
/// <remarks>
/// Who looks goes to the end of the pool's line again and again. Nothing else runs while he looks; what he finds in line then is all that can happen.
/// </remarks>
internal sealed class RestLine(WorkScope scope) : IThreadPoolWorkItem
{
    // Where others' work is in line at every look: nothing of the cluster has run from one look to the next, so nothing of it was in line.
    private const int StillLooks = 3;

    private readonly Lock _gate = new();
    private readonly Queue<Action> _entrants = new();
    private readonly Queue<Action> _onlookers = new();
    private bool _isLooking;
    private long _seen;
    private int _still;

    /// <summary>Whether the pool of this process has one thread, now and later.</summary>
    public static bool IsPossible => PoolThreads == 1;

    /// <summary>How many threads the pool may have.</summary>
    public static int PoolThreads
    {
        get
        {
            ThreadPool.GetMaxThreads(out var most, out _);
            return most;
        }
    }

    /// <summary>To be awaited: goes on at rest, on the pool's thread; for those who are about to stir the cluster.</summary>
    public Turn Entry => new(this, _entrants);

    /// <summary>Ends at rest, when nobody waits to come in; for those who only look, and for the clock.</summary>
    public async Task WhenStillAsync() => await new Turn(this, _onlookers);

    /// <summary>Does something to the cluster in its rest; a thread of the pool need not wait for that, since nothing runs beside it.</summary>
    public void Do(Action action)
    {
        if (Thread.CurrentThread.IsThreadPoolThread)
        {
            action();
            return;
        }
        ExceptionDispatchInfo? failure = null;
        var context = ExecutionContext.Capture();
        using var done = new ManualResetEventSlim();
        Ask(_entrants, () =>
        {
            try
            {
                if (context is null)
                    action();
                else
                    ExecutionContext.Run(context, _ => action(), null);
            }
            catch (Exception thrown)
            {
                failure = ExceptionDispatchInfo.Capture(thrown); // the caller's, who waits
            }
            done.Set();
        });
        done.Wait();
        failure?.Throw();
    }

    void IThreadPoolWorkItem.Execute()
    {
        if (IsStill())
        {
            Action next;
            lock (_gate)
                next = _entrants.Count > 0 ? _entrants.Dequeue() : _onlookers.Dequeue();
            _still = 0;
            next();
            lock (_gate)
            {
                if (_entrants.Count + _onlookers.Count == 0)
                {
                    _isLooking = false;
                    return;
                }
            }
        }
        GoToTheEnd();
    }

    private bool IsStill()
    {
        // A thread of its own that does the cluster's work: it may want the processor.
        if (scope.RunningElsewhere > 0)
        {
            Thread.Yield();
            _still = 0;
            return false;
        }
        if (ThreadPool.PendingWorkItemCount == 0)
            return true;
        var entries = scope.Entries;
        _still = entries == _seen ? _still + 1 : 0;
        _seen = entries;
        return _still >= StillLooks;
    }

    private void Ask(Queue<Action> line, Action go)
    {
        lock (_gate)
        {
            line.Enqueue(go);
            if (_isLooking)
                return;
            _isLooking = true;
        }
        GoToTheEnd();
    }

    private void GoToTheEnd() => ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);

    /// <summary>A place in the line, taken when it is awaited.</summary>
    internal readonly struct Turn(RestLine line, Queue<Action> queue) : ICriticalNotifyCompletion
    {
        public bool IsCompleted => false;

        public Turn GetAwaiter() => this;

        public void GetResult()
        {
        }

        public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

        public void UnsafeOnCompleted(Action continuation) => line.Ask(queue, continuation);
    }
}
