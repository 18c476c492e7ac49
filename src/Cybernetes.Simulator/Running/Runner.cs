using System.Globalization;

namespace Cybernetes.Simulator.Running;

/// <summary>Runs seeds one after another on the pool's one thread; this thread only looks whether they move.</summary>
internal sealed class Runner(TextReader input, TextWriter output, TextWriter errors)
{
    /// <summary>The exit code of a process whose life hangs: nothing else can live in it any more.</summary>
    public const int Hung = 3;

    private static readonly TimeSpan s_glance = TimeSpan.FromMilliseconds(200);

    public int Run(Commanded commanded, bool isQuiet)
    {
        if (!World.Clockwork.IsSingleThreaded)
            errors.WriteLine("this process has more than one thread for its work: runs are not repeatable");
        if (!commanded.IsFed)
            return RunOne(commanded.First, commanded, commanded.IsReplay && !isQuiet ? output : null);
        while (input.ReadLine() is { } line)
        {
            var code = RunOne(int.Parse(line, CultureInfo.InvariantCulture), commanded, null);
            output.WriteLine(SeedProcess.End + code switch { 0 => SeedProcess.Clean, Hung => SeedProcess.Hung, _ => SeedProcess.Failed });
            output.Flush();
            if (code == Hung)
                return Hung;
        }
        return 0;
    }

    private int RunOne(int seed, Commanded commanded, TextWriter? trace)
    {
        var watch = new LifeWatch();
        var running = Task.Run(() => Simulation.RunAsync(seed, commanded.Options, trace, watch.Begins));
        while (!running.Wait(s_glance))
        {
            if (!watch.Hangs())
                continue;
            output.WriteLine($"seed {seed}: FAILED, it hangs {string.Join(Environment.NewLine + "  ", watch.State())}");
            output.WriteLine($"  replay: {commanded.Replay(seed)}");
            return Hung;
        }
        Tell(running.Result, commanded);
        return running.Result switch { { HasEnded: false } => Hung, { Findings.Count: > 0 } => 1, _ => 0 };
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
        output.WriteLine($"  replay: {commanded.Replay(outcome.Seed)}");
    }
}
