using Cybernetes.Store.Embedded;
using Cybernetes.Store.Tests.Embedded;
using Cybernetes.Store.Tests.Etcd;

namespace Cybernetes.Store.Tests.Faults;

/// <summary>Concurrent clients on few keys: their histories must have one order.</summary>
public class LinearityTests(SharedEtcd etcd) : IClassFixture<SharedEtcd>
{
    private const int Clients = 8;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void Violations_StaleReadAndDoubleRevision_AreFound()
    {
        var history = new KeyHistory();
        history.End(history.Begin(), isWrite: true, 5, 1);
        Assert.Empty(history.Violations());
        history.End(history.Begin(), isWrite: false, 4, 0);
        Assert.Single(history.Violations());
        history.End(history.Begin(), isWrite: true, 5, 2);
        Assert.Equal(4, history.Violations().Count());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Embedded_ConcurrentClients_HaveOneOrder(int seed)
    {
        await using var folder = new TemporaryFolder(inMemory: true);
        await using var store = EmbeddedStore.Open(folder.Path, TimeProvider.System, new() { AnswersGoOnWithWriter = seed % 2 == 0 }).Value;
        await CheckAsync([store], seed, operations: 400);
    }

    [Fact]
    public async Task Etcd_ConcurrentClientsOfTwoServers_HaveOneOrder()
    {
        var options = etcd.Cluster.Options();
        await using var one = await etcd.Cluster.OpenAsync(options);
        await using var two = await etcd.Cluster.OpenAsync(options);
        await CheckAsync([one, two], seed: 3, operations: 60);
    }

    private static async Task CheckAsync(IReadOnlyList<IStore> stores, int seed, int operations)
    {
        var histories = Enumerable.Range(0, 3).Select(_ => new KeyHistory()).ToArray();
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(client => Task.Run(async () =>
        {
            var random = new Random((Soak.Seed(seed) * Clients) + client);
            for (var i = 0; i < operations; i++)
            {
                var place = random.Next(histories.Length);
                var history = histories[place];
                var (store, key, value) = (stores[client % stores.Count], $"/h/{place}", (client * operations) + i);
                var began = history.Begin();
                if (random.Next(2) == 0)
                {
                    var written = (await store.PutAsync(key, BitConverter.GetBytes(value), cancellation: Cancellation)).Value;
                    history.End(began, isWrite: true, written.Revision, value);
                    continue;
                }
                var record = (await store.GetAsync(key, 0, Cancellation)).Value.Record;
                history.End(began, isWrite: false, record?.ModRevision ?? 0, record is null ? -1 : BitConverter.ToInt32(record.Value.Span));
            }
        })));
        foreach (var history in histories)
            Assert.Empty(history.Violations());
    }
}
