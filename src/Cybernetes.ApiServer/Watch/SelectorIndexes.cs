using Cybernetes.ApiServer.Registry;
using Cybernetes.Store;

namespace Cybernetes.ApiServer.Watch;

/// <summary>
/// The indexes of one kind: made when a selector first asks for one, kept up to date by the changes that come by, and let go of when others are
/// used more lately. Guarded by the hub's lock.
/// </summary>
internal sealed class SelectorIndexes(KindDefinition kind)
{
    // An index of a label that is different on each object takes some 100 bytes an object; clients use few selectors.
    private const int MostIndexes = 8;
    private const int KeptSelections = 32;

    private readonly List<IndexSlot> _slots = [];
    private readonly Queue<(string Key, Selection Selection)> _kept = new();
    private long _uses;

    /// <summary>How many there are, those being made included.</summary>
    public int Count => _slots.Count;

    /// <summary>Follows a change.</summary>
    public void Apply(CachedEvent change)
    {
        for (var i = _slots.Count - 1; i >= 0; i--)
        {
            var slot = _slots[i];
            if (slot.Index is null)
                slot.Missed.Add(change);
            else if (!slot.Index.Apply(change))
                _slots.RemoveAt(i);
        }
    }

    /// <summary>Forgets all of them: the changes that come now do not follow on those before.</summary>
    public void Clear()
    {
        foreach (var slot in _slots)
            slot.Done.TrySetResult();
        _slots.Clear();
        _kept.Clear();
    }

    /// <summary>The smallest choice of objects that holds all that the terms choose; null when none of them has an index.</summary>
    /// <param name="terms">Terms of a filter.</param>
    /// <param name="range">Keys that are asked for.</param>
    /// <param name="revision">The revision of now.</param>
    /// <param name="size">How many of the range's objects it has.</param>
    public Selection? Find(
        List<(SelectorTerm Term, IReadOnlyList<string> Values)> terms, KeyRange range, long revision, out int size)
    {
        Selection? best = null;
        size = int.MaxValue;
        foreach (var (term, values) in terms)
        {
            if (SlotOf(term) is not { Index: { } index } slot)
                continue;
            RecordSet[] sets = [.. values.Distinct(StringComparer.Ordinal).Select(index.Find).Where(s => s.Count > 0)];
            var count = sets.Sum(s => s.CountOf(range));
            if (best is not null && count >= size)
                continue;
            slot.LastUse = ++_uses;
            (best, size) = (new(sets, revision), count);
        }
        return best;
    }

    /// <summary>Whether a term has an index that is ready.</summary>
    public bool Has(SelectorTerm term) => SlotOf(term) is { Index: not null };

    /// <summary>The index of a term that is being made, or is to be made by the caller.</summary>
    /// <param name="term">What it is of.</param>
    /// <param name="isNew">Whether the caller makes it: ends with <see cref="Complete"/> or <see cref="Abandon"/>.</param>
    /// <returns>Null when as many are being made as there may be.</returns>
    public IndexSlot? Begin(SelectorTerm term, out bool isNew)
    {
        isNew = false;
        if (SlotOf(term) is { } slot)
            return slot;
        if (_slots.Count >= MostIndexes)
        {
            if (_slots.Where(s => s.Index is not null).MinBy(s => s.LastUse) is not { } oldest)
                return null;
            _slots.Remove(oldest);
        }
        slot = new(term) { LastUse = ++_uses };
        _slots.Add(slot);
        isNew = true;
        return slot;
    }

    /// <summary>Takes a filled index into use.</summary>
    /// <param name="slot">What <see cref="Begin"/> gave.</param>
    /// <param name="index">The index, of a revision that the caches have reached.</param>
    /// <param name="revision">That revision.</param>
    public void Complete(IndexSlot slot, SelectorIndex index, long revision)
    {
        slot.Done.TrySetResult();
        if (!_slots.Contains(slot))
            return;
        foreach (var change in slot.Missed)
        {
            if (change.Revision > revision && !index.Apply(change))
            {
                _slots.Remove(slot);
                return;
            }
        }
        slot.Missed.Clear();
        slot.Index = index;
    }

    /// <summary>Gives up making an index.</summary>
    public void Abandon(IndexSlot slot)
    {
        _slots.Remove(slot);
        slot.Done.TrySetResult();
    }

    /// <summary>Keeps a choice for the pages to come.</summary>
    public void Keep(string key, Selection selection)
    {
        if (_kept.Any(k => k.Key == key && k.Selection.Revision == selection.Revision))
            return;
        _kept.Enqueue((key, selection));
        if (_kept.Count > KeptSelections)
            _kept.Dequeue();
    }

    /// <summary>A choice that an earlier page was taken from.</summary>
    public Selection? Kept(string key, long revision) => _kept.FirstOrDefault(k => k.Key == key && k.Selection.Revision == revision).Selection;

    /// <summary>An index for a kind.</summary>
    public SelectorIndex New(SelectorTerm term) => new(term, kind);

    private IndexSlot? SlotOf(SelectorTerm term) => _slots.Find(s => s.Term == term);
}

/// <summary>An index, there or being made.</summary>
internal sealed class IndexSlot(SelectorTerm term)
{
    public SelectorTerm Term { get; } = term;

    /// <summary>The index; null while it is being made.</summary>
    public SelectorIndex? Index { get; set; }

    /// <summary>Changes since the making began.</summary>
    public List<CachedEvent> Missed { get; } = [];

    /// <summary>Ends when the index is there or will not be.</summary>
    public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public long LastUse { get; set; }
}

/// <summary>Objects among which are all that a selector chooses, as of one revision.</summary>
internal sealed record Selection(RecordSet[] Sets, long Revision) : IRecordSource
{
    public ValueTask<StoreResult<RangeResult>> ReadAsync(RangeRequest request, CancellationToken cancellation)
    {
        if (Sets.Length == 1)
            return new(Sets[0].Read(request, Revision));
        var records = Sets.SelectMany(s => s.Read(request, Revision).Records).OrderBy(r => r.Key, StringComparer.Ordinal).ToList();
        var wanted = request.Limit > 0 ? Math.Min(request.Limit, records.Count) : records.Count;
        return new(new RangeResult(records[..wanted], Revision, records.Count, records.Count > wanted));
    }
}

/// <summary>Where the records of a list come from.</summary>
internal interface IRecordSource
{
    /// <summary>The records of a range, at the revision that the request names or, with 0, at one that the source chooses.</summary>
    ValueTask<StoreResult<RangeResult>> ReadAsync(RangeRequest request, CancellationToken cancellation);
}
