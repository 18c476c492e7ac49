using System.Diagnostics;

namespace Cybernetes.Node.Tests.Pods;

/// <summary>Tests that watch the whole thread pool run alone.</summary>
[CollectionDefinition(nameof(Quiet), DisableParallelization = true)]
public sealed class Quiet
{
    // Long enough for a thread that was pushed aside to come back; nothing is asserted on it.
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(3);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Ends when the pool has had nothing to do for a while: whatever was set going has come to rest.</summary>
    public static void Wait()
    {
        var began = Stopwatch.GetTimestamp();
        var calmSince = began;
        var completed = ThreadPool.CompletedWorkItemCount;
        while (Stopwatch.GetElapsedTime(calmSince) < Window && Stopwatch.GetElapsedTime(began) < Patience)
        {
            Thread.Yield();
            var now = ThreadPool.CompletedWorkItemCount;
            if (now == completed && ThreadPool.PendingWorkItemCount == 0)
                continue;
            completed = now;
            calmSince = Stopwatch.GetTimestamp();
        }
    }
}
