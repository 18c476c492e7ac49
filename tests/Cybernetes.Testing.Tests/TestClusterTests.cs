using Cybernetes.Client.Transport;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Testing.Tests;

public sealed class TestClusterTests
{
    [Fact]
    public async Task Start_FreshCluster_HasTheSystemNamespaces()
    {
        await using var cluster = await TestCluster.StartAsync();
        var list = await cluster.Client.For<Namespace>().ListAllAsync(null);

        Assert.Equal(["default", "kube-node-lease", "kube-public", "kube-system"], list.Items.Select(n => n.Metadata.Name).Order());
    }

    [Fact]
    public async Task Client_CreateUpdateDelete_GoesThroughTheRealServer()
    {
        await using var cluster = await TestCluster.StartAsync();
        var maps = cluster.Client.For<ConfigMap>();
        var created = await maps.CreateAsync(new() { Metadata = { Name = "one", Namespace = "default" }, Data = new() { ["a"] = "1" } });
        created.Data!["a"] = "2";
        var updated = await maps.UpdateAsync(created);
        Assert.NotEqual(created.Metadata.ResourceVersion, updated.Metadata.ResourceVersion);
        var stale = await Assert.ThrowsAsync<ApiStatusException>(() => maps.UpdateAsync(created));
        Assert.Equal("Conflict", stale.Reason);
        await maps.DeleteAsync("default", "one");

        Assert.Null(await maps.FindAsync("default", "one"));
    }

    [Fact]
    public async Task Start_SameSeed_GivesTheSameIdentities()
    {
        await using var first = await TestCluster.StartAsync(new() { Seed = 7 });
        await using var second = await TestCluster.StartAsync(new() { Seed = 7 });
        var left = await first.Client.For<Namespace>().GetAsync(null, "default");
        var right = await second.Client.For<Namespace>().GetAsync(null, "default");

        Assert.Equal(left.Metadata.UID, right.Metadata.UID);
    }

    [Fact]
    public async Task Run_PartOfTheTests_WorksAsTheClustersPartsDo()
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.Run("beater", async (client, stop) =>
        {
            for (var beat = 1; ; beat++)
            {
                await client.For<ConfigMap>().CreateAsync(new() { Metadata = { Name = $"beat-{beat}", Namespace = "default" } }, null, stop);
                await Task.Delay(TimeSpan.FromHours(1), client.Time, stop);
            }
        });
        await cluster.Time.AdvanceAsync(TimeSpan.FromHours(5.5));

        Assert.Equal(6, (await cluster.Client.For<ConfigMap>().ListAllAsync("default")).Items.Count(m => m.Metadata.Name.StartsWith("beat-", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Run_PartThatFails_FailsWhatIsWaitedFor()
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.Run("broken", (_, _) => throw new InvalidDataException("no such thing"));
        var failure = await Assert.ThrowsAsync<TestClusterTimeoutException>(() => cluster.UntilAsync<ConfigMap>("default", "absent", _ => true));

        Assert.Contains("the part \"broken\" failed: no such thing", failure.Message, StringComparison.Ordinal);
        Assert.IsType<InvalidDataException>(failure.InnerException);
    }

    [Fact]
    public async Task Clusters_ManyAtOnce_KnowNothingOfEachOther()
    {
        var clusters = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => TestCluster.StartAsync(new() { Seed = i, Nodes = i })));
        await Task.WhenAll(clusters.Select((c, i) => c.Time.AdvanceAsync(TimeSpan.FromMinutes(i))));
        for (var i = 0; i < clusters.Length; i++)
        {
            Assert.Equal(i, (await clusters[i].Client.For<NodeObject>().ListAllAsync(null)).Items.Count);
            await clusters[i].DisposeAsync();
        }
    }

    [Theory]
    [InlineData("none", "NoSuchGate=true", "NoSuchGate")]
    [InlineData("nobody", "", "nobody")]
    public async Task Start_UnknownNames_SaysSo(string controller, string gates, string named)
    {
        var wrong = new TestClusterOptions { Controllers = controller == "none" ? [] : [controller], FeatureGates = gates };
        var failure = await Assert.ThrowsAsync<ArgumentException>(() => TestCluster.StartAsync(wrong));
        Assert.Contains(named, failure.Message, StringComparison.Ordinal);
    }
}
