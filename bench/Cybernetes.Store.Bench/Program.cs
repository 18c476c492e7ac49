using System.Diagnostics;
using Cybernetes.Store;
using Cybernetes.Store.Embedded;
using Cybernetes.Store.Embedded.Sqlite;

// Measures the embedded engine alone. Prints figures, asserts nothing: machines differ and are shared.
//   store-bench [puts [FOLDER [WRITERS]] | memory [RECORDS] | reads | watch]     default: all of it

var what = args.Length > 0 ? args[0] : "all";
var folder = args.Length > 1 && what == "puts" ? args[1] : Directory.CreateTempSubdirectory("store-bench-").FullName;
try
{
    await Opening.RunAsync(folder);
    if (what is "puts" or "all")
        await Puts.RunAsync(folder, args.Length > 2 ? int.Parse(args[2]) : 0);
    if (what is "reads" or "all")
        await Reads.RunAsync();
    if (what is "watch" or "all")
        await Watchers.RunAsync(folder);
    if (what is "memory" or "all")
        await Memory.RunAsync(folder, args.Length > 1 && what == "memory" ? int.Parse(args[1]) : 150_000);
}
finally
{
    Directory.Delete(folder, recursive: true);
}

internal static class Measure
{
    /// <summary>A store as a server opens it.</summary>
    public static EmbeddedStore Open(string folder, string name) =>
        EmbeddedStore.Open(Path.Combine(folder, name), TimeProvider.System, new EmbeddedStoreOptions { AnswersGoOnWithWriter = true }).Value;

    /// <summary>Writers that each put as fast as they are answered; gives puts a second.</summary>
    public static async Task<double> PutAsync(EmbeddedStore store, int writers, int puts, int size, int keys)
    {
        var left = puts;
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(async () =>
        {
            for (int i; (i = Interlocked.Decrement(ref left)) >= 0;)
            {
                var result = await store.PutAsync($"/registry/configmaps/default/load-{i % keys:000000}", new byte[size], 8);
                if (result.Error is { } error)
                    throw new InvalidOperationException(error.Message);
            }
        })));
        return puts / clock.Elapsed.TotalSeconds;
    }
}

/// <summary>What the disk and SQLite give without us: the measure of everything else in the same run.</summary>
internal static class BareSqlite
{
    public static unsafe double Insert(string path, int rows)
    {
        using var connection = new SqliteConnection(path);
        foreach (var pragma in new[] { "page_size=8192", "journal_mode=WAL", "synchronous=FULL", "cache_size=-8192" })
            connection.Execute($"PRAGMA {pragma}");
        connection.Execute("CREATE TABLE records (id INTEGER PRIMARY KEY, key TEXT, value BLOB, a, b, c, d, e)");
        using var begin = connection.Prepare("BEGIN IMMEDIATE");
        using var commit = connection.Prepare("COMMIT");
        using var insert = connection.Prepare("INSERT INTO records VALUES (?1, ?2, ?3, 1, 2, 0, 8, 1234567)");
        var (key, value) = ("/registry/configmaps/default/load-123456"u8.ToArray(), new byte[1024]);
        var clock = Stopwatch.StartNew();
        for (var row = 0L; row < rows; row++)
        {
            if (row % 64 == 0)
                begin.Run();
            fixed (byte* text = key, bytes = value)
            {
                insert.Bind(1, row << 20);
                insert.BindText(2, text, key.Length);
                insert.BindBlob(3, bytes, value.Length);
                insert.Run();
            }
            if (row % 64 == 63 || row == rows - 1)
                commit.Run();
        }
        return rows / clock.Elapsed.TotalSeconds;
    }
}

internal static class Puts
{
    /// <param name="only">Only with so many writers; 0 for all.</param>
    public static async Task RunAsync(string folder, int only)
    {
        Console.WriteLine("durable puts of 1 KB");
        var peer = BareSqlite.Insert(Path.Combine(folder, "bare.db"), 100_000);
        Console.WriteLine($"  bare SQLite, one thread, commits of 64 rows: {peer:N0}/s");
        await using var store = Measure.Open(folder, "puts");
        // A server has its code compiled ahead; here it is compiled while it runs, and that is not to be measured.
        await Measure.PutAsync(store, 64, 100_000, 1024, 20_000);
        foreach (var (writers, puts) in new[] { (1, 10_000), (16, 100_000), (64, 300_000), (256, 300_000) })
        {
            if (only != 0 && writers != only)
                continue;
            var paused = GC.GetTotalPauseDuration();
            var (allocated, processor) = (GC.GetTotalAllocatedBytes(), Environment.CpuUsage.TotalTime);
            int[] collections = [GC.CollectionCount(0), GC.CollectionCount(1), GC.CollectionCount(2)];
            var rate = await Measure.PutAsync(store, writers, puts, 1024, 20_000);
            allocated = (GC.GetTotalAllocatedBytes() - allocated) / puts;
            var microseconds = (Environment.CpuUsage.TotalTime - processor).TotalMicroseconds / puts;
            var collected = string.Join(" + ", collections.Select((count, generation) => GC.CollectionCount(generation) - count));
            paused = GC.GetTotalPauseDuration() - paused;
            Console.WriteLine(
                $"  {writers,4} writers: {rate,9:N0}/s ({rate / peer:P0} of bare SQLite), " +
                $"{allocated:N0} bytes allocated and {microseconds:N1} µs of processor a put, " +
                $"{collected} garbage collections of {paused.TotalMilliseconds:N0} ms");
        }
        if (only != 0)
            return;
        await using var memory = EmbeddedStore.OpenInMemory(TimeProvider.System);
        await Measure.PutAsync(memory, 1, 50_000, 1024, 20_000);
        Console.WriteLine($"  in memory, 1 writer: {await Measure.PutAsync(memory, 1, 300_000, 1024, 20_000):N0}/s");
    }
}

internal static class Opening
{
    public static async Task RunAsync(string folder)
    {
        foreach (var what in new[] { "made", "opened again" })
        {
            var (clock, processor) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
            await using (Measure.Open(folder, "empty"))
            {
                processor = Environment.CpuUsage.TotalTime - processor;
                Console.WriteLine(
                    $"empty store {what}: {clock.Elapsed.TotalMilliseconds:N0} ms, {processor.TotalMilliseconds:N0} ms of processor");
            }
        }
    }
}

internal static class Reads
{
    public static async Task RunAsync()
    {
        const int records = 17_500;
        await using var store = EmbeddedStore.OpenInMemory(TimeProvider.System);
        for (var i = 0; i < records; i++)
            await store.PutAsync($"/registry/configmaps/default/load-{i:000000}", new byte[1024], 8);
        var clock = Stopwatch.StartNew();
        const int gets = 1_000_000;
        for (var i = 0; i < gets; i++)
            await store.GetAsync($"/registry/configmaps/default/load-{i % records:000000}");
        Console.WriteLine($"gets: {gets / clock.Elapsed.TotalSeconds:N0}/s");
        clock.Restart();
        const int lists = 200;
        for (var i = 0; i < lists; i++)
            await store.RangeAsync(new RangeRequest(KeyRange.Prefix("/registry/configmaps/")));
        Console.WriteLine($"list of {records:N0}: {clock.Elapsed.TotalMilliseconds / lists:N2} ms");
        clock.Restart();
        for (var i = 0; i < lists; i++)
            await PageAsync(store);
        Console.WriteLine($"the same in pages of 500: {clock.Elapsed.TotalMilliseconds / lists:N2} ms");
    }

    private static async Task PageAsync(EmbeddedStore store)
    {
        var request = new RangeRequest(KeyRange.Prefix("/registry/configmaps/")) { Limit = 500 };
        while (true)
        {
            var page = (await store.RangeAsync(request)).Value;
            if (!page.More)
                return;
            request = request with { Revision = page.Revision, Range = request.Range.After(page.Records[^1].Key) };
        }
    }
}

internal static class Watchers
{
    public static async Task RunAsync(string folder)
    {
        await using var store = Measure.Open(folder, "watch");
        foreach (var watchers in new[] { 200, 5_000 })
        {
            const int puts = 5_000;
            var ends = new List<Task>();
            for (var i = 0; i < watchers; i++)
                ends.Add(ReadAsync(store.Watch(new WatchRequest(KeyRange.Prefix("/registry/configmaps/"))), puts));
            var clock = Stopwatch.StartNew();
            await Measure.PutAsync(store, 16, puts, 1024, 1000);
            await Task.WhenAll(ends);
            Console.WriteLine($"watch: {watchers:N0} watchers, {puts * watchers / clock.Elapsed.TotalSeconds:N0} events/s");
        }
    }

    private static async Task ReadAsync(IWatch watch, int events)
    {
        await using (watch)
        {
            while (events > 0)
            {
                var batch = await watch.ReadAsync();
                if (batch.Error is { } error)
                    throw new InvalidOperationException(error.Message);
                events -= batch.Events.Count;
            }
        }
    }
}

internal static class Memory
{
    public static async Task RunAsync(string folder, int records)
    {
        const int size = 2048;
        var before = GC.GetTotalMemory(forceFullCollection: true);
        long onDisk;
        await using (var store = Measure.Open(folder, "memory"))
        {
            var clock = Stopwatch.StartNew();
            await Measure.PutAsync(store, 64, records, size, records);
            Console.WriteLine($"{records:N0} records of {size} bytes written in {clock.Elapsed.TotalSeconds:N1} s");
            var used = GC.GetTotalMemory(forceFullCollection: true) - before;
            onDisk = (await store.StatusAsync()).Value.BytesOnDisk;
            Console.WriteLine($"  {used / records:N0} bytes of memory and {onDisk / records:N0} of disk a record");
        }
        var (opening, processor) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
        await using var again = Measure.Open(folder, "memory");
        processor = Environment.CpuUsage.TotalTime - processor;
        Console.WriteLine(
            $"  opened again in {opening.Elapsed.TotalMilliseconds:N0} ms, {processor.TotalMilliseconds:N0} ms of processor");
        Console.WriteLine($"  resident: {Environment.WorkingSet >> 20:N0} MiB");
    }
}
