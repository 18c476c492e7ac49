namespace Cybernetes.Store.Tests.Etcd;

/// <summary>Three members, and a network between them and before them that breaks: nothing acknowledged is lost, no read is wrong.</summary>
public class EtcdPartitionTests
{
    private const int Writers = 4;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(150);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

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
        var options = cluster.Options() with
        {
            RequestTimeout = TimeSpan.FromSeconds(4),
            AttemptTimeout = TimeSpan.FromSeconds(1),
            ConnectTimeout = TimeSpan.FromSeconds(1),
        };
        await using var store = await cluster.OpenAsync(options);
        var start = (await store.CurrentRevisionAsync(Cancellation)).Value + 1;
        await using var watch = store.Watch(new WatchRequest(KeyRange.All) { StartRevision = start });
        using var stop = new CancellationTokenSource(Patience, TimeProvider.System);
        var load = new CountingLoad(store, Writers);
        var writing = load.RunAsync(stop.Token);
        var watching = EtcdFaultTests.CollectAsync(watch, stop.Token);
        await load.ProgressAsync(stop.Token);

        await disturb(cluster, load, stop.Token);

        await load.StopAsync();
        await writing;
        Assert.Empty(load.WrongReads);
        foreach (var (key, least, most) in load.Expected)
            Assert.InRange(CountingLoad.CountOf((await store.GetAsync(key, 0, Cancellation)).Value.Record!), least, most);
        await EtcdFaultTests.CheckWatchAsync(store, watch, watching, start);
    }
}
