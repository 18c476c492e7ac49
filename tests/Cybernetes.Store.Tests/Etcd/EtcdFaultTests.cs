using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace Cybernetes.Store.Tests.Etcd;

/// <summary>
/// Three members under load while one after the other dies or stands still: what was acknowledged is there, reads are never older
/// than what was acknowledged before they began, and a watch sees each change once, in order, whatever happens to its member.
/// </summary>
public class EtcdFaultTests
{
    private const int Writers = 4;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(150);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Members_DieAndStandStill_LoseNothingAndTellNothingWrong()
    {
        await using var cluster = await EtcdCluster.StartAsync(3, tls: false, "--heartbeat-interval", "50", "--election-timeout", "500");
        await DisturbAsync(cluster, async (_, load, stop) =>
        {
            foreach (var member in cluster.Members)
            {
                await member.KillAsync();
                await load.ProgressAsync(stop);
                member.Start();
                await cluster.WaitAsync();
                await load.ProgressAsync(stop);
            }
            foreach (var member in cluster.Members)
            {
                member.Freeze();
                await load.ProgressAsync(stop);
                member.Thaw();
                await cluster.WaitAsync();
            }
        });
    }

    /// <summary>Runs a load and a watch, disturbs the members meanwhile, and holds what was read, stored and seen against what was acknowledged.</summary>
    internal static async Task DisturbAsync(EtcdCluster cluster, Func<EtcdCluster, CountingLoad, CancellationToken, Task> disturb)
    {
        var options = cluster.Options() with
        {
            RequestTimeout = TimeSpan.FromSeconds(4),
            AttemptTimeout = TimeSpan.FromSeconds(1),
            ConnectTimeout = TimeSpan.FromSeconds(1),
        };
        await using var store = await cluster.OpenAsync(options);
        var start = (await store.CurrentRevisionAsync(Cancellation)).Value + 1;
        await using var watch = store.Watch(new WatchRequest(KeyRange.All) { StartRevision = start });
        using var stop = new CancellationTokenSource(Patience, TimeProvider.System);
        var load = new CountingLoad(store, Writers);
        var writing = load.RunAsync(stop.Token);
        var watching = CollectAsync(watch, stop.Token);
        await load.ProgressAsync(stop.Token);

        await disturb(cluster, load, stop.Token);

        await load.StopAsync();
        await writing;
        Assert.Empty(load.WrongReads);
        foreach (var (key, least, most) in load.Expected)
            Assert.InRange(CountingLoad.CountOf((await store.GetAsync(key, 0, Cancellation)).Value.Record!), least, most);
        await CheckWatchAsync(store, watch, watching, start);
    }

    /// <summary>A watch saw each change once, in order, as one sees them that nothing disturbs.</summary>
    internal static async Task CheckWatchAsync(IStore store, IWatch watch, Task<ConcurrentQueue<Record>> watching, long start)
    {
        var last = (await store.RangeAsync(new RangeRequest(KeyRange.All), Cancellation)).Value.Records.Max(record => record.ModRevision);
        await store.PutAsync("/end", "end"u8.ToArray(), cancellation: Cancellation);
        var seen = (await watching).ToList();
        var revisions = seen.Select(record => record.ModRevision).ToList();
        Assert.Equal(revisions.Order(), revisions);
        Assert.Equal(revisions.Distinct().Count(), revisions.Count);
        Assert.Contains(last, revisions);
        // A second watch from the same place, undisturbed, sees the same.
        await using var again = store.Watch(new WatchRequest(KeyRange.All) { StartRevision = start });
        var twin = await CollectAsync(again, Cancellation);
        Assert.Equal(twin.Select(record => (record.Key, record.ModRevision)), seen.Select(record => (record.Key, record.ModRevision)));
    }

    /// <summary>What a watch sees until the key "/end" is written.</summary>
    internal static async Task<ConcurrentQueue<Record>> CollectAsync(IWatch watch, CancellationToken cancellation)
    {
        var seen = new ConcurrentQueue<Record>();
        while (true)
        {
            var batch = await watch.ReadAsync(cancellation);
            Assert.Null(batch.Error);
            foreach (var change in batch.Events)
            {
                if (change.Record.Key == "/end")
                    return seen;
                seen.Enqueue(change.Record);
            }
        }
    }
}

/// <summary>Writers that count up a key each by compare-and-swap, read in between, and know what must be there.</summary>
internal sealed class CountingLoad(IStore store, int writers)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);
    private readonly int[] _acknowledged = new int[writers];
    private readonly int[] _tried = new int[writers];
    private volatile bool _stopped;

    public ConcurrentQueue<string> WrongReads { get; } = new();

    /// <summary>Each key's least (acknowledged) and largest possible count.</summary>
    public IEnumerable<(string Key, int Least, int Most)> Expected =>
        Enumerable.Range(0, writers).Select(i => ($"/count/{i}", _acknowledged[i], _tried[i]));

    public static int CountOf(Record record) => int.Parse(Encoding.ASCII.GetString(record.Value.Span), CultureInfo.InvariantCulture);

    public Task RunAsync(CancellationToken cancellation) =>
        Task.WhenAll(Enumerable.Range(0, writers).Select(i => Task.Run(() => WriteAsync(i, cancellation), cancellation)));

    public Task StopAsync()
    {
        _stopped = true;
        return Task.CompletedTask;
    }

    /// <summary>Returns when every writer had some writes acknowledged from now on.</summary>
    public async Task ProgressAsync(CancellationToken cancellation)
    {
        var goal = _acknowledged.Select(count => count + 5).ToArray();
        while (Enumerable.Range(0, writers).Any(i => Volatile.Read(ref _acknowledged[i]) < goal[i]))
            await Task.Delay(Pause, TimeProvider.System, cancellation);
    }

    private async Task WriteAsync(int writer, CancellationToken cancellation)
    {
        var key = $"/count/{writer}";
        while (!_stopped)
        {
            var least = Volatile.Read(ref _acknowledged[writer]);
            var found = await store.GetAsync(key, 0, cancellation);
            if (!found.TryGet(out var current, out _))
            {
                await Task.Delay(Pause, TimeProvider.System, cancellation);
                continue;
            }
            var count = current.Record is { } record ? CountOf(record) : 0;
            if (count < least || count > _tried[writer])
                WrongReads.Enqueue($"{key}: {count} is not in {least}..{_tried[writer]}");
            _tried[writer] = count + 1;
            var put = new PutOperation(key, Encoding.ASCII.GetBytes((count + 1).ToString(CultureInfo.InvariantCulture)));
            var written = await store.UpdateAsync(put, current.Record?.ModRevision ?? 0, cancellation);
            if (written.TryGet(out var result, out _) && result.Succeeded)
                Volatile.Write(ref _acknowledged[writer], count + 1);
            await Task.Delay(Pause, TimeProvider.System, cancellation);
        }
    }
}
