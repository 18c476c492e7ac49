using System.Text;
using Cybernetes.Foundation;
using Cybernetes.Store.Embedded;
using Cybernetes.Store.Etcd;
using Cybernetes.Store.Snapshots;
using Cybernetes.Store.Tests.Embedded;

namespace Cybernetes.Store.Tests.Etcd;

/// <summary>What only the etcd engine has: its form of keys and values, compaction by election, alarms, limits, TLS.</summary>
public class EtcdStoreTests(SharedEtcd etcd) : IClassFixture<SharedEtcd>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Prefix_OfNeighbours_AreKeptApart()
    {
        var options = etcd.Cluster.Options();
        await using var one = await etcd.Cluster.OpenAsync(options);
        await using var two = await etcd.Cluster.OpenAsync(options with { Prefix = options.Prefix + "2" });
        await using var watch = one.Watch(new WatchRequest(KeyRange.All));
        await two.PutAsync("/a", "two"u8.ToArray(), cancellation: Cancellation);
        await one.PutAsync("/a", "one"u8.ToArray(), cancellation: Cancellation);

        Assert.Equal("one", Encoding.ASCII.GetString((await watch.ReadAsync(Cancellation)).Events[0].Record.Value.Span));
        Assert.Equal(1, (await one.RangeAsync(new RangeRequest(KeyRange.All), Cancellation)).Value.Count);
        await one.TransactAsync(Transaction.Of(new DeleteOperation(KeyRange.All)), Cancellation);
        Assert.NotNull((await two.GetAsync("/a", 0, Cancellation)).Value.Record);
    }

    [Fact]
    public async Task Root_IsReplacedByThePrefix_AndKeysOutsideAreRefused()
    {
        var options = etcd.Cluster.Options();
        await using var rooted = await etcd.Cluster.OpenAsync(options with { Root = "/registry/" });
        await using var bare = await etcd.Cluster.OpenAsync(options);
        await rooted.PutAsync("/registry/pods/a", "1"u8.ToArray(), cancellation: Cancellation);

        Assert.NotNull((await bare.GetAsync("pods/a", 0, Cancellation)).Value.Record);
        var records = (await rooted.RangeAsync(new RangeRequest(KeyRange.Prefix("/registry/")), Cancellation)).Value.Records;
        Assert.Equal("/registry/pods/a", Assert.Single(records).Key);
        var outside = await rooted.PutAsync("/other/a", [], cancellation: Cancellation);
        Assert.Equal(StoreErrorKind.InvalidRequest, outside.Error?.Kind);
    }

    [Fact]
    public async Task Stamp_WrittenByOneServer_IsSeenByAnotherAndInItsWatch()
    {
        var options = etcd.Cluster.Options();
        await using var writer = await etcd.Cluster.OpenAsync(options);
        await using var reader = await etcd.Cluster.OpenAsync(options);
        await using var watch = reader.Watch(new WatchRequest(KeyRange.All) { PreviousRecords = true });
        var first = (await writer.PutAsync("/a", Encoding.ASCII.GetBytes("<......................>"), 1, 0, Cancellation)).Value;
        var second = (await writer.PutAsync("/a", Encoding.ASCII.GetBytes("<......................>"), 1, 0, Cancellation)).Value;

        var seen = new List<WatchEvent>();
        while (seen.Count < 2)
        {
            var batch = await watch.ReadAsync(Cancellation);
            Assert.Null(batch.Error);
            seen.AddRange(batch.Events);
        }
        Assert.Equal(first.Record!.Value.ToArray(), seen[0].Record.Value.ToArray());
        Assert.Equal(second.Record!.Value.ToArray(), seen[1].Record.Value.ToArray());
        Assert.Equal(first.Record.Value.ToArray(), seen[1].Previous!.Value.ToArray());
        Assert.Equal(1, seen[1].Record.RevisionOffset);
    }

    [Fact]
    public async Task Range_ManyAndLarge_ComesWholeInChunks()
    {
        await using var store = await etcd.Cluster.OpenAsync();
        const int count = 1300;
        for (var i = 0; i < count; i += 100)
        {
            var puts = Enumerable.Range(i, 100).Select(n => new PutOperation($"/p/{n:0000}", new byte[5000])).ToArray<Operation>();
            Assert.Null((await store.TransactAsync(Transaction.Of(puts), Cancellation)).Error);
        }
        var whole = (await store.RangeAsync(new RangeRequest(KeyRange.Prefix("/p/")), Cancellation)).Value;
        Assert.Equal(Enumerable.Range(0, count).Select(n => $"/p/{n:0000}"), whole.Records.Select(record => record.Key));
        Assert.Equal((count, false), (whole.Count, whole.More));
        var page = (await store.RangeAsync(new RangeRequest(KeyRange.Prefix("/p/")) { Limit = 900 }, Cancellation)).Value;
        Assert.Equal((900, count, true), (page.Records.Count, page.Count, page.More));
    }

    [Fact]
    public async Task Compactor_SeveralServers_OneHasEachRound()
    {
        var clock = new VirtualTimeProvider();
        var options = etcd.Cluster.Options() with { CompactionInterval = TimeSpan.FromMinutes(5), RequestTimeout = TimeSpan.FromHours(9) };
        await using var one = (await EtcdStore.OpenAsync(options, clock, cancellation: Cancellation)).Value;
        await using var two = (await EtcdStore.OpenAsync(options, clock, cancellation: Cancellation)).Value;
        var first = (await one.PutAsync("/a", [], cancellation: Cancellation)).Value.Revision;
        // Each round compacts what the round before saw; with two servers that learn the round's number it takes some.
        for (var round = 0; round < 12; round++)
        {
            await clock.WhenTimersArmedAsync(2);
            await clock.AdvanceAsync(TimeSpan.FromMinutes(5));
            await one.PutAsync("/a", [], cancellation: Cancellation);
        }
        Assert.Equal(StoreErrorKind.Compacted, (await two.GetAsync("/a", first, Cancellation)).Error?.Kind);
        Assert.NotNull((await two.GetAsync("/a", 0, Cancellation)).Value.Record);
    }

    [Fact]
    public async Task Watch_CompactedByOthersWhileAway_SaysSo()
    {
        var options = etcd.Cluster.Options();
        await using var store = await etcd.Cluster.OpenAsync(options);
        await using var other = await etcd.Cluster.OpenAsync(options);
        var first = (await other.PutAsync("/a", [], cancellation: Cancellation)).Value.Revision;
        var last = (await other.PutAsync("/a", [], cancellation: Cancellation)).Value.Revision;
        await other.CompactAsync(last, Cancellation);
        await using var watch = store.Watch(new WatchRequest(KeyRange.All) { StartRevision = first });
        var error = (await watch.ReadAsync(Cancellation)).Error;
        Assert.Equal((StoreErrorKind.Compacted, last), (error?.Kind, error?.CompactRevision));
    }

    [Fact]
    public async Task Tls_RightAndWrongCertificates_ConnectAndDoNot()
    {
        await using var cluster = await EtcdCluster.StartAsync(1, tls: true);
        await using (var store = await cluster.OpenAsync())
            Assert.Null((await store.PutAsync("/a", "1"u8.ToArray(), cancellation: Cancellation)).Error);
        var short_ = cluster.Options() with { RequestTimeout = TimeSpan.FromSeconds(1) };
        foreach (var wrong in new[] { short_ with { CertificateFile = "", KeyFile = "" }, short_ with { AuthoritiesFile = "" } })
        {
            var opened = await EtcdStore.OpenAsync(wrong, TimeProvider.System, cancellation: Cancellation);
            Assert.Equal(StoreErrorKind.Unavailable, opened.Error?.Kind);
        }
        var missing = await EtcdStore.OpenAsync(short_ with { AuthoritiesFile = "/nowhere/ca.crt" }, TimeProvider.System, cancellation: Cancellation);
        Assert.Contains("/nowhere/ca.crt", missing.Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Quota_Reached_IsNoSpaceAndAnAlarm()
    {
        await using var cluster = await EtcdCluster.StartAsync(1, tls: false, "--quota-backend-bytes", "1000000");
        await using var store = await cluster.OpenAsync();
        StoreError? error = null;
        // The quota is looked at in what etcd has written down, which comes a little later.
        for (var i = 0; i < 3000 && error is null; i++)
            error = (await store.PutAsync($"/{i}", new byte[200_000], cancellation: Cancellation)).Error;
        Assert.Equal(StoreErrorKind.NoSpace, error?.Kind);
        // etcd refuses first and raises the alarm right after.
        StoreError? fault = null;
        for (var i = 0; i < 1000 && fault is null; i++)
            fault = (await store.StatusAsync(Cancellation)).Value.Fault;
        Assert.Equal(StoreErrorKind.NoSpace, fault?.Kind);
        Assert.NotNull((await store.GetAsync("/0", 0, Cancellation)).Value.Record);
        var large = await store.PutAsync("/large", new byte[2 << 20], cancellation: Cancellation);
        Assert.Equal(StoreErrorKind.TooLarge, large.Error?.Kind);
    }

    [Fact]
    public async Task Snapshot_EmbeddedToEtcdAndBack_KeepsRecordsAndLeases()
    {
        await using var source = EmbeddedStore.OpenInMemory(TimeProvider.System);
        var lease = (await source.GrantLeaseAsync(TimeSpan.FromMinutes(3), Cancellation)).Value.Id;
        for (var i = 0; i < 150; i++)
            await source.PutAsync($"/k/{i:000}", "<......................>"u8.ToArray(), 1, i % 2 == 0 ? lease : 0, Cancellation);
        await using var store = await etcd.Cluster.OpenAsync();
        Assert.Null(await SnapshotTarget.ToStoreAsync((await SnapshotContents.OfAsync(source, Cancellation)).Value, store, Cancellation));

        var contents = (await SnapshotContents.OfAsync(store, Cancellation)).Value;
        await using var folder = new TemporaryFolder();
        Assert.Null(SnapshotTarget.ToEmbedded(contents, Path.Combine(folder.Path, "store"), bump: 0));
        await using var back = EmbeddedStore.Open(Path.Combine(folder.Path, "store"), TimeProvider.System).Value;

        var (there, here) = (await store.RangeAsync(new RangeRequest(KeyRange.All), Cancellation), await back.RangeAsync(new RangeRequest(KeyRange.All), Cancellation));
        Assert.Equal(150, here.Value.Count);
        Assert.Equal(
            there.Value.Records.Select(record => (record.Key, record.ModRevision, record.Version, record.Lease, Encoding.ASCII.GetString(record.Value.Span))),
            here.Value.Records.Select(record => (record.Key, record.ModRevision, record.Version, record.Lease, Encoding.ASCII.GetString(record.Value.Span))));
        Assert.Equal(TimeSpan.FromMinutes(3), (await back.ReadLeaseAsync(here.Value.Records[0].Lease, Cancellation)).Value.TimeToLive);
        Assert.Equal(0, here.Value.Records[1].Lease);
    }
}
