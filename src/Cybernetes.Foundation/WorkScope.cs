namespace Cybernetes.Foundation;

/// <summary>
/// Knows whether any of the work that was begun in it runs at this moment. Work belongs to the scope in whose flow it was begun: through awaits, tasks,
/// timers and threads, as the runtime's execution context flows. What only waits (for a timer, a signal, an answer) does not run; what is queued in
/// the thread pool does not run yet. Thread-safe; any number of scopes live side by side.
/// </summary>
/// <param name="left">Is called by each thread that leaves as the last; quick, and it throws nothing.</param>
public sealed class WorkScope(Action? left = null)
{
    private static readonly AsyncLocal<WorkScope?> s_current = new(OnChange);
    private readonly Action? _left = left;
    private int _running;
    private long _entries;

    /// <summary>How many threads run this scope's work now.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>The same without the caller's thread.</summary>
    public int RunningElsewhere => Running - (IsCurrent ? 1 : 0);

    /// <summary>Whether the caller's work belongs to this scope.</summary>
    public bool IsCurrent => ReferenceEquals(s_current.Value, this);

    /// <summary>How often a thread began to run this scope's work.</summary>
    public long Entries => Volatile.Read(ref _entries);

    /// <summary>
    /// Whether a thread of the pool, other than the caller's, works at this moment, or something waits for one; whoever's work it is. A thread counts
    /// from the moment that it is asked for until it has found nothing more to do, so nothing slips through between.
    /// </summary>
    public static bool IsPoolBusy()
    {
        if (ThreadPool.PendingWorkItemCount > 0)
            return true;
        ThreadPool.GetMaxThreads(out var most, out _);
        ThreadPool.GetAvailableThreads(out var available, out _);
        var ourselves = Thread.CurrentThread.IsThreadPoolThread ? 1 : 0;
        return most - available > ourselves || ThreadPool.PendingWorkItemCount > 0;
    }

    /// <summary>What the caller begins from here on belongs to this scope; it ends with the async method that calls this.</summary>
    public void Enter() => s_current.Value = this;

    /// <summary>The same, for those whose work belongs to no scope yet.</summary>
    public void EnterUnlessInOne() => s_current.Value ??= this;

    private static void OnChange(AsyncLocalValueChangedArgs<WorkScope?> change)
    {
        if (ReferenceEquals(change.PreviousValue, change.CurrentValue))
            return;
        if (change.PreviousValue is { } before && Interlocked.Decrement(ref before._running) == 0)
            before._left?.Invoke();
        if (change.CurrentValue is { } entered)
        {
            Interlocked.Increment(ref entered._entries);
            Interlocked.Increment(ref entered._running);
        }
    }
}
