using Cybernetes.Foundation;
using Cybernetes.Store.Embedded;
using Cybernetes.Store.Embedded.Journal;

namespace Cybernetes.Store.Tests.Embedded;

public class FaultTests
{
    private readonly VirtualTimeProvider _clock = new();
    private readonly FaultyJournal _journal = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Write_JournalFails_LeavesNoTrace()
    {
        await using var store = EmbeddedStore.OpenWith(_journal, _clock);
        var before = (await store.PutAsync("/a", "1"u8.ToArray())).Value;
        await using var watch = store.Watch(new WatchRequest(KeyRange.All));

        _journal.Fault = new StoreError(StoreErrorKind.Unavailable, "broken disk");
        Assert.Equal(StoreErrorKind.Unavailable, (await store.PutAsync("/a", "2"u8.ToArray())).Error?.Kind);
        Assert.Equal(StoreErrorKind.Unavailable, (await store.DeleteAsync("/a")).Error?.Kind);
        Assert.Equal(StoreErrorKind.Unavailable, (await store.GrantLeaseAsync(TimeSpan.FromSeconds(1))).Error?.Kind);
        Assert.Equal("broken disk", (await store.StatusAsync()).Value.Fault?.Message);
        Assert.Equal(before.Revision, (await store.CurrentRevisionAsync()).Value);
        Assert.Same(before.Record, (await store.GetAsync("/a")).Value.Record);

        _journal.Fault = null;
        var after = (await store.PutAsync("/a", "3"u8.ToArray())).Value;
        Assert.Equal(before.Revision + 1, after.Revision);
        Assert.Null((await store.StatusAsync()).Value.Fault);
        Assert.Same(after.Record, Assert.Single((await watch.ReadAsync(Cancellation)).Events).Record);
    }

    [Fact]
    public async Task Lease_JournalFailsAtItsEnd_EndsWhenItWorksAgain()
    {
        await using var store = EmbeddedStore.OpenWith(_journal, _clock);
        var lease = (await store.GrantLeaseAsync(TimeSpan.FromSeconds(10))).Value.Id;
        await store.PutAsync("/a", [], lease: lease);
        _journal.Fault = new StoreError(StoreErrorKind.NoSpace, "full");
        await _clock.AdvanceAsync(TimeSpan.FromSeconds(15));
        Assert.NotNull((await store.GetAsync("/a")).Value.Record);
        _journal.Fault = null;
        await _clock.AdvanceAsync(TimeSpan.FromSeconds(2));
        Assert.Null((await store.GetAsync("/a")).Value.Record);
    }

    [Fact]
    public async Task Writer_JournalThrows_StopsWritingAndGoesOnReading()
    {
        await using var store = EmbeddedStore.OpenWith(_journal, _clock);
        var written = (await store.PutAsync("/a", "1"u8.ToArray())).Value;
        _journal.Bug = new InvalidOperationException("a bug");
        Assert.Equal(StoreErrorKind.Unavailable, (await store.PutAsync("/a", "2"u8.ToArray())).Error?.Kind);
        _journal.Bug = null;
        Assert.Equal(StoreErrorKind.Unavailable, (await store.PutAsync("/a", "2"u8.ToArray())).Error?.Kind);
        Assert.Same(written.Record, (await store.GetAsync("/a")).Value.Record);
        Assert.Contains("a bug", (await store.StatusAsync()).Value.Fault!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Compaction_EveryInterval_KeepsOneToTwoIntervals()
    {
        await using var store = EmbeddedStore.OpenInMemory(_clock);
        var first = (await store.PutAsync("/a", [])).Value.Revision;
        await _clock.AdvanceAsync(TimeSpan.FromMinutes(5));
        var second = (await store.PutAsync("/a", [])).Value.Revision;
        Assert.Null((await store.GetAsync("/a", first)).Error);
        await _clock.AdvanceAsync(TimeSpan.FromMinutes(5));
        var third = (await store.PutAsync("/a", [])).Value.Revision;
        await _clock.AdvanceAsync(TimeSpan.FromMinutes(5));
        Assert.Equal(StoreErrorKind.Compacted, (await store.GetAsync("/a", first)).Error?.Kind);
        Assert.Null((await store.GetAsync("/a", second)).Error);
        Assert.Null((await store.GetAsync("/a", third)).Error);
    }

    [Fact]
    public async Task Compaction_HistoryTooLarge_HalvesIt()
    {
        var options = new EmbeddedStoreOptions { HistoryByteLimit = 1 << 20, CompactionInterval = TimeSpan.Zero };
        await using var store = EmbeddedStore.OpenInMemory(_clock, options);
        for (var i = 0; i < 1000; i++)
            await store.PutAsync("/a", new byte[10_000]);
        var status = (await store.StatusAsync()).Value;
        Assert.InRange(status.CompactRevision, status.Revision - 110, status.Revision - 40);
    }

    [Fact]
    public async Task Compaction_JournalFailsMeanwhile_GoesOnWithTheNextWrite()
    {
        await using var store = EmbeddedStore.OpenWith(_journal, _clock);
        for (var i = 0; i < 2000; i++)
            await store.PutAsync("/a", []);
        _journal.Commits = 0;
        (_journal.Fault, _journal.GoodCommits) = (new StoreError(StoreErrorKind.Unavailable, "broken disk"), 2);
        var newest = (await store.CurrentRevisionAsync()).Value;
        Assert.Null((await store.CompactAsync(newest)).Error);
        Assert.Equal(3, _journal.Commits);
        Assert.NotEqual(0, store.HistoryBytes);
        _journal.Fault = null;
        Assert.Null((await store.PutAsync("/b", [])).Error);
        Assert.InRange(store.HistoryBytes, 0, 200);
    }

    [Fact]
    public async Task Watch_TooManyBytesBehind_IsCutOff()
    {
        await using var store = EmbeddedStore.OpenInMemory(_clock, new EmbeddedStoreOptions { WatchByteLimit = 100_000 });
        await using var watch = store.Watch(new WatchRequest(KeyRange.Prefix("/a/")));
        for (var i = 0; i < 3; i++)
            await store.PutAsync($"/a/{i}", new byte[40_000]);
        Assert.Equal(StoreErrorKind.WatcherTooSlow, (await watch.ReadAsync(Cancellation)).Error?.Kind);
    }

    [Fact]
    public async Task Writes_TooManyWait_AreRefused()
    {
        await using var store = EmbeddedStore.OpenWith(_journal, _clock, new EmbeddedStoreOptions { PendingWriteLimit = 8 });
        var others = new List<Task<StoreResult<WriteResult>>>();
        _journal.DuringCommit = () =>
        {
            for (var i = 0; i < 20; i++)
                others.Add(store.PutAsync($"/k/{i}", new byte[1000]).AsTask());
        };
        Assert.Null((await store.PutAsync("/first", [])).Error);
        var results = await Task.WhenAll(others);
        // The one that is being written counts.
        Assert.Equal(7, results.Count(result => result.Error is null));
        Assert.All(results.Where(result => result.Error is not null), result => Assert.Equal(StoreErrorKind.Overloaded, result.Error!.Kind));
        Assert.Equal(8, (await store.StatusAsync()).Value.Keys);
        Assert.Null((await store.PutAsync("/later", [])).Error);
    }

    private sealed class FaultyJournal : IJournal
    {
        public StoreError? Fault { get; set; }

        /// <summary>Commits that succeed before the fault counts.</summary>
        public int GoodCommits { get; set; }

        public int Commits { get; set; }

        public Exception? Bug { get; set; }

        public long BytesOnDisk => 0;

        /// <summary>Done once, while others can only queue.</summary>
        public Action? DuringCommit { get; set; }

        public StoreError? Commit(JournalBatch batch)
        {
            var meanwhile = DuringCommit;
            DuringCommit = null;
            meanwhile?.Invoke();
            if (Bug is not null)
                throw Bug;
            return ++Commits > GoodCommits ? Fault : null;
        }

        public bool Tidy() => false;

        public void Dispose()
        {
        }
    }
}
