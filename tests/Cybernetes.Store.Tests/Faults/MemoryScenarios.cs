using System.Globalization;
using Cybernetes.Store.Embedded;

namespace Cybernetes.Store.Tests.Faults;

/// <summary>What could grow without bound, each in a process of its own, so that its memory is its own. Run by <see cref="MemoryTests"/>.</summary>
internal static class MemoryScenarios
{
    public const string Argument = "--memory-scenario";
    public const int Watchers = 5000;

    private static readonly EmbeddedStoreOptions Unlimited = new() { CompactionInterval = TimeSpan.Zero, HistoryByteLimit = 0 };

    /// <summary>Prints numbers of bytes on one line.</summary>
    public static async Task<int> RunAsync(string scenario)
    {
        var figures = scenario switch
        {
            "records" => await RecordsAsync(),
            "idle-watchers" => await IdleWatchersAsync(),
            "watcher-that-never-reads" => await SlowWatcherAsync(),
            "history" => await HistoryAsync(),
            _ => throw new ArgumentException($"there is no scenario {scenario}"),
        };
        Console.WriteLine(string.Join(' ', figures.Select(figure => figure.ToString(CultureInfo.InvariantCulture))));
        return 0;
    }

    /// <summary>Bytes of a record of 1,000 beside its key and value.</summary>
    private static async Task<long[]> RecordsAsync()
    {
        const int count = 50_000;
        await using var store = EmbeddedStore.OpenInMemory(TimeProvider.System, Unlimited);
        await store.PutAsync("/warm", []);
        var before = InUse();
        for (var i = 0; i < count; i++)
            await store.PutAsync($"/registry/pods/default/pod-{i:000000}", new byte[1000]);
        var key = "/registry/pods/default/pod-000000".Length * sizeof(char);
        return [((InUse() - before) / count) - 1000 - key];
    }

    /// <summary>Bytes of an idle watcher: of one range with others, and of one that watches alone.</summary>
    private static async Task<long[]> IdleWatchersAsync()
    {
        await using var store = EmbeddedStore.OpenInMemory(TimeProvider.System, Unlimited);
        await store.PutAsync("/a/0", []);
        var (together, before) = (new List<Task>(Watchers), InUse());
        for (var i = 0; i < Watchers; i++)
            together.Add(store.Watch(new WatchRequest(KeyRange.Prefix("/a/"))).ReadAsync().AsTask());
        var shared = InUse() - before;
        var alone = new List<Task>(Watchers);
        before = InUse();
        for (var i = 0; i < Watchers; i++)
            alone.Add(store.Watch(new WatchRequest(KeyRange.Key($"/b/{i}"))).ReadAsync().AsTask());
        var own = InUse() - before;
        GC.KeepAlive((together, alone));
        return [shared / Watchers, own / Watchers];
    }

    /// <summary>Bytes in use after 200 MB were written past a watcher that never reads, beside what history may take.</summary>
    private static async Task<long[]> SlowWatcherAsync()
    {
        var options = new EmbeddedStoreOptions { CompactionInterval = TimeSpan.Zero, HistoryByteLimit = 16 << 20, WatchByteLimit = 4 << 20 };
        await using var store = EmbeddedStore.OpenInMemory(TimeProvider.System, options);
        await store.PutAsync("/a/0", []);
        var before = InUse();
        await using var never = store.Watch(new WatchRequest(KeyRange.Prefix("/a/")));
        await using var past = store.Watch(new WatchRequest(KeyRange.Prefix("/a/")) { StartRevision = 2 });
        for (var i = 0; i < 200_000; i++)
            await store.PutAsync($"/a/{i % 100}", new byte[1000]);
        return [InUse() - before];
    }

    /// <summary>What history is said to take, and what a compaction gave back.</summary>
    private static async Task<long[]> HistoryAsync()
    {
        await using var store = EmbeddedStore.OpenInMemory(TimeProvider.System, Unlimited);
        for (var i = 0; i < 60_000; i++)
        {
            var key = $"/registry/configmaps/default/name-{i % 500}";
            if (i % 17 == 3)
                await store.DeleteAsync(key);
            else
                await store.PutAsync(key, new byte[i % 3 == 0 ? 20 : 1000]);
        }
        var (said, before) = (store.HistoryBytes, InUse());
        await store.CompactAsync((await store.CurrentRevisionAsync()).Value);
        return [said, before - InUse() + store.HistoryBytes];
    }

    private static long InUse() => GC.GetTotalMemory(forceFullCollection: true);
}
