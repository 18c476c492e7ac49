using Cybernetes.ApiServer.Registry;

namespace Cybernetes.ApiServer.Watch;

/// <summary>
/// The watchers of one kind by what they must see at the least: one name, one value of a field (<c>spec.nodeName</c>), one namespace. A change
/// costs those that it may concern, not all: of 5,000 kubelets' watches of pods it looks at one or two. Guarded by the cache's lock.
/// </summary>
internal sealed class WatcherIndex(KindDefinition kind)
{
    private const int NameSlot = 0;
    private const int NamespaceSlot = 1;
    private const int FirstFieldSlot = 2;
    private readonly List<Watcher> _others = [];
    private readonly Dictionary<string, List<Watcher>>?[] _slots = new Dictionary<string, List<Watcher>>?[FirstFieldSlot + kind.SelectableFields.Count];

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    public void Add(Watcher watcher)
    {
        var list = ListOf(watcher, make: true)!;
        watcher.Seat = list.Count;
        list.Add(watcher);
        Count++;
    }

    /// <summary>Takes a watcher out; one that is not in is left alone.</summary>
    public void Remove(Watcher watcher)
    {
        var list = ListOf(watcher, make: false);
        if (list is null || watcher.Seat >= list.Count || !ReferenceEquals(list[watcher.Seat], watcher))
            return;
        list[watcher.Seat] = list[^1];
        list[watcher.Seat].Seat = watcher.Seat;
        list.RemoveAt(list.Count - 1);
        Count--;
        var (slot, value) = KeyOf(watcher.Filter);
        if (list.Count > 0 || slot < 0)
            return;
        _slots[slot]!.Remove(value);
        if (_slots[slot]!.Count == 0)
            _slots[slot] = null;
    }

    public void Clear()
    {
        _others.Clear();
        Array.Clear(_slots);
        Count = 0;
    }

    /// <summary>All of them.</summary>
    public IEnumerable<Watcher> All() => _others.Concat(_slots.Where(s => s is not null).SelectMany(s => s!.Values).SelectMany(l => l));

    /// <summary>Calls back for each watcher that a change may concern, for each once.</summary>
    public void Visit<TVisitor>(CachedEvent change, ref TVisitor visitor) where TVisitor : IWatcherVisitor
    {
        Visit(_others, ref visitor);
        var key = change.Record.Key;
        VisitNames(_slots[NameSlot], ObjectNames.NameOf(key), ref visitor);
        VisitNames(_slots[NamespaceSlot], ObjectNames.NamespaceOf(key, kind), ref visitor);
        for (var i = FirstFieldSlot; i < _slots.Length; i++)
        {
            if (_slots[i] is not { } lists)
                continue;
            var now = change.Record.IsDeletion ? null : ObjectFacts.Of(change.Record, kind).Fields[i - FirstFieldSlot];
            var before = change.Previous is { } previous ? ObjectFacts.Of(previous, kind).Fields[i - FirstFieldSlot] : null;
            if (now is not null && lists.TryGetValue(now, out var those))
                Visit(those, ref visitor);
            if (before is not null && before != now && lists.TryGetValue(before, out those))
                Visit(those, ref visitor);
        }
    }

    private static void VisitNames<TVisitor>(Dictionary<string, List<Watcher>>? lists, ReadOnlySpan<char> name, ref TVisitor visitor)
        where TVisitor : IWatcherVisitor
    {
        if (lists is not null && lists.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name, out var those))
            Visit(those, ref visitor);
    }

    private static void Visit<TVisitor>(List<Watcher> list, ref TVisitor visitor) where TVisitor : IWatcherVisitor
    {
        foreach (var watcher in list)
            visitor.Visit(watcher);
    }

    private List<Watcher>? ListOf(Watcher watcher, bool make)
    {
        var (slot, value) = KeyOf(watcher.Filter);
        if (slot < 0)
            return _others;
        var lists = _slots[slot];
        if (lists is null)
        {
            if (!make)
                return null;
            _slots[slot] = lists = new(StringComparer.Ordinal);
        }
        if (!lists.TryGetValue(value, out var list) && make)
            lists.Add(value, list = new(1));
        return list;
    }

    private static (int Slot, string Value) KeyOf(ObjectFilter filter)
    {
        if (filter.PinnedName.Length > 0)
            return (NameSlot, filter.PinnedName);
        foreach (var (field, value, negated) in filter.Fields)
        {
            if (field >= 0 && !negated)
                return (FirstFieldSlot + field, value);
        }
        return filter.PinnedNamespace.Length > 0 ? (NamespaceSlot, filter.PinnedNamespace) : (-1, "");
    }
}

/// <summary>Sees watchers.</summary>
internal interface IWatcherVisitor
{
    void Visit(Watcher watcher);
}
