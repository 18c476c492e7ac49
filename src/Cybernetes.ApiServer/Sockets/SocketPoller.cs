using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Cybernetes.ApiServer.Sockets;

/// <summary>
/// Threads that wait for sockets and do on the spot what there is to do: a request that waits for nothing is received, answered and sent by the
/// thread that was woken for it, and no other is. Each takes one event at a time from a queue of the system, so that a thread which is held up
/// (by a disk that hangs, say) holds up one connection only; when all are, more are started. Lives as long as the process.
/// </summary>
/// <remarks>
/// A thread whose last events came quickly looks for the next one for a moment before it sleeps (<see cref="Lingering"/>): waking a processor
/// that sleeps takes longer than many a request, in a virtual machine above all. It gives its processor to whoever else wants it meanwhile.
/// </remarks>
[SupportedOSPlatform("linux")]
internal sealed class SocketPoller
{
    /// <summary>More are not started, whatever holds them up: then sockets wait, as requests do for a pool that is exhausted.</summary>
    internal const int MostThreads = 64;

    // So long may nothing be taken from the queue before another thread is started.
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(10);
    private static readonly Lazy<SocketPoller> s_shared = new(() => new(Math.Max(2, Environment.ProcessorCount)));

    private readonly Epoll _epoll = new();
    private readonly ConcurrentDictionary<ulong, PolledInput> _inputs = new();
    private readonly ITimer _look;
    private ulong _lastId;
    private int _threads;
    private int _waiting;
    private int _isLooking;
    private long _taken;
    private long _takenBefore;

    internal SocketPoller(int threads)
    {
        using (ExecutionContext.SuppressFlow())
        {
            _look = TimeProvider.System.CreateTimer(
                static poller => ((SocketPoller)poller!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
        for (var i = 0; i < threads; i++)
            StartThread();
    }

    /// <summary>The process's own.</summary>
    public static SocketPoller Shared => s_shared.Value;

    /// <summary>Threads that there are.</summary>
    internal int Threads => Volatile.Read(ref _threads);

    /// <summary>From now on the input is told when its socket has something to be received, once for each time that it had nothing.</summary>
    /// <returns>What to <see cref="Remove"/> it by, before its socket is closed.</returns>
    /// <exception cref="Win32Exception">The system cannot watch one more.</exception>
    public ulong Add(SafeHandle socket, PolledInput input)
    {
        var id = Interlocked.Increment(ref _lastId);
        _inputs[id] = input;
        try
        {
            _epoll.Watch(socket, id);
        }
        catch (Win32Exception)
        {
            Remove(id);
            throw;
        }
        return id;
    }

    public void Remove(ulong id) => _inputs.TryRemove(id, out _);

    private void StartThread()
    {
        Interlocked.Increment(ref _threads);
        // It counts from now on: where processors are slow to begin with it, no second one is started for the same want.
        Interlocked.Increment(ref _waiting);
        new Thread(Run) { IsBackground = true, Name = "sockets" }.UnsafeStart();
    }

    private void Run()
    {
        // What one connection's work leaves behind in the thread's context is not another's.
        var context = ExecutionContext.Capture()!;
        var lingering = new Lingering();
        while (true)
        {
            var (id, isClosed) = Next(ref lingering);
            Interlocked.Increment(ref _taken);
            if (Interlocked.Decrement(ref _waiting) == 0)
                LookSoon();
            if (_inputs.TryGetValue(id, out var input))
            {
                ExecutionContext.Restore(context);
                input.Ready(isClosed);
            }
            Interlocked.Increment(ref _waiting);
        }
    }

    private (ulong Id, bool IsClosed) Next(ref Lingering lingering)
    {
        var began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetTimestamp() - began < lingering.Ticks)
        {
            if (_epoll.TryTake(out var told))
                return told;
            Thread.Yield();
        }
        var next = _epoll.Wait();
        lingering.Slept(Stopwatch.GetTimestamp() - began);
        return next;
    }

    private void LookSoon()
    {
        if (Volatile.Read(ref _isLooking) == 0 && Interlocked.Exchange(ref _isLooking, 1) == 0)
            _look.Change(s_patience, Timeout.InfiniteTimeSpan);
    }

    private void Look()
    {
        if (Volatile.Read(ref _waiting) == 0)
        {
            var taken = Volatile.Read(ref _taken);
            if (taken == _takenBefore && Threads < MostThreads)
                StartThread();
            _takenBefore = taken;
            _look.Change(s_patience, Timeout.InfiniteTimeSpan);
            return;
        }
        Interlocked.Exchange(ref _isLooking, 0);
        // The last may have gone to work in between.
        if (Volatile.Read(ref _waiting) == 0)
            LookSoon();
    }
}
