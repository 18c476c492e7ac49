using Cybernetes.Client.Discovery;
using Cybernetes.Client.Transport;
using Cybernetes.Foundation;
using Cybernetes.Objects;
using Cybernetes.Objects.Meta.V1;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Controllers.GarbageCollection;

/// <summary>Tells of every object of one resource, by its metadata: list, then watch, and again after a break.</summary>
internal sealed class MetadataReflector(ApiClient client, ServedResource resource, ILogger logger)
{
    private const int PageSize = 500;
    private const int WatchSeconds = 300;

    private readonly MetadataClient _metadata = new(client, resource);
    private readonly TaskCompletionSource _listed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Dictionary<string, ObjectMeta> _known = new(StringComparer.Ordinal);
    private string _revision = "";

    public ServedResource Resource => resource;

    /// <summary>Ends when the first list has been told.</summary>
    public Task Listed => _listed.Task;

    /// <summary>Runs until cancelled. The callbacks come from one loop, in order.</summary>
    public async Task RunAsync(Action<ServedResource, ObjectMeta> set, Action<string> removed, CancellationToken cancellation)
    {
        var backoff = new Backoff(new(TimeSpan.FromMilliseconds(800), TimeSpan.FromSeconds(30)) { Jitter = 1 }, client.Options.Random);
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                if (_revision.Length == 0)
                    await ListAsync(set, removed, cancellation).ConfigureAwait(false);
                await WatchAsync(set, removed, cancellation).ConfigureAwait(false);
                backoff.Reset();
                continue;
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure) when (failure is ApiStatusException or HttpRequestException or IOException or TimeoutException or ObjectDecodeException)
            {
                if (failure is ApiStatusException { IsExpired: true } or ObjectDecodeException)
                    _revision = "";
                logger.LogDebug("{Resource} is read again: {Reason}", resource, failure.Message);
            }
            await Task.Delay(backoff.Next(), client.Time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ListAsync(Action<ServedResource, ObjectMeta> set, Action<string> removed, CancellationToken cancellation)
    {
        var now = new Dictionary<string, ObjectMeta>(StringComparer.Ordinal);
        string? next = null;
        do
        {
            var (list, items) = await _metadata.ListAsync(null, new ListQuery { Limit = PageSize, Continue = next }, cancellation).ConfigureAwait(false);
            foreach (var item in items)
            {
                now[item.Metadata.UID] = item.Metadata;
                set(resource, item.Metadata);
            }
            _revision = list.ResourceVersion;
            next = list.Continue;
        }
        while (!string.IsNullOrEmpty(next));
        foreach (var gone in _known.Keys.Where(uid => !now.ContainsKey(uid)))
            removed(gone);
        _known = now;
        _listed.TrySetResult();
    }

    private async Task WatchAsync(Action<ServedResource, ObjectMeta> set, Action<string> removed, CancellationToken cancellation)
    {
        var query = new ListQuery { ResourceVersion = _revision, AllowWatchBookmarks = true, TimeoutSeconds = WatchSeconds };
        await foreach (var (type, item) in _metadata.WatchAsync(query, cancellation).ConfigureAwait(false))
        {
            _revision = item.Metadata.ResourceVersion;
            if (type == WatchEventType.Bookmark)
                continue;
            if (type == WatchEventType.Deleted)
            {
                _known.Remove(item.Metadata.UID);
                removed(item.Metadata.UID);
                continue;
            }
            _known[item.Metadata.UID] = item.Metadata;
            set(resource, item.Metadata);
        }
    }
}
