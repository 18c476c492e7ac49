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
}
