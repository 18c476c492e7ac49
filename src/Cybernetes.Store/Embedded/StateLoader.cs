using Cybernetes.Store.Embedded.Journal;
using Cybernetes.Store.Embedded.Tree;

namespace Cybernetes.Store.Embedded;

/// <summary>
/// Builds the state at start-up out of what the journal kept: the compact revision first, then every record in the order of the
/// revisions. What a compaction had made superfluous but not yet removed is noted as left over.
/// </summary>
internal sealed class StateLoader
{
    private readonly RecordTreeEditor _editor = new(RecordTree.Empty);
    private long _revision = StoreState.FirstRevision;
    private long _compactRevision;

    public ChangeLog Log { get; } = new();

    /// <summary>Ids of records to be removed, for each key oldest first.</summary>
    public Queue<long> LeftOver { get; } = new();

    /// <summary>Leases: id and time to live.</summary>
    public List<(long Id, TimeSpan TimeToLive)> Leases { get; } = [];

    public StoreState State => new(_editor.Publish(), _revision, _compactRevision);

    public void SetCompactRevision(long revision)
    {
        _compactRevision = revision;
        _revision = Math.Max(_revision, revision);
    }

    /// <summary>Adds the next record; false when it cannot follow the ones before.</summary>
    public bool Add(string key, byte[]? value, int revisionOffset, RecordOrigin origin)
    {
        // A deletion may have been the newest change and be compacted away, so revisions may be missing, but never go back.
        var kept = origin.ModRevision >= _compactRevision;
        if (kept && origin.ModRevision < _revision)
            return false;
        if (kept)
            _revision = origin.ModRevision;
        var older = _editor.Current.Find(key);
        var record = new Record(older?.Key ?? key, value, revisionOffset, origin);
        if (!kept)
        {
            AddCompacted(record, older);
            return true;
        }
        record.Older = older;
        _editor.Set(record);
        Log.Append(record);
        return true;
    }

    private void AddCompacted(Record record, Record? older)
    {
        if (older is not null)
            LeftOver.Enqueue(RecordId.Of(older));
        if (!record.IsDeletion)
        {
            _editor.Set(record);
            return;
        }
        LeftOver.Enqueue(RecordId.Of(record));
        _editor.Remove(record.Key);
    }
}
