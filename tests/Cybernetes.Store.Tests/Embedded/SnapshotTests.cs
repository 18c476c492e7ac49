using Cybernetes.Foundation;
using Cybernetes.Store.Embedded;
using Cybernetes.Store.Snapshots;

namespace Cybernetes.Store.Tests.Embedded;

public class SnapshotTests : IAsyncLifetime
{
    private static readonly EmbeddedStoreOptions Options = new() { CompactionInterval = TimeSpan.Zero };
    private readonly TemporaryFolder _source = new();
    private readonly TemporaryFolder _other = new();
    private readonly VirtualTimeProvider _clock = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string SnapshotPath => Path.Combine(_other.Path, "a.snapshot");

    private string Target => Path.Combine(_other.Path, "restored");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _source.DisposeAsync();
        await _other.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Restore_Snapshot_HasTheRecordsAndNewRevisionsOnly()
    {
        long lease, last;
        await using (var store = Open(_source.Path))
        {
            lease = (await store.GrantLeaseAsync(TimeSpan.FromMinutes(3), Cancellation)).Value.Id;
            await store.PutAsync("/a", Stamped(), 1, 0, Cancellation);
            await store.PutAsync("/a", Stamped(), 1, 0, Cancellation);
            await store.PutAsync("/b", "b"u8.ToArray(), lease: lease, cancellation: Cancellation);
            await store.TransactAsync(Transaction.Of(new PutOperation("/c", []), new PutOperation("/d", "d"u8.ToArray())), Cancellation);
            last = (await store.DeleteAsync("/d", Cancellation)).Value.Revision;
            Save();
            await store.PutAsync("/later", [], cancellation: Cancellation);
        }

        Assert.Null(SnapshotTarget.ToEmbedded(SnapshotFile.Load(SnapshotPath).Value.Contents, Target, bump: 1000));

        await using var restored = Open(Target);
        await using var original = Open(_source.Path);
        foreach (var key in new[] { "/a", "/b", "/c" })
        {
            var (expected, actual) = ((await original.GetAsync(key, 0, Cancellation)).Value.Record!, (await restored.GetAsync(key, 0, Cancellation)).Value.Record!);
            Assert.Equal(expected.Value.ToArray(), actual.Value.ToArray());
            Assert.Equal(
                (expected.CreateRevision, expected.ModRevision, expected.Version, expected.Lease, expected.RevisionOffset),
                (actual.CreateRevision, actual.ModRevision, actual.Version, actual.Lease, actual.RevisionOffset));
        }
        Assert.Equal(3, (await restored.StatusAsync(Cancellation)).Value.Keys);
        Assert.Equal(StoreErrorKind.Compacted, (await restored.GetAsync("/a", last, Cancellation)).Error?.Kind);
        Assert.Equal(last + 1001, (await restored.PutAsync("/a", [], cancellation: Cancellation)).Value.Revision);
        await using var watch = restored.Watch(new WatchRequest(KeyRange.All) { StartRevision = last + 1 });
        Assert.Equal(StoreErrorKind.Compacted, (await watch.ReadAsync(Cancellation)).Error?.Kind);
        Assert.Equal(TimeSpan.FromMinutes(3), (await restored.ReadLeaseAsync(lease, Cancellation)).Value.TimeToLive);
        await _clock.AdvanceAsync(TimeSpan.FromMinutes(4));
        await restored.RevokeLeaseAsync(4711, Cancellation); // writes are done in their order: the lease's end is done when this is
        Assert.Null((await restored.GetAsync("/b", 0, Cancellation)).Value.Record);
    }

    [Fact]
    public async Task Save_UnderLoad_IsOneState()
    {
        await using var store = Open(_source.Path);
        using var stop = new CancellationTokenSource();
        // Both keys always hold the same count: a snapshot between them would show.
        var writing = Task.Run(async () =>
        {
            for (var i = 1; !stop.IsCancellationRequested; i++)
                await store.TransactAsync(Transaction.Of(new PutOperation("/l", BitConverter.GetBytes(i)), new PutOperation("/r", BitConverter.GetBytes(i))));
        });
        var revision = 0L;
        for (var round = 0; round < 20; round++)
        {
            var before = (await store.CurrentRevisionAsync(Cancellation)).Value;
            var contents = EmbeddedSnapshot.Read(_source.Path).Value;
            Assert.InRange(contents.Revision, Math.Max(before, revision), long.MaxValue);
            revision = contents.Revision;
            if (contents.Records.Count > 0)
                Assert.Equal(contents.Records[0].Value.ToArray(), contents.Records[1].Value.ToArray());
            Assert.All(contents.Records, record => Assert.Equal(revision, record.ModRevision));
        }
        await stop.CancelAsync();
        await writing;
    }

    [Fact]
    public async Task Load_TornOrChangedAnywhere_IsRefused()
    {
        await using (var store = Open(_source.Path))
        {
            for (var i = 0; i < 5; i++)
                await store.PutAsync($"/k/{i}", new byte[20], cancellation: Cancellation);
        }
        var status = Save();
        var whole = await File.ReadAllBytesAsync(SnapshotPath, Cancellation);
        Assert.Equal(status, SnapshotFile.Load(SnapshotPath).Value.Status);
        Assert.Equal((whole.Length, 5), (status.TotalBytes, status.TotalKeys));

        for (var length = 0; length < whole.Length; length++)
            await RefusesAsync(whole[..length], $"cut at {length}");
        for (var at = 0; at < whole.Length; at++)
        {
            var changed = whole.ToArray();
            changed[at] ^= 0x20;
            await RefusesAsync(changed, $"changed at {at}");
        }
        await RefusesAsync([.. whole, 0], "one byte more");
    }

    [Fact]
    public async Task Restore_OverAStore_IsRefused()
    {
        await using (var store = Open(_source.Path))
            await store.PutAsync("/a", [], cancellation: Cancellation);
        Save();
        var error = SnapshotTarget.ToEmbedded(SnapshotFile.Load(SnapshotPath).Value.Contents, _source.Path, 0);
        Assert.Equal(StoreErrorKind.InvalidRequest, error?.Kind);
        await using var running = Open(_source.Path);
        error = SnapshotTarget.ToEmbedded(SnapshotFile.Load(SnapshotPath).Value.Contents, _source.Path, 0);
        Assert.Equal(StoreErrorKind.Locked, error?.Kind);
    }

    [Fact]
    public async Task ToStore_ManyRecordsAndLeases_ArriveWithRevisionsNotBelow()
    {
        await using var source = EmbeddedStore.OpenInMemory(_clock, Options);
        var lease = (await source.GrantLeaseAsync(TimeSpan.FromMinutes(3), Cancellation)).Value.Id;
        for (var i = 0; i < 350; i++)
            await source.PutAsync($"/k/{i:000}", Stamped(), 1, i % 2 == 0 ? lease : 0, Cancellation);
        var contents = (await SnapshotContents.OfAsync(source, Cancellation)).Value;

        await using var target = EmbeddedStore.OpenInMemory(_clock, Options);
        Assert.Null(await SnapshotTarget.RaiseRevisionAsync(target, contents.Revision, "/raise/", Cancellation));
        Assert.Null(await SnapshotTarget.ToStoreAsync(contents, target, Cancellation));
        Assert.Equal(StoreErrorKind.InvalidRequest, (await SnapshotTarget.ToStoreAsync(contents, target, Cancellation))?.Kind);

        var moved = (await target.RangeAsync(new RangeRequest(KeyRange.All), Cancellation)).Value;
        Assert.Equal(contents.Records.Select(record => record.Key), moved.Records.Select(record => record.Key));
        Assert.All(moved.Records, record => Assert.InRange(record.ModRevision, contents.Revision + 1, long.MaxValue));
        Assert.All(moved.Records, record => Assert.StartsWith($"<\"{record.ModRevision}\"", System.Text.Encoding.ASCII.GetString(record.Value.Span), StringComparison.Ordinal));
        await _clock.AdvanceAsync(TimeSpan.FromMinutes(4));
        Assert.Equal(175, (await target.StatusAsync(Cancellation)).Value.Keys);
    }

    private static byte[] Stamped() => "<......................>"u8.ToArray();

    private EmbeddedStore Open(string folder) => EmbeddedStore.Open(folder, _clock, Options).Value;

    private SnapshotStatus Save() => SnapshotFile.Save(EmbeddedSnapshot.Read(_source.Path).Value, SnapshotPath);

    private async Task RefusesAsync(byte[] bytes, string what)
    {
        await File.WriteAllBytesAsync(SnapshotPath, bytes, Cancellation);
        Assert.True(SnapshotFile.Load(SnapshotPath).Error?.Kind == StoreErrorKind.Corrupted, what);
    }
}
