using System.Diagnostics;
using Cybernetes.Client.Transport;
using Cybernetes.Controllers.Bench.Cluster;
using Cybernetes.Load.Reporting;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.Bench.Stages;

/// <summary>
/// One large deployment made, rolled to a new template and deleted, with scheduler and simulated nodes; before it the same pods made by clients
/// alone, which is what the API, the scheduler and the nodes allow on this machine.
/// </summary>
internal sealed class RolloutStage(StageContext context, ApiClient client)
{
    private const string Namespace = "rollout";
    private const string Alone = "alone";
    private const string Name = "web";

    private readonly int _pods = context.Options.Pods;
    private readonly List<Chart> _charts = [];
    private readonly List<Comparison> _rates = [];
    private readonly List<Comparison> _cores = [];
    private readonly List<string> _notes = [];

    public static async Task<StageResult> RunAsync(StageContext context)
    {
        using var client = context.Cluster.Begin(context.Options.Nodes, withScheduler: true);
        await client.NodesAsync(context.Options.Nodes);
        return await new RolloutStage(context, client).RunAsync();
    }

    private async Task<StageResult> RunAsync()
    {
        await client.NamespaceAsync(Namespace);
        var direct = context.Options.WithClients ? await AloneAsync() : 0;
        await MeasureAsync("deployment created", CreateAsync, direct);
        await MeasureAsync("deployment rolled", RollAsync, direct);
        await MeasureAsync("deployment deleted", DeleteAsync, 0);
        return new(
            [
                new($"A deployment of {_pods:n0} pods: pods a second (a pod is ready, or gone)", "clients alone", _rates),
                new("Cores that the controllers keep busy, at most in any second", "asked", _cores),
            ],
            _charts, _notes);
    }

    private async Task<double> AloneAsync()
    {
        await client.NamespaceAsync(Alone);
        var rate = await MeasureAsync("pods made by clients", DirectAsync, 0);
        await client.For<Pod>().DeleteCollectionAsync(Alone);
        await Waiting.UntilAsync("the pods to go", async () => await client.CountAsync<Pod>(Alone) == 0);
        return rate;
    }

    private async Task<double> MeasureAsync(string what, Func<Task<double>> work, double direct)
    {
        var sampler = new UsageSampler(context.Cluster.Parts);
        var seconds = await work();
        var usage = await sampler.EndAsync();
        var rate = _pods / seconds;
        context.Tell(Texts.Number($"{what,-24} {seconds,6:n1} s {rate,7:n0} pods/s   µs CPU a pod: {Texts.Each(usage, _pods)}"));
        _charts.Add(Texts.Cores(what, usage));
        _notes.Add(Texts.Number($"{what}: {seconds:n1} s, µs CPU a pod: {Texts.Each(usage, _pods)}; memory MB: {Texts.Memory(usage)}"));
        _rates.Add(new(what, rate, direct, "pods/s", 0));
        _cores.Add(new(what, usage.Peak(BenchCluster.Controllers), 1, "cores", 1, MoreIsBetter: false));
        return rate;
    }

    private async Task<double> DirectAsync()
    {
        var watch = Stopwatch.StartNew();
        await Waiting.EachAsync(_pods, i => client.For<Pod>().CreateAsync(Workloads.Pod(Alone, $"{Name}-{i}", Name)));
        await Waiting.UntilAsync("the pods to run", () => client.AllRunAsync(Alone));
        return watch.Elapsed.TotalSeconds;
    }

    private async Task<double> CreateAsync()
    {
        await client.For<Deployment>().CreateAsync(Workloads.Deployment(Namespace, Name, _pods));
        return await UntilAsync("pods are ready", s => s.ReadyReplicas, s => s.ReadyReplicas >= _pods);
    }

    private async Task<double> RollAsync()
    {
        var patch = ObjectPatch.Strategic(
            """{"spec":{"template":{"metadata":{"labels":{"version":"two"}},"spec":{"containers":[{"name":"main","image":"registry.example/web:two"}]}}}}""");
        var patched = await client.For<Deployment>().PatchAsync(Namespace, Name, patch);
        return await UntilAsync("pods are rolled", s => s.UpdatedReplicas, s =>
            s.ObservedGeneration >= patched.Metadata.Generation && s.UpdatedReplicas >= _pods && s.ReadyReplicas >= _pods && s.Replicas == s.UpdatedReplicas);
    }

    private async Task<double> DeleteAsync()
    {
        await client.For<Deployment>().DeleteAsync(Namespace, Name, new() { PropagationPolicy = "Background" });
        return await Waiting.UntilAsync("the pods to go", async () =>
        {
            var left = await client.CountAsync<Pod>(Namespace);
            context.Step(Texts.Number($"{left:n0} pods are left"));
            return left == 0;
        });
    }

    private Task<double> UntilAsync(string what, Func<DeploymentStatus, int> done, Func<DeploymentStatus, bool> isDone) => Waiting.UntilAsync(what, async () =>
    {
        var status = (await client.For<Deployment>().GetAsync(Namespace, Name)).Status;
        context.Step(Texts.Number($"{done(status):n0} of {_pods:n0} {what}"));
        return isDone(status);
    });
}
