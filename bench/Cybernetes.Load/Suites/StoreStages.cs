using System.Diagnostics;
using Cybernetes.Load.Driving;
using Cybernetes.Load.Measuring;

namespace Cybernetes.Load.Suites;

/// <summary>
/// The work of the suite on one server, stage by stage. Each begins with a server that has stored nothing, so that stages can be run alone and
/// servers in turn. Results stand in <see cref="Runs"/>; single figures by name in <see cref="Values"/>.
/// </summary>
internal sealed class StoreStages(ServerUnderTest server, double seconds, int pods, TextWriter? progress)
{
    private const string PodResource = "pods";

    // .NET compiles code anew, twice, after it ran some thousand times; on a slow machine that was not over after three seconds, and took more
    // processor time of the first measurement than its creates did.
    private const int WarmUpCreates = 20_000;

    public List<RunResult> Runs { get; } = [];

    public Dictionary<string, double> Values { get; } = new(StringComparer.Ordinal);

    /// <summary>Rates of writes, and of get.</summary>
    public void Write()
    {
        Begin();
        // By time and not by count: what is measured is the rate. The server's code is warm before, which goes by requests and not by time.
        Run("warm-up", "create", 16, "warm", s => s with { Count = WarmUpCreates, WarmUpSeconds = 0 });
        Rate(StoreMark.Create1, Take(StoreMark.Create1, "create", 1, "one"));
        Rate(StoreMark.Create16, Take(StoreMark.Create16, "create", 16, "sixteen"));
        Rate(StoreMark.Create64, Take(StoreMark.Create64, "create", 64, "many"));
        Rate(StoreMark.Get, Take(StoreMark.Get, "get", 32, "changed"));
        foreach (var change in new[] { "update", "patch", "strategic", "apply" })
            Take($"{change}, 16 clients", change, 16, "changed");
        server.Stop();
    }

    /// <summary>The same work on every server: 17,500 objects, lists, events. Memory after it.</summary>
    public void Read()
    {
        Begin();
        Idle();
        var fill = Settings("fill", 1, "load");
        foreach (var (clients, objects) in new[] { (1, 2500), (16, 5000), (64, 10_000) })
            LoadRun.Fill(fill with { Objects = objects, Prefix = $"w{clients}-" }, progress, clients);
        LoadSettings All(LoadSettings s) => s with { Prefix = "w64-", Objects = 10_000 };
        Take("get of 17,500, 32 clients", "get", 32, "load", All, filled: true);
        Megabytes(StoreMark.List, Take(StoreMark.List, "list", 4, "load", All, filled: true));
        Megabytes(StoreMark.Pages, Take(StoreMark.Pages, "pages", 4, "load", All, filled: true));
        Take("2,000 writes, 200 watchers", "watch", 4, "watched", s => s with { Count = 2000, WarmUpSeconds = 0 });
        ServerUnderTest.Pause(TimeSpan.FromSeconds(2));
        Values[StoreMark.Memory] = ProcessUsage.Of(server.ProcessIds).ResidentBytes / 1e6;
        var watch = Take(StoreMark.Watch, "watch", 4, "watched-more");
        Rate(StoreMark.Watch, watch);
        Values[StoreMark.WatchP99] = watch.Latencies.FirstOrDefault(l => l.Name == "seen after sent")?.P99Ms ?? 0;
        Take("watch, 200 watchers, 200 writes/s", "watch", 4, "watched-slowly", s => s with { Rate = 200 });
        server.Stop();
    }

    /// <summary>1,000 pods, then 150,000: memory, restart, and whether reads stay as fast.</summary>
    public void Scale()
    {
        Begin();
        var fill = Settings("fill", 16, PodResource) with { Resource = PodResource, Objects = 1000, Limit = 500 };
        LoadSettings Pods(LoadSettings s) => s with { Resource = PodResource, Objects = 1000 };
        LoadRun.Fill(fill, progress);
        // The first figures of a server are those of cold code: they would make the later ones look good.
        foreach (var scenario in new[] { "get", "pages" })
            Run("warm-up", scenario, 16, PodResource, Pods);
        Rate(StoreMark.PodsGetFew, Take(StoreMark.PodsGetFew, "get", 32, PodResource, Pods));
        Megabytes(StoreMark.PodsPagesFew, Take(StoreMark.PodsPagesFew, "pages", 4, PodResource, Pods));
        var filled = LoadRun.Fill(fill with { Objects = pods }, progress, clients: 64);
        Runs.Add(filled with { Scenario = $"create of {pods:n0} pods" });
        LoadSettings Many(LoadSettings s) => Pods(s) with { Objects = pods };
        // Reads of the many first, then memory: what a collector has not given back yet is counted.
        Rate(StoreMark.PodsGetMany, Take(StoreMark.PodsGetMany, "get", 32, PodResource, Many, filled: true));
        Megabytes(StoreMark.PodsPagesMany, Take(StoreMark.PodsPagesMany, "pages", 4, PodResource, Many, filled: true));
        Values[StoreMark.PodsMemory] = ProcessUsage.Of(server.ProcessIds).ResidentBytes / 1e6;
        server.Stop();
        Values[StoreMark.PodsRestart] = server.Start().TotalSeconds;
        Values[StoreMark.PodsMemory + " after restart"] = ProcessUsage.Of(server.ProcessIds).ResidentBytes / 1e6;
        server.Stop();
    }

    private void Begin()
    {
        server.Wipe();
        Values[StoreMark.StartUp] = server.Start().TotalSeconds;
    }

    private void Idle()
    {
        ServerUnderTest.Pause(TimeSpan.FromSeconds(3));
        var before = ProcessUsage.Of(server.ProcessIds);
        var start = Stopwatch.GetTimestamp();
        ServerUnderTest.Pause(TimeSpan.FromSeconds(5));
        var used = ProcessUsage.Of(server.ProcessIds).CpuSeconds - before.CpuSeconds;
        Values[StoreMark.IdleProcessor] = 100 * used / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private void Rate(string name, RunResult run) => Values[name] = run.PerSecond;

    private void Megabytes(string name, RunResult run) => Values[name] = run.MegabytesPerSecond;

    private RunResult Take(
        string label, string scenario, int clients, string place, Func<LoadSettings, LoadSettings>? change = null, bool filled = false)
    {
        var result = Run(label, scenario, clients, place, change, filled);
        Runs.Add(result);
        return result;
    }

    private RunResult Run(
        string label, string scenario, int clients, string place, Func<LoadSettings, LoadSettings>? change = null, bool filled = false)
    {
        var settings = Settings(scenario, clients, place) with { Label = label };
        settings = (change is null ? settings : change(settings)) with { IsFilled = filled };
        return new LoadRun(settings, progress).Run();
    }

    private LoadSettings Settings(string scenario, int clients, string place) => new()
    {
        Endpoint = server.Endpoint, Scenario = scenario, Clients = clients, Seconds = seconds, WarmUpSeconds = 1, Namespace = place,
        ProcessIds = server.ProcessIds,
    };
}
