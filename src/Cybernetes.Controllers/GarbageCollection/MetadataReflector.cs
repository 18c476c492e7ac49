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

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_suspiciouslyShort = TimeSpan.FromSeconds(1);

    private readonly MetadataClient _metadata = new(client, resource);
    private readonly TaskCompletionSource _listed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private HashSet<string> _known = new(StringComparer.Ordinal);
    private string _revision = "";

    /// <summary>Ends when the first list has been told.</summary>
    public Task Listed => _listed.Task;

    /// <summary>The uids told and not taken back. To be read when <see cref="RunAsync"/> has ended.</summary>
    public IReadOnlyCollection<string> Known => _known;

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
                if (await WatchAsync(set, removed, cancellation).ConfigureAwait(false))
                {
                    backoff.Reset();
                    continue;
                }
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                // Whatever could not be read, by expiry or by damage, is whole again after a list. A loop that ends would leave the graph
                // without a resource for ever: no exception may end it.
                if (failure is not (HttpRequestException or IOException or TimeoutException or OperationCanceledException))
                    _revision = "";
                logger.LogDebug("{Resource} is read again: {Reason}", resource, failure.Message);
            }
            await Task.Delay(backoff.Next(), client.Time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ListAsync(Action<ServedResource, ObjectMeta> set, Action<string> removed, CancellationToken cancellation)
    {
        var now = new HashSet<string>(StringComparer.Ordinal);
        string? next = null;
        var revision = "";
        do
        {
            var (list, items) = await _metadata.ListAsync(null, new ListQuery { Limit = PageSize, Continue = next }, cancellation)
                .ConfigureAwait(false);
            foreach (var item in items)
            {
                now.Add(item.Metadata.UID);
                _known.Add(item.Metadata.UID);
                set(resource, item.Metadata);
            }
            revision = list.ResourceVersion;
            next = list.Continue;
        }
        while (!string.IsNullOrEmpty(next));
        foreach (var gone in _known.Where(uid => !now.Contains(uid)))
            removed(gone);
        _known = now;
        _revision = revision;
        _listed.TrySetResult();
    }

    /// <returns>False when the watch ended so soon, and with so little, that the next should wait.</returns>
    private async Task<bool> WatchAsync(Action<ServedResource, ObjectMeta> set, Action<string> removed, CancellationToken cancellation)
    {
        var lasts = client.Options.ShortestWatch;
        var query = new ListQuery { ResourceVersion = _revision, AllowWatchBookmarks = true, TimeoutSeconds = (int)lasts.TotalSeconds };
        // A server that neither sends nor ends the watch when it said it would is not there any more.
        using var deadline = new CancellationTokenSource(lasts + s_patience, client.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        var start = client.Time.GetTimestamp();
        var anyEvent = false;
        await foreach (var (type, item) in _metadata.WatchAsync(query, either.Token).ConfigureAwait(false))
        {
            anyEvent = true;
            _revision = item.Metadata.ResourceVersion;
            if (type == WatchEventType.Bookmark)
                continue;
            if (type == WatchEventType.Deleted)
            {
                _known.Remove(item.Metadata.UID);
                removed(item.Metadata.UID);
                continue;
            }
            _known.Add(item.Metadata.UID);
            set(resource, item.Metadata);
        }
        return anyEvent || client.Time.GetElapsedTime(start) >= s_suspiciouslyShort;
    }
}
