using System.Buffers;
using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Pipeline;
using Cybernetes.ApiServer.Watch;
using Cybernetes.Store;
using Microsoft.Extensions.Logging;

namespace Cybernetes.ApiServer.Registry;

/// <summary>
/// GET with <c>watch=true</c>: a stream of frames. A revision in the past is answered from the cache's ring; without one, or with 0, the
/// present state comes first as additions.
/// </summary>
internal static class WatchVerb
{
    private const int BatchSize = 128;
    private static readonly TimeSpan MinTimeout = TimeSpan.FromMinutes(30); // upstream's --min-request-timeout, doubled at most by chance

    public static async Task HandleAsync(ApiRequest request, RegistryServices services)
    {
        var options = ListOptions.Read(request, watch: true);
        await using IWatchConnection connection =
            WebSocketUpgrade.IsAsked(request.Http) ? new SocketWatchConnection(request) : new BodyWatchConnection(request);
        var frames = new WatchFrames(request, connection);
        var cache = services.Hub.CacheOf(request.Kind);
        var watcher = new Watcher(options.Filter);

        var (after, state) = await BeginAsync(request, options, services);
        var joined = cache.TryJoin(watcher, after, out var oldest);
        try
        {
            await connection.StartAsync();
            if (!joined)
            {
                // Upstream answers 200 and says in the stream that the revision is gone.
                frames.WriteError(Failure.Expired($"too old resource version: {after} ({oldest})"));
                await frames.FlushAsync();
                return;
            }
            if (state is not null)
                await WriteStateAsync(frames, state, after, options is { SendInitialEvents: true, AllowBookmarks: true });
            await frames.FlushAsync(); // sends the headers, also when there is nothing yet
            await FollowAsync(request, services, options, cache, watcher, frames, connection.Gone, after);
        }
        catch (OperationCanceledException) when (connection.Gone.IsCancellationRequested && !request.Aborted.IsCancellationRequested)
        {
            services.Logger.LogDebug("the client closed its watch of {Path}", request.Info.Path);
        }
        finally
        {
            cache.Leave(watcher);
        }
    }

    /// <summary>The revision to follow from and, where the watch begins with it, the state of that revision.</summary>
    private static async ValueTask<(long After, IReadOnlyList<Record>? State)> BeginAsync(
        ApiRequest request, ListOptions options, RegistryServices services)
    {
        var wantsState = options.SendInitialEvents ?? options.ResourceVersion is null or 0;
        if (!wantsState && options.ResourceVersion is > 0 and var asked)
            return (asked, null);
        if (options.ResourceVersion is > 0 and var least)
            await Freshness.DemandAsync(services, least, request.Aborted);
        if (!wantsState)
            return (await Freshness.NewestAsync(services, request.Aborted), null);
        var ns = request.Kind.Namespaced ? request.Info.Namespace : "";
        // What the caches have will do where a revision is named; "the most recent" asks the store how far it is.
        ListOptions state = new() { Filter = options.Filter, ResourceVersion = options.ResourceVersion is null ? null : 0 };
        var page = await ListVerb.ReadAsync(request.Kind, ns, state, services, request.Aborted);
        return (page.Revision, page.Items);
    }

    private static async Task WriteStateAsync(WatchFrames frames, IReadOnlyList<Record> state, long revision, bool markEnd)
    {
        foreach (var record in state)
        {
            frames.WriteAdded(record.Value);
            await frames.FlushIfLargeAsync();
        }
        if (markEnd)
            frames.WriteBookmark(revision, initialEventsEnd: true);
    }

    private static async Task FollowAsync(
        ApiRequest request, RegistryServices services, ListOptions options, WatchCache cache, Watcher watcher, WatchFrames frames,
        CancellationToken gone, long after)
    {
        var end = request.Received + (options.Timeout ?? MinTimeout * (1 + services.Random.NextDouble()));
        var bookmark = options.AllowBookmarks ? NextBookmark(services) : DateTimeOffset.MaxValue;
        var told = after;
        await using var registration = gone.UnsafeRegister(static w => ((Watcher)w!).Wake(), watcher);
        while (true)
        {
            if (gone.IsCancellationRequested)
            {
                // The usual end of a watch: not worth an exception.
                services.Logger.LogDebug("the client closed its watch of {Path}", request.Info.Path);
                return;
            }
            var revision = services.Hub.Revision; // before the take: what comes later is not covered by a bookmark
            var last = await DrainAsync(cache, watcher, frames, after);
            if (last < 0)
                return; // too slow, or the server stops: the client watches again from what it has seen
            told = Math.Max(told, last);

            var now = services.Time.GetUtcNow();
            // Where an event of a transaction that is just being taken over has gone out, the caches are not yet at its revision. What is pending
            // belongs to the next round, and may be older than the caches' revision.
            if ((now >= bookmark || (now >= end && options.AllowBookmarks)) && revision >= told && !watcher.HasPending)
            {
                frames.WriteBookmark(told = revision, initialEventsEnd: false);
                await frames.FlushAsync();
                bookmark = NextBookmark(services);
            }
            if (now >= end)
                return;
            cache.SetDue(watcher, end < bookmark ? end : bookmark);
            await watcher.WaitAsync();
        }
    }

    /// <summary>Writes all that is ready; the revision of the last change, 0 when there was none, -1 when the watcher has been cut off.</summary>
    private static async ValueTask<long> DrainAsync(WatchCache cache, Watcher watcher, WatchFrames frames, long after)
    {
        if (!watcher.HasPending && !watcher.IsCut)
            return 0;
        // Thousands wait for each that writes: the room is borrowed for the time of it.
        var batch = ArrayPool<CachedEvent>.Shared.Rent(BatchSize);
        long last = 0;
        try
        {
            int count;
            do
            {
                count = cache.Take(watcher, batch.AsSpan(0, BatchSize), out var place);
                if (count < 0)
                    return count;
                if (count > 0 && place >= 0 && batch[0].Revision > after
                    && frames.WriteRound(cache, place, batch.AsSpan(0, count), watcher.Filter) is { } written)
                {
                    last = Math.Max(last, written);
                    await frames.FlushIfLargeAsync();
                    continue;
                }
                frames.Expect(WatchFrames.BytesOf(batch.AsSpan(0, count)));
                for (var i = 0; i < count; i++)
                {
                    if (batch[i].Revision <= after || batch[i].For(watcher.Filter) is not { } type)
                        continue;
                    frames.Write(type, batch[i]);
                    last = batch[i].Revision;
                    await frames.FlushIfLargeAsync();
                }
            }
            while (count == BatchSize);
            if (last > 0)
                await frames.FlushAsync();
            return last;
        }
        finally
        {
            ArrayPool<CachedEvent>.Shared.Return(batch, clearArray: true);
        }
    }

    private static DateTimeOffset NextBookmark(RegistryServices services) =>
        services.Time.GetUtcNow() + services.BookmarkPeriod * (0.9 + 0.2 * services.Random.NextDouble());
}
