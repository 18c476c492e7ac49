using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Cybernetes.Foundation;
using Cybernetes.Store.Embedded;
using Cybernetes.Store.Embedded.Sqlite;
using Cybernetes.Store.Tests.Embedded;

namespace Cybernetes.Store.Tests.Faults;

/// <summary>
/// Reading fails, or gives something else than was written: a store opens with all it had or not at all, and one that is open says what
/// is wrong and goes on serving what it knows.
/// </summary>
public class ReadFaultTests
{
    private const int Keys = 600;
    private static readonly EmbeddedStoreOptions Options = new() { CompactionInterval = TimeSpan.Zero };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Open_EachReadFailsInTurn_IsRefusedWithAReasonOrWhole(bool afterCrash)
    {
        await using var folder = new TemporaryFolder(inMemory: true);
        var expected = await FillAsync(folder, afterCrash);
        var plan = FaultyDisk.Plan(folder.Path);
        var (failed, refused) = (1, 0);
        for (var call = 1; failed > 0; call += 1 + (call / 8))
        {
            (plan.Fault, plan.FailFrom) = (DiskFault.ReadError, call);
            plan.Restart();
            var before = plan.Failed;
            var opened = EmbeddedStore.Open(folder.Path, new VirtualTimeProvider(), Options);
            failed = plan.Failed - before;
            plan.FailFrom = 0;
            if (opened.TryGet(out var store, out var error))
            {
                Assert.Equal(expected, await ContentsAsync(store));
                await store.DisposeAsync();
                continue;
            }
            refused++;
            Assert.True(error.Kind is StoreErrorKind.Unavailable or StoreErrorKind.Corrupted, error.Message);
        }
        Assert.True(refused > 3, $"only {refused} reads mattered: the faults did not reach the engine");
        await using var again = EmbeddedStore.Open(folder.Path, new VirtualTimeProvider(), Options).Value;
        Assert.Equal(expected, await ContentsAsync(again));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Open_AnyBitFlipped_IsFoundOrMeansNothing(int seed)
    {
        var random = new Random(Soak.Seed(seed));
        await using var folder = new TemporaryFolder(inMemory: true);
        var expected = await FillAsync(folder, afterCrash: false);
        var whole = await File.ReadAllBytesAsync(folder.Database, Cancellation);
        var found = 0;
        for (var round = 0; round < 60; round++)
        {
            var damaged = (byte[])whole.Clone();
            // Half of them in the first pages, which say how the others hang together.
            var isFirst = round % 2 == 0;
            var at = (random.Next(isFirst ? 6 : whole.Length / 8192) * 8192) + random.Next(isFirst ? 200 : 8192);
            damaged[at] ^= (byte)(1 << random.Next(8));
            await File.WriteAllBytesAsync(folder.Database, damaged, Cancellation);
            var opened = EmbeddedStore.Open(folder.Path, new VirtualTimeProvider(), Options);
            if (opened.TryGet(out var store, out var error))
            {
                var contents = await ContentsAsync(store);
                await store.DisposeAsync();
                Assert.True(expected.SequenceEqual(contents), $"seed {seed}, round {round}: byte {at} is not what was written, and nobody noticed");
                continue;
            }
            found++;
            Assert.True(error.Kind is StoreErrorKind.Corrupted or StoreErrorKind.Unavailable, error.Message);
            Assert.NotEmpty(error.Message);
            File.Delete(folder.Database + "-wal");
            File.Delete(folder.Database + "-shm");
        }
        Assert.True(found > 20, $"only {found} of 60 were found");
    }

    /// <summary>What the records' own checksums say nothing about: a page less, and its records were gone without a trace.</summary>
    [Fact]
    public async Task Open_AnyBitOfTheRootsHeaderFlipped_IsFoundOrMeansNothing()
    {
        await using var folder = new TemporaryFolder(inMemory: true);
        var expected = await FillAsync(folder, afterCrash: false);
        long root;
        using (var connection = new SqliteConnection(folder.Database, mustExist: true))
            root = connection.Execute("SELECT rootpage FROM sqlite_schema WHERE name = 'records'");
        var whole = await File.ReadAllBytesAsync(folder.Database, Cancellation);
        for (var bit = 0; bit < 12 * 8; bit++)
        {
            var damaged = (byte[])whole.Clone();
            damaged[((root - 1) * 8192) + (bit / 8)] ^= (byte)(1 << (bit % 8));
            await File.WriteAllBytesAsync(folder.Database, damaged, Cancellation);
            if (!EmbeddedStore.Open(folder.Path, new VirtualTimeProvider(), Options).TryGet(out var store, out _))
            {
                File.Delete(folder.Database + "-wal");
                File.Delete(folder.Database + "-shm");
                continue;
            }
            var contents = await ContentsAsync(store);
            await store.DisposeAsync();
            Assert.True(expected.SequenceEqual(contents), $"bit {bit} of the root's header is not what was written, and nobody noticed");
        }
    }

    [Fact]
    public async Task Log_CannotBeReadForAWhile_IsReportedNothingIsLostAndItRecovers()
    {
        await using var folder = new TemporaryFolder(inMemory: true);
        var plan = FaultyDisk.Plan(folder.Path);
        var clock = new VirtualTimeProvider();
        await using (var store = EmbeddedStore.Open(folder.Path, clock, Options).Value)
        {
            (plan.Fault, plan.Suffix, plan.FailFrom, plan.FailCount) = (DiskFault.ReadError, "-wal", 1, int.MaxValue / 2);
            plan.Restart();
            // Enough for the log to be copied into the database, for which it is read; in the background, so it may take some more.
            var written = 0;
            StoreError? fault = null;
            while (fault is null && !Cancellation.IsCancellationRequested)
            {
                await store.PutAsync($"/k/{written++ % 8}", new byte[500_000], cancellation: Cancellation);
                fault = (await store.StatusAsync(Cancellation)).Value.Fault;
            }
            Assert.Equal(StoreErrorKind.Unavailable, fault?.Kind);
            Assert.Contains("I/O error", fault!.Message, StringComparison.Ordinal);
            Assert.NotNull((await store.GetAsync("/k/0", 0, Cancellation)).Value.Record);

            plan.FailFrom = 0;
            // Nobody has to write for that.
            while ((await store.StatusAsync(Cancellation)).Value.Fault is not null)
                await clock.AdvanceAsync(TimeSpan.FromSeconds(1));
            Assert.Null((await store.PutAsync("/end", [], cancellation: Cancellation)).Error);
        }
        await using var again = EmbeddedStore.Open(folder.Path, clock, Options).Value;
        Assert.NotNull((await again.GetAsync("/end", 0, Cancellation)).Value.Record);
    }

    /// <summary>Linux may drop what it could not write, and call the next fsync a success.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(6)]
    public async Task Sync_OfTheDatabaseFailsAndForgets_TheLogIsCopiedAgain(int call)
    {
        await using var folder = new TemporaryFolder(inMemory: true);
        var plan = FaultyDisk.Plan(folder.Path);
        (plan.Fault, plan.Suffix, plan.Forgets) = (DiskFault.SyncError, "store.db", true);
        var expected = new ConcurrentDictionary<string, string>(StringComparer.Ordinal);
        await using (var store = EmbeddedStore.Open(folder.Path, new VirtualTimeProvider(), Options).Value)
        {
            plan.FailFrom = call;
            plan.Restart();
            // On until the log has begun anew at least twice after that: what is not in the database then is nowhere. Several write, so
            // that the copying does not come to the log's end, where SQLite itself would wait for the disk.
            var left = 100;
            await Task.WhenAll(Enumerable.Range(0, 4).Select(writer => Task.Run(
                async () =>
                {
                    for (var i = 0; Volatile.Read(ref left) > 0 && !Cancellation.IsCancellationRequested; i++)
                    {
                        var value = $"{i}".PadRight(700_000, '.');
                        var key = $"/k/{writer}/{i % 40}";
                        if ((await store.PutAsync(key, Encoding.ASCII.GetBytes(value), cancellation: Cancellation)).Error is null)
                            expected[key] = value;
                        if (plan.Failed > 0)
                            Interlocked.Decrement(ref left);
                    }
                },
                Cancellation)));
        }
        plan.FailFrom = 0;
        await using var again = EmbeddedStore.Open(folder.Path, new VirtualTimeProvider(), Options).Value;
        foreach (var (key, value) in expected)
            Assert.Equal(value, Encoding.ASCII.GetString((await again.GetAsync(key, 0, Cancellation)).Value.Record!.Value.Span));
    }

    private static async Task<List<string>> FillAsync(TemporaryFolder folder, bool afterCrash)
    {
        await using var other = new TemporaryFolder(inMemory: true);
        List<string> expected;
        await using (var store = EmbeddedStore.Open(other.Path, new VirtualTimeProvider(), Options).Value)
        {
            for (var i = 0; i < Keys; i++)
            {
                var value = string.Create(CultureInfo.InvariantCulture, $"{i}").PadRight(i % 50 == 0 ? 20_000 : 300, '.');
                Assert.Null((await store.PutAsync($"/k/{i % 200:000}", Encoding.ASCII.GetBytes(value), cancellation: Cancellation)).Error);
            }
            Assert.Null((await store.DeleteAsync("/k/007", Cancellation)).Error);
            expected = await ContentsAsync(store);
            // A copy made while the store is open is what a crash would leave.
            if (afterCrash)
                Copy(other, folder, "-wal");
            else
                await store.DisposeAsync();
        }
        if (!afterCrash)
            Copy(other, folder);
        return expected;
    }

    private static void Copy(TemporaryFolder from, TemporaryFolder to, params string[] suffixes)
    {
        foreach (var suffix in (string[])["", .. suffixes])
            File.Copy(from.Database + suffix, to.Database + suffix);
    }

    private static async Task<List<string>> ContentsAsync(EmbeddedStore store)
    {
        var contents = new List<string> { $"revision {(await store.StatusAsync(Cancellation)).Value.Revision}" };
        foreach (var record in (await store.RangeAsync(new RangeRequest(KeyRange.All), Cancellation)).Value.Records)
            contents.Add($"{record} {record.Version} {Encoding.ASCII.GetString(record.Value.Span)}");
        return contents;
    }
}
