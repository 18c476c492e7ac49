using System.Text;
using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Pipeline;
using Cybernetes.ApiServer.Watch;
using Cybernetes.Store;

namespace Cybernetes.ApiServer.Registry;

/// <summary>
/// GET with <c>watch=true</c>: a stream of frames. A revision in the past is answered from the cache's ring; without one, or with 0, the
/// present state comes first as additions.
/// </summary>
internal static class WatchVerb
{
    private const int BatchSize = 128;
    private static readonly TimeSpan MinTimeout = TimeSpan.FromMinutes(30); // upstream's --min-request-timeout, doubled at most by chance
    private static readonly TimeSpan BookmarkPeriod = TimeSpan.FromMinutes(1);

    public static async Task HandleAsync(ApiRequest request, RegistryServices services)
    {
        var options = ListOptions.Read(request, watch: true);
        var frames = new WatchFrames(request);
        var cache = services.Hub.CacheOf(request.Kind);
        var watcher = new Watcher(options.Filter);
        var response = request.Http.Response;
        response.StatusCode = 200;
        response.ContentType = frames.ContentType;

        var (after, state) = await BeginAsync(request, options, services);
        if (!cache.TryJoin(watcher, after, out var oldest))
        {
            // Upstream answers 200 and says in the stream that the revision is gone.
            frames.WriteError(Failure.Expired($"too old resource version: {after} ({oldest})"));
            await frames.FlushAsync();
            return;
        }
        try
        {
            if (state is not null)
                await WriteStateAsync(frames, state, after, options.SendInitialEvents == true);
            await frames.FlushAsync(); // sends the headers, also when there is nothing yet
            await FollowAsync(request, services, options, cache, watcher, frames, after);
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
        var ns = request.Kind.Namespaced ? request.Info.Namespace : "";
        var page = await ListVerb.ReadAsync(request.Kind, ns, new() { Filter = options.Filter }, services, request.Aborted);
        return (page.Revision, wantsState ? page.Items : null);
    }

    private static async Task WriteStateAsync(WatchFrames frames, IReadOnlyList<Record> state, long revision, bool markEnd)
    {
        foreach (var record in state)
        {
            frames.Write(WatchEventType.Added, record.Value);
            await frames.FlushIfLargeAsync();
        }
        if (markEnd)
            frames.WriteBookmark(revision, initialEventsEnd: true);
    }

    private static async Task FollowAsync(
        ApiRequest request, RegistryServices services, ListOptions options, WatchCache cache, Watcher watcher, WatchFrames frames, long after)
    {
        var end = request.Received + (options.Timeout ?? MinTimeout * (1 + services.Random.NextDouble()));
        var bookmark = options.AllowBookmarks ? NextBookmark(services) : DateTimeOffset.MaxValue;
        var batch = new CachedEvent[BatchSize];
        while (true)
        {
            watcher.Due = end < bookmark ? end : bookmark;
            var revision = services.Hub.Revision; // before the take: what comes later is not covered by a bookmark
            var count = cache.Take(watcher, batch);
            if (count < 0)
                return; // too slow, or the server stops: the client watches again from what it has seen
            for (var i = 0; i < count; i++)
            {
                if (batch[i].Revision > after && batch[i].For(options.Filter) is { } type)
                    frames.Write(type, type == WatchEventType.Deleted ? batch[i].LastState : batch[i].State);
            }
            if (count > 0)
            {
                await frames.FlushAsync();
                continue;
            }

            var now = services.Time.GetUtcNow();
            if (now >= end)
                return;
            if (now >= bookmark)
            {
                frames.WriteBookmark(Math.Max(revision, after), initialEventsEnd: false);
                await frames.FlushAsync();
                bookmark = NextBookmark(services);
                continue;
            }
            await watcher.WaitAsync(request.Aborted);
        }
    }

    private static DateTimeOffset NextBookmark(RegistryServices services) =>
        services.Time.GetUtcNow() + BookmarkPeriod * (0.9 + 0.2 * services.Random.NextDouble());
}

/// <summary>Writes watch frames in the form the client asked for.</summary>
internal sealed class WatchFrames
{
    private const int LargeBytes = 64 * 1024;
    private static readonly byte[] End = "}\n"u8.ToArray();
    private readonly ApiRequest _request;
    private readonly AcceptedMedia _media;
    private bool _headersSent;

    public WatchFrames(ApiRequest request)
    {
        _request = request;
        _media = MediaNegotiation.Negotiate(request.Http.Request.Headers.Accept, transforms: true);
        if (_media.Format == MediaFormat.Yaml || _media.Transform == MediaTransform.PartialObjectMetadataList)
            throw Failure.NotAcceptable("application/json;stream=watch");
    }

    public string ContentType => "application/json";

    public void Write(WatchEventType type, ReadOnlyMemory<byte> stored)
    {
        var body = _media.Transform switch
        {
            MediaTransform.Table => ObjectForms.Table(_request, _media, [stored], "", headers: !_headersSent),
            MediaTransform.PartialObjectMetadata => ObjectForms.Partial(_media, stored),
            _ => ObjectForms.Serve(_request.Target, stored),
        };
        _headersSent = true;
        Frame(type switch
        {
            WatchEventType.Added => "{\"type\":\"ADDED\",\"object\":"u8,
            WatchEventType.Modified => "{\"type\":\"MODIFIED\",\"object\":"u8,
            _ => "{\"type\":\"DELETED\",\"object\":"u8,
        }, body.Span);
    }

    public void WriteBookmark(long revision, bool initialEventsEnd)
    {
        var version = _request.Target.Version;
        var mark = initialEventsEnd ? ",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}" : "";
        var metadata = $"{{\"resourceVersion\":\"{revision}\",\"creationTimestamp\":null{mark}}}";
        var body = _media.Transform switch
        {
            MediaTransform.Table => $"{{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/{_media.MetaVersion}\",\"metadata\":"
                + $"{{\"resourceVersion\":\"{revision}\"}},\"columnDefinitions\":null,\"rows\":[{{\"cells\":[],\"object\":"
                + $"{{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/{_media.MetaVersion}\",\"metadata\":{metadata}}}}}]}}",
            MediaTransform.PartialObjectMetadata =>
                $"{{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/{_media.MetaVersion}\",\"metadata\":{metadata}}}",
            _ => $"{{\"kind\":\"{version.Kind}\",\"apiVersion\":\"{version.APIVersion}\",\"metadata\":{metadata}}}",
        };
        Frame("{\"type\":\"BOOKMARK\",\"object\":"u8, Encoding.UTF8.GetBytes(body));
    }

    public void WriteError(RequestFailure failure) => Frame("{\"type\":\"ERROR\",\"object\":"u8, failure.ToJson());

    public async ValueTask FlushAsync() => await _request.Http.Response.BodyWriter.FlushAsync(_request.Aborted);

    public ValueTask FlushIfLargeAsync() =>
        _request.Http.Response.BodyWriter is { CanGetUnflushedBytes: true, UnflushedBytes: < LargeBytes } ? ValueTask.CompletedTask : FlushAsync();

    private void Frame(ReadOnlySpan<byte> start, ReadOnlySpan<byte> body)
    {
        var writer = _request.Http.Response.BodyWriter;
        Answers.Copy(writer, start);
        Answers.Copy(writer, body);
        Answers.Copy(writer, End);
    }
}
