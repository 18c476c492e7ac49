using Cybernetes.Store.Embedded;

namespace Cybernetes.Store.Tests.Crash;

/// <summary>
/// The process that is killed: writers that count up their keys as fast as they are answered, and say on standard output what was
/// answered. Run by <see cref="CrashTests"/>.
/// </summary>
internal static class CrashingWriter
{
    public const string Argument = "--crashing-writer";
    public const int Writers = 12;
    public const int KeysPerWriter = 20;

    /// <param name="arguments">The folder; the first count; "compact" to compact now and then; the revision to watch from, 0 for none.</param>
    public static async Task<int> RunAsync(string[] arguments)
    {
        var options = new EmbeddedStoreOptions { CompactionInterval = TimeSpan.Zero, AnswersGoOnWithWriter = true };
        var opened = EmbeddedStore.Open(arguments[0], TimeProvider.System, options);
        if (!opened.TryGet(out var store, out var error))
        {
            Console.Error.WriteLine(error);
            return 1;
        }
        var first = int.Parse(arguments[1]);
        var compacts = arguments[2] == "compact";
        var output = Console.Out;
        if (long.Parse(arguments[3]) is > 0 and var start)
            _ = Task.Run(() => WatchAsync(store, start));
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
        {
            for (var count = first; ; count++)
            {
                var key = Key(writer, count);
                var result = count % 7 == 6
                    ? await store.DeleteAsync(key)
                    : await store.PutAsync(key, Value(key, count), 0);
                var revision = result.Value.Revision;
                // Console.Out takes one whole line at a time and passes it on at once.
                output.WriteLine($"{writer} {count} {revision}");
                if (compacts && count % 50 == 0)
                    await store.CompactAsync(revision - 10);
            }
        })));
        return 0;
    }

    public const string WatchMark = "watch ";

    private static async Task WatchAsync(EmbeddedStore store, long start)
    {
        await using var watch = store.Watch(new WatchRequest(KeyRange.All) { StartRevision = start });
        while (await watch.ReadAsync() is { Error: null } batch)
        {
            foreach (var change in batch.Events)
                Console.Out.WriteLine($"{WatchMark}{change.Record.ModRevision}");
        }
    }

    public static string Key(int writer, int count) => $"/k/{writer}/{count % KeysPerWriter}";

    /// <summary>A stamp, the count, and bytes that follow from both, some more than a page of the database.</summary>
    public static byte[] Value(string key, int count)
    {
        var random = new Random(HashOf(key) ^ count);
        var value = new byte[RevisionStamp.Length + 4 + (count % 11 == 0 ? random.Next(20_000) : random.Next(1000))];
        random.NextBytes(value);
        value.AsSpan(0, RevisionStamp.Length).Fill((byte)' ');
        BitConverter.TryWriteBytes(value.AsSpan(RevisionStamp.Length), count);
        return value;
    }

    public static int CountOf(ReadOnlyMemory<byte> value) => BitConverter.ToInt32(value.Span[RevisionStamp.Length..]);

    // string.GetHashCode differs from process to process.
    private static int HashOf(string key) => key.Aggregate(17, (hash, letter) => unchecked((hash * 31) + letter));
}
