using Cybernetes.Foundation;
using Cybernetes.Store.Tests.Contract;

namespace Cybernetes.Store.Tests.Etcd;

// The contract over a real etcd. One member serves all classes of the collection, each test under a prefix of its own; the classes
// come one after the other, since the contract counts revisions.

[CollectionDefinition(Name)]
public class EtcdCollection : ICollectionFixture<SharedEtcd>
{
    public const string Name = "etcd";
}

public sealed class SharedEtcd : IAsyncLifetime
{
    private EtcdCluster? _cluster;

    internal EtcdCluster Cluster
    {
        get
        {
            _ = EtcdCluster.Program; // skips where there is none
            return _cluster!;
        }
    }

    public async ValueTask InitializeAsync()
    {
        if (File.Exists(Environment.GetEnvironmentVariable("CYBERNETES_ETCD") ?? "/usr/bin/etcd"))
            _cluster = await EtcdCluster.StartAsync(1);
    }

    public async ValueTask<IStore> OpenAsync() => await Cluster.OpenAsync();

    public async ValueTask DisposeAsync()
    {
        if (_cluster is not null)
            await _cluster.DisposeAsync();
    }
}

[Collection(EtcdCollection.Name)]
public class EtcdKeyValueTests(SharedEtcd etcd) : KeyValueContract
{
    protected override ValueTask<IStore> OpenAsync(VirtualTimeProvider clock) => etcd.OpenAsync();
}

[Collection(EtcdCollection.Name)]
public class EtcdTransactionTests(SharedEtcd etcd) : TransactionContract
{
    protected override ValueTask<IStore> OpenAsync(VirtualTimeProvider clock) => etcd.OpenAsync();
}

[Collection(EtcdCollection.Name)]
public class EtcdWatchTests(SharedEtcd etcd) : WatchContract
{
    protected override ValueTask<IStore> OpenAsync(VirtualTimeProvider clock) => etcd.OpenAsync();
}

[Collection(EtcdCollection.Name)]
public class EtcdCompactionTests(SharedEtcd etcd) : CompactionContract
{
    protected override ValueTask<IStore> OpenAsync(VirtualTimeProvider clock) => etcd.OpenAsync();
}

/// <summary>Beside the others, with a member of its own: its tests mostly wait for etcd's clock.</summary>
public class EtcdLeaseTests(SharedEtcd etcd) : LeaseContract, IClassFixture<SharedEtcd>
{
    // etcd counts in whole seconds and looks for leases that are over twice a second.
    private const double Scale = 0.3;
    private static readonly TimeSpan Latency = TimeSpan.FromSeconds(1.5);
    private const int ShortLease = 10;

    protected override ValueTask<IStore> OpenAsync(VirtualTimeProvider clock) => etcd.OpenAsync();

    protected override TimeSpan Seconds(int seconds) => TimeSpan.FromSeconds(Math.Ceiling(seconds * Scale));

    protected override Task PassAsync(int seconds) =>
        Task.Delay(TimeSpan.FromSeconds(seconds * Scale) + (seconds > ShortLease ? Latency : default), TimeProvider.System, Cancellation);
}
