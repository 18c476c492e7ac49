namespace Cybernetes.Store.Tests.Etcd;

/// <summary>Three members, and a network between them and before them that breaks: nothing acknowledged is lost, no read is wrong.</summary>
public class EtcdPartitionTests
{
    [Fact]
    public Task Leader_CutOffFromTheOthers_OthersTakeOver() => RunAsync(async (cluster, load, stop) =>
    {
        for (var round = 0; round < 2; round++)
        {
            cluster.Isolate(await cluster.LeaderAsync(stop));
            await load.ProgressAsync(stop);
            cluster.Heal();
            await load.ProgressAsync(stop);
        }
    });

    [Fact]
    public Task Connections_BreakLagAndHang_NextMemberIsAsked() => RunAsync(async (cluster, load, stop) =>
    {
        foreach (var member in cluster.Members)
        {
            var network = member.Network!.Value.Clients;
            network.Cut(_ => true);
            await load.ProgressAsync(stop);
            network.Cut(null);
        }
        foreach (var member in cluster.Members)
        {
            member.Network!.Value.Clients.Swallows = true;
            await load.ProgressAsync(stop);
            member.Network!.Value.Clients.Swallows = false;
        }
        foreach (var member in cluster.Members)
            member.Network!.Value.Clients.Delay = TimeSpan.FromMilliseconds(40);
        await load.ProgressAsync(stop);
    });

    private static async Task RunAsync(Func<EtcdCluster, CountingLoad, CancellationToken, Task> disturb)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "whose connection it is is read from /proc");
        await using var cluster = await EtcdCluster.StartProxiedAsync(3, "--heartbeat-interval", "50", "--election-timeout", "500");
        await EtcdFaultTests.DisturbAsync(cluster, disturb);
    }
}
