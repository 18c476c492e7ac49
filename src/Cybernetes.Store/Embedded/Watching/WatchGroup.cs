namespace Cybernetes.Store.Embedded.Watching;

/// <summary>All watchers of one range: they share the filtered batches. Guarded by the hub's lock.</summary>
internal sealed class WatchGroup(KeyRange range)
{
    private readonly List<WatchEvent> _pending = [];

    public KeyRange Range { get; } = range;

    public List<EmbeddedWatch> Watches { get; } = [];

    public WatchNode Tail { get; private set; } = new(new WatchBatch(0, []), 0, 0);

    /// <summary>Takes a change into the next node; true for the first one.</summary>
    public bool Add(WatchEvent change)
    {
        _pending.Add(change);
        return _pending.Count == 1;
    }

    /// <summary>Links the changes taken since the last call as one node, complete up to the revision.</summary>
    public void Link(long revision)
    {
        long bytes = 0;
        foreach (var change in _pending)
            bytes += change.Record.Value.Length;
        var batch = new WatchBatch(revision, _pending.ToArray());
        var node = new WatchNode(batch, Tail.Position + _pending.Count, Tail.Bytes + bytes);
        _pending.Clear();
        Tail.Next = node;
        Tail = node;
    }
}
