using Cybernetes.Store.Embedded.Tree;

namespace Cybernetes.Store.Embedded;

/// <summary>
/// Answers reads. The newest state is the published tree; an older one is either a tree that was kept because somebody began to
/// page through it, or is found record by record along the chains of older versions.
/// </summary>
internal sealed class StateReader(Func<StoreState> current)
{
    // Each kept tree holds on to the nodes and records that were replaced since; readers that page are few.
    private const int KeptTrees = 16;

    private readonly Queue<StoreState> _kept = new();
    private readonly Lock _gate = new();

    public StoreResult<GetResult> Get(string key, long revision)
    {
        var state = current();
        if (Check(state, revision) is { } error)
            return error;
        var record = state.Tree.Find(key);
        if (revision != 0)
        {
            record = AsOf(record, revision);
            if (Check(current(), revision) is { } compactedMeanwhile)
                return compactedMeanwhile;
        }
        return new GetResult(record is { IsDeletion: true } ? null : record, state.Revision);
    }

    public StoreResult<RangeResult> Range(in RangeRequest request)
    {
        var state = current();
        if (Check(state, request.Revision) is { } error)
            return error;
        if (request.Revision == 0 || request.Revision == state.Revision)
            return Newest(state, request);
        if (Kept(request.Revision) is { } kept)
            return Read(kept.Tree, request, state.Revision);
        var result = ReadChains(state, request);
        // The chains may have been cut while we walked along them.
        return Check(current(), request.Revision) is { } compactedMeanwhile ? compactedMeanwhile : result;
    }

    /// <summary>Lets go of the trees that are older than a compaction.</summary>
    public void Forget(long compactRevision)
    {
        lock (_gate)
        {
            for (var count = _kept.Count; count > 0; count--)
            {
                var state = _kept.Dequeue();
                if (state.Revision >= compactRevision)
                    _kept.Enqueue(state);
            }
        }
    }

    /// <summary>The live records of a range of one tree.</summary>
    public static RangeResult Read(RecordTree tree, in RangeRequest request, long revision)
    {
        if (!request.CountOnly && tree.LiveWithinLeaf(request.Range) is { } few)
        {
            var isMore = request.Limit > 0 && request.Limit < few.Length;
            return new RangeResult(isMore ? few[..request.Limit] : few, revision, few.Length, isMore);
        }
        var count = tree.CountLive(request.Range);
        if (request.CountOnly)
            return new RangeResult([], revision, count, false);
        var wanted = request.Limit > 0 ? Math.Min(request.Limit, count) : count;
        var collector = new LiveCollector(wanted);
        if (wanted > 0)
            tree.Walk(request.Range, ref collector);
        return new RangeResult(collector.Records, revision, count, count > wanted);
    }

    private static StoreError? Check(StoreState state, long revision)
    {
        if (revision == 0)
            return null;
        if (revision < state.CompactRevision)
            return StoreError.Compacted(state.CompactRevision, state.Revision);
        return revision > state.Revision ? StoreError.FutureRevision(state.Revision) : null;
    }

    private static Record? AsOf(Record? record, long revision)
    {
        while (record is not null && record.ModRevision > revision)
            record = record.Older;
        return record;
    }

    private static RangeResult ReadChains(StoreState state, in RangeRequest request)
    {
        var collector = new ChainCollector(request.Revision, request.CountOnly ? 0 : request.Limit, request.CountOnly);
        state.Tree.Walk(request.Range, ref collector);
        var records = collector.Records;
        return new RangeResult(records, state.Revision, collector.Count, !request.CountOnly && collector.Count > records.Count);
    }

    private RangeResult Newest(StoreState state, in RangeRequest request)
    {
        var result = Read(state.Tree, request, state.Revision);
        if (result.More)
            Keep(state);
        return result;
    }

    private void Keep(StoreState state)
    {
        lock (_gate)
        {
            foreach (var kept in _kept)
            {
                if (kept.Revision == state.Revision)
                    return;
            }
            _kept.Enqueue(state);
            if (_kept.Count > KeptTrees)
                _kept.Dequeue();
        }
    }

    private StoreState? Kept(long revision)
    {
        lock (_gate)
        {
            foreach (var kept in _kept)
            {
                if (kept.Revision == revision)
                    return kept;
            }
        }
        return null;
    }

    private struct LiveCollector(int wanted) : IRecordVisitor
    {
        private int _count;

        public Record[] Records { get; } = wanted == 0 ? [] : new Record[wanted];

        public bool Visit(Record record)
        {
            if (record.IsDeletion)
                return true;
            Records[_count++] = record;
            return _count < Records.Length;
        }
    }

    private struct ChainCollector(long revision, int limit, bool countOnly) : IRecordVisitor
    {
        public List<Record> Records { get; } = [];

        public long Count { get; private set; }

        public bool Visit(Record newest)
        {
            if (AsOf(newest, revision) is not { IsDeletion: false } record)
                return true;
            Count++;
            if (!countOnly && (limit == 0 || Records.Count < limit))
                Records.Add(record);
            return true;
        }
    }
}
