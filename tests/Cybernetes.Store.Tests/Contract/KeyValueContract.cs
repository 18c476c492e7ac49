namespace Cybernetes.Store.Tests.Contract;

public abstract class KeyValueContract : StoreContract
{
    [Fact]
    public async Task Put_NewThenAgain_CountsRevisionsAndVersions()
    {
        var first = await PutAsync("/a", "1");
        var other = await PutAsync("/b", "x");
        var second = await PutAsync("/a", "2");

        Assert.Equal(first.Revision + 1, other.Revision);
        Assert.Equal(first.Revision + 2, second.Revision);
        Assert.Null(first.Previous);
        Assert.Equal("1", Text(second.Previous));
        var record = await GetAsync("/a");
        Assert.NotNull(record);
        Assert.Equal((first.Revision, second.Revision, 2L), (record.CreateRevision, record.ModRevision, record.Version));
        Assert.Equal("2", Text(record));
    }

    [Fact]
    public async Task Put_AfterDelete_IsANewRecord()
    {
        await PutAsync("/a", "1");
        Assert.True((await DeleteAsync("/a")).Succeeded);
        var again = await PutAsync("/a", "2");
        Assert.Null(again.Previous);
        Assert.Equal((again.Revision, 1L), (again.Record!.CreateRevision, again.Record.Version));
    }

    [Fact]
    public async Task Put_EmptyValue_IsARecord()
    {
        await PutAsync("/a", "");
        var record = await GetAsync("/a");
        Assert.NotNull(record);
        Assert.False(record.IsDeletion);
        Assert.Equal(0, record.Value.Length);
    }

    [Fact]
    public async Task Put_RevisionOffset_HoldsTheRevision()
    {
        for (var i = 0; i < 12; i++)
        {
            var value = Bytes("{\"rv\":......................,\"x\":1}");
            var written = (await Store.PutAsync("/a", value, 6, 0, Cancellation)).Value;
            var expected = $"{{\"rv\":{('"' + written.Revision.ToString() + '"').PadRight(22)},\"x\":1}}";
            Assert.Equal(expected, Text(written.Record));
            Assert.Equal(expected, Text(await GetAsync("/a")));
        }
    }

    [Fact]
    public async Task Record_CopyWithRevision_ChangesTheStampOnly()
    {
        var record = (await Store.PutAsync("/a", Bytes("<......................>"), 1, 0, Cancellation)).Value.Record!;
        var copy = record.CopyWithRevision(1234567890123456789);
        Assert.Equal("<\"1234567890123456789\" >", System.Text.Encoding.UTF8.GetString(copy));
        Assert.StartsWith($"<\"{record.ModRevision}\" ", Text(record), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_OldRevision_GivesWhatWasThen()
    {
        var first = await PutAsync("/a", "1");
        var second = await PutAsync("/a", "2");
        var deleted = await DeleteAsync("/a");
        await PutAsync("/b", "x");

        Assert.Null(await GetAsync("/a", first.Revision - 1));
        Assert.Equal("1", Text(await GetAsync("/a", first.Revision)));
        Assert.Equal("2", Text(await GetAsync("/a", second.Revision)));
        Assert.Null(await GetAsync("/a", deleted.Revision));
        Assert.Null(await GetAsync("/a"));
    }

    [Fact]
    public async Task Get_FutureRevision_IsRefused()
    {
        var written = await PutAsync("/a", "1");
        var result = await Store.GetAsync("/a", written.Revision + 1, Cancellation);
        Assert.Equal(StoreErrorKind.FutureRevision, result.Error?.Kind);
        Assert.Equal(written.Revision, result.Error!.CurrentRevision);
        Assert.Throws<InvalidOperationException>(() => result.Value);
    }

    [Fact]
    public async Task Delete_AbsentKey_TakesNoRevision()
    {
        var written = await PutAsync("/a", "1");
        var deleted = await DeleteAsync("/nothing");
        Assert.True(deleted.Succeeded);
        Assert.Null(deleted.Previous);
        Assert.Equal(written.Revision, deleted.Revision);
    }

    [Theory]
    [InlineData("/p/", 0, "/p/a=1 /p/b=2 /p/c=3", 3, false)]
    [InlineData("/p/", 2, "/p/a=1 /p/b=2", 3, true)]
    [InlineData("/p/", 3, "/p/a=1 /p/b=2 /p/c=3", 3, false)]
    [InlineData("/p/b", 0, "/p/b=2", 1, false)]
    [InlineData("/q", 0, "/q=9", 1, false)]
    [InlineData("/x", 0, "", 0, false)]
    [InlineData("", 0, "/o=0 /p/a=1 /p/b=2 /p/c=3 /q=9", 5, false)]
    public async Task Range_Prefix_GivesOrderedRecordsAndTheWholeCount(
        string prefix, int limit, string expected, long count, bool more)
    {
        foreach (var pair in "/q=9 /p/c=3 /o=0 /p/a=1 /p/b=2 /p/d=4".Split(' '))
            await PutAsync(pair.Split('=')[0], pair.Split('=')[1]);
        await DeleteAsync("/p/d");

        var result = await RangeAsync(new RangeRequest(KeyRange.Prefix(prefix)) { Limit = limit });

        Assert.Equal(expected, Show(result.Records));
        Assert.Equal((count, more), (result.Count, result.More));
    }

    [Fact]
    public async Task Range_PagesAtOneRevision_AreConsistentWhateverHappensMeanwhile()
    {
        for (var i = 0; i < 300; i++)
            await PutAsync($"/p/{i:000}", $"{i}");
        var pages = new List<Record>();
        var request = new RangeRequest(KeyRange.Prefix("/p/")) { Limit = 70 };
        RangeResult page;
        var remaining = new List<long>();
        do
        {
            page = await RangeAsync(request);
            pages.AddRange(page.Records);
            remaining.Add(page.Count - page.Records.Count);
            var revision = request.Revision == 0 ? page.Revision : request.Revision;
            request = request with { Revision = revision, Range = request.Range.After(page.Records[^1].Key) };
            await PutAsync($"/p/{remaining.Count:000}x", "new");
            await DeleteAsync($"/p/{299 - remaining.Count:000}");
            await PutAsync("/p/150", "changed");
        }
        while (page.More);

        Assert.Equal([230, 160, 90, 20, 0], remaining);
        Assert.Equal(Enumerable.Range(0, 300).Select(i => $"/p/{i:000}={i}"), pages.Select(record => Show([record])));
    }

    [Fact]
    public async Task Range_CountOnly_GivesNoRecords()
    {
        await PutAsync("/p/a", "1");
        var written = await PutAsync("/p/b", "1");
        await DeleteAsync("/p/a");
        var now = await RangeAsync(new RangeRequest(KeyRange.Prefix("/p/")) { CountOnly = true });
        Assert.Empty(now.Records);
        Assert.Equal((1L, false), (now.Count, now.More));
        var then = await RangeAsync(new RangeRequest(KeyRange.Prefix("/p/")) { CountOnly = true, Revision = written.Revision });
        Assert.Equal(2, then.Count);
    }

    [Fact]
    public async Task Range_Between_TakesTheStartAndNotTheEnd()
    {
        foreach (var key in new[] { "a", "b", "c", "d" })
            await PutAsync(key, "1");
        Assert.Equal("b=1 c=1", Show((await RangeAsync(new RangeRequest(KeyRange.Between("b", "d")))).Records));
        Assert.Equal("c=1 d=1", Show((await RangeAsync(new RangeRequest(KeyRange.Between("bb", null)))).Records));
    }

    [Fact]
    public async Task Status_AfterWrites_GivesRevisionAndKeys()
    {
        await PutAsync("/a", "1");
        await PutAsync("/b", "1");
        var deleted = await DeleteAsync("/a");
        var status = (await Store.StatusAsync(Cancellation)).Value;
        Assert.Equal((deleted.Revision, 1L), (status.Revision, status.Keys));
        Assert.Null(status.Fault);
    }

    [Fact]
    public async Task EveryCall_AfterDispose_GivesClosed()
    {
        var watch = Store.Watch(new WatchRequest(KeyRange.All));
        await Store.DisposeAsync();
        Assert.Equal(StoreErrorKind.Closed, (await Store.GetAsync("/a", 0, Cancellation)).Error?.Kind);
        Assert.Equal(StoreErrorKind.Closed, (await Store.RangeAsync(new RangeRequest(KeyRange.All), Cancellation)).Error?.Kind);
        Assert.Equal(StoreErrorKind.Closed, (await Store.PutAsync("/a", [], cancellation: Cancellation)).Error?.Kind);
        Assert.Equal(StoreErrorKind.Closed, (await watch.ReadAsync(Cancellation)).Error?.Kind);
        Assert.Equal(StoreErrorKind.Closed, (await Store.StatusAsync(Cancellation)).Error?.Kind);
    }
}
