using System.Text;
using Cybernetes.Foundation;
using Cybernetes.Store.Embedded;
using Cybernetes.Store.Embedded.Sqlite;

namespace Cybernetes.Store.Tests.Embedded;

public sealed class DurabilityTests : IAsyncDisposable
{
    private readonly VirtualTimeProvider _clock = new();
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _folder.DisposeAsync();

    [Fact]
    public async Task Open_AfterClose_HasRecordsHistoryAndRevision()
    {
        WriteResult first, last;
        await using (var store = Open())
        {
            first = (await store.PutAsync("/a", "<......................>"u8.ToArray(), 1)).Value;
            await store.PutAsync("/empty", []);
            await store.DeleteAsync("/a");
            last = (await store.PutAsync("/b", "2"u8.ToArray())).Value;
        }
        await using var again = Open();
        Assert.Equal(last.Revision, (await again.CurrentRevisionAsync()).Value);
        Assert.Null((await again.GetAsync("/a")).Value.Record);
        var old = (await again.GetAsync("/a", first.Revision)).Value.Record!;
        Assert.Equal(first.Record!.Value.ToArray(), old.Value.ToArray());
        Assert.Equal(1, old.RevisionOffset);
        Assert.Equal(0, (await again.GetAsync("/empty")).Value.Record!.Value.Length);
        await using var watch = again.Watch(new WatchRequest(KeyRange.All) { StartRevision = first.Revision, PreviousRecords = true });
        var batch = await watch.ReadAsync(Cancellation);
        Assert.Equal(["/a", "/empty", "/a", "/b"], batch.Events.Select(change => change.Record.Key));
        Assert.Equal(first.Record.Value.ToArray(), batch.Events[2].Previous!.Value.ToArray());
    }

    [Fact]
    public async Task Open_AfterCompaction_HasOnlyWhatIsKept()
    {
        long compacted;
        await using (var store = Open())
        {
            for (var i = 0; i < 50; i++)
                await store.PutAsync($"/a/{i % 10}", Encoding.ASCII.GetBytes($"{i}"));
            await store.DeleteAsync("/a/0");
            compacted = (await store.DeleteAsync("/a/1")).Value.Revision;
            await store.CompactAsync(compacted);
        }
        await using var again = Open();
        var status = (await again.StatusAsync()).Value;
        Assert.Equal((compacted, compacted, 8L), (status.Revision, status.CompactRevision, status.Keys));
        Assert.Equal(StoreErrorKind.Compacted, (await again.GetAsync("/a/0", compacted - 1)).Error?.Kind);
        Assert.Equal(compacted + 1, (await again.PutAsync("/a/1", [])).Value.Revision);
    }

    [Fact]
    public async Task Open_LeaseThere_GivesItItsFullTimeAgain()
    {
        long lease;
        await using (var store = Open())
        {
            lease = (await store.GrantLeaseAsync(TimeSpan.FromSeconds(10))).Value.Id;
            await store.PutAsync("/a", [], lease: lease);
            await _clock.AdvanceAsync(TimeSpan.FromSeconds(8));
        }
        await using var again = Open();
        await _clock.AdvanceAsync(TimeSpan.FromSeconds(8));
        Assert.NotNull((await again.GetAsync("/a")).Value.Record);
        await _clock.AdvanceAsync(TimeSpan.FromSeconds(3));
        Assert.Equal(StoreErrorKind.LeaseNotFound, (await again.RevokeLeaseAsync(lease)).Error?.Kind);
        Assert.Null((await again.GetAsync("/a")).Value.Record);
    }

    [Fact]
    public async Task Open_FolderInUse_IsRefusedUntilItIsLetGo()
    {
        var store = Open();
        Assert.Equal(StoreErrorKind.Locked, EmbeddedStore.Open(_folder.Path, _clock).Error?.Kind);
        await store.DisposeAsync();
        await Open().DisposeAsync();
    }

    [Fact]
    public void Open_FolderCannotBeMade_SaysSo()
    {
        var file = Path.Combine(_folder.Path, "file");
        File.WriteAllText(file, "");
        Assert.Equal(StoreErrorKind.Unavailable, EmbeddedStore.Open(Path.Combine(file, "below"), _clock).Error?.Kind);
    }

    [Fact]
    public async Task Open_FolderIsNew_OnlyTheOwnerSeesInside()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows keeps rights in access lists, inherited from the folder above.");
        var path = Path.Combine(_folder.Path, "new");
        await using var store = EmbeddedStore.Open(path, _clock).Value;
        const UnixFileMode others = (UnixFileMode)0b111_111;
#pragma warning disable CA1416 // Skipped on Windows.
        Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(path) & others);
        Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(Path.Combine(path, "store.db")) & others);
#pragma warning restore CA1416
    }

    [Fact]
    public async Task Open_FlippedBitInAValue_IsFoundAndNamed()
    {
        await using (var store = Open())
        {
            for (var i = 0; i < 100; i++)
                await store.PutAsync($"/k/{i}", Encoding.ASCII.GetBytes($"needle-{i:000}-{new string('x', 500)}"));
        }
        var bytes = await File.ReadAllBytesAsync(_folder.Database, Cancellation);
        var at = bytes.AsSpan().IndexOf("needle-042"u8);
        bytes[at + 50] ^= 4;
        await File.WriteAllBytesAsync(_folder.Database, bytes, Cancellation);

        var error = EmbeddedStore.Open(_folder.Path, _clock).Error;

        Assert.Equal(StoreErrorKind.Corrupted, error?.Kind);
        Assert.Contains("/k/42 ", error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_DatabaseOverwritten_IsFound()
    {
        await using (var store = Open())
            await store.PutAsync("/a", []);
        await File.WriteAllTextAsync(_folder.Database, new string('x', 100_000), Cancellation);
        Assert.Equal(StoreErrorKind.Corrupted, EmbeddedStore.Open(_folder.Path, _clock).Error?.Kind);
    }

    [Theory]
    [InlineData("in the middle", true)]
    [InlineData("near the end", true)]
    [InlineData("in the last commit", false)]
    public async Task Open_FlippedBitInTheLog_IsFoundUnlessItMayBeATornCommit(string place, bool isDamage)
    {
        await using var copy = new TemporaryFolder();
        await using (var store = Open())
        {
            for (var i = 0; i < 40; i++)
                await store.PutAsync($"/k/{i}", new byte[600]);
            // A copy made while the store is open is what a crash would leave.
            File.Copy(_folder.Database, copy.Database);
            File.Copy(_folder.Database + "-wal", copy.Database + "-wal");
        }
        await using (var whole = File.Open(copy.Database + "-wal", FileMode.Open))
        {
            // A commit of one small put is one frame of a page here, or a few when it needs a new page.
            const long frame = 8192 + 24;
            var position = place switch
            {
                "in the middle" => 32 + (frame * 20) + 100,
                "near the end" => whole.Length - (frame * 5) - 500,
                _ => whole.Length - 500,
            };
            whole.Position = position;
            var value = whole.ReadByte();
            whole.Position = position;
            whole.WriteByte((byte)(value ^ 1));
        }
        var opened = EmbeddedStore.Open(copy.Path, _clock);
        if (isDamage)
        {
            Assert.Equal(StoreErrorKind.Corrupted, opened.Error?.Kind);
            Assert.Contains("write-ahead log", opened.Error!.Message, StringComparison.Ordinal);
            return;
        }
        await using var again = opened.Value;
        Assert.Equal(39, (await again.StatusAsync()).Value.Keys);
    }

    [Fact]
    public async Task Write_NoSpace_FailsAloneAndLaterWritesWork()
    {
        await using var store = EmbeddedStore.Open(
            _folder.Path, _clock, new EmbeddedStoreOptions { DatabaseByteLimit = 4 << 20, CompactionInterval = TimeSpan.Zero }).Value;
        var written = 0;
        StoreResult<WriteResult> result;
        while ((result = await store.PutAsync($"/k/{written % 10}", new byte[100_000])).Error is null)
            written++;
        Assert.Equal(StoreErrorKind.NoSpace, result.Error?.Kind);
        Assert.InRange(written, 10, 42);
        var status = (await store.StatusAsync()).Value;
        Assert.Equal((written + 1L, StoreErrorKind.NoSpace), (status.Revision, status.Fault?.Kind));
        Assert.Equal(StoreErrorKind.NoSpace, (await store.PutAsync("/more", new byte[1_000_000])).Error?.Kind);
        Assert.Null((await store.GetAsync("/more")).Value.Record);

        // Nothing but a compaction makes room; it must be possible on a full disk.
        Assert.Null((await store.CompactAsync(status.Revision)).Error);
        // Room comes in slices, beside those who try.
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(40), TimeProvider.System);
        while ((await store.PutAsync("/after", new byte[100_000])).Error is not null)
            Assert.False(stop.IsCancellationRequested, "compaction made no room");
        Assert.Null((await store.StatusAsync()).Value.Fault);
        Assert.Equal(status.Revision + 1, (await store.CurrentRevisionAsync()).Value);
    }

    [Fact]
    public async Task Compaction_MuchDeleted_GivesTheSpaceBack()
    {
        long large, keys = 300;
        await using (var store = Open())
        {
            for (var i = 0; i < keys; i++)
                await store.PutAsync($"/k/{i}", new byte[100_000]);
            await store.DeleteAsync("/none");
            await store.TransactAsync(Transaction.Of(new DeleteOperation(KeyRange.Prefix("/k/"))));
        }
        large = new FileInfo(_folder.Database).Length;
        await using (var store = Open())
        {
            await store.PutAsync("/a", []);
            await store.CompactAsync((await store.CurrentRevisionAsync()).Value);
        }
        // Closing waits for what the writer has begun, not for the rest, which it takes up again here.
        await using (var store = Open())
        {
            while ((await store.StatusAsync()).Value.BytesOnDisk > large / 2 && !Cancellation.IsCancellationRequested)
                await store.PutAsync("/a", []);
        }
        Assert.InRange(new FileInfo(_folder.Database).Length, 0, large / 2);
    }

    [Fact]
    public void Checksum_KnownText_IsCrc32C() =>
        Assert.Equal(0xE3069283u, ~RecordChecksum.Add(uint.MaxValue, "123456789"u8));

    private EmbeddedStore Open() => EmbeddedStore.Open(_folder.Path, _clock).Value;
}
