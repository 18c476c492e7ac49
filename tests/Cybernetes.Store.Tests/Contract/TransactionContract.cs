namespace Cybernetes.Store.Tests.Contract;

public abstract class TransactionContract : StoreContract
{
    [Fact]
    public async Task Create_KeyIsThere_GivesThePresentRecord()
    {
        var first = (await Store.CreateAsync(new PutOperation("/a", Bytes("1")), Cancellation)).Value;
        Assert.True(first.Succeeded);
        var second = (await Store.CreateAsync(new PutOperation("/a", Bytes("2")), Cancellation)).Value;
        Assert.False(second.Succeeded);
        Assert.Equal("1", Text(second.Previous));
        Assert.Equal(first.Revision, second.Revision);
    }

    [Fact]
    public async Task Update_RevisionMoved_ChangesNothing()
    {
        var first = await PutAsync("/a", "1");
        var second = (await Store.UpdateAsync(new PutOperation("/a", Bytes("2")), first.Revision, Cancellation)).Value;
        Assert.True(second.Succeeded);
        Assert.Equal("1", Text(second.Previous));
        var late = (await Store.UpdateAsync(new PutOperation("/a", Bytes("3")), first.Revision, Cancellation)).Value;
        Assert.False(late.Succeeded);
        Assert.Equal("2", Text(late.Previous));
        Assert.Equal("2", Text(await GetAsync("/a")));
    }

    [Fact]
    public async Task Delete_ExpectedRevision_DecidesIt()
    {
        var first = await PutAsync("/a", "1");
        var second = await PutAsync("/a", "2");
        Assert.False((await Store.DeleteAsync("/a", first.Revision, Cancellation)).Value.Succeeded);
        var deleted = (await Store.DeleteAsync("/a", second.Revision, Cancellation)).Value;
        Assert.True(deleted.Succeeded);
        Assert.Equal("2", Text(deleted.Previous));
        Assert.Equal(second.Revision + 1, deleted.Revision);
        var gone = (await Store.DeleteAsync("/a", second.Revision, Cancellation)).Value;
        Assert.False(gone.Succeeded);
        Assert.Null(gone.Previous);
    }

    [Fact]
    public async Task Transaction_SeveralChanges_ShareOneRevision()
    {
        await PutAsync("/x/1", "1");
        await PutAsync("/x/2", "2");
        var before = (await Store.CurrentRevisionAsync(Cancellation)).Value;

        var result = await TransactAsync(Transaction.Of(
            new PutOperation("/a", Bytes("a")),
            new DeleteOperation(KeyRange.Prefix("/x/")),
            new PutOperation("/b", Bytes("b")),
            new RangeOperation(new RangeRequest(KeyRange.All))));

        Assert.Equal(before + 1, result.Revision);
        Assert.Equal("/x/1=1 /x/2=2", Show(((DeleteResult)result.Results[1]).Deleted));
        Assert.Equal("/a=a /b=b", Show(((RangeOperationResult)result.Results[3]).Range.Records));
        Assert.Equal(result.Revision, (await GetAsync("/a"))!.ModRevision);
        Assert.Equal(result.Revision, (await GetAsync("/b"))!.ModRevision);
    }

    [Fact]
    public async Task Transaction_ComparesFail_RunsElse()
    {
        await PutAsync("/a", "1");
        var result = await TransactAsync(new Transaction(
            [Compare.Exists("/a"), Compare.Exists("/b")],
            [new PutOperation("/a", Bytes("then"))],
            [new PutOperation("/c", Bytes("else")), new RangeOperation("/a")]));
        Assert.False(result.Succeeded);
        Assert.Equal("1", Text(await GetAsync("/a")));
        Assert.Equal("else", Text(await GetAsync("/c")));
        Assert.Equal("/a=1", Show(((RangeOperationResult)result.Results[1]).Range.Records));
    }

    [Fact]
    public async Task Transaction_OnlyReads_TakesNoRevision()
    {
        var written = await PutAsync("/a", "1");
        var result = await TransactAsync(
            new Transaction([Compare.Absent("/a")], [], [new RangeOperation("/a"), new RangeOperation("/b")]));
        Assert.Equal(written.Revision, result.Revision);
        Assert.Equal("/a=1", Show(((RangeOperationResult)result.Results[0]).Range.Records));
        Assert.Empty(((RangeOperationResult)result.Results[1]).Range.Records);
    }

    [Fact]
    public async Task Compare_EachTargetAndRelation_HoldsAsItShould()
    {
        var lease = (await Store.GrantLeaseAsync(TimeSpan.FromHours(1), Cancellation)).Value.Id;
        var created = await PutAsync("/a", "1", lease);
        var changed = await PutAsync("/a", "2", lease);
        (CompareTarget Target, long Actual)[] targets =
        [
            (CompareTarget.CreateRevision, created.Revision), (CompareTarget.ModRevision, changed.Revision),
            (CompareTarget.Version, 2), (CompareTarget.Lease, lease),
        ];
        foreach (var (target, actual) in targets)
        {
            Assert.True(await HoldsAsync(CompareRelation.Equal, actual));
            Assert.False(await HoldsAsync(CompareRelation.Equal, actual - 1));
            Assert.True(await HoldsAsync(CompareRelation.NotEqual, actual - 1));
            Assert.True(await HoldsAsync(CompareRelation.Less, actual + 1));
            Assert.False(await HoldsAsync(CompareRelation.Less, actual));
            Assert.True(await HoldsAsync(CompareRelation.Greater, actual - 1));
            Assert.False(await HoldsAsync(CompareRelation.Greater, actual));

            async Task<bool> HoldsAsync(CompareRelation relation, long value) =>
                (await TransactAsync(new Transaction([new Compare("/a", target, relation, value)], [], []))).Succeeded;
        }
    }

    [Fact]
    public async Task Transaction_WritesAKeyTwice_IsRefused()
    {
        Assert.Equal(
            StoreErrorKind.InvalidRequest,
            await FailureAsync(Transaction.Of(new PutOperation("/a", Bytes("1")), new PutOperation("/a", Bytes("2")))));
        Assert.Equal(
            StoreErrorKind.InvalidRequest,
            await FailureAsync(Transaction.Of(new PutOperation("/a/b", []), new DeleteOperation(KeyRange.Prefix("/a/")))));
        Assert.Equal(
            StoreErrorKind.InvalidRequest,
            await FailureAsync(Transaction.Of([.. Enumerable.Range(0, 20).Select(i => new PutOperation($"/{i % 19}", []))])));
        Assert.Null(await GetAsync("/a"));
    }

    [Fact]
    public async Task Transaction_TooMuch_IsRefused()
    {
        Assert.Equal(StoreErrorKind.TooLarge, await FailureAsync(Transaction.Of(new PutOperation("/a", new byte[64 << 20]))));
        Assert.Equal(
            StoreErrorKind.TooLarge,
            await FailureAsync(Transaction.Of([.. Enumerable.Range(0, 1000).Select(i => new PutOperation($"/{i}", []))])));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/ä")]
    public async Task Put_BadKey_IsRefused(string key) =>
        Assert.Equal(StoreErrorKind.InvalidRequest, await FailureAsync(Transaction.Of(new PutOperation(key, []))));

    [Fact]
    public async Task Put_StampOutsideOfTheValue_IsRefused() =>
        Assert.Equal(StoreErrorKind.InvalidRequest, await FailureAsync(Transaction.Of(new PutOperation("/a", new byte[30], 9))));

    [Fact]
    public async Task Update_ManyAtOnce_OneOfEachRoundWins()
    {
        await PutAsync("/a", "0");
        var wins = 0;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 50; i++)
            {
                var current = (await Store.GetAsync("/a")).Value.Record!;
                var next = Bytes((int.Parse(Text(current)) + 1).ToString());
                if ((await Store.UpdateAsync(new PutOperation("/a", next), current.ModRevision)).Value.Succeeded)
                    Interlocked.Increment(ref wins);
            }
        })));
        Assert.Equal(wins.ToString(), Text(await GetAsync("/a")));
        Assert.InRange(wins, 50, 400);
    }
}
