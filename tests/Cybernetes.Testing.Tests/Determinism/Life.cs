using System.Globalization;
using System.Security.Cryptography;
using Cybernetes.Client.Transport;
using Cybernetes.Node.Simulated.Fleet;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Batch.V1;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Policy.V1;
using Cybernetes.Store;

namespace Cybernetes.Testing.Tests.Determinism;

/// <summary>A few minutes of a cluster in which everything takes part, and its whole history: a line for each change that the store has seen.</summary>
internal static class Life
{
    private static readonly TestFaults s_faults = new()
    {
        Conflicts = 0.1, TooManyRequests = 0.02, WatchDrops = 0.05, WatchBreaks = 0.005, Gone = 0.05, LostAnswers = 0.05,
        Latency = TimeSpan.FromMilliseconds(40),
    };

    /// <param name="seed">Decides everything.</param>
    /// <param name="between">Comes before each step, in real time.</param>
    public static async Task<List<string>> LiveAsync(int seed, Func<Task>? between = null)
    {
        between ??= () => Task.CompletedTask;
        var history = new List<string>();
        await using var cluster = await TestCluster.StartAsync(new()
        {
            Seed = seed, Deterministic = true, Controllers = ["*"], Scheduler = true, LeaderElection = true,
            Fleet = new() { Shapes = [new() { Count = 4, Name = "node-" }], Seed = seed }, Faults = s_faults,
        });
        await between();
        cluster.Run("historian", (_, stop) => FollowAsync(cluster.Store, history, stop));
        foreach (var step in (Func<TestCluster, Task>[])[BeginAsync, ScaleAsync, TroubleAsync, DrainAsync, EndAsync])
        {
            await between();
            await step(cluster);
        }
        await between();
        history.Add("what was read: " + Hash(System.Text.Encoding.UTF8.GetBytes(await cluster.ReportAsync())));
        return history;
    }

    private static async Task BeginAsync(TestCluster cluster)
    {
        cluster.Run("beater", (client, stop) => BeatAsync(client, "beat", stop));
        cluster.Run("second beater", (client, stop) => BeatAsync(client, "second", stop));
        await cluster.Client.For<PodDisruptionBudget>().CreateAsync(Make.Budget("web"));
        var made = Enumerable.Range(0, 3).Select(i => cluster.Client.For<Deployment>().CreateAsync(Make.Deployment(i == 0 ? "web" : $"app-{i}", 2 + i)));
        await Task.WhenAll(made);
        await cluster.Client.For<Service>().CreateAsync(Make.Service("web"));
        await cluster.Client.For<CronJob>().CreateAsync(Make.CronJob("often", "* * * * *"));
        await cluster.UntilConditionAsync<Deployment>("default", "web", "Available");
    }

    private static async Task ScaleAsync(TestCluster cluster)
    {
        await ChangeAsync<Deployment>(cluster, "default", "app-1", d => d.Spec.Replicas = 5);
        await ChangeAsync<Deployment>(cluster, "default", "app-2", d => d.Spec.Template.Spec.Containers![0].Image = "busybox:2");
        await cluster.Time.AdvanceAsync(TimeSpan.FromMinutes(2));
    }

    private static async Task TroubleAsync(TestCluster cluster)
    {
        cluster.CrashNode("node-1", TimeSpan.FromMinutes(2));
        cluster.CrashNode("node-2", TimeSpan.FromSeconds(30));
        cluster.Faults = cluster.Faults with { LeaseLoss = 0.1 };
        await cluster.Time.AdvanceAsync(TimeSpan.FromSeconds(30));
        cluster.Faults = s_faults;
        await cluster.UntilConditionAsync<NodeObject>(null, "node-1", "Ready", "Unknown", TimeSpan.FromMinutes(5));
        await cluster.Time.AdvanceAsync(TimeSpan.FromSeconds(70));
    }

    private static async Task DrainAsync(TestCluster cluster)
    {
        await ChangeAsync<NodeObject>(cluster, null, "node-0", n => n.Spec.Unschedulable = true);
        var pods = await cluster.Client.For<Pod>().ListAllAsync("default");
        foreach (var pod in pods.Items.Where(p => p.Spec.NodeName == "node-0"))
        {
            try
            {
                await cluster.Client.EvictAsync(new() { Metadata = { Namespace = "default", Name = pod.Metadata.Name } });
            }
            catch (ApiStatusException refused) when (refused.IsTooManyRequests || refused.IsNotFound)
            {
                await cluster.Time.AdvanceAsync(TimeSpan.FromSeconds(10));
            }
        }
        await cluster.Time.AdvanceAsync(TimeSpan.FromSeconds(40));
    }

    private static async Task EndAsync(TestCluster cluster)
    {
        cluster.Faults = TestFaults.None;
        await cluster.Client.For<Deployment>().DeleteAsync("default", "web");
        await cluster.UntilGoneAsync<Deployment>("default", "web");
        await cluster.Time.AdvanceAsync(TimeSpan.FromMinutes(1));
    }

    private static async Task ChangeAsync<T>(TestCluster cluster, string? ns, string name, Action<T> change)
        where T : class, Objects.IKubernetesObject<T>
    {
        var value = await cluster.Client.For<T>().GetAsync(ns, name);
        change(value);
        await cluster.Client.For<T>().UpdateAsync(value);
    }

    private static async Task BeatAsync(ApiClient client, string name, CancellationToken stop)
    {
        for (var beat = 1; ; beat++)
        {
            var map = new ConfigMap { Metadata = { GenerateName = name + "-", Namespace = "default" }, Data = new() { ["beat"] = $"{beat}" } };
            try
            {
                await client.For<ConfigMap>().CreateAsync(map, null, stop);
            }
            catch (Exception fault) when (fault is HttpRequestException or ApiStatusException)
            {
                // One of those that the seed decides.
            }
            await Task.Delay(TimeSpan.FromSeconds(20), client.Time, stop);
        }
    }

    private static async Task FollowAsync(IStore store, List<string> history, CancellationToken stop)
    {
        await using var watch = store.Watch(new(KeyRange.All) { StartRevision = 2, EventLimit = int.MaxValue });
        while (true)
        {
            var batch = await watch.ReadAsync(stop).ConfigureAwait(false);
            if (batch.Error is { } error)
                throw new InvalidOperationException(error.ToString());
            foreach (var record in batch.Events.Select(e => e.Record))
                history.Add(string.Create(CultureInfo.InvariantCulture, $"{record.ModRevision} {record.Key} {(record.IsDeletion ? "gone" : Hash(record.Value.Span))}"));
        }
    }

    private static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes))[..16];
}
