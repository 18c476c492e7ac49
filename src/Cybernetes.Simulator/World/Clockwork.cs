using Cybernetes.Foundation;

namespace Cybernetes.Simulator.World;

/// <summary>
/// Moves a cluster's time on. Everything runs on the one thread of the pool: when nothing waits for that thread, nothing happens any more before
/// the next timer, and the same seed takes the same way again.
/// </summary>
/// <param name="circles">Says what runs in circles, when something does.</param>
internal sealed class Clockwork(VirtualTimeProvider time, Func<string?> circles)
{
    // A round is everything that waits for the thread at its beginning. The busiest moments of a cluster's life have some tens.
    private const int MostRounds = 20_000;
    private long _turns;

    /// <summary>How often the clock stood still so far; who looks from another thread sees whether anything moves.</summary>
    public long Turns => Volatile.Read(ref _turns);

    /// <summary>Whether this process has the one thread that makes runs repeatable.</summary>
    public static bool IsSingleThreaded
    {
        get
        {
            ThreadPool.GetMaxThreads(out var workers, out _);
            return workers == 1;
        }
    }

    /// <summary>Moves on until the moment, or until <paramref name="enough"/>, asked whenever nothing happens, says so.</summary>
    /// <exception cref="SimulationException">The cluster does not come to rest.</exception>
    public async Task RunUntilAsync(DateTimeOffset end, Func<bool>? enough = null)
    {
        while (true)
        {
            await SettleAsync().ConfigureAwait(false);
            if (enough?.Invoke() == true)
                return;
            var now = time.GetUtcNow();
            var due = time.NextDue is { } next && next < end ? next : end;
            if (due <= now && now >= end)
                return;
            time.Advance(due > now ? due - now : TimeSpan.Zero);
            Interlocked.Increment(ref _turns);
        }
    }

    /// <summary>
    /// The machine was asleep: all that was due meanwhile comes at once, before anything that it starts has run.
    /// </summary>
    public void Jump(TimeSpan span) => time.Advance(span);

    private async Task SettleAsync()
    {
        for (var round = 0; round < MostRounds; round++)
        {
            // Goes to the end of the line: whatever waits now runs before.
            await Task.Yield();
            if (circles() is { } what)
                throw new SimulationException(what);
            if (ThreadPool.PendingWorkItemCount == 0)
                return;
        }
        throw new SimulationException("something runs in circles without writing anything: the clock cannot go on");
    }
}

/// <summary>The simulation found something wrong.</summary>
internal sealed class SimulationException(string message) : Exception(message);
