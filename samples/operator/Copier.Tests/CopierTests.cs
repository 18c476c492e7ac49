using Copier;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Copier.Tests;

public sealed class CopierTests
{
    [Fact]
    public async Task Source_ReceivingNamespace_GetsACopy()
    {
        await using var cluster = await StartAsync();
        await cluster.Client.For<Namespace>().CreateAsync(Namespace("team-a", receives: true));
        await cluster.Client.For<ConfigMap>().CreateAsync(Source("greeting", "hello"));

        var copy = await cluster.UntilAsync<ConfigMap>("team-a", "greeting", _ => true);
        Assert.Equal("hello", copy.Data!["text"]);
    }

    [Fact]
    public async Task Copy_ChangedByHand_IsMended()
    {
        await using var cluster = await StartAsync();
        await cluster.Client.For<Namespace>().CreateAsync(Namespace("team-a", receives: true));
        await cluster.Client.For<ConfigMap>().CreateAsync(Source("greeting", "hello"));
        var copy = await cluster.UntilAsync<ConfigMap>("team-a", "greeting", _ => true);
        copy.Data!["text"] = "defaced";
        await cluster.Client.For<ConfigMap>().UpdateAsync(copy);

        await cluster.UntilAsync<ConfigMap>("team-a", "greeting", c => c.Data!["text"] == "hello");
    }

    [Fact]
    public async Task Source_Deleted_TakesItsCopiesAlong()
    {
        await using var cluster = await StartAsync();
        await cluster.Client.For<Namespace>().CreateAsync(Namespace("team-a", receives: true));
        await cluster.Client.For<ConfigMap>().CreateAsync(Source("greeting", "hello"));
        await cluster.UntilAsync<ConfigMap>("team-a", "greeting", _ => true);
        await cluster.Client.For<ConfigMap>().DeleteAsync("default", "greeting");

        await cluster.UntilGoneAsync<ConfigMap>("team-a", "greeting");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Copies_OverAFaultyNetwork_AreRightInTheEnd(int seed)
    {
        await using var cluster = await StartAsync(new()
        {
            Seed = seed,
            Faults = new() { Conflicts = 0.3, WatchDrops = 0.2, WatchBreaks = 0.2, LostAnswers = 0.2, Latency = TimeSpan.FromSeconds(1) },
        });
        for (var i = 0; i < 5; i++)
            await cluster.Client.For<Namespace>().CreateAsync(Namespace($"team-{i}", receives: true));
        await cluster.Client.For<ConfigMap>().CreateAsync(Source("greeting", "hello"));

        await cluster.UntilAsync<ConfigMap>(
            null, all => all.Count(c => c.Metadata.Name == "greeting" && c.Data!["text"] == "hello") == 6, within: TimeSpan.FromHours(1));
    }

    [Fact]
    public async Task Copies_SameSeed_ComeInTheSameWay()
    {
        Assert.Equal(await RunAsync(5), await RunAsync(5));

        static async Task<IEnumerable<string>> RunAsync(int seed)
        {
            await using var cluster = await StartAsync(new()
            {
                Seed = seed, Deterministic = true,
                Faults = new() { Conflicts = 0.3, WatchDrops = 0.2, LostAnswers = 0.2, Latency = TimeSpan.FromSeconds(1) },
            });
            foreach (var team in (string[])["team-a", "team-b"])
                await cluster.Client.For<Namespace>().CreateAsync(Namespace(team, receives: true));
            await cluster.Client.For<ConfigMap>().CreateAsync(Source("greeting", "hello"));
            var maps = await cluster.UntilAsync<ConfigMap>(null, all => all.Count(c => c.Metadata.Name == "greeting") == 3, within: TimeSpan.FromHours(1));
            return maps.Select(m => $"{m.Metadata.Namespace} {m.Metadata.UID} {m.Metadata.ResourceVersion} {m.Metadata.CreationTimestamp:O}");
        }
    }

    [Fact]
    public void Plan_NamespaceThatDoesNotReceive_IsLeftAlone()
    {
        var plan = CopyPlan.Of(Source("greeting", "hello"), [], [Namespace("team-a", receives: false)]);

        Assert.Empty(plan.Create);
    }

    private static async Task<TestCluster> StartAsync(TestClusterOptions? options = null)
    {
        var cluster = await TestCluster.StartAsync(options);
        cluster.Run("copier", (client, stop) => new CopierOperator(client, NullLogger.Instance).RunAsync(stop));
        return cluster;
    }

    private static Namespace Namespace(string name, bool receives)
    {
        var ns = new Namespace { Metadata = { Name = name } };
        if (receives)
            ns.Metadata.Labels = new() { [CopierOperator.ReceiveLabel] = "true" };
        return ns;
    }

    private static ConfigMap Source(string name, string text)
    {
        var map = new ConfigMap { Metadata = { Name = name, Namespace = "default" }, Data = new() { ["text"] = text } };
        map.Metadata.Labels = new() { [CopierOperator.CopyLabel] = "true" };
        return map;
    }
}
