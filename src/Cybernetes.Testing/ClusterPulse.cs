using System.Collections.Concurrent;
using Cybernetes.Foundation;

namespace Cybernetes.Testing;

/// <summary>
/// Tells when a cluster has done all it can do at this moment of its time: nothing of it runs or is queued, and no call of its parts is on its way.
/// </summary>
/// <remarks>
/// Who looks is a thread of its own, on which a virtual clock moves on too. It takes no place in the pool, so that looking never makes the pool look
/// busy; between looks it sleeps until the last thread has left the cluster's work.
/// </remarks>
internal sealed class ClusterPulse : IDisposable
{
    // What a timer sets off is mostly over sooner than a thread could be put to sleep and woken. Who looks gives up the processor between: it may be
    // the one that the last thread of the cluster needs to leave the pool.
    private const int Glances = 24;

    // Where other tests keep the pool busy: so many looks in a row, each behind all that is queued, must find it still; many more while calls are
    // on their way, which may wait for time.
    private const int StillLooks = 3;
    private const int StillLooksInCalls = 24;

    // A pool that others keep busy never looks empty: then only this cluster's own work counts.
    private const int CrowdedLooks = 64;

    // How long a pool may be busy until that is taken for somebody else's work; sooner where it was so the last time.
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(3);

    // Who leaves the cluster's work tells it, but the last to be busy may be a thread that found nothing to do.
    private static readonly TimeSpan s_nap = TimeSpan.FromMilliseconds(1);

    // Who blocks a thread until time moves would otherwise hold it still for ever.
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(30);

    private readonly WorkScope _scope;
    private readonly BlockingCollection<TaskCompletionSource> _asked = [];
    private readonly ManualResetEventSlim _told = new(initialState: false, spinCount: 0);
    private readonly ManualResetEventSlim _passed = new(initialState: false, spinCount: 0);
    private readonly Lazy<Thread> _watch;
    private readonly RestLine? _line;
    private volatile bool _isAsleep;
    private bool _isCrowded;
    private int _calls;

    /// <param name="isDeterministic">Whether the pool has one thread, on which everything happens: then no other looks.</param>
    public ClusterPulse(bool isDeterministic = false)
    {
        _scope = new(Left);
        _line = isDeterministic ? new(_scope) : null;
        _watch = new(() =>
        {
            var thread = new Thread(Watch) { Name = "test cluster's clock", IsBackground = true };
            // Who waits for the cluster's rest is no part of what must rest.
            thread.UnsafeStart();
            return thread;
        });
    }

    /// <summary>Whether the caller's work is the cluster's.</summary>
    public bool IsInside => _scope.IsCurrent;

    /// <summary>What the caller begins from here on belongs to the cluster.</summary>
    public void Enter() => _scope.Enter();

    /// <summary>Does something to the cluster from outside; to a deterministic one while it rests.</summary>
    public void Do(Action action)
    {
        if (_line is null || IsInside)
            action();
        else
            _line.Do(action);
    }

    /// <summary>A handler by which a test's calls enter; into a deterministic cluster while it rests.</summary>
    public HttpMessageHandler Entering(HttpMessageHandler inner) => _line is null ? inner : new EnteringHandler(this, _line) { InnerHandler = inner };

    /// <summary>A handler that counts the calls that go through; an open watch is none.</summary>
    public HttpMessageHandler Counting(HttpMessageHandler inner) => new CountingHandler(this) { InnerHandler = inner };

    /// <summary>Ends when the cluster is at rest.</summary>
    public Task WhenStillAsync() => _line?.WhenStillAsync() ?? Ask(new(TaskCreationOptions.RunContinuationsAsynchronously));

    /// <summary>
    /// As <see cref="WhenStillAsync"/>, for a clock that asks again and again: whoever awaits this goes on on the thread that looks, where the next
    /// question is answered without another thread.
    /// </summary>
    public Task SettledAsync()
    {
        if (_line is not null)
            return _line.WhenStillAsync();
        if (!_watch.IsValueCreated || Thread.CurrentThread != _watch.Value)
            return Ask(new());
        WaitUntilStill();
        return Task.CompletedTask;
    }

    public void Dispose() => _asked.CompleteAdding();

    private Task Ask(TaskCompletionSource question)
    {
        _ = _watch.Value;
        try
        {
            _asked.Add(question);
            return question.Task;
        }
        catch (InvalidOperationException)
        {
            // The cluster is gone: nothing of it runs.
            return Task.CompletedTask;
        }
    }

    private void Watch()
    {
        foreach (var question in _asked.GetConsumingEnumerable())
        {
            WaitUntilStill();
            question.TrySetResult();
        }
    }

    private void WaitUntilStill()
    {
        LookUntilStill();
        // While a clock moves on here, others ask as well.
        while (_asked.TryTake(out var question))
            question.TrySetResult();
    }

    private void LookUntilStill()
    {
        var begun = TimeProvider.System.GetTimestamp();
        var rest = new Crowd(this);
        while (true)
        {
            if (Glance())
            {
                _isCrowded = false;
                return;
            }
            var passed = TimeProvider.System.GetElapsedTime(begun);
            if (passed > s_longest || ((_isCrowded || passed > s_patience) && (_isCrowded = rest.IsStill())))
                return;
            _told.Reset();
            _isAsleep = true;
            if (!IsStill() && !rest.IsPromising)
                _told.Wait(s_nap);
            _isAsleep = false;
        }
    }

    private bool Glance()
    {
        var spin = new SpinWait();
        for (var glance = 0; glance < Glances; glance++)
        {
            if (IsStill())
                return true;
            spin.SpinOnce(sleep1Threshold: -1);
        }
        return false;
    }

    /// <summary>Nothing runs in the whole process, and nothing of the cluster on threads of its own.</summary>
    private bool IsStill() => _scope.RunningElsewhere == 0 && !WorkScope.IsPoolBusy();

    private void Left()
    {
        if (_isAsleep && ThreadPool.PendingWorkItemCount == 0)
            _told.Set();
    }

    /// <summary>The looks at a pool that others keep busy.</summary>
    private sealed class Crowd(ClusterPulse pulse)
    {
        private long _seen = -1;
        private int _looks;
        private int _still;

        /// <summary>Whether the last look found nothing: then the next comes at once.</summary>
        public bool IsPromising => _still > 0;

        public bool IsStill()
        {
            // What was queued before has begun when this has been passed through the pool.
            pulse._passed.Reset();
            ThreadPool.UnsafeQueueUserWorkItem(static passed => passed.Set(), pulse._passed, preferLocal: false);
            if (!pulse._passed.Wait(s_longest))
                return false;
            var entries = pulse._scope.Entries;
            var isStill = pulse._scope.RunningElsewhere == 0 && entries == _seen && (_looks++ > CrowdedLooks || ThreadPool.PendingWorkItemCount == 0);
            _still = isStill ? _still + 1 : 0;
            _seen = entries;
            return _still >= (Volatile.Read(ref pulse._calls) == 0 ? StillLooks : StillLooksInCalls);
        }
    }

    private sealed class CountingHandler(ClusterPulse pulse) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref pulse._calls);
            try
            {
                return await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                Interlocked.Decrement(ref pulse._calls);
            }
        }
    }
}
