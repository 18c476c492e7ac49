using System.Globalization;
using System.Text;
using Cybernetes.Foundation;
using Cybernetes.Store.Embedded;
using Cybernetes.Store.Tests.Embedded;

namespace Cybernetes.Store.Tests.Faults;

/// <summary>
/// Every write and every fsync that the engine's life makes fails once, in turn, in each way a disk fails: what was acknowledged
/// stays, what was refused leaves no trace, reads go on, and writing goes on when the disk does.
/// </summary>
public class DiskFaultTests
{
    private const int Writes = 12;
    private const int Keys = 4;
    private static readonly EmbeddedStoreOptions Options = new() { CompactionInterval = TimeSpan.Zero };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(DiskFault.WriteError)]
    [InlineData(DiskFault.ShortWrite)]
    [InlineData(DiskFault.NoSpace)]
    [InlineData(DiskFault.SyncError)]
    public async Task EachCall_FailsOnce_NothingAcknowledgedIsLostAndWritingGoesOn(DiskFault fault)
    {
        var refusals = 0;
        var failed = 1;
        for (var call = 1; failed > 0; call++)
        {
            await using var folder = new TemporaryFolder(inMemory: true);
            var plan = FaultyDisk.Plan(folder.Path);
            var life = new Life(folder.Path, plan);
            await life.BeginAsync();
            (plan.Fault, plan.FailFrom) = (fault, call);
            plan.Restart();
            await life.WriteAsync(Writes);
            await life.CloseAndCheckAsync();
            (failed, refusals) = (plan.Failed, refusals + life.Refusals);
        }
        Assert.True(refusals >= Writes, $"only {refusals} writes were refused: the faults did not reach the engine");
    }

    [Fact]
    public async Task Commit_OfSeveralPages_WritesTheLogInPiecesAsLargeAsTheyMayBe()
    {
        await using var folder = new TemporaryFolder(inMemory: true);
        var plan = FaultyDisk.Plan(folder.Path);
        plan.Suffix = "-wal";
        await using var store = EmbeddedStore.Open(folder.Path, TimeProvider.System, Options).Value;
        await store.PutAsync("/first", [], cancellation: Cancellation);
        foreach (var (bytes, calls) in new[] { (20_000, 1), (300_000, 3) })
        {
            plan.Restart();
            Assert.Null((await store.PutAsync("/several", new byte[bytes], cancellation: Cancellation)).Error);
            Assert.Equal(calls, plan.Calls);
        }
    }

    [Theory]
    [InlineData(DiskFault.NoSpace, StoreErrorKind.NoSpace)]
    [InlineData(DiskFault.WriteError, StoreErrorKind.Unavailable)]
    [InlineData(DiskFault.SyncError, StoreErrorKind.Unavailable)]
    public async Task Disk_FailsForAWhile_WritesAreRefusedReadsGoOnAndItRecovers(DiskFault fault, StoreErrorKind kind)
    {
        await using var folder = new TemporaryFolder(inMemory: true);
        var plan = FaultyDisk.Plan(folder.Path);
        var life = new Life(folder.Path, plan);
        await life.BeginAsync();
        var store = life.Store;
        (plan.Fault, plan.FailFrom, plan.FailCount) = (fault, 1, int.MaxValue / 2);
        plan.Restart();
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(kind, (await store.PutAsync("/other", [], cancellation: Cancellation)).Error?.Kind);
            Assert.Equal(kind, (await store.StatusAsync(Cancellation)).Value.Fault?.Kind);
            Assert.NotNull((await store.GetAsync("/k/0", 0, Cancellation)).Value.Record);
        }
        await life.Clock.AdvanceAsync(TimeSpan.FromSeconds(3));
        Assert.Equal(kind, (await store.StatusAsync(Cancellation)).Value.Fault?.Kind);
        plan.FailFrom = 0;
        // Nobody has to write for that.
        while ((await store.StatusAsync(Cancellation)).Value.Fault is not null)
            await life.Clock.AdvanceAsync(TimeSpan.FromSeconds(1));
        await life.WriteAsync(Writes);
        Assert.Equal(0, life.Refusals);
        await life.CloseAndCheckAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Disk_FailsAtRandomUnderConcurrentWriters_KeepsWhatItAcknowledged(int seed)
    {
        var random = new Random(Soak.Seed(seed));
        await using var folder = new TemporaryFolder(inMemory: true);
        var plan = FaultyDisk.Plan(folder.Path);
        var acknowledged = new int[8];
        var tried = new int[8];
        await using (var store = EmbeddedStore.Open(folder.Path, new VirtualTimeProvider(), Options).Value)
        {
            for (var round = 0; round < 20; round++)
            {
                (plan.Fault, plan.FailFrom, plan.FailCount) = ((DiskFault)random.Next(4), random.Next(1, 20), random.Next(1, 4));
                plan.Restart();
                await Task.WhenAll(Enumerable.Range(0, acknowledged.Length).Select(writer => Task.Run(async () =>
                {
                    for (var i = 0; i < 10; i++)
                    {
                        var count = ++tried[writer];
                        if ((await store.PutAsync($"/w/{writer}", Number(count), cancellation: Cancellation)).Error is null)
                            acknowledged[writer] = count;
                        Assert.Equal(acknowledged[writer], CountOf((await store.GetAsync($"/w/{writer}", 0, Cancellation)).Value.Record));
                    }
                })));
            }
            plan.FailFrom = 0;
            Assert.Null((await store.PutAsync("/end", [], cancellation: Cancellation)).Error);
        }
        await using var again = EmbeddedStore.Open(folder.Path, new VirtualTimeProvider(), Options).Value;
        for (var writer = 0; writer < acknowledged.Length; writer++)
            Assert.Equal(acknowledged[writer], CountOf((await again.GetAsync($"/w/{writer}", 0, Cancellation)).Value.Record));
    }

    private static byte[] Number(int count) => Encoding.ASCII.GetBytes(count.ToString(CultureInfo.InvariantCulture));

    private static int CountOf(Record? record) =>
        record is null ? 0 : int.Parse(Encoding.ASCII.GetString(record.Value.Span), CultureInfo.InvariantCulture);

    /// <summary>A store from its making to its opening again, with what it has to hold.</summary>
    private sealed class Life(string folder, DiskPlan plan)
    {
        private readonly Dictionary<string, (string Value, long Revision)> _expected = [];
        private long _revision;
        private int _count;

        public EmbeddedStore Store { get; private set; } = null!;

        public VirtualTimeProvider Clock { get; } = new();

        public int Refusals { get; private set; }

        public async Task BeginAsync()
        {
            Store = EmbeddedStore.Open(folder, Clock, Options).Value;
            await WriteAsync(Keys);
        }

        public async Task WriteAsync(int count)
        {
            for (var i = 0; i < count; i++)
            {
                var key = $"/k/{_count % Keys}";
                var value = $"{_count++}".PadRight(i % 3 == 0 ? 20_000 : 100, '.');
                var written = await Store.PutAsync(key, Encoding.ASCII.GetBytes(value), cancellation: Cancellation);
                if (written.TryGet(out var result, out var error))
                {
                    Assert.True(result.Revision > _revision, "a revision was used twice");
                    _revision = result.Revision;
                    _expected[key] = (value, result.Revision);
                    continue;
                }
                Refusals++;
                Assert.True(error.Kind is StoreErrorKind.NoSpace or StoreErrorKind.Unavailable, error.Message);
                await CheckAsync(Store);
            }
        }

        public async Task CloseAndCheckAsync()
        {
            await Store.DisposeAsync();
            plan.FailFrom = 0;
            await using var again = EmbeddedStore.Open(folder, new VirtualTimeProvider(), Options).Value;
            var status = (await again.StatusAsync(Cancellation)).Value;
            Assert.Equal(_revision, status.Revision);
            await CheckAsync(again);
        }

        private async Task CheckAsync(EmbeddedStore store)
        {
            foreach (var (key, (value, revision)) in _expected)
            {
                var record = (await store.GetAsync(key, 0, Cancellation)).Value.Record;
                Assert.Equal((value, revision), (Encoding.ASCII.GetString(record!.Value.Span), record.ModRevision));
            }
        }
    }
}
