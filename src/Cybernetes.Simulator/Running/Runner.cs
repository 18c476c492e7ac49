using System.Diagnostics;
using System.Globalization;
using Cybernetes.Simulator.World;

namespace Cybernetes.Simulator.Running;

/// <summary>Runs seeds one after another on the pool's one thread; this thread only looks whether they move.</summary>
internal sealed class Runner(TextWriter output, TextWriter errors)
{
    private const int Hung = 3;
    private static readonly TimeSpan s_glance = TimeSpan.FromMilliseconds(200);

    // Of processor time: on a busy machine a life may stand still for long without being to blame.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(15);
    private volatile Clockwork? _clockwork;
    private volatile int _seed;

    public int Run(Commanded commanded, bool isQuiet)
    {
        if (!Clockwork.IsSingleThreaded)
            errors.WriteLine("this process has more than one thread for its work: runs are not repeatable");
        var running = Task.Run(() => RunAllAsync(commanded, isQuiet));
        var (turns, since, spent) = (-1L, Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
        while (!running.Wait(s_glance))
        {
            var now = _clockwork?.Turns ?? 0;
            if (now != turns)
                (turns, since, spent) = (now, Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
            else if (Environment.CpuUsage.TotalTime - spent > s_patience || Stopwatch.GetElapsedTime(since) > s_longest)
            {
                output.WriteLine($"seed {_seed} hangs: its clock does not move any more\n  replay: {Replay(_seed, commanded.Options)}");
                return Hung;
            }
        }
        return running.Result;
    }

    private async Task<int> RunAllAsync(Commanded commanded, bool isQuiet)
    {
        var failed = new List<int>();
        var started = Stopwatch.GetTimestamp();
        for (var seed = commanded.First; seed <= commanded.Last; seed++)
        {
            _seed = seed;
            var outcome = await Simulation.RunAsync(
                seed, commanded.Options, commanded.IsReplay && !isQuiet ? output : null, c => _clockwork = c).ConfigureAwait(false);
            if (outcome.Findings.Count > 0)
                failed.Add(seed);
            Tell(outcome, commanded);
        }
        if (!commanded.IsReplay)
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"seeds {commanded.First}-{commanded.Last}: {commanded.Last - commanded.First + 1 - failed.Count} clean, {failed.Count} "
                    + $"failed{(failed.Count > 0 ? $" ({string.Join(", ", failed)})" : "")}, {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s, "
                    + $"{Environment.CpuUsage.TotalTime.TotalSeconds:0.0} s of processor time"));
        output.Flush();
        return failed.Count == 0 ? 0 : 1;
    }

    private void Tell(Outcome outcome, Commanded commanded)
    {
        var facts = string.Create(
            CultureInfo.InvariantCulture,
            $"hash {outcome.Hash}, lived {outcome.Lived.TotalMinutes:0.0} min in {outcome.Turns} moments, {outcome.Revisions} revisions, took "
                + $"{outcome.Took.TotalSeconds:0.0} s");
        if (outcome.Findings.Count == 0)
        {
            if (commanded.IsReplay || commanded.Options.IsTalkative)
                output.WriteLine($"seed {outcome.Seed}: clean, {facts}");
            return;
        }
        output.WriteLine($"seed {outcome.Seed}: FAILED, {facts}");
        foreach (var finding in outcome.Findings.Take(commanded.IsReplay ? int.MaxValue : 5))
            output.WriteLine("  " + finding);
        output.WriteLine($"  replay: {Replay(outcome.Seed, commanded.Options)}");
    }

    /// <summary>What another length of the troubles has shown, only that length shows again.</summary>
    private static string Replay(int seed, SimulationOptions options) =>
        $"./dev sim --seed {seed}{(options.Trouble == new SimulationOptions().Trouble ? "" : $" --minutes {options.Trouble.TotalMinutes}")}"
            + (options.IsRich ? " --rich" : "");
}
