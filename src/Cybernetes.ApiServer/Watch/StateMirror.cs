using Cybernetes.Store;

namespace Cybernetes.ApiServer.Watch;

/// <summary>
/// A store's newest state in this process, for a store that has it elsewhere (etcd): loaded once and then kept up to date by the watch that feeds
/// the caches. Its records are those of the events: their bytes exist once. Changed under the hub's lock; read without one.
/// </summary>
internal sealed class StateMirror
{
    // As many states are kept for those who page through them.
    private const int KeptStates = 16;
    private readonly Queue<State> _kept = new();
    private readonly Lock _lock = new();
    private volatile State _now = new(RecordSet.Empty, 0);
    private RecordSet? _pending;

    /// <summary>Replaces all of it.</summary>
    public void Load(RangeResult all)
    {
        lock (_lock)
            _kept.Clear();
        _now = new(RecordSet.Of(all.Records), all.Revision);
    }

    /// <summary>Follows a change; changes that the state already has are passed over.</summary>
    /// <returns>The change with the records that are here already in the place of copies.</returns>
    public WatchEvent Apply(WatchEvent change)
    {
        var now = _now;
        if (change.Record.ModRevision <= now.Revision)
        {
            var same = now.Records.Find(change.Record.Key);
            return same?.ModRevision == change.Record.ModRevision ? change with { Record = same } : change;
        }
        // Not published before the batch is whole: see Reached.
        var next = _pending ?? now.Records;
        var known = next.Find(change.Record.Key);
        _pending = next.With(change.Record);
        return known is not null && known.ModRevision == change.Previous?.ModRevision ? change with { Previous = known } : change;
    }

    /// <summary>All changes up to a revision have been applied.</summary>
    public void Reached(long revision)
    {
        var now = _now;
        if (revision > now.Revision)
            _now = new(_pending ?? now.Records, revision);
        _pending = null;
    }

    /// <summary>Reads at a revision (0: now); null when that state is not here.</summary>
    public RangeResult? Read(RangeRequest request)
    {
        var now = _now;
        var state = request.Revision == 0 || request.Revision == now.Revision ? now : Kept(request.Revision);
        if (state is null)
            return null;
        var result = state.Records.Read(request, state.Revision);
        if (result.More && ReferenceEquals(state, now))
            Keep(state);
        return result;
    }

    /// <summary>The record of a key now; null when there is none.</summary>
    public Record? Find(string key) => _now.Records.Find(key);

    private void Keep(State state)
    {
        lock (_lock)
        {
            if (_kept.Any(k => k.Revision == state.Revision))
                return;
            _kept.Enqueue(state);
            if (_kept.Count > KeptStates)
                _kept.Dequeue();
        }
    }

    private State? Kept(long revision)
    {
        lock (_lock)
            return _kept.FirstOrDefault(k => k.Revision == revision);
    }

    private sealed record State(RecordSet Records, long Revision);
}
