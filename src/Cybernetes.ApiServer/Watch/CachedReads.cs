using Cybernetes.ApiServer.Registry;
using Cybernetes.Store;
using Microsoft.Extensions.Logging;

namespace Cybernetes.ApiServer.Watch;

/// <summary>
/// Where lists read: from memory, whatever the store. A store that answers from memory is asked itself; of another one the hub's mirror is read,
/// after the mirror has reached the revision that the store had when the list came. Selectors go to indexes of the kind.
/// </summary>
internal sealed class CachedReads(IStore store, WatchHub hub, TimeProvider time, ILogger logger)
{
    // Fewer objects are looked through sooner than an index is made and kept.
    private const int WorthAnIndex = 512;

    // A selector of many terms does not push out everybody else's indexes.
    private const int MostIndexesOfAList = 2;

    // Upstream's watch cache waits as long for a revision before it gives up.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly NewestRevision _newest = new(store);

    /// <summary>The store's revision of now.</summary>
    public ValueTask<StoreResult<long>> NewestAsync(CancellationToken cancellation) => _newest.ReadAsync(cancellation);

    /// <summary>Reads without an index.</summary>
    /// <param name="request">What to read; revision 0 for the newest.</param>
    /// <param name="anyState">Whether the state that happens to be here will do.</param>
    /// <param name="cancellation">Of the request.</param>
    public ValueTask<StoreResult<RangeResult>> RangeAsync(RangeRequest request, bool anyState, CancellationToken cancellation) =>
        hub.Mirror is { } mirror ? RangeAsync(mirror, request, anyState, cancellation) : store.RangeAsync(request, cancellation);

    private async ValueTask<StoreResult<RangeResult>> RangeAsync(
        StateMirror mirror, RangeRequest request, bool anyState, CancellationToken cancellation)
    {
        if (request.Revision == 0 && !anyState)
        {
            var fresh = await CatchUpAsync(cancellation);
            if (fresh.Error is { } error)
                return error;
            if (fresh.Value == 0)
                return await store.RangeAsync(request, cancellation);
        }
        return mirror.Read(request) is { } result ? result : await store.RangeAsync(request, cancellation);
    }

    /// <summary>A source that looks through all of a range.</summary>
    /// <param name="anyState">Whether the state that happens to be here will do.</param>
    public IRecordSource Scan(bool anyState) => new WholeRange(this, anyState);

    /// <summary>Where to read what a filter may choose.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="filter">The filter.</param>
    /// <param name="range">The keys asked for.</param>
    /// <param name="anyState">Whether the state that happens to be here will do.</param>
    /// <param name="cancellation">Of the request.</param>
    public async ValueTask<IRecordSource> SourceAsync(
        KindDefinition kind, ObjectFilter filter, KeyRange range, bool anyState, CancellationToken cancellation)
    {
        var scan = Scan(anyState);
        if (filter.IsEverything || SelectorTerm.Of(filter) is not { Count: > 0 } terms)
            return scan;
        if (!anyState)
        {
            var fresh = await CatchUpAsync(cancellation);
            // What is wrong with the store is told by the scan.
            if (fresh.Error is not null || fresh.Value == 0)
                return scan;
        }
        var cache = hub.CacheOf(kind);
        for (var made = 0; ; made++)
        {
            var (selection, size, left) = hub.AtOneRevision(revision => Find(cache, terms, range, revision));
            if (made == MostIndexesOfAList || (selection is not null && (size <= WorthAnIndex || left is null)))
                return selection ?? scan;
            if (left is not { } term || await CountAsync(range, cancellation) <= WorthAnIndex)
                return selection ?? scan;
            if (!await MakeIndexAsync(cache, term, cancellation))
                return scan;
        }
    }

    /// <summary>The choice that an earlier page of the same list was taken from; null when it is not kept any more.</summary>
    public IRecordSource? KeptSource(KindDefinition kind, string key, long revision) =>
        hub.AtOneRevision(_ => hub.CacheOf(kind).Indexes.Kept(key, revision));

    /// <summary>Keeps a choice for the list's next pages.</summary>
    public void Keep(KindDefinition kind, string key, IRecordSource source)
    {
        if (source is Selection selection)
        {
            hub.AtOneRevision(_ =>
            {
                hub.CacheOf(kind).Indexes.Keep(key, selection);
                return true;
            });
        }
    }

    private static (Selection? Selection, int Size, SelectorTerm? Left) Find(
        WatchCache cache, List<(SelectorTerm Term, IReadOnlyList<string> Values)> terms, KeyRange range, long revision)
    {
        var selection = cache.Indexes.Find(terms, range, revision, out var size);
        foreach (var (term, _) in terms)
        {
            if (!cache.Indexes.Has(term))
                return (selection, size, term);
        }
        return (selection, size, null);
    }

    /// <summary>Waits until the caches are as new as the store is now; 0 when they do not get there in time.</summary>
    private async ValueTask<StoreResult<long>> CatchUpAsync(CancellationToken cancellation)
    {
        var newest = await NewestAsync(cancellation);
        if (!newest.TryGet(out var revision, out var error))
            return error;
        return await ReachAsync(revision, cancellation) ? revision : 0;
    }

    private async ValueTask<bool> ReachAsync(long revision, CancellationToken cancellation)
    {
        if (hub.Revision >= revision)
            return true;
        using var late = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellation);
        try
        {
            await hub.WaitForAsync(revision, either.Token);
            return true;
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            logger.LogWarning("the caches stand at {Have} and did not reach revision {Wanted} in time: the store is read", hub.Revision, revision);
            return false;
        }
    }

    private async ValueTask<long> CountAsync(KeyRange range, CancellationToken cancellation)
    {
        var counted = await RangeAsync(new(range) { CountOnly = true }, anyState: true, cancellation);
        return counted.TryGet(out var result, out _) ? result.Count : 0;
    }

    /// <summary>Makes an index, or waits for the one who does. False when it cannot be had now.</summary>
    private async ValueTask<bool> MakeIndexAsync(WatchCache cache, SelectorTerm term, CancellationToken cancellation)
    {
        var (slot, isNew) = hub.AtOneRevision(_ => (cache.Indexes.Begin(term, out var made), made));
        if (slot is null)
            return false;
        if (!isNew)
        {
            await slot.Done.Task.WaitAsync(cancellation);
            return hub.AtOneRevision(_ => slot.Index is not null);
        }
        var done = false;
        try
        {
            // All of it, however little this list is about; the next one finds it ready.
            var all = await RangeAsync(new(KeyRange.Prefix(cache.Prefix)), anyState: true, cancellation);
            if (!all.TryGet(out var range, out _) || !await ReachAsync(range.Revision, cancellation))
                return false;
            var index = cache.Indexes.New(term);
            index.Fill(range.Records);
            done = true;
            return hub.AtOneRevision(_ =>
            {
                cache.Indexes.Complete(slot, index, range.Revision);
                return slot.Index is not null;
            });
        }
        finally
        {
            if (!done)
            {
                hub.AtOneRevision(_ =>
                {
                    cache.Indexes.Abandon(slot);
                    return true;
                });
            }
        }
    }

    private sealed class WholeRange(CachedReads reads, bool anyState) : IRecordSource
    {
        public ValueTask<StoreResult<RangeResult>> ReadAsync(RangeRequest request, CancellationToken cancellation) =>
            reads.RangeAsync(request, anyState, cancellation);
    }
}
