using System.Collections.Concurrent;
using Cybernetes.Foundation;
using Cybernetes.Store.Embedded;

namespace Cybernetes.Store.Tests.Embedded;

/// <summary>One group of writes is built while the one before it is on its way to the disk.</summary>
public class GroupCommitTests
{
    // So many at once that two groups are on their way.
    private const int Many = 16;

    private static readonly StoreError Broken = new(StoreErrorKind.Unavailable, "broken disk");

    // It stands still, so that the store does not try the disk by itself.
    private readonly VirtualTimeProvider _clock = new();
    private readonly SteppedJournal _journal = new();

    protected virtual bool AnswersGoOnWithWriter => false;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Group_OneBeforeItFails_FailsToo()
    {
        await using var store = Open();
        var (first, before) = await HoldGroupAsync(store);
        var behind = await PutBehindAsync(store);
        _journal.Step(Broken);
        foreach (var result in await Task.WhenAll([.. before, .. behind]))
            Assert.Equal(Broken, result.Error);
        Assert.Equal(1, (await store.StatusAsync(Cancellation)).Value.Keys);

        _journal.Step(null);
        var next = (await store.PutAsync("/next", [])).Value;
        Assert.Equal(first.Revision + 1, next.Revision);
        Assert.Equal([first.Revision, next.Revision], _journal.Revisions);
        Assert.Null((await store.StatusAsync(Cancellation)).Value.Fault);
    }

    [Fact]
    public async Task Group_OneBeforeItSucceeds_FollowsIt()
    {
        await using var store = Open();
        var (first, before) = await HoldGroupAsync(store);
        await using var watch = store.Watch(new WatchRequest(KeyRange.All));
        var behind = await PutBehindAsync(store);
        Assert.Equal(first.Revision, (await store.CurrentRevisionAsync(Cancellation)).Value);
        _journal.Step(null);
        _journal.Step(null);
        var written = await Task.WhenAll([.. before, .. behind]);
        Assert.All(written, result => Assert.Null(result.Error));
        var revisions = written.Select(result => result.Value.Revision).Prepend(first.Revision).ToArray();
        Assert.Equal(Enumerable.Range((int)first.Revision, revisions.Length).Select(revision => (long)revision), revisions);
        Assert.Equal(revisions, _journal.Revisions);
        var seen = new List<long>();
        while (seen.Count < revisions.Length - 1)
            seen.AddRange((await watch.ReadAsync(Cancellation)).Events.Select(change => change.Record.ModRevision));
        Assert.Equal(revisions[1..], seen);
    }

    [Fact]
    public async Task Revocation_LeasedPutIsOnItsWay_DeletesIt()
    {
        await using var store = Open();
        _journal.Step(null);
        var lease = (await store.GrantLeaseAsync(TimeSpan.FromHours(1), Cancellation)).Value.Id;
        await _journal.EnteredAsync(Cancellation);
        var (_, before) = await HoldGroupAsync(store, lease);
        var revoked = store.RevokeLeaseAsync(lease, Cancellation).AsTask();
        // It is built into the next group: from then on the lease is ending.
        while ((await store.ReadLeaseAsync(lease, Cancellation)).Error is null)
            await Task.Yield();
        _journal.Step(null);
        _journal.Step(null);
        Assert.All(await Task.WhenAll(before), result => Assert.Null(result.Error));
        Assert.Null((await revoked).Error);
        // The first one is left.
        Assert.Equal(1, (await store.StatusAsync(Cancellation)).Value.Keys);
    }

    [Fact]
    public async Task Lease_PutThatTakesItsKeyAwayFails_KeepsTheKey()
    {
        await using var store = Open();
        _journal.Step(null);
        var lease = (await store.GrantLeaseAsync(TimeSpan.FromHours(1), Cancellation)).Value.Id;
        await _journal.EnteredAsync(Cancellation);
        _journal.Step(null);
        await store.PutAsync("/before/0", [], lease: lease);
        await _journal.EnteredAsync(Cancellation);
        var (_, before) = await HoldGroupAsync(store);
        var behind = await PutBehindAsync(store);
        _journal.Step(Broken);
        Assert.All(await Task.WhenAll([.. before, .. behind]), result => Assert.NotNull(result.Error));
        _journal.Step(null);
        Assert.Null((await store.RevokeLeaseAsync(lease, Cancellation)).Error);
        Assert.Null((await store.GetAsync("/before/0", cancellation: Cancellation)).Value.Record);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Writers_JournalFailsNowAndThen_HaveWhatTheyWereTold(int seed)
    {
        const int keys = 12;
        var options = new EmbeddedStoreOptions { HistoryByteLimit = 20_000, AnswersGoOnWithWriter = AnswersGoOnWithWriter };
        await using var store = EmbeddedStore.OpenWith(_journal, _clock, options, ownThreads: true);
        _journal.FailByChance(new Random(seed));
        var told = new ConcurrentDictionary<long, string>();
        await Task.WhenAll(Enumerable.Range(0, 32).Select(writer => Task.Run(async () =>
        {
            var random = new Random((seed * 1000) + writer);
            for (var i = 0; i < 60; i++)
            {
                var key = $"/k/{random.Next(keys)}";
                var present = (await store.GetAsync(key)).Value.Record;
                var result = random.Next(4) == 0 && present is not null
                    ? await store.DeleteAsync(key, present.ModRevision)
                    : await store.UpdateAsync(new PutOperation(key, new byte[100], 8), present?.ModRevision ?? 0);
                if (result.Error is null && result.Value.Succeeded)
                    Assert.True(told.TryAdd(result.Value.Revision, key));
            }
        })));
        Assert.Equal(_journal.Revisions, told.Keys.Order());
        Assert.Equal(_journal.Keys, _journal.Revisions.Select(revision => told[revision]));
        for (var key = 0; key < keys; key++)
        {
            var record = (await store.GetAsync($"/k/{key}", cancellation: Cancellation)).Value.Record;
            var last = _journal.Last($"/k/{key}");
            Assert.Same(last is { IsDeletion: true } ? null : last, record);
        }
    }

    private EmbeddedStore Open() => EmbeddedStore.OpenWith(_journal, _clock, new() { AnswersGoOnWithWriter = AnswersGoOnWithWriter }, ownThreads: true);

    /// <summary>A durable record and, behind it, a group whose commit has begun.</summary>
    private async Task<(WriteResult First, Task<StoreResult<WriteResult>>[] Held)> HoldGroupAsync(IStore store, long lease = 0)
    {
        var first = Task.Run(() => store.PutAsync("/first", []).AsTask(), Cancellation);
        await _journal.EnteredAsync(Cancellation);
        var held = Enumerable.Range(0, Many).Select(i => store.PutAsync($"/before/{i}", [], lease: lease).AsTask()).ToArray();
        _journal.Step(null);
        await _journal.EnteredAsync(Cancellation);
        return ((await first).Value, held);
    }

    /// <summary>Writes that are taken into the next group: the first already, of which one knows since the store has written a revision into its value.</summary>
    private static async Task<Task<StoreResult<WriteResult>>[]> PutBehindAsync(IStore store)
    {
        var values = Enumerable.Range(0, Many).Select(_ => new byte[64]).ToArray();
        var behind = values.Select((value, i) => store.PutAsync($"/behind/{i}", value, 0).AsTask()).ToArray();
        while (Volatile.Read(ref values[0][0]) == 0)
        {
            Cancellation.ThrowIfCancellationRequested();
            await Task.Yield();
        }
        return behind;
    }
}

/// <summary>The same, when those who are answered go on with the thread that has written.</summary>
public class GroupCommitOnWriterTests : GroupCommitTests
{
    protected override bool AnswersGoOnWithWriter => true;
}
