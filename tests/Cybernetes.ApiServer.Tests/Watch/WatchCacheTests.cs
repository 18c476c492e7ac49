using System.Text;
using Cybernetes.ApiServer.Registry;
using Cybernetes.ApiServer.Registry.Core.Pods;
using Cybernetes.ApiServer.Watch;
using Cybernetes.Foundation;
using Cybernetes.Objects;
using Cybernetes.Store;
using Cybernetes.Store.Embedded;
using Record = Cybernetes.Store.Record;

namespace Cybernetes.ApiServer.Tests.Watch;

public sealed class WatchCacheTests
{
    private static readonly KindDefinition s_pods = new PodKind(null);

    [Fact]
    public async Task Change_OfOneNode_IsLookedAtByThatNodesWatchersOnly()
    {
        var index = new WatcherIndex(s_pods);
        var watchers = Enumerable.Range(0, 5000).Select(i => WatcherOf($"spec.nodeName=node-{i}")).ToList();
        watchers.ForEach(index.Add);
        var everything = WatcherOf("");
        index.Add(everything);
        var unbound = await RecordAsync("p", "");
        var bound = await RecordAsync("p", "node-7");
        var moved = await RecordAsync("p", "node-9");

        Assert.Equal([everything], Visited(index, unbound, null));
        Assert.Equal([everything, watchers[7]], Visited(index, bound, unbound));
        Assert.Equal([everything, watchers[9], watchers[7]], Visited(index, moved, bound));
        watchers.ForEach(index.Remove);
        Assert.Equal([everything], Visited(index, moved, bound));
        Assert.Equal(1, index.Count);
    }

    [Fact]
    public void Watchers_Idle_TakeLittle()
    {
        const int Count = 5000;
        var cache = new WatchCache(s_pods, new VirtualTimeProvider());
        cache.Start(1);
        var filters = Enumerable.Range(0, Count).Select(i => FilterOf($"spec.nodeName=node-{i}")).ToArray();
        var kept = new object[Count];
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Count; i++)
        {
            var watcher = new Watcher(filters[i]);
            Assert.True(cache.TryJoin(watcher, 1, out _));
            var wait = watcher.WaitAsync();
            Assert.False(wait.IsCompleted);
            kept[i] = watcher;
        }
        var each = (GC.GetAllocatedBytesForCurrentThread() - before) / Count;

        Assert.Equal(Count, cache.Watchers);
        Assert.InRange(each, 100, 700);
        GC.KeepAlive(kept);
    }

    [Theory]
    [InlineData(140 * 1024, 0)] // more changes than are kept
    [InlineData(400, 1024 * 1024)] // more bytes than are kept
    public async Task Watcher_TooFarBehind_IsCutOff(int changes, int bytes)
    {
        var time = new VirtualTimeProvider();
        var cache = new WatchCache(s_pods, time);
        cache.Start(1);
        var slow = WatcherOf("");
        var idle = WatcherOf("spec.nodeName=elsewhere");
        Assert.True(cache.TryJoin(slow, 1, out _));
        Assert.True(cache.TryJoin(idle, 1, out _));
        var record = await RecordAsync("p", "node-1", bytes);
        for (var i = 0; i < changes; i++)
            cache.Append([new(record, null, time.GetUtcNow())]);
        var late = WatcherOf("");

        Assert.Equal(-1, cache.Take(slow, new CachedEvent[1]));
        Assert.Equal(0, cache.Take(idle, new CachedEvent[1]));
        Assert.False(cache.TryJoin(late, 1, out var oldest));
        Assert.Equal(record.ModRevision, oldest);
    }

    [Fact]
    public async Task Wakes_OfMany_ComeInRounds()
    {
        var time = new VirtualTimeProvider();
        var cache = new WatchCache(s_pods, time);
        cache.Start(1);
        var watchers = Enumerable.Range(0, 300).Select(_ => WatcherOf("")).ToList();
        watchers.ForEach(w => Assert.True(cache.TryJoin(w, 1, out _)));
        var first = watchers.ConvertAll(w => w.WaitAsync().AsTask());
        var record = await RecordAsync("p", "node-1");
        cache.Append([new(record, null, time.GetUtcNow())]);
        await Task.WhenAll(first);
        var into = new CachedEvent[16];
        watchers.ForEach(w => Assert.Equal(1, cache.Take(w, into)));
        var second = watchers.ConvertAll(w => w.WaitAsync().AsTask());
        cache.Append([new(record, null, time.GetUtcNow())]);
        cache.Append([new(record, null, time.GetUtcNow())]);
        Assert.DoesNotContain(second, w => w.IsCompleted);
        await PassAsync(time, Task.WhenAll(second));

        Assert.All(watchers, w => Assert.Equal(2, cache.Take(w, into)));
        cache.Dispose();
    }

    [Fact]
    public async Task Round_ChangesThatComeMeanwhile_BelongToTheNext()
    {
        var time = new VirtualTimeProvider();
        var cache = new WatchCache(s_pods, time);
        cache.Start(1);
        var watchers = Enumerable.Range(0, 100).Select(_ => WatcherOf("")).ToList();
        watchers.ForEach(w => Assert.True(cache.TryJoin(w, 1, out _)));
        var woken = Task.WhenAll(watchers.ConvertAll(w => w.WaitAsync().AsTask()));
        var record = await RecordAsync("p", "node-1");
        cache.Append([new(record, null, time.GetUtcNow())]);
        await woken;
        cache.Append([new(record, null, time.GetUtcNow()), new(record, null, time.GetUtcNow())]);
        var into = new CachedEvent[16];
        var places = new HashSet<long>();

        // Whenever they come to it, all of the round take the same from the same place, and no more.
        Assert.All(watchers, w =>
        {
            Assert.Equal(1, cache.Take(w, into, out var place));
            Assert.Equal(0, cache.Take(w, into));
            Assert.True(w.HasPending);
            places.Add(place);
        });
        Assert.Single(places);
        await PassAsync(time, Task.WhenAll(watchers.ConvertAll(w => w.WaitAsync().AsTask())));
        Assert.All(watchers, w =>
        {
            Assert.Equal(2, cache.Take(w, into));
            Assert.False(w.HasPending);
        });
        cache.Dispose();
    }

    /// <summary>Lets time pass until something has happened: when a round ends is the thread pool's affair.</summary>
    private static async Task PassAsync(VirtualTimeProvider time, Task happened)
    {
        while (!happened.IsCompleted)
        {
            time.Advance(TimeSpan.FromMilliseconds(25));
            await Task.Yield();
        }
        await happened;
    }

    [Fact]
    public async Task Wakes_OfFew_ComeAtOnce()
    {
        var time = new VirtualTimeProvider();
        var cache = new WatchCache(s_pods, time);
        cache.Start(1);
        var watcher = WatcherOf("");
        Assert.True(cache.TryJoin(watcher, 1, out _));
        var record = await RecordAsync("p", "node-1");
        for (var i = 0; i < 3; i++)
        {
            var wake = watcher.WaitAsync().AsTask();
            cache.Append([new(record, null, time.GetUtcNow())]);
            await wake;
            Assert.Equal(1, cache.Take(watcher, new CachedEvent[4]));
        }
        Assert.Equal(0, time.ArmedTimers);
    }

    private static List<Watcher> Visited(WatcherIndex index, Record record, Record? previous)
    {
        var visitor = new Collector();
        index.Visit(new(record, previous, DateTimeOffset.UnixEpoch), ref visitor);
        return visitor.Seen;
    }

    private static ObjectFilter FilterOf(string fields) => new(s_pods, "", "", LabelMatcher.Everything, FieldMatcher.Parse(fields));

    private static Watcher WatcherOf(string fields) => new(FilterOf(fields));

    private static async Task<Record> RecordAsync(string name, string node, int bytes = 0)
    {
        await using var store = EmbeddedStore.OpenInMemory(TimeProvider.System);
        var json = $$$"""{"metadata":{"name":"{{{name}}}"},"spec":{"nodeName":"{{{node}}}"},"status":{"message":"{{{new string('x', bytes)}}}"} }""";
        return (await store.PutAsync($"/registry/pods/default/{name}", Encoding.UTF8.GetBytes(json))).Value.Record!;
    }

    private readonly struct Collector() : IWatcherVisitor
    {
        public List<Watcher> Seen { get; } = [];

        public void Visit(Watcher watcher) => Seen.Add(watcher);
    }
}
