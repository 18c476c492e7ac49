namespace Cybernetes.Store.Tests.Contract;

public abstract class WatchContract : StoreContract
{
    /// <summary>Whether the watches' readers go on with the writer.</summary>
    protected virtual bool GoesOnWithWriter => false;

    [Fact]
    public async Task Watch_FromNow_SeesWhatComes()
    {
        await PutAsync("/p/a", "0");
        await using var watch = Store.Watch(Asked(KeyRange.Prefix("/p/")) with { PreviousRecords = true });
        await PutAsync("/p/a", "1");
        await PutAsync("/q", "no");
        await PutAsync("/p/b", "2");
        await DeleteAsync("/p/a");

        Assert.Equal("~/p/a=1(0) +/p/b=2 -/p/a(1)", await ReadAsync(watch, 3));
    }

    [Fact]
    public async Task Watch_FromAnOldRevision_SeesThePastAndThenThePresent()
    {
        await PutAsync("/p/a", "0");
        var start = await PutAsync("/p/b", "1");
        await DeleteAsync("/p/a");
        await PutAsync("/q", "no");
        await using var watch = Store.Watch(
            Asked(KeyRange.Prefix("/p/")) with { StartRevision = start.Revision, PreviousRecords = true });
        Assert.Equal("+/p/b=1 -/p/a(0)", await ReadAsync(watch, 2));
        await PutAsync("/p/c", "2");
        Assert.Equal("+/p/c=2", await ReadAsync(watch, 1));
    }

    [Fact]
    public async Task Watch_FromAFutureRevision_SkipsWhatComesBefore()
    {
        var now = await PutAsync("/a", "0");
        await using var watch = Store.Watch(
            Asked(KeyRange.All) with { StartRevision = now.Revision + 3, PreviousRecords = true });
        await PutAsync("/a", "1");
        await PutAsync("/a", "2");
        await PutAsync("/a", "3");
        Assert.Equal("~/a=3(2)", await ReadAsync(watch, 1));
    }

    [Fact]
    public async Task Watch_DifferentRanges_SeeTheirOwn()
    {
        string[] expected = ["/p/a", "/p/a /p/a/x /p/b /p/bb", "/p/b /p/bb", "/p/bb /q", "/p/a/x"];
        KeyRange[] ranges =
        [
            KeyRange.Key("/p/a"), KeyRange.Prefix("/p/"), KeyRange.Prefix("/p/b"), KeyRange.Between("/p/bb", null),
            KeyRange.Prefix("/p/a/"),
        ];
        var watches = ranges.Select(range => Store.Watch(Asked(range))).ToList();
        foreach (var key in new[] { "/p/a", "/p/a/x", "/p/b", "/p/bb", "/q" })
            await PutAsync(key, "1");
        for (var i = 0; i < ranges.Length; i++)
        {
            var events = await ReadEventsAsync(watches[i], expected[i].Split(' ').Length);
            Assert.Equal(expected[i], string.Join(' ', events.Select(change => change.Record.Key)));
            await watches[i].DisposeAsync();
        }
    }

    [Fact]
    public async Task Watch_Transaction_ComesWhole()
    {
        await PutAsync("/p/0", "1");
        await using var watch = Store.Watch(Asked(KeyRange.Prefix("/p/")) with { PreviousRecords = true });
        var result = await TransactAsync(Transaction.Of(
            new PutOperation("/p/2", Bytes("2")), new PutOperation("/q", []), new DeleteOperation("/p/0"),
            new PutOperation("/p/1", [])));

        var batch = await watch.ReadAsync(Cancellation);

        Assert.Equal("+/p/2=2 -/p/0(1) +/p/1=", Show(batch));
        Assert.Equal(result.Revision, batch.Revision);
        Assert.All(batch.Events, change => Assert.Equal(result.Revision, change.Record.ModRevision));
    }

    [Fact]
    public async Task Watch_LongPast_ComesCompleteInOrderAndInWholeTransactions()
    {
        var start = (await Store.CurrentRevisionAsync(Cancellation)).Value + 1;
        var three = Transaction.Of(new PutOperation("/p/x", []), new PutOperation("/p/y", []), new PutOperation("/q", []));
        for (var i = 0; i < 900; i++)
            await TransactAsync(three);
        await using var watch = Store.Watch(Asked(KeyRange.Prefix("/p/")) with { StartRevision = start });
        var next = start;
        while (next < start + 900)
        {
            var batch = await watch.ReadAsync(Cancellation);
            Assert.Null(batch.Error);
            Assert.Equal(0, batch.Events.Count % 2);
            foreach (var pair in batch.Events.Chunk(2))
            {
                Assert.Equal((next, next), (pair[0].Record.ModRevision, pair[1].Record.ModRevision));
                next++;
            }
            Assert.Equal(next - 1, batch.Revision);
        }
    }

    [Fact]
    public async Task Watch_ProgressAsked_ComesAfterTheEvents()
    {
        await using var watch = Store.Watch(Asked(KeyRange.Prefix("/p/")));
        await PutAsync("/p/a", "1");
        var other = await PutAsync("/q", "1");
        watch.RequestProgress();
        Assert.Equal("+/p/a=1", await ReadAsync(watch, 1));
        var progress = await watch.ReadAsync(Cancellation);
        Assert.Empty(progress.Events);
        Assert.Null(progress.Error);
        Assert.InRange(progress.Revision, other.Revision, long.MaxValue);
    }

    [Fact]
    public async Task Watch_ProgressAskedWhileReading_EndsTheRead()
    {
        var now = await PutAsync("/q", "1");
        await using var watch = Store.Watch(Asked(KeyRange.Prefix("/p/")));
        var read = watch.ReadAsync(Cancellation).AsTask();
        Assert.False(read.IsCompleted);
        watch.RequestProgress();
        Assert.InRange((await read).Revision, now.Revision, long.MaxValue);
    }

    [Fact]
    public async Task Watch_ReadCancelled_LosesNothing()
    {
        await using var watch = Store.Watch(Asked(KeyRange.All) with { PreviousRecords = true });
        for (var i = 0; i < 3; i++)
        {
            using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
            var read = watch.ReadAsync(cancel.Token).AsTask();
            await cancel.CancelAsync();
            var thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
            Assert.Equal(cancel.Token, thrown.CancellationToken);
            await PutAsync($"/{i}", "x");
            Assert.Equal($"+/{i}=x", await ReadAsync(watch, 1));
        }
    }

    [Fact]
    public async Task Watch_Disposed_EndsTheRead()
    {
        var watch = Store.Watch(Asked(KeyRange.All));
        var read = watch.ReadAsync(Cancellation).AsTask();
        await watch.DisposeAsync();
        Assert.Equal(StoreErrorKind.Closed, (await read).Error?.Kind);
        await PutAsync("/a", "1");
        Assert.Equal(StoreErrorKind.Closed, (await watch.ReadAsync(Cancellation)).Error?.Kind);
    }

    [Fact]
    public async Task Watch_TooSlow_IsCutOffAndTheOthersAreNot()
    {
        await using var slow = Store.Watch(Asked(KeyRange.All) with { EventLimit = 10 });
        await using var patient = Store.Watch(Asked(KeyRange.All));
        for (var i = 0; i < 50; i++)
            await PutAsync("/a", $"{i}");
        Assert.Equal(50, (await ReadEventsAsync(patient, 50)).Count);
        // An engine across the network may need some more until it is noticed.
        WatchBatch batch;
        while ((batch = await slow.ReadAsync(Cancellation)).Error is null)
        {
            for (var i = 0; i < 20; i++)
                await PutAsync("/a", $"{i}");
        }
        Assert.Equal(StoreErrorKind.WatcherTooSlow, batch.Error.Kind);
        Assert.Equal(StoreErrorKind.WatcherTooSlow, (await slow.ReadAsync(Cancellation)).Error?.Kind);
    }

    [Fact]
    public async Task Watch_ManyWritersAndWatchers_EachSeesEachChangeOnceInOrder()
    {
        const int writers = 8, writes = 200;
        var start = (await Store.CurrentRevisionAsync(Cancellation)).Value + 1;
        var watches = Enumerable.Range(0, 6)
            .Select(i => Store.Watch(Asked(KeyRange.Prefix("/p/")) with { StartRevision = i % 2 == 0 ? start : 0 }))
            .ToList();
        var watchers = watches.Select(watch => Task.Run(() => ReadEventsAsync(watch, writers * writes))).ToList();
        await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < writes; i++)
                (await Store.PutAsync($"/p/{writer}", Bytes($"{i}"), cancellation: Cancellation)).Value.ToString();
        })));
        foreach (var events in await Task.WhenAll(watchers))
        {
            var revisions = events.Select(change => change.Record.ModRevision).ToList();
            Assert.Equal(Enumerable.Range(0, writers * writes).Select(i => start + i), revisions);
        }
        foreach (var watch in watches)
            await watch.DisposeAsync();
    }

    private static async Task<string> ReadAsync(IWatch watch, int count) =>
        string.Join(' ', (await ReadEventsAsync(watch, count)).Select(Show));

    private static async Task<List<WatchEvent>> ReadEventsAsync(IWatch watch, int count)
    {
        var events = new List<WatchEvent>();
        while (events.Count < count)
        {
            var batch = await watch.ReadAsync(Cancellation);
            Assert.Null(batch.Error);
            events.AddRange(batch.Events);
        }
        return events;
    }

    private WatchRequest Asked(KeyRange range) => new(range) { GoesOnWithWriter = GoesOnWithWriter };
}
