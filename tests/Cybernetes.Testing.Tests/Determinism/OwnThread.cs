using System.Collections.Concurrent;

namespace Cybernetes.Testing.Tests.Determinism;

/// <summary>A thread outside the pool on which a test goes on after each await, as with test frameworks that have a context of their own.</summary>
internal sealed class OwnThread : SynchronizationContext
{
    private readonly BlockingCollection<(SendOrPostCallback Callback, object? State)> _posted = [];

    public static Task<T> RunAsync<T>(Func<Task<T>> test)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var context = new OwnThread();
        new Thread(() => context.Run(test, done)) { IsBackground = true }.Start();
        return done.Task;
    }

    public override void Post(SendOrPostCallback d, object? state) => _posted.Add((d, state));

    private void Run<T>(Func<Task<T>> test, TaskCompletionSource<T> done)
    {
        SetSynchronizationContext(this);
        var running = test();
        running.ContinueWith(_ => _posted.CompleteAdding(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        foreach (var (callback, state) in _posted.GetConsumingEnumerable())
            callback(state);
        done.SetFromTask(running);
    }
}

/// <summary>What else goes on in a process: work of others in the pool, all the time, and a test that comes at any moment.</summary>
internal sealed class Others : IDisposable, IThreadPoolWorkItem
{
    // In each process another.
    private readonly Random _chance = new(Environment.ProcessId);
    private volatile bool _isOver;

    public Others() => Execute();

    /// <summary>Holds up whoever waits for this, for any time.</summary>
    public async Task HinderAsync()
    {
        for (var i = _chance.Next(30); i > 0; i--)
            await Task.Yield();
        Thread.SpinWait(_chance.Next(200_000));
    }

    public void Execute()
    {
        if (!_isOver)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    public void Dispose() => _isOver = true;
}
