namespace Cybernetes.Store.Tests.Contract;

/// <summary>Time is the test's own; an engine whose leases live on another clock overrides <see cref="Seconds"/> and <see cref="PassAsync"/>.</summary>
public abstract class LeaseContract : StoreContract
{
    [Fact]
    public async Task Lease_NotKeptAlive_TakesItsRecordsAlongInOneTransaction()
    {
        var lease = await GrantAsync(10);
        await PutAsync("/a", "1", lease);
        await PutAsync("/b", "1", lease);
        await PutAsync("/c", "1");
        await using var watch = Store.Watch(new WatchRequest(KeyRange.All) { PreviousRecords = true });

        await PassAsync(5);
        Assert.NotNull(await GetAsync("/a"));
        await PassAsync(6);

        var batch = await watch.ReadAsync(Cancellation);
        Assert.Equal("-/a(1) -/b(1)", Show(batch));
        Assert.All(batch.Events, change => Assert.Equal(batch.Revision, change.Record.ModRevision));
        Assert.Equal("/c=1", Show((await RangeAsync(new RangeRequest(KeyRange.All))).Records));
        Assert.Equal(StoreErrorKind.LeaseNotFound, (await Store.KeepLeaseAliveAsync(lease, Cancellation)).Error?.Kind);
    }

    [Fact]
    public async Task Lease_KeptAlive_LivesOn()
    {
        var lease = await GrantAsync(10);
        await PutAsync("/a", "1", lease);
        for (var i = 0; i < 3; i++)
        {
            await PassAsync(6);
            Assert.Equal(Seconds(10), (await Store.KeepLeaseAliveAsync(lease, Cancellation)).Value.Remaining);
        }
        Assert.NotNull(await GetAsync("/a"));
        await PassAsync(11);
        Assert.Null(await GetAsync("/a"));
    }

    [Fact]
    public async Task Revoke_Lease_TakesItsRecordsAlong()
    {
        var lease = await GrantAsync(10);
        await PutAsync("/a", "1", lease);
        var revision = (await Store.RevokeLeaseAsync(lease, Cancellation)).Value;
        Assert.Null(await GetAsync("/a"));
        Assert.Equal((await Store.CurrentRevisionAsync(Cancellation)).Value, revision);
        Assert.Equal(StoreErrorKind.LeaseNotFound, (await Store.RevokeLeaseAsync(lease, Cancellation)).Error?.Kind);
    }

    [Fact]
    public async Task Put_WithoutLease_TakesTheKeyOffIt()
    {
        var lease = await GrantAsync(10);
        await PutAsync("/a", "1", lease);
        await PutAsync("/b", "1", lease);
        await PutAsync("/a", "2");
        await PassAsync(11);
        Assert.Equal("/a=2", Show((await RangeAsync(new RangeRequest(KeyRange.All))).Records));
    }

    [Fact]
    public async Task Put_OtherLease_MovesTheKey()
    {
        var (short_, long_) = (await GrantAsync(10), await GrantAsync(25));
        await PutAsync("/a", "1", short_);
        await PutAsync("/a", "2", long_);
        await PassAsync(11);
        Assert.Equal("2", Text(await GetAsync("/a")));
        await PassAsync(26);
        Assert.Null(await GetAsync("/a"));
    }

    [Fact]
    public async Task Put_UnknownLease_ChangesNothing()
    {
        var before = (await Store.CurrentRevisionAsync(Cancellation)).Value;
        Assert.Equal(
            StoreErrorKind.LeaseNotFound,
            await FailureAsync(Transaction.Of(new PutOperation("/a", []), new PutOperation("/b", [], Lease: 4711))));
        Assert.Null(await GetAsync("/a"));
        Assert.Equal(before, (await Store.CurrentRevisionAsync(Cancellation)).Value);
    }

    [Fact]
    public async Task Record_DeletedAndMadeAnew_IsOffTheLease()
    {
        var lease = await GrantAsync(10);
        await PutAsync("/a", "1", lease);
        await DeleteAsync("/a");
        await PutAsync("/a", "2");
        await PassAsync(11);
        Assert.Equal("2", Text(await GetAsync("/a")));
    }

    /// <summary>How long a second of these tests is.</summary>
    protected virtual TimeSpan Seconds(int seconds) => TimeSpan.FromSeconds(seconds);

    /// <summary>Lets time pass; leases whose time is over have ended when it returns.</summary>
    protected virtual async Task PassAsync(int seconds)
    {
        await Clock.AdvanceAsync(TimeSpan.FromSeconds(seconds));
        // Writes are done in their order, so the ends of leases are done when this is.
        await Store.RevokeLeaseAsync(4711, Cancellation);
    }

    private async Task<long> GrantAsync(int seconds) =>
        (await Store.GrantLeaseAsync(Seconds(seconds), Cancellation)).Value.Id;
}
