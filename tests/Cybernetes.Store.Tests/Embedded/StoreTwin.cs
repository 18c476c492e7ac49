namespace Cybernetes.Store.Tests.Embedded;

/// <summary>
/// The store as slow and obvious as it can be: a full copy of the map for each revision, and a list of all changes. One thread.
/// </summary>
internal sealed class StoreTwin
{
    private readonly SortedDictionary<long, SortedDictionary<string, TwinRecord>> _states = [];
    private SortedDictionary<string, TwinRecord> _now = new(StringComparer.Ordinal);

    public StoreTwin(long revision)
    {
        Revision = revision;
        _states[revision] = new SortedDictionary<string, TwinRecord>(_now, StringComparer.Ordinal);
    }

    public long Revision { get; private set; }

    public long CompactRevision { get; private set; }

    public List<TwinChange> Changes { get; } = [];

    public void Compact(long revision) => CompactRevision = revision;

    /// <summary>Puts (a value) and deletes (null) in one transaction, as long as the compares on the mod revisions hold.</summary>
    public bool Transact(IReadOnlyList<(string Key, long Revision)> compares, IReadOnlyList<(string Key, string? Value)> steps)
    {
        if (compares.Any(compare => compare.Revision != (_now.GetValueOrDefault(compare.Key)?.ModRevision ?? 0)))
            return false;
        var revision = Revision + 1;
        foreach (var (key, value) in steps)
        {
            var old = _now.GetValueOrDefault(key);
            if (value is null && old is null)
                continue;
            if (value is null)
                _now.Remove(key);
            else
                _now[key] = new TwinRecord(value, old?.CreateRevision ?? revision, revision, (old?.Version ?? 0) + 1);
            Changes.Add(new TwinChange(revision, key, value, old?.Value));
            Revision = revision;
        }
        if (Revision == revision)
            _states[revision] = new SortedDictionary<string, TwinRecord>(_now, StringComparer.Ordinal);
        return true;
    }

    public IReadOnlyDictionary<string, TwinRecord> At(long revision) => _states[revision == 0 ? Revision : revision];

    /// <summary>Everything a range shows, as text.</summary>
    public string Range(KeyRange range, long revision, int limit)
    {
        var all = At(revision).Where(pair => range.Contains(pair.Key)).ToList();
        var shown = all.Take(limit > 0 ? limit : int.MaxValue).Select(pair => pair.Value.Show(pair.Key));
        return $"{string.Join(' ', shown)} of {all.Count}{(limit > 0 && all.Count > limit ? " more" : "")}";
    }

    /// <summary>The changes a watch of the range sees from a revision on, as text.</summary>
    public string Watch(KeyRange range, long from) =>
        string.Join('\n', Changes.Where(change => change.Revision >= from && range.Contains(change.Key)).Select(change => change.ToString()));

    internal sealed record TwinRecord(string Value, long CreateRevision, long ModRevision, long Version)
    {
        public string Show(string key) => $"{key}={Value}@{CreateRevision}/{ModRevision}/{Version}";
    }

    internal sealed record TwinChange(long Revision, string Key, string? Value, string? Previous)
    {
        public override string ToString() => $"{Revision} {Key} {Previous ?? "-"} > {Value ?? "-"}";
    }
}
