using System.Runtime.InteropServices;
using Cybernetes.Controllers.Bench.Cluster;
using Cybernetes.Controllers.Bench.Stages;
using Cybernetes.Load.Reporting;

namespace Cybernetes.Controllers.Bench;

/// <summary>What a stage has found.</summary>
internal sealed record StageResult(IReadOnlyList<ComparisonTable> Tables, IReadOnlyList<Chart> Charts, IReadOnlyList<string> Notes);

/// <summary>Where a stage works, and where it tells how far it is.</summary>
internal sealed record StageContext(BenchCluster Cluster, SuiteOptions Options, TextWriter Output, TextWriter? Progress)
{
    public void Tell(string line) => Output.WriteLine("  " + line);

    /// <summary>Overwrites the line before; nothing where nobody looks.</summary>
    public void Step(string line) => Progress?.Write($"\r  {line,-78}\r");
}

/// <summary>What <c>./dev bench controllers</c> runs: stage after stage, each on a cluster that has stored nothing yet.</summary>
internal sealed class ControllersSuite(SuiteOptions options, TextWriter output, TextWriter? progress)
{
    private readonly Lock _ending = new();

    public static IReadOnlyList<string> StageNames => [.. Stages.Select(s => s.Name)];

    private static IReadOnlyList<(string Name, Func<StageContext, Task<StageResult>> Run)> Stages { get; } =
    [
        ("rollout", RolloutStage.RunAsync), ("namespace", NamespaceStage.RunAsync), ("steady", SteadyStage.RunAsync), ("curve", CurveStage.RunAsync),
    ];

    public async Task<Report> RunAsync()
    {
        var folder = Directory.CreateTempSubdirectory("cyb-bench-").FullName;
        using var cluster = new BenchCluster(options.Program, Path.Combine(folder, "cyb"));
        // Told to stop in the middle, it takes its processes along.
        void Stop(PosixSignalContext signal)
        {
            End(folder, cluster);
            Environment.Exit(signal.Signal == PosixSignal.SIGINT ? 130 : 143);
        }
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        var results = new List<StageResult>();
        try
        {
            foreach (var (name, run) in Stages.Where(s => options.Has(s.Name)))
            {
                output.WriteLine($"stage '{name}'");
                results.Add(await run(new(cluster, options, output, progress)));
                cluster.Stop();
            }
        }
        finally
        {
            End(folder, cluster);
        }
        return new()
        {
            Title = "The controllers", Comparisons = [.. results.SelectMany(r => r.Tables)], Charts = [.. results.SelectMany(r => r.Charts)],
            Notes = [.. results.SelectMany(r => r.Notes)],
        };
    }

    // A signal ends it on a thread of its own, and the work, whose server goes away, ends it too: the second one waits for the first.
    private void End(string folder, BenchCluster cluster)
    {
        lock (_ending)
        {
            cluster.Stop();
            if (options.Keep)
                output.WriteLine($"logs and data: {folder}");
            else if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
        }
    }
}
