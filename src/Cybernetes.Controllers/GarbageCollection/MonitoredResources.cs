using Cybernetes.Client.Discovery;
using Cybernetes.Client.Transport;
using Cybernetes.Objects.Meta.V1;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Controllers.GarbageCollection;

/// <summary>
/// Watches the metadata of every resource that discovery names, and follows what is served as it changes. What another controller watches already is
/// not watched twice, as upstream has it.
/// </summary>
internal sealed class MonitoredResources(ApiClient client, ControllerInformers informers, ILogger logger)
{
    private static readonly string[] s_neededVerbs = ["delete", "list", "watch"];

    /// <summary>Events own nothing worth collecting and come in masses; upstream leaves them out too.</summary>
    private static readonly HashSet<(string, string)> s_ignored = [("", "events"), ("events.k8s.io", "events")];

    private readonly Dictionary<(string Group, string Plural), (Task Listed, Action Stop)> _watched = [];
    private readonly ServedChanges _changes = new(client);
    private Dictionary<(string Group, string Kind), ServedResource> _byKind = [];

    /// <summary>An object was made or changed.</summary>
    public required Action<ServedResource, ObjectMeta> Seen { get; init; }

    /// <summary>An object, by its uid, is gone; false when only its resource is not served any more.</summary>
    public required Action<string, bool> Gone { get; init; }

    /// <summary>The resource of a kind; null when it is not served. Safe to call from any thread.</summary>
    public ServedResource? Find(string group, string kind) => Volatile.Read(ref _byKind).GetValueOrDefault((group, kind));

    /// <summary>Ends when all resources known now have been listed once.</summary>
    public Task WhenListed() => Task.WhenAll(_watched.Values.Select(r => r.Listed));

    /// <summary>
    /// Reads discovery anew where it has changed; begins to watch what is new and stops what is gone. One call at a time.
    /// </summary>
    public async Task RefreshAsync(CancellationToken cancellation)
    {
        if (!await _changes.AnyAsync(cancellation).ConfigureAwait(false))
            return;
        var isWhole = false;
        try
        {
            isWhole = await ReadAsync(cancellation).ConfigureAwait(false);
        }
        finally
        {
            if (!isWhole)
                _changes.Forget();
        }
    }

    /// <returns>False when some of it could not be read.</returns>
    private async Task<bool> ReadAsync(CancellationToken cancellation)
    {
        var unreadable = new List<string>();
        var served = await ServerResources.ListAsync(client, unreadable, cancellation).ConfigureAwait(false);
        var byKind = unreadable.Count > 0 ? new Dictionary<(string, string), ServedResource>(_byKind) : [];
        foreach (var resource in served)
            byKind[(resource.Group, resource.Kind)] = resource;
        Volatile.Write(ref _byKind, byKind);
        var wanted = served.OncePerStore().Where(r => s_neededVerbs.All(r.Verbs.Contains) && !s_ignored.Contains((r.Group, r.Plural)))
            .ToDictionary(r => (r.Group, r.Plural));
        foreach (var (key, resource) in wanted.Where(w => !_watched.ContainsKey(w.Key)))
            Begin(key, resource, cancellation);
        // What could not be read may be served all the same.
        if (unreadable.Count > 0)
            return false;
        foreach (var key in _watched.Keys.Where(k => !wanted.ContainsKey(k)).ToList())
        {
            _watched.Remove(key, out var former);
            former.Stop();
        }
        return true;
    }

    private void Begin((string, string) key, ServedResource resource, CancellationToken cancellation)
    {
        if (informers.FindShared(resource) is { } informer)
        {
            var shared = new SharedMetadata(resource, Seen, Gone);
            var listed = shared.Join(informer);
            _watched[key] = (listed, shared.Leave);
            return;
        }
        var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var reflector = new MetadataReflector(client, resource, logger);
        _watched[key] = (reflector.Listed, stop.Cancel);
        _ = Task.Run(async () =>
        {
            using (stop)
                await reflector.RunAsync(Seen, uid => Gone(uid, true), stop.Token).ConfigureAwait(false);
            if (cancellation.IsCancellationRequested)
                return;
            foreach (var uid in reflector.Known)
                Gone(uid, false);
        }, CancellationToken.None);
    }
}
