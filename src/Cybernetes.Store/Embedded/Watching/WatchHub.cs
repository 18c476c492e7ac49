namespace Cybernetes.Store.Embedded.Watching;

/// <summary>
/// Brings changes to watchers. A change is looked up by its key, by each of the key's prefixes that end in a slash, and in the
/// list of odd ranges; so it costs the groups it concerns, not the number of watchers. A watcher that does not read costs
/// nothing but what it has not read, and is cut off when that is too much.
/// </summary>
internal sealed class WatchHub
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, WatchGroup> _keys = new(StringComparer.Ordinal);
    private readonly Dictionary<string, WatchGroup> _prefixes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, WatchGroup>.AlternateLookup<ReadOnlySpan<char>> _prefixesBySpan;
    private readonly List<WatchGroup> _others = [];
    private readonly List<WatchGroup> _touched = [];
    private readonly List<EmbeddedWatch> _due = [];
    private long _stagedRevision;

    public WatchHub(long revision)
    {
        _stagedRevision = revision;
        _prefixesBySpan = _prefixes.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>How many watches run.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return Groups().Sum(group => group.Watches.Count);
        }
    }

    /// <summary>
    /// Adds the watch to its group. It has to read the change log up to the revision given back; everything newer comes after
    /// the node.
    /// </summary>
    public (WatchGroup Group, WatchNode Node, long Revision) Join(EmbeddedWatch watch, KeyRange range)
    {
        lock (_gate)
        {
            var group = GroupOf(range);
            group.Watches.Add(watch);
            return (group, group.Tail, _stagedRevision);
        }
    }

    public void Leave(EmbeddedWatch watch, WatchGroup group)
    {
        lock (_gate)
        {
            if (!group.Watches.Remove(watch) || group.Watches.Count > 0)
                return;
            if (group.Range.Kind == KeyRangeKind.Key)
                _keys.Remove(group.Range.Start);
            else if (IsDirectory(group.Range))
                _prefixes.Remove(group.Range.Start);
            else
                _others.Remove(group);
        }
    }

    /// <summary>
    /// Links the changes of a batch, which is in the log already, to the groups' chains. Nobody is woken yet.
    /// </summary>
    public void Stage(List<Record> changes, long revision)
    {
        lock (_gate)
        {
            _stagedRevision = revision;
            if (_keys.Count + _prefixes.Count + _others.Count == 0)
                return;
            foreach (var record in changes)
                Stage(new WatchEvent(record, record.Older is { IsDeletion: false } previous ? previous : null));
            foreach (var group in _touched)
                group.Link(revision);
        }
    }

    /// <summary>Wakes the watchers of what was staged. To be called after the state was published, by one writer at a time.</summary>
    public void Wake()
    {
        lock (_gate)
        {
            foreach (var group in _touched)
            {
                foreach (var watch in group.Watches)
                {
                    if (watch.Poke(group.Tail))
                        _due.Add(watch);
                }
            }
            _touched.Clear();
        }
        foreach (var watch in _due)
            watch.GoOn();
        _due.Clear();
    }

    /// <summary>Ends every watch.</summary>
    public void Close()
    {
        List<EmbeddedWatch> watches;
        lock (_gate)
            watches = [.. Groups().SelectMany(group => group.Watches)];
        foreach (var watch in watches)
            watch.Fail(StoreError.Closed());
    }

    private static bool IsDirectory(KeyRange range) => range.Kind == KeyRangeKind.Prefix && range.Start.EndsWith('/');

    private void Stage(WatchEvent change)
    {
        var key = change.Record.Key;
        if (_keys.Count > 0 && _keys.TryGetValue(key, out var exact))
            Add(exact, change);
        if (_prefixes.Count > 0)
        {
            var text = key.AsSpan();
            for (var slash = text.IndexOf('/'); slash >= 0; slash = Next(text, slash))
            {
                if (_prefixesBySpan.TryGetValue(text[..(slash + 1)], out var group))
                    Add(group, change);
            }
        }
        foreach (var group in _others)
        {
            if (group.Range.Contains(key))
                Add(group, change);
        }
    }

    private static int Next(ReadOnlySpan<char> text, int slash)
    {
        var next = text[(slash + 1)..].IndexOf('/');
        return next < 0 ? -1 : slash + 1 + next;
    }

    private void Add(WatchGroup group, WatchEvent change)
    {
        if (group.Add(change))
            _touched.Add(group);
    }

    private WatchGroup GroupOf(KeyRange range)
    {
        if (range.Kind != KeyRangeKind.Key && !IsDirectory(range))
        {
            var known = _others.Find(group => group.Range == range);
            if (known is null)
                _others.Add(known = new WatchGroup(range));
            return known;
        }
        var groups = range.Kind == KeyRangeKind.Key ? _keys : _prefixes;
        if (!groups.TryGetValue(range.Start, out var found))
            groups.Add(range.Start, found = new WatchGroup(range));
        return found;
    }

    private IEnumerable<WatchGroup> Groups() => _keys.Values.Concat(_prefixes.Values).Concat(_others);
}
