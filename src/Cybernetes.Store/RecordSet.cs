using Cybernetes.Store.Embedded;
using Cybernetes.Store.Embedded.Tree;

namespace Cybernetes.Store;

/// <summary>
/// An ordered set of live records by key that never changes: a change makes another set that shares most of the first. For those who keep a
/// store's state, or a choice of it, beside the store; whoever holds a set has a snapshot for as long as they like.
/// </summary>
public sealed class RecordSet
{
    // Most choices are a handful: a sorted array is then smaller than a node of the tree, and as fast.
    private const int Few = 64;
    private readonly Record[]? _few;
    private readonly RecordTree _many;

    private RecordSet(Record[] few) => _few = few;

    private RecordSet(RecordTree many) => _many = many;

    /// <summary>No records.</summary>
    public static RecordSet Empty { get; } = new([]);

    /// <summary>How many records there are.</summary>
    public int Count => _few?.Length ?? _many.Live;

    /// <summary>A set of records that come in the order of their keys, each key once.</summary>
    public static RecordSet Of(IReadOnlyList<Record> records)
    {
        if (records.Count <= Few)
            return records.Count == 0 ? Empty : new([.. records]);
        var editor = new RecordTreeEditor(RecordTree.Empty);
        foreach (var record in records)
            editor.Set(record);
        return new(editor.Publish());
    }

    /// <summary>The record of a key; null when there is none.</summary>
    public Record? Find(string key)
    {
        if (_few is null)
            return _many.Find(key);
        var index = IndexOf(_few, key);
        return index >= 0 ? _few[index] : null;
    }

    /// <summary>The set with a record in the place of its key; with a deletion, without the key.</summary>
    public RecordSet With(Record record)
    {
        if (record.IsDeletion)
            return Without(record.Key);
        if (_few is null)
            return Edit(_many, editor => editor.Set(record));
        var index = IndexOf(_few, record.Key);
        if (index >= 0)
        {
            var replaced = (Record[])_few.Clone();
            replaced[index] = record;
            return new(replaced);
        }
        Record[] larger = [.. _few.AsSpan(0, ~index), record, .. _few.AsSpan(~index)];
        return larger.Length <= Few ? new(larger) : Of(larger);
    }

    /// <summary>The set without a key.</summary>
    public RecordSet Without(string key)
    {
        if (_few is null)
            return _many.Live <= Few / 2 ? new RecordSet(Records()).Without(key) : Edit(_many, editor => editor.Remove(key));
        var index = IndexOf(_few, key);
        return index < 0 ? this : _few.Length == 1 ? Empty : new([.. _few.AsSpan(0, index), .. _few.AsSpan(index + 1)]);
    }

    /// <summary>How many records a range has.</summary>
    public int CountOf(KeyRange range)
    {
        if (_few is null)
            return _many.CountLive(range);
        var (from, to) = Bounds(_few, range);
        return to - from;
    }

    /// <summary>Reads a range; the request's revision is not looked at.</summary>
    /// <param name="request">What to read.</param>
    /// <param name="revision">The revision that the set is of.</param>
    public RangeResult Read(in RangeRequest request, long revision)
    {
        if (_few is null)
            return StateReader.Read(_many, request, revision);
        var (from, to) = Bounds(_few, request.Range);
        var wanted = request.CountOnly ? 0 : request.Limit > 0 ? Math.Min(request.Limit, to - from) : to - from;
        return new(wanted == 0 ? [] : _few.AsSpan(from, wanted).ToArray(), revision, to - from, !request.CountOnly && to - from > wanted);
    }

    private static RecordSet Edit(RecordTree tree, Action<RecordTreeEditor> change)
    {
        var editor = new RecordTreeEditor(tree);
        change(editor);
        return new(editor.Publish());
    }

    private static (int From, int To) Bounds(Record[] records, KeyRange range)
    {
        var from = IndexOf(records, range.Start);
        from = from < 0 ? ~from : from;
        var to = range.End is null ? records.Length : IndexOf(records, range.End);
        return (from, Math.Max(from, to < 0 ? ~to : to));
    }

    private static int IndexOf(Record[] records, string key)
    {
        int low = 0, high = records.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            var order = string.CompareOrdinal(records[middle].Key, key);
            if (order == 0)
                return middle;
            if (order < 0)
                low = middle + 1;
            else
                high = middle - 1;
        }
        return ~low;
    }

    private Record[] Records() => [.. Read(new(KeyRange.All), 0).Records];
}
