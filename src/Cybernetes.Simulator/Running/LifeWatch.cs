using System.Diagnostics;
using System.Globalization;
using Cybernetes.Simulator.World;

namespace Cybernetes.Simulator.Running;

/// <summary>Looks from another thread whether a life moves. It has no part in the life, so that it may know of real time.</summary>
internal sealed class LifeWatch
{
    private const int LinesTold = 12;

    // Of processor time: on a busy machine a life may stand still for long without being to blame.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(15);
    private volatile Clockwork? _clockwork;
    private volatile World.Trace? _trace;
    private long _turns = -1;
    private long _since = Stopwatch.GetTimestamp();
    private TimeSpan _spent = Environment.CpuUsage.TotalTime;

    /// <summary>Is given what to look at by the life, when it begins.</summary>
    public void Begins(Clockwork clockwork, World.Trace trace) => (_trace, _clockwork) = (trace, clockwork);

    /// <summary>To be asked now and then: whether the clock has stood still for longer than any life's moment takes.</summary>
    public bool Hangs()
    {
        var (turns, spent) = (_clockwork?.Turns ?? 0, Environment.CpuUsage.TotalTime);
        if (turns == _turns)
            return spent - _spent > s_patience || Stopwatch.GetElapsedTime(_since) > s_longest;
        (_turns, _since, _spent) = (turns, Stopwatch.GetTimestamp(), spent);
        return false;
    }

    /// <summary>Where the life stands: when, after how many moments, and what happened last.</summary>
    public IEnumerable<string> State()
    {
        var last = _trace?.Last ?? [];
        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"at {_trace?.Elapsed.TotalSeconds ?? 0:0.000} s of its time, in its {_turns}. moment, with {ThreadPool.PendingWorkItemCount} pieces of work "
                + $"in line, after {Stopwatch.GetElapsedTime(_since).TotalSeconds:0} s ({(Environment.CpuUsage.TotalTime - _spent).TotalSeconds:0} s of "
                + $"processor time) without a move; last:");
        foreach (var line in last.Skip(last.Count - LinesTold))
            yield return "  " + line;
    }
}
