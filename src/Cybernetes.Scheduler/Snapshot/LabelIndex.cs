namespace Cybernetes.Scheduler.Snapshot;

/// <summary>Which nodes carry a label key, and which a key with a value: selectors become set operations instead of walks over nodes.</summary>
internal sealed class LabelIndex
{
    private readonly Dictionary<string, NodeBits> _byKey = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Key, string Value), NodeBits> _byPair = [];
    private static readonly NodeBits s_none = new();

    public NodeBits WithKey(string key) => _byKey.GetValueOrDefault(key, s_none);

    public NodeBits WithPair(string key, string value) => _byPair.GetValueOrDefault((key, value), s_none);

    public void Change(int slot, IReadOnlyDictionary<string, string> before, IReadOnlyDictionary<string, string> after)
    {
        foreach (var (key, value) in before)
        {
            if (after.TryGetValue(key, out var kept) && kept == value)
                continue;
            _byPair[(key, value)].Remove(slot);
            if (kept is null)
                _byKey[key].Remove(slot);
        }
        foreach (var (key, value) in after)
        {
            if (before.TryGetValue(key, out var had) && had == value)
                continue;
            Add(_byPair, (key, value), slot);
            if (had is null)
                Add(_byKey, key, slot);
        }
    }

    private static void Add<TKey>(Dictionary<TKey, NodeBits> index, TKey key, int slot) where TKey : notnull
    {
        if (!index.TryGetValue(key, out var bits))
            index[key] = bits = new NodeBits();
        bits.Add(slot);
    }
}
