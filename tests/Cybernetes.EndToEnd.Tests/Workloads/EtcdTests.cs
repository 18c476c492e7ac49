using Cybernetes.EndToEnd.Tests.Harness;

namespace Cybernetes.EndToEnd.Tests.Workloads;

/// <summary>Control planes whose objects are in a real etcd.</summary>
public sealed class EtcdTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    [ClusterFact]
    public async Task TwoServers_OneEtcd_AreOneClusterThatOutlivesThem()
    {
        await using var etcd = await Etcd.StartAsync();
        var options = new CybServerOptions { Arguments = ["--etcd-servers", etcd.Address, "--etcd-prefix", "/twins"] };
        await using var one = await CybServer.StartAsync(options);
        await using var two = await CybServer.StartAsync(options);
        var version = Machine.KubectlVersions()[^1];
        var (left, right) = (one.Kubectl(version), two.Kubectl(version));

        await left.OkAsync("create", "deployment", "web", "--image=kuard:1", "--replicas=2");
        await Until.TrueAsync("the controllers made the pods, whichever server leads", Patience,
            async () => (await right.OkAsync("get", "pods", "-o", "name")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length == 2,
            () => one.LogTail() + two.LogTail());
        await Task.WhenAll(Enumerable.Range(0, 6).Select(i =>
            (i % 2 == 0 ? left : right).OkAsync("create", "service", "clusterip", $"s{i}", "--tcp=80")));
        var services = await right.OkAsync("get", "services", "-o", "jsonpath={.items[*].spec.clusterIP}");
        Assert.Equal(7, services.Split(' ').Distinct().Count()); // and the service kubernetes

        await one.KillAsync();
        await right.OkAsync("scale", "deployment", "web", "--replicas=3");
        await Until.TrueAsync("the other server's controllers take over", Patience,
            async () => (await right.OkAsync("get", "pods", "-o", "name")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length == 3,
            two.LogTail);
        await one.StartAgainAsync();
        Assert.Contains("web", await left.OkAsync("get", "deployments"), StringComparison.Ordinal);
        await left.OkAsync("delete", "service", "s0");
        var gone = await right.RunAsync("get", "service", "s0");
        Assert.Contains("NotFound", gone.Error, StringComparison.Ordinal);
    }
}
