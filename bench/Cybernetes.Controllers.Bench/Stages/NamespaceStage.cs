using Cybernetes.Client.Transport;
using Cybernetes.Controllers.Bench.Cluster;
using Cybernetes.Load.Reporting;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.Bench.Stages;

/// <summary>A namespace of many sorts of objects, deleted; pods run on simulated nodes.</summary>
internal static class NamespaceStage
{
    private const string Name = "crowded";
    private const double AskedSeconds = 30;

    public static async Task<StageResult> RunAsync(StageContext context)
    {
        var (objects, nodes) = (context.Options.Objects, Math.Max(1, context.Options.Objects / 400));
        using var client = context.Cluster.Begin(nodes, withScheduler: true);
        await client.NodesAsync(nodes);
        await client.NamespaceAsync(Name);
        await FillAsync(client, context, objects);
        var sampler = new UsageSampler(context.Cluster.Parts);
        await client.For<Namespace>().DeleteAsync(null, Name);
        var seconds = await Waiting.UntilAsync("the namespace to go", async () =>
        {
            if (context.Progress is not null)
                context.Step(Texts.Number($"{await client.CountAsync<Pod>(Name):n0} pods, {await client.CountAsync<ConfigMap>(Name):n0} config maps are left"));
            return await client.For<Namespace>().FindAsync(null, Name) is null;
        });
        var usage = await sampler.EndAsync();
        context.Tell(Texts.Number($"gone after {seconds:n1} s   µs CPU an object: {Texts.Each(usage, objects)}"));
        return new(
            [new($"A namespace of {objects:n0} objects, deleted", "asked", [new("until it is gone", seconds, AskedSeconds, "s", 1, MoreIsBetter: false)])],
            [Texts.Cores("a namespace goes", usage)],
            [Texts.Number($"namespace: µs CPU an object: {Texts.Each(usage, objects)}")]);
    }

    /// <summary>Of twenty: six config maps, four secrets, four pods, two services, a deployment with a replica set, claims and accounts.</summary>
    private static async Task FillAsync(ApiClient client, StageContext context, int objects)
    {
        var made = 0;
        await Waiting.EachAsync(objects, async i =>
        {
            await MakeAsync(client, i);
            var count = Interlocked.Increment(ref made);
            if (count % 100 == 0)
                context.Step(Texts.Number($"{count:n0} of {objects:n0} objects made"));
        });
        await Waiting.UntilAsync("the pods to run", () => client.AllRunAsync(Name));
        await Waiting.UntilAsync("the replica sets", async () => await client.CountAsync<ReplicaSet>(Name) >= objects / 20);
    }

    private static async Task MakeAsync(ApiClient client, int i)
    {
        var name = $"o-{i}";
        switch (i % 20)
        {
            case < 6: await client.For<ConfigMap>().CreateAsync(Workloads.ConfigMap(Name, name)); break;
            case < 10: await client.For<Secret>().CreateAsync(Workloads.Secret(Name, name)); break;
            case < 14: await client.For<Pod>().CreateAsync(Workloads.Pod(Name, name, "app-" + (i % 100))); break;
            case < 16: await client.For<Service>().CreateAsync(Workloads.Service(Name, name, "app-" + (i % 100))); break;
            case 16: await client.For<Deployment>().CreateAsync(Workloads.Deployment(Name, name, 0)); break;
            case 17: await client.For<PersistentVolumeClaim>().CreateAsync(Workloads.Claim(Name, name)); break;
            default: await client.For<ServiceAccount>().CreateAsync(new() { Metadata = { Namespace = Name, Name = name } }); break;
        }
    }
}
