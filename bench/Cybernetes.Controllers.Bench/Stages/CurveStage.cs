using Cybernetes.Client.Transport;
using Cybernetes.Controllers.Bench.Cluster;
using Cybernetes.Load.Reporting;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.Bench.Stages;

/// <summary>
/// What one event costs the controllers while the cluster grows around it. All objects stand in the probes' own namespace, so that neither a scan
/// of the cluster nor one of the namespace goes unnoticed.
/// </summary>
internal static class CurveStage
{
    private const string Name = "crowd";

    /// <summary>How much more an event may cost at the end of the curve than at its begin.</summary>
    private const double AskedRatio = 0.5;
    private static readonly TimeSpan s_settling = TimeSpan.FromSeconds(1);

    public static async Task<StageResult> RunAsync(StageContext context)
    {
        using var client = context.Cluster.Begin(nodes: 0, withScheduler: false);
        await client.NamespaceAsync(Name);
        await using var probes = await EventProbes.StartAsync(client, Name);
        var (objects, sizes) = (0, context.Options.Sizes);
        // Code that runs for the first time is not what grows.
        foreach (var probe in probes.All)
        {
            await probe.PrepareAsync();
            await probe.RunAsync(context.Options.Events);
            await probe.FinishAsync();
        }
        var found = new List<(int Objects, string Event, Usage Usage)>();
        foreach (var size in sizes)
        {
            await FillAsync(client, context, objects, size);
            objects = size;
            await CalmAsync(context);
            foreach (var probe in probes.All)
            {
                context.Step(Texts.Number($"{size:n0} objects: {probe.Name}"));
                await probe.PrepareAsync();
                await CalmAsync(context);
                var sampler = new UsageSampler(context.Cluster.Parts);
                await probe.RunAsync(context.Options.Events);
                await CalmAsync(context);
                found.Add((size, probe.Name, await sampler.EndAsync()));
                await probe.FinishAsync();
            }
            context.Tell(Texts.Number($"{size:n0} objects: µs CPU of the controllers an event:"));
            foreach (var (_, name, usage) in found.Where(f => f.Objects == size))
            {
                var (ofControllers, ofApiServer) = (Micros(context, usage, BenchCluster.Controllers), Micros(context, usage, BenchCluster.ApiServer));
                context.Tell(Texts.Number($"  {name,-32} {ofControllers,8:n0}   API server {ofApiServer,8:n0}"));
            }
        }
        return new(
            [Table(context, found, BenchCluster.Controllers), Table(context, found, BenchCluster.ApiServer)],
            [Plot(context, found, BenchCluster.Controllers), Plot(context, found, BenchCluster.ApiServer)],
            [.. found.Select(f => Texts.Number($"{f.Objects:n0} objects, {f.Event}: µs CPU an event: {Texts.Each(f.Usage, context.Options.Events)}"))]);
    }

    private static double Micros(StageContext context, Usage usage, string part) => usage.Of(part) * 1e6 / context.Options.Events;

    private static ComparisonTable Table(StageContext context, List<(int Objects, string Event, Usage Usage)> found, string part)
    {
        var (least, most) = (context.Options.Sizes[0], context.Options.Sizes[^1]);
        double At(string name, int size) => Micros(context, found.First(f => f.Event == name && f.Objects == size).Usage, part);
        return new(
            Texts.Number($"µs CPU of the {part} an event: with {most:n0} objects beside {least:n0}"), Texts.Number($"with {least:n0}"),
            [.. found.Select(f => f.Event).Distinct().Select(e =>
                new Comparison(e, At(e, most), At(e, least), "µs", part == BenchCluster.Controllers ? AskedRatio : 0, MoreIsBetter: false))]);
    }

    private static Chart Plot(StageContext context, List<(int Objects, string Event, Usage Usage)> found, string part) => new(
        $"{part}: processor time of an event, by objects in the namespace", "µs",
        [.. found.GroupBy(f => f.Event).Select(g =>
            new PlotLine(g.Key, [.. g.Select(f => (Math.Log10(f.Objects), Micros(context, f.Usage, part)))]))],
        [.. context.Options.Sizes.Select(s => (Math.Log10(s), Texts.Number($"{s:n0}")))], IsLogarithmic: true);

    /// <summary>Waits until the controllers have done what there was to do.</summary>
    private static async Task CalmAsync(StageContext context)
    {
        while (true)
        {
            var sampler = new UsageSampler(context.Cluster.Parts);
            await Task.Delay(s_settling, TimeProvider.System);
            var usage = await sampler.EndAsync();
            if (usage.Of(BenchCluster.Controllers) < 0.1 * usage.Seconds)
                return;
        }
    }

    private static async Task FillAsync(ApiClient client, StageContext context, int from, int to)
    {
        var made = from;
        await Waiting.EachAsync(to - from, async i =>
        {
            await MakeAsync(client, from + i);
            var count = Interlocked.Increment(ref made);
            if (count % 100 == 0)
                context.Step(Texts.Number($"{count:n0} of {to:n0} objects made"));
        });
    }

    /// <summary>Of twenty: ten pods, four config maps, two secrets, two services for the pods, two deployments without one.</summary>
    private static Task MakeAsync(ApiClient client, int i)
    {
        var (name, app) = ($"crowd-{i}", $"crowd-{i / 20}");
        return (i % 20) switch
        {
            < 10 => client.For<Pod>().CreateAsync(Workloads.Pod(Name, name, app, isGated: true)),
            < 14 => client.For<ConfigMap>().CreateAsync(Workloads.ConfigMap(Name, name)),
            < 16 => client.For<Secret>().CreateAsync(Workloads.Secret(Name, name)),
            < 18 => client.For<Service>().CreateAsync(Workloads.Service(Name, name, app)),
            _ => client.For<Objects.Apps.V1.Deployment>().CreateAsync(Workloads.Deployment(Name, name, 0)),
        };
    }
}
