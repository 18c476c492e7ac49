using Cybernetes.Store.Embedded.Journal;
using Cybernetes.Store.Embedded.Tree;

namespace Cybernetes.Store.Embedded.Writing;

/// <summary>
/// The next state in the making: everything a group of requests changes. Nothing of it is visible until it is durable, and
/// dropping it undoes it all.
/// </summary>
internal sealed class CommitBatch(StoreState start, LeaseTable leases, JournalBatch journal)
{
    private readonly RecordTreeEditor _editor = new(start.Tree);
    private bool _transactionChanged;
    private int _order;

    public LeaseTable Leases { get; } = leases;

    public JournalBatch Journal { get; } = journal;

    public RecordTree Tree => _editor.Current;

    /// <summary>The newest revision so far.</summary>
    public long Revision { get; private set; } = start.Revision;

    public long CompactRevision { get; private set; } = start.CompactRevision;

    /// <summary>From here on changes belong to a new transaction.</summary>
    public void BeginTransaction()
    {
        _transactionChanged = false;
        _order = 0;
    }

    /// <summary>Writes a record and gives the version before, which may be a deletion.</summary>
    public Record Put(PutOperation put, out Record? older)
    {
        var revision = TakeRevision();
        older = Tree.Find(put.Key);
        var isNew = older is null or { IsDeletion: true };
        if (put.RevisionOffset >= 0)
            RevisionStamp.Write(put.Value.AsSpan(put.RevisionOffset), revision);
        var origin = new RecordOrigin(
            isNew ? revision : older!.CreateRevision, revision, _order++, isNew ? 1 : older!.Version + 1, put.Lease);
        // All versions share one key.
        var record = new Record(older?.Key ?? put.Key, put.Value, put.RevisionOffset, origin) { Older = older, Attachment = put.Attachment };
        Add(record);
        return record;
    }

    /// <summary>Deletes a record that is in the tree.</summary>
    public void Delete(Record existing)
    {
        var origin = new RecordOrigin(0, TakeRevision(), _order++, 0, 0);
        Add(new Record(existing.Key, null, RevisionStamp.None, origin) { Older = existing });
    }

    /// <summary>
    /// Deletes the records that live under a lease: as one transaction, if they are not more than one may hold.
    /// </summary>
    /// <param name="keys">The keys of the lease before this batch.</param>
    public void DeleteLeased(long lease, string[] keys)
    {
        BeginTransaction();
        var all = new SortedSet<string>(keys, StringComparer.Ordinal);
        foreach (var record in Journal.Records)
        {
            if (record.Lease == lease)
                all.Add(record.Key);
        }
        foreach (var key in all)
        {
            if (_order == RecordId.ChangeLimit)
                BeginTransaction();
            if (Tree.Find(key) is { IsDeletion: false } record && record.Lease == lease)
                Delete(record);
        }
    }

    public StoreError? Compact(long revision)
    {
        if (revision <= CompactRevision)
            return StoreError.Compacted(CompactRevision, Revision);
        if (revision > Revision)
            return StoreError.FutureRevision(Revision);
        Journal.CompactRevision = CompactRevision = revision;
        return null;
    }

    /// <summary>Takes a compacted deletion out of the tree, unless the key has been written again.</summary>
    public void DropDeletion(Record deletion)
    {
        if (ReferenceEquals(Tree.Find(deletion.Key), deletion))
            _editor.Remove(deletion.Key);
    }

    public StoreState ToState() => new(_editor.Publish(), Revision, CompactRevision);

    private long TakeRevision()
    {
        if (!_transactionChanged)
        {
            _transactionChanged = true;
            Revision++;
        }
        return Revision;
    }

    private void Add(Record record)
    {
        _editor.Set(record);
        Journal.Records.Add(record);
    }
}
