using BenchmarkDotNet.Attributes;
using Cybernetes.Store;
using Cybernetes.Store.Embedded;
using Cybernetes.Store.Embedded.Tree;

namespace Cybernetes.MicroBench;

/// <summary>The persistent tree with 150,000 keys: lookups, and edits published in groups, as the writer makes them.</summary>
public class StoreTrees
{
    private const int Keys = 150_000;
    private const int Group = 64;

    private readonly Record[] _records = [.. Enumerable.Range(0, Keys).Select(i => Record.Unstored($"/registry/pods/load/load-{i:00000000}", new byte[8]))];
    private readonly RecordTreeEditor _editor = new(RecordTree.Empty);
    private readonly RecordTree _tree;
    private int _next;

    public StoreTrees()
    {
        foreach (var record in _records)
            _editor.Set(record);
        _tree = _editor.Publish();
    }

    [Benchmark]
    public object? Find() => _tree.Find(_records[Next()].Key);

    /// <summary>Of 64 edits and their publishing, one.</summary>
    [Benchmark(OperationsPerInvoke = Group)]
    public int SetAndPublish()
    {
        for (var i = 0; i < Group; i++)
            _editor.Set(_records[Next()]);
        return _editor.Publish().Live;
    }

    // A step that meets every key, far from the one before.
    private int Next() => _next = (_next + 7919) % Keys;
}

/// <summary>Puts and ranges through the whole engine, without a disk.</summary>
public class StoreEngine
{
    private readonly EmbeddedStore _store = EmbeddedStore.OpenInMemory(TimeProvider.System);
    private readonly byte[] _value = new byte[1024];
    private int _next;

    public StoreEngine()
    {
        for (var i = 0; i < 10_000; i++)
            Put();
    }

    [Benchmark]
    public bool Put() => _store.PutAsync($"/registry/configmaps/load/{_next++ % 10_000:00000}", _value).AsTask().GetAwaiter().GetResult().Error is null;

    [Benchmark]
    public int RangeOf500()
    {
        var request = new RangeRequest(KeyRange.Prefix("/registry/configmaps/")) { Limit = 500 };
        return _store.RangeAsync(request).AsTask().GetAwaiter().GetResult().Value.Records.Count;
    }
}
