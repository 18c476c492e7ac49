using System.Runtime.InteropServices;
using Cybernetes.Load.Commands;
using Cybernetes.Load.Reporting;

namespace Cybernetes.Load.Suites;

/// <summary>
/// What <c>./dev bench store</c> runs: the ceiling, then stage after stage <c>cyb</c> and, if there is one, the peer, in turn: so that both meet the
/// same state of the machine.
/// </summary>
internal sealed class StoreSuite(StoreSuiteOptions options, TextWriter output, TextWriter? progress)
{
    private readonly Lock _ending = new();
    private volatile bool _isStopped;

    public Report Run()
    {
        var folder = Directory.CreateTempSubdirectory("cyb-bench-").FullName;
        using var cyb = new CybServer(options.Program, Path.Combine(folder, "cyb"));
        using var peer = options.Peer.Length > 0 ? new PeerServer(options.Peer, Path.Combine(folder, "peer")) : null;
        // Told to stop in the middle, it takes its servers along.
        void Stop(PosixSignalContext signal)
        {
            _isStopped = true;
            End(folder, cyb, peer);
            Environment.Exit(signal.Signal == PosixSignal.SIGINT ? 130 : 143);
        }
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        try
        {
            var ceiling = options.Has("ceiling") ? CeilingCommand.Measure(http2: false, options.Seconds, warmUp: 1, progress) : null;
            var ours = new StoreStages(cyb, options.Seconds, options.Pods, progress);
            var theirs = peer is null ? null : new StoreStages(peer, options.Seconds, options.Pods, progress);
            foreach (var (name, run) in Stages)
            {
                if (!options.Has(name))
                    continue;
                foreach (var server in theirs is null ? [ours] : new[] { ours, theirs })
                {
                    output.WriteLine($"stage '{name}': {(server == ours ? cyb.Name : peer!.Name)}");
                    run(server);
                }
            }
            return Sum(ceiling, ours, theirs, peer?.Name ?? "");
        }
        catch (InvalidOperationException failure) when (_isStopped)
        {
            throw new IOException("stopped by a signal", failure);
        }
        finally
        {
            End(folder, cyb, peer);
        }
    }

    private static IReadOnlyList<(string Name, Action<StoreStages> Run)> Stages { get; } =
        [("write", s => s.Write()), ("read", s => s.Read()), ("scale", s => s.Scale())];

    // A signal ends it on a thread of its own, and the work, whose server goes away, ends it too: the second one waits for the first.
    private void End(string folder, CybServer cyb, PeerServer? peer)
    {
        lock (_ending)
        {
            cyb.Stop();
            peer?.Stop();
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
        }
    }

    private static Report Sum(Subject? ceiling, StoreStages ours, StoreStages? theirs, string peerName)
    {
        var subjects = new List<Subject>();
        if (ceiling is not null)
            subjects.Add(ceiling);
        subjects.Add(new("cyb", ours.Runs));
        if (theirs is not null)
            subjects.Add(new(peerName, theirs.Runs));
        var tables = new List<ComparisonTable> { StoreMark.AgainstPeer(ours.Values, theirs?.Values) };
        if (ceiling is not null)
        {
            var figures = ceiling.Runs.ToDictionary(r => r.Scenario, r => r.MegabytesPerSecond > 100 ? r.MegabytesPerSecond : r.PerSecond);
            tables.Add(StoreMark.AgainstCeiling(ours.Values, figures));
        }
        tables.Add(StoreMark.Limits(ours.Values));
        return new()
        {
            Title = "The store and the API server", Subjects = subjects, Comparisons = [.. tables.Where(t => t.Rows.Count > 0)],
            Notes = [.. ours.Values.Where(v => v.Key.EndsWith("after restart", StringComparison.Ordinal)).Select(v => $"{v.Key}: {v.Value:n0} MB")],
        };
    }
}

/// <summary>How the suite is run.</summary>
/// <param name="Program">The <c>cyb</c> to measure.</param>
/// <param name="Peer">A folder with kube-apiserver and etcd; empty: none.</param>
/// <param name="Only">Names of stages; empty: all.</param>
/// <param name="Seconds">For each measurement.</param>
/// <param name="Pods">Of the stage "scale".</param>
internal sealed record StoreSuiteOptions(string Program, string Peer, IReadOnlyList<string> Only, double Seconds, int Pods)
{
    public static IReadOnlyList<string> StageNames { get; } = ["ceiling", "write", "read", "scale"];

    public bool Has(string stage) => Only.Count == 0 || Only.Contains(stage);
}
