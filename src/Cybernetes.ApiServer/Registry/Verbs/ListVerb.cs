using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Pipeline;
using Cybernetes.ApiServer.Watch;
using Cybernetes.Store;

namespace Cybernetes.ApiServer.Registry;

/// <summary>GET of a collection: all of one revision, whole or in pages.</summary>
internal static class ListVerb
{
    private const int FilteredChunk = 500;
    private const string PageExpired = "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
        + "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided "
        + "token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned "
        + "and now may show up in the list.";

    public static async Task HandleAsync(ApiRequest request, RegistryServices services)
    {
        var options = ListOptions.Read(request, watch: false);
        var page = await ReadAsync(request.Kind, request.Kind.Namespaced ? request.Info.Namespace : "", options, services, request.Aborted);
        await ListWriter.WriteAsync(request, page);
    }

    /// <summary>One page.</summary>
    public static async ValueTask<ListPage> ReadAsync(
        KindDefinition kind, string ns, ListOptions options, RegistryServices services, CancellationToken cancellation)
    {
        var range = RangeOf(kind, options.Filter);
        var prefix = RegistryServices.RangeOf(kind, ns).Start;
        long revision = 0;
        // Any state will do for revision 0, and for "not older" once the caches have that one.
        var anyState = options is { ResourceVersion: not null, ResourceVersionMatch: not "Exact" };
        if (options.Continue.Length > 0)
        {
            var token = ContinueToken.Read(options.Continue, prefix, range);
            if (options.ResourceVersion is > 0)
                throw Failure.BadRequest("specifying resource version is not allowed when using continue");
            (revision, anyState) = (Math.Max(token.Revision, 0), false);
            range = KeyRange.Between(token.Start, range.End);
        }
        else if (options.ResourceVersion is > 0 and var asked)
        {
            await Freshness.DemandAsync(services, asked, cancellation);
            // Without a match, a page of a named revision is of exactly that one: upstream's rule of old.
            if (options.ResourceVersionMatch == "Exact" || (options.ResourceVersionMatch.Length == 0 && options.Limit > 0))
                revision = asked;
        }

        var source = await SourceAsync(kind, options, range, revision, anyState, services, cancellation);
        var items = new List<Record>();
        while (true)
        {
            var limit = options.Limit == 0 ? 0 : options.Filter.IsEverything ? options.Limit : Math.Max(options.Limit, FilteredChunk);
            var result = await source.ReadAsync(new(range) { Limit = limit, Revision = revision }, cancellation);
            if (!result.TryGet(out var chunk, out var error))
                throw FailureOf(error, options, prefix, range);
            if (revision == 0)
                revision = chunk.Revision;
            // All there is: as the store gives it.
            if (options is { Limit: 0, Filter.IsEverything: true } && items.Count == 0 && !chunk.More)
                return new(chunk.Records, revision, "", null);
            var taken = Take(chunk.Records, options, items);
            var full = options.Limit > 0 && items.Count == options.Limit;
            var more = chunk.More || taken < chunk.Records.Count;
            if (full && more)
            {
                services.Reads.Keep(kind, options.Filter.SelectorKey, source);
                return new(items, revision, ContinueToken.After(prefix, revision, chunk.Records[taken - 1].Key),
                    options.Filter.IsEverything ? chunk.Count - taken : null);
            }
            if (!more)
                return new(items, revision, "", null);
            range = range.After(chunk.Records[^1].Key);
        }
    }

    /// <summary>Where the list reads: the newest state by indexes, an older one where an earlier page left it or else from the store.</summary>
    private static async ValueTask<IRecordSource> SourceAsync(
        KindDefinition kind, ListOptions options, KeyRange range, long revision, bool anyState, RegistryServices services,
        CancellationToken cancellation)
    {
        var filter = options.Filter;
        var oneKey = filter.PinnedName.Length > 0 && (!kind.Namespaced || filter.PinnedNamespace.Length > 0);
        if (filter.IsEverything || oneKey)
            return services.Reads.Scan(anyState);
        return revision == 0
            ? await services.Reads.SourceAsync(kind, filter, range, anyState, cancellation)
            : services.Reads.KeptSource(kind, filter.SelectorKey, revision) ?? services.Reads.Scan(anyState);
    }

    /// <summary>Adds the matching records until the page is full; says how many records were looked at.</summary>
    private static int Take(IReadOnlyList<Record> records, ListOptions options, List<Record> items)
    {
        var everything = options.Filter.IsEverything;
        for (var i = 0; i < records.Count; i++)
        {
            if (everything || options.Filter.Matches(records[i]))
                items.Add(records[i]);
            if (options.Limit > 0 && items.Count == options.Limit)
                return i + 1;
        }
        return records.Count;
    }

    private static KeyRange RangeOf(KindDefinition kind, ObjectFilter filter) =>
        filter.PinnedName.Length > 0 && (!kind.Namespaced || filter.PinnedNamespace.Length > 0)
            ? KeyRange.Key(RegistryServices.KeyOf(kind, filter.PinnedNamespace, filter.PinnedName))
            : RegistryServices.RangeOf(kind, filter.PinnedNamespace);

    private static RequestFailure FailureOf(StoreError error, ListOptions options, string prefix, KeyRange range) => error.Kind switch
    {
        StoreErrorKind.Compacted when options.Continue.Length > 0 =>
            Failure.Expired(PageExpired, ContinueToken.After(prefix, -1, range.Start.TrimEnd('\0'))),
        StoreErrorKind.FutureRevision => Failure.TooLargeResourceVersion(options.ResourceVersion ?? 0, error.CurrentRevision),
        _ => StoredJson.FailureOf(error),
    };
}

/// <summary>One page of a list.</summary>
/// <param name="Items">The records, by key.</param>
/// <param name="Revision">The revision all of them are of.</param>
/// <param name="Continue">Token of the next page; empty on the last.</param>
/// <param name="Remaining">Items after this page; null when unknown.</param>
internal sealed record ListPage(IReadOnlyList<Record> Items, long Revision, string Continue, long? Remaining);
