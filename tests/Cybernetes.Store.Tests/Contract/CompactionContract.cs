namespace Cybernetes.Store.Tests.Contract;

public abstract class CompactionContract : StoreContract
{
    [Fact]
    public async Task Compact_OldRevision_CannotBeReadAnyMore()
    {
        var first = await PutAsync("/a", "1");
        var second = await PutAsync("/a", "2");
        var third = await PutAsync("/a", "3");
        await DeleteAsync("/a");

        Assert.Equal(third.Revision, (await Store.CompactAsync(third.Revision, Cancellation)).Value);

        foreach (var revision in new[] { first.Revision, second.Revision })
        {
            var error = (await Store.GetAsync("/a", revision, Cancellation)).Error;
            Assert.Equal((StoreErrorKind.Compacted, third.Revision), (error?.Kind, error?.CompactRevision));
            var range = await Store.RangeAsync(new RangeRequest(KeyRange.All) { Revision = revision }, Cancellation);
            Assert.Equal(StoreErrorKind.Compacted, range.Error?.Kind);
        }
        Assert.Equal("3", Text(await GetAsync("/a", third.Revision)));
        Assert.Null(await GetAsync("/a"));
    }

    [Fact]
    public async Task Compact_WrongRevision_IsRefused()
    {
        var written = await PutAsync("/a", "1");
        Assert.Equal(StoreErrorKind.FutureRevision, (await Store.CompactAsync(written.Revision + 1, Cancellation)).Error?.Kind);
        Assert.Null((await Store.CompactAsync(written.Revision, Cancellation)).Error);
        Assert.Equal(StoreErrorKind.Compacted, (await Store.CompactAsync(written.Revision, Cancellation)).Error?.Kind);
    }

    [Fact]
    public async Task Compact_EverythingDeleted_KeepsTheRevision()
    {
        await PutAsync("/a", "1");
        var deleted = await DeleteAsync("/a");
        await Store.CompactAsync(deleted.Revision, Cancellation);
        Assert.Equal(0, (await RangeAsync(new RangeRequest(KeyRange.All))).Count);
        var next = await PutAsync("/a", "2");
        Assert.Equal(deleted.Revision + 1, next.Revision);
        Assert.Equal((next.Revision, 1L), (next.Record!.CreateRevision, next.Record.Version));
    }

    [Fact]
    public async Task Watch_FromACompactedRevision_SaysSo()
    {
        var first = await PutAsync("/a", "1");
        var second = await PutAsync("/a", "2");
        var third = await PutAsync("/a", "3");
        await Store.CompactAsync(second.Revision, Cancellation);
        await using var late = Store.Watch(new WatchRequest(KeyRange.All) { StartRevision = first.Revision });
        var batch = await late.ReadAsync(Cancellation);
        Assert.Equal((StoreErrorKind.Compacted, second.Revision), (batch.Error?.Kind, batch.Error?.CompactRevision));
        await using var inTime = Store.Watch(new WatchRequest(KeyRange.All) { StartRevision = third.Revision });
        Assert.Equal("3", Text((await inTime.ReadAsync(Cancellation)).Events[0].Record));
    }

    [Fact]
    public async Task Watch_CompactedWhileItWaits_GoesOn()
    {
        await using var watch = Store.Watch(new WatchRequest(KeyRange.All) { PreviousRecords = true });
        var first = await PutAsync("/a", "1");
        // Having read, it stands at the present and waits, on an engine across the network too.
        var seen = new List<WatchEvent>((await watch.ReadAsync(Cancellation)).Events);
        var second = await PutAsync("/a", "2");
        await Store.CompactAsync(second.Revision, Cancellation);
        await PutAsync("/a", "3");
        while (seen.Count < 3)
        {
            var batch = await watch.ReadAsync(Cancellation);
            Assert.Null(batch.Error);
            seen.AddRange(batch.Events);
        }
        Assert.Equal(["1", "2", "3"], seen.Select(change => Text(change.Record)));
        Assert.Equal(first.Revision, seen[0].Record.ModRevision);
    }

    [Fact]
    public async Task Page_OfACompactedRevision_SaysSo()
    {
        for (var i = 0; i < 10; i++)
            await PutAsync($"/p/{i}", "1");
        var page = await RangeAsync(new RangeRequest(KeyRange.Prefix("/p/")) { Limit = 5 });
        var later = await PutAsync("/q", "1");
        await Store.CompactAsync(later.Revision, Cancellation);
        var next = new RangeRequest(KeyRange.Prefix("/p/").After("/p/4")) { Revision = page.Revision };
        Assert.Equal(StoreErrorKind.Compacted, (await Store.RangeAsync(next, Cancellation)).Error?.Kind);
    }
}
