using Cybernetes.ApiServer.Registry;
using Cybernetes.Store;

namespace Cybernetes.ApiServer.Watch;

/// <summary>The objects of a kind by the value of one field or label. Guarded by the hub's lock once it is used.</summary>
internal sealed class SelectorIndex(SelectorTerm term, KindDefinition kind)
{
    private readonly Dictionary<string, RecordSet> _sets = new(StringComparer.Ordinal);

    /// <summary>Fills an empty index.</summary>
    /// <param name="records">All of the kind, in the order of their keys.</param>
    public void Fill(IReadOnlyList<Record> records)
    {
        var lists = new Dictionary<string, List<Record>>(StringComparer.Ordinal);
        foreach (var record in records)
        {
            if (term.ValueOf(record, kind) is not { } value)
                continue;
            if (!lists.TryGetValue(value, out var list))
                lists.Add(value, list = new(1));
            list.Add(record);
        }
        foreach (var (value, list) in lists)
            _sets.Add(value, RecordSet.Of(list));
    }

    /// <summary>Follows a change. False when it cannot, since what was before is no longer known: the index is of no use then.</summary>
    public bool Apply(CachedEvent change)
    {
        var record = change.Record;
        if (change.Previous is null && (record.IsDeletion || record.CreateRevision != record.ModRevision))
            return false;
        var before = change.Previous is null ? null : term.ValueOf(change.Previous, kind);
        var now = record.IsDeletion ? null : term.ValueOf(record, kind);
        if (before is not null && before != now)
            Put(before, Find(before).Without(record.Key));
        if (now is not null)
            Put(now, Find(now).With(record));
        return true;
    }

    /// <summary>The objects of a value.</summary>
    public RecordSet Find(string value) => _sets.GetValueOrDefault(value, RecordSet.Empty);

    private void Put(string value, RecordSet set)
    {
        if (set.Count == 0)
            _sets.Remove(value);
        else
            _sets[value] = set;
    }
}
