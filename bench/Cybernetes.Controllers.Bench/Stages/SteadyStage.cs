using Cybernetes.Client.Informers;
using Cybernetes.Client.Transport;
using Cybernetes.Controllers.Bench.Cluster;
using Cybernetes.Load.Reporting;
using Cybernetes.Objects.Apps.V1;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cybernetes.Controllers.Bench.Stages;

/// <summary>Many deployments, half of them with a pod, that nobody touches: what the controllers cost then.</summary>
internal static class SteadyStage
{
    private const string Name = "steady";
    private const double AskedPercent = 2;
    private static readonly TimeSpan s_settling = TimeSpan.FromSeconds(5);

    public static async Task<StageResult> RunAsync(StageContext context)
    {
        var (count, nodes) = (context.Options.Deployments, Math.Max(1, context.Options.Deployments / 2 / 100));
        using var client = context.Cluster.Begin(nodes, withScheduler: true);
        await client.NodesAsync(nodes);
        await client.NamespaceAsync(Name);
        context.Step("making deployments");
        await Waiting.EachAsync(count, i => client.For<Deployment>().CreateAsync(Workloads.Deployment(Name, $"d-{i}", i % 2)));
        await ThereAsync(context, client, count);
        await Task.Delay(s_settling, TimeProvider.System);
        var sampler = new UsageSampler(context.Cluster.Parts);
        for (var second = 0; second < context.Options.SteadySeconds; second++)
        {
            context.Step(Texts.Number($"{second} of {context.Options.SteadySeconds} s"));
            await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
        }
        var usage = await sampler.EndAsync();
        double Percent(string part) => 100 * usage.Of(part) / usage.Seconds;
        var rows = new List<Comparison> { new("controllers", Percent(BenchCluster.Controllers), AskedPercent, "% of a core", 1, MoreIsBetter: false) };
        foreach (var part in new[] { BenchCluster.ApiServer, BenchCluster.Scheduler, BenchCluster.Nodes })
            rows.Add(new(part, Percent(part), AskedPercent, "% of a core", 0, MoreIsBetter: false));
        rows.Add(new("all together", usage.Cpu.Keys.Sum(Percent), AskedPercent, "% of a core", 0, MoreIsBetter: false));
        foreach (var row in rows)
            context.Tell(Texts.Number($"{row.What,-24} {row.Ours,6:n2} % of a core"));
        return new(
            [new($"{count:n0} deployments at rest, over {usage.Seconds:n0} s", "asked", rows)],
            [Texts.Cores("deployments at rest", usage)],
            [Texts.Number($"at rest: memory MB: {Texts.Memory(usage)}")]);
    }

    /// <summary>By a watch, which ends before anything is measured: lists of thousands would keep the server from getting there.</summary>
    private static async Task ThereAsync(StageContext context, ApiClient client, int count)
    {
        using var stop = new CancellationTokenSource();
        var informers = new InformerFactory(client, NullLogger.Instance);
        var store = informers.For<Deployment>(new InformerOptions { Namespace = Name }).Store;
        informers.Start(stop.Token);
        await Waiting.UntilAsync("the deployments to be there", () =>
        {
            var done = store.List().Count(d => d.Status.ObservedGeneration > 0 && d.Status.ReadyReplicas == d.Spec.Replicas);
            context.Step(Texts.Number($"{done:n0} of {count:n0} deployments are there"));
            return Task.FromResult(done == count);
        });
        await stop.CancelAsync();
        await informers.WhenStopped().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
