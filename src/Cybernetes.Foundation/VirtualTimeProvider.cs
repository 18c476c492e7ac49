using System.Runtime.CompilerServices;

namespace Cybernetes.Foundation;

/// <summary>
/// A clock that stands still until it is advanced. Timers fire on the advancing thread, one after another, in the order of
/// their due times and, where those are equal, in the order in which they were armed; while a timer fires the clock shows its
/// due time. Safe for concurrent use; only one advance runs at a time, the others wait for it.
/// </summary>
/// <remarks>
/// A timer armed with a due time of zero fires at once on the thread pool, without an advance, as a real one would.
/// A timer callback must not advance the clock itself.
/// </remarks>
public sealed class VirtualTimeProvider : TimeProvider
{
    /// <summary>The time a clock starts at when none is given: 2026-01-01T00:00:00Z.</summary>
    public static readonly DateTimeOffset DefaultStart = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    // Enough for the continuations a callback starts, and those they start, to run; each round waits for the pool to drain.
    private const int SettleRounds = 12;

    private const int BusyTurns = 200;

    // Longer than a busy machine keeps a thread from its processor; who blocks on purpose is not waited for forever.
    private static readonly TimeSpan s_longestOwnWork = TimeSpan.FromSeconds(2);

    // Whoever waits on this clock belongs to it from then on, and what he begins: his work is told from other tests' by this.
    private readonly WorkScope _work = new();
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _advancing = new(1, 1);
    private readonly SortedSet<VirtualTimer> _armed = new(VirtualTimer.Order);
    private readonly List<TimersAwaiter> _awaiters = [];
    private Func<Task>[] _settlers = [];
    private long _nowTicks;
    private long _sequence;

    public VirtualTimeProvider()
        : this(DefaultStart)
    {
    }

    public VirtualTimeProvider(DateTimeOffset start) => _nowTicks = start.UtcTicks;

    /// <summary>How many timers are armed. A <c>Task.Delay</c> on this clock is one.</summary>
    public int ArmedTimers
    {
        get
        {
            lock (_gate)
                return _armed.Count;
        }
    }

    /// <summary>When the earliest armed timer is due; null when none is armed.</summary>
    public DateTimeOffset? NextDue
    {
        get
        {
            lock (_gate)
                return _armed.Min is { } timer ? new DateTimeOffset(timer.DueTicks, TimeSpan.Zero) : null;
        }
    }

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => new(Volatile.Read(ref _nowTicks), TimeSpan.Zero);

    public override long GetTimestamp() => Volatile.Read(ref _nowTicks);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        if (Volatile.Read(ref _settlers).Length == 0)
            _work.EnterUnlessInOne();
        var timer = new VirtualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>
    /// Moves the clock on by <paramref name="span"/> and fires what becomes due. Work that the callbacks hand to the thread
    /// pool is not waited for: use <see cref="AdvanceAsync"/> for code that awaits in loops.
    /// </summary>
    public void Advance(TimeSpan span)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(span, TimeSpan.Zero);
        _advancing.Wait();
        try
        {
            var target = _nowTicks + span.Ticks;
            while (TakeDue(target) is { } timer)
                timer.Fire();
        }
        finally
        {
            _advancing.Release();
        }
    }

    /// <summary>
    /// Moves the clock on by <paramref name="span"/>; before the first, and after each, firing of a timer it lets the work that
    /// was started run until the thread pool is idle, so that a loop that waits, works and waits again sees each of its waits
    /// end in turn. Where others keep the pool busy, it waits for those who have waited on this clock, and for what they began.
    /// </summary>
    public async Task AdvanceAsync(TimeSpan span)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(span, TimeSpan.Zero);
        await _advancing.WaitAsync().ConfigureAwait(false);
        try
        {
            // What the timers set off does not run on a thread of the caller's, beside the pool.
            if (!Thread.CurrentThread.IsThreadPoolThread)
                await default(PoolHop);
            await SettleAsync().ConfigureAwait(false);
            var target = _nowTicks + span.Ticks;
            while (TakeDue(target) is { } timer)
            {
                timer.Fire();
                await SettleAsync().ConfigureAwait(false);
            }
            // Who tells when all is settled may have done so on a thread of his own, which is not the caller's to keep.
            if (!Thread.CurrentThread.IsThreadPoolThread)
                await default(PoolHop);
        }
        finally
        {
            _advancing.Release();
        }
    }

    /// <summary>
    /// Lets somebody who knows it say when the work that a fired timer began is done: until disposed, <see cref="AdvanceAsync"/> waits for the given
    /// task instead of for an idle thread pool. With several it waits for all. It goes on, and fires timers, where the task goes on.
    /// </summary>
    public IDisposable SettleBy(Func<Task> settled)
    {
        lock (_gate)
            _settlers = [.. _settlers, settled];
        return new Settler(this, settled);
    }

    /// <summary>
    /// Advances to the earliest armed timer and fires what is due then; false, and no advance, when none is armed.
    /// </summary>
    public async Task<bool> AdvanceToNextTimerAsync()
    {
        await SettleAsync().ConfigureAwait(false);
        if (NextDue is not { } due)
            return false;
        var span = due - GetUtcNow();
        await AdvanceAsync(span > TimeSpan.Zero ? span : TimeSpan.Zero).ConfigureAwait(false);
        return true;
    }

    /// <summary>
    /// Ends when at least <paramref name="count"/> timers are armed: the barrier by which a test knows that the code under test
    /// has reached its wait and the clock may be advanced.
    /// </summary>
    public Task WhenTimersArmedAsync(int count, CancellationToken cancellation = default)
    {
        TimersAwaiter awaiter;
        lock (_gate)
        {
            if (_armed.Count >= count)
                return Task.CompletedTask;
            awaiter = new TimersAwaiter(count, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            _awaiters.Add(awaiter);
        }
        return awaiter.Source.Task.WaitAsync(cancellation);
    }

    private async Task SettleAsync()
    {
        var settlers = Volatile.Read(ref _settlers);
        foreach (var settled in settlers)
            await settled().ConfigureAwait(false);
        if (settlers.Length > 0)
            return;
        for (var round = 0; round < SettleRounds; round++)
        {
            // A hop through the global queue runs after what is queued there now; with nothing pending the hops are cheap.
            await default(PoolHop);
            for (var spin = 0; spin < 64 && ThreadPool.PendingWorkItemCount > 0; spin++)
                await default(PoolHop);
        }
        await LetRunAsync().ConfigureAwait(false);
    }

    // What runs is not pending any more. On a loaded machine the thread that runs it may be off its processor, for as long as it pleases the machine:
    // we offer it ours. Work of this clock's own is waited for; a pool that only stays busy may be so by others, who have nothing to do with it.
    private async Task LetRunAsync()
    {
        var began = TimeProvider.System.GetTimestamp();
        var ownTurns = 0;
        for (var turn = 0; turn < BusyTurns; turn++)
        {
            if (_work.RunningElsewhere > 0 && TimeProvider.System.GetElapsedTime(began) < s_longestOwnWork)
            {
                turn = -1;
                if (++ownTurns > BusyTurns)
                    await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System).ConfigureAwait(false);
            }
            else if (!WorkScope.IsPoolBusy())
            {
                return;
            }
            Thread.Yield();
            await default(PoolHop);
        }
    }

    private VirtualTimer? TakeDue(long targetTicks)
    {
        lock (_gate)
        {
            if (_armed.Min is { } timer && timer.DueTicks <= targetTicks)
            {
                _armed.Remove(timer);
                Volatile.Write(ref _nowTicks, Math.Max(_nowTicks, timer.DueTicks));
                if (timer.PeriodTicks > 0)
                    Arm(timer, timer.DueTicks + timer.PeriodTicks);
                return timer;
            }
            Volatile.Write(ref _nowTicks, Math.Max(_nowTicks, targetTicks));
            return null;
        }
    }

    private void Arm(VirtualTimer timer, long dueTicks)
    {
        timer.DueTicks = dueTicks;
        timer.Sequence = _sequence++;
        _armed.Add(timer);
        for (var i = _awaiters.Count - 1; i >= 0; i--)
        {
            if (_awaiters[i].Count > _armed.Count)
                continue;
            _awaiters[i].Source.TrySetResult();
            _awaiters.RemoveAt(i);
        }
    }

    /// <summary>Goes on at the end of the pool's global queue, whatever context a test framework has set.</summary>
    private readonly struct PoolHop : ICriticalNotifyCompletion
    {
        public bool IsCompleted => false;

        public PoolHop GetAwaiter() => this;

        public void GetResult()
        {
        }

        public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

        public void UnsafeOnCompleted(Action continuation) =>
            ThreadPool.UnsafeQueueUserWorkItem(static next => next(), continuation, preferLocal: false);
    }

    private sealed class Settler(VirtualTimeProvider clock, Func<Task> settled) : IDisposable
    {
        public void Dispose()
        {
            lock (clock._gate)
                clock._settlers = [.. clock._settlers.Where(s => s != settled)];
        }
    }

    private sealed record TimersAwaiter(int Count, TaskCompletionSource Source);

    private sealed class VirtualTimer(VirtualTimeProvider clock, TimerCallback callback, object? state) : ITimer
    {
        // A timer keeps the execution context it was made in, as the runtime's own timers do.
        private readonly ExecutionContext? _context = ExecutionContext.Capture();
        private bool _disposed;

        public static IComparer<VirtualTimer> Order { get; } = Comparer<VirtualTimer>.Create((left, right) =>
            left.DueTicks != right.DueTicks
                ? left.DueTicks.CompareTo(right.DueTicks)
                : left.Sequence.CompareTo(right.Sequence));

        public long DueTicks { get; set; }

        public long Sequence { get; set; }

        public long PeriodTicks { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            var atOnce = false;
            lock (clock._gate)
            {
                if (_disposed)
                    return false;
                clock._armed.Remove(this);
                PeriodTicks = period == Timeout.InfiniteTimeSpan ? 0 : period.Ticks;
                if (dueTime == TimeSpan.Zero)
                {
                    atOnce = true;
                    if (PeriodTicks > 0)
                        clock.Arm(this, clock._nowTicks + PeriodTicks);
                }
                else if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    clock.Arm(this, clock._nowTicks + dueTime.Ticks);
                }
            }
            if (atOnce)
                ThreadPool.UnsafeQueueUserWorkItem(static timer => timer.Fire(), this, preferLocal: false);
            return true;
        }

        public void Fire()
        {
            if (_context is null)
                callback(state);
            else
                ExecutionContext.Run(_context, _ => callback(state), null);
        }

        public void Dispose()
        {
            lock (clock._gate)
            {
                _disposed = true;
                clock._armed.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
