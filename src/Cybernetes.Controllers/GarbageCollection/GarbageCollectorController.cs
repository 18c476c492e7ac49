using Cybernetes.Client.Discovery;
using Cybernetes.Client.Queues;
using Cybernetes.Client.Transport;
using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Meta.V1;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Controllers.GarbageCollection;

/// <summary>
/// Deletes what nobody owns any more, and finishes foreground and orphaning deletions. Knows every resource that discovery names, by metadata
/// only; before an object is deleted, it and the owners that seem gone are read from the API server itself.
/// </summary>
internal sealed class GarbageCollectorController(ControllerContext context) : IController
{
    private static readonly TimeSpan s_rediscovery = TimeSpan.FromSeconds(30);

    /// <summary>Events own nothing worth collecting and come in masses; upstream leaves them out too.</summary>
    private static readonly HashSet<string> s_ignored = new(StringComparer.Ordinal) { "events" };

    private readonly ObjectGraph _graph = new();
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Group, string Kind), ServedResource> _byKind = [];
    private readonly Dictionary<ServedResource, (MetadataReflector Reflector, CancellationTokenSource Stop)> _reflectors = [];
    private readonly WorkQueue<string> _queue = context.Queue<string>("garbage_collector");

    public string Name => "garbage-collector-controller";

    public async Task RunAsync(CancellationToken cancellation)
    {
        await DiscoverAsync(cancellation).ConfigureAwait(false);
        // Owners must be known before their dependents are judged, or each would be asked for by itself.
        await Task.WhenAll(_reflectors.Values.Select(r => r.Reflector.Listed)).WaitAsync(cancellation).ConfigureAwait(false);
        var workers = _queue.RunWorkersAsync(context.Options.ConcurrentGarbageCollectorSyncs, ReconcileAsync, context.Logger, cancellation);
        while (!cancellation.IsCancellationRequested)
        {
            await Task.Delay(s_rediscovery, context.Time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!cancellation.IsCancellationRequested)
                await DiscoverAsync(cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await workers.ConfigureAwait(false);
    }

    private async Task DiscoverAsync(CancellationToken cancellation)
    {
        var unreadable = new List<string>();
        var served = await ServerResources.ListAsync(context.Client, unreadable, cancellation).ConfigureAwait(false);
        var wanted = served.Where(r => new[] { "delete", "list", "watch" }.All(r.Verbs.Contains) && !s_ignored.Contains(r.Plural)).ToList();
        lock (_lock)
        {
            foreach (var resource in served)
                _byKind[(resource.Group, resource.Kind)] = resource;
            var known = _reflectors.Keys.Select(r => (r.Group, r.Plural)).ToHashSet();
            foreach (var resource in wanted.Where(r => !known.Contains((r.Group, r.Plural))))
            {
                var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
                var reflector = new MetadataReflector(context.Client, resource, context.Logger);
                _reflectors[resource] = (reflector, stop);
                _ = reflector.RunAsync(Seen, Gone, stop.Token);
            }
            if (unreadable.Count > 0)
                return;
            foreach (var resource in _reflectors.Keys.Where(r => !wanted.Any(w => w.Group == r.Group && w.Plural == r.Plural)).ToList())
            {
                _reflectors.Remove(resource, out var gone);
                gone.Stop.Cancel();
                gone.Stop.Dispose();
            }
        }
    }

    private void Seen(ServedResource resource, ObjectMeta metadata)
    {
        lock (_lock)
            Enqueue(_graph.Set(resource, metadata));
    }

    private void Gone(string uid)
    {
        lock (_lock)
            Enqueue(_graph.Remove(uid));
    }

    private void Enqueue(IReadOnlyList<GraphNode> nodes)
    {
        foreach (var node in nodes)
            _queue.Add(node.Uid);
    }

    private async Task ReconcileAsync(string uid, CancellationToken cancellation)
    {
        GraphNode? node;
        ServedResource? resource;
        List<GraphNode> dependents;
        lock (_lock)
        {
            node = _graph.Find(uid);
            resource = node?.Resource;
            dependents = node is null ? [] : [.. node.Dependents.Where(d => d.WasSeen)];
        }
        if (node is null || resource is null)
            return;
        var metadata = new MetadataClient(context.Client, resource);
        if (node.OrphansDependents)
            await OrphanAsync(node, metadata, dependents, cancellation).ConfigureAwait(false);
        else if (node.DeletesDependents)
            await FinishForegroundAsync(node, metadata, dependents, cancellation).ConfigureAwait(false);
        if (node.Owners.Count > 0 && !node.IsBeingDeleted)
            await JudgeAsync(node, metadata, dependents.Count > 0, cancellation).ConfigureAwait(false);
    }

    private async Task JudgeAsync(GraphNode node, MetadataClient metadata, bool hasDependents, CancellationToken cancellation)
    {
        var live = await metadata.FindAsync(node.Namespace, node.Name, cancellation).ConfigureAwait(false);
        if (live is null || live.Metadata.UID != node.Uid || live.Metadata.DeletionTimestamp is not null)
            return;
        var owners = new List<(OwnerReference, OwnerState)>();
        foreach (var reference in live.Metadata.OwnerReferences.OrEmpty())
            owners.Add((reference, await StateOfAsync(reference, node.Namespace, cancellation).ConfigureAwait(false)));
        if (owners.Count == 0)
            return;
        var verdict = GarbageReconciler.Judge(owners, live.Metadata.Finalizers.OrEmpty(), hasDependents);
        switch (verdict)
        {
            case GarbageVerdict.Keep:
                return;
            case GarbageVerdict.DropReferences:
                foreach (var (reference, _) in owners.Where(o => o.Item2 != OwnerState.Alive))
                    await metadata.PatchAsync(node.Namespace, node.Name, Claims.Release(reference.UID, node.Uid), cancellation).ConfigureAwait(false);
                return;
        }
        var policy = verdict switch { GarbageVerdict.DeleteForeground => "Foreground", GarbageVerdict.DeleteOrphan => "Orphan", _ => "Background" };
        context.Logger.LogDebug("garbage: {Node} ({Policy})", node, policy);
        var options = new DeleteOptions
        {
            PropagationPolicy = policy,
            Preconditions = new Preconditions { UID = node.Uid, ResourceVersion = live.Metadata.ResourceVersion },
        };
        await context.Client.IgnoreNotFoundAsync(_ => metadata.DeleteAsync(node.Namespace, node.Name, options, cancellation)).ConfigureAwait(false);
    }

    private async Task<OwnerState> StateOfAsync(OwnerReference reference, string ns, CancellationToken cancellation)
    {
        ServedResource? resource;
        lock (_lock)
        {
            if (_graph.Find(reference.UID) is { WasSeen: true } owner)
                return owner.DeletesDependents ? OwnerState.WaitsForDependents : OwnerState.Alive;
            var slash = reference.APIVersion.IndexOf('/');
            resource = _byKind.GetValueOrDefault((slash < 0 ? "" : reference.APIVersion[..slash], reference.Kind));
        }
        // A kind that is not served may come back (its CRD, its aggregated server): that proves nothing about its objects.
        if (resource is null)
            throw new ReconcileFailedException($"owner kind {reference.APIVersion} {reference.Kind} is not served");
        var live = await new MetadataClient(context.Client, resource).FindAsync(resource.IsNamespaced ? ns : "", reference.Name, cancellation).ConfigureAwait(false);
        return live is null || live.Metadata.UID != reference.UID ? OwnerState.Gone : OwnerState.Alive;
    }

    private async Task OrphanAsync(GraphNode node, MetadataClient metadata, List<GraphNode> dependents, CancellationToken cancellation)
    {
        foreach (var dependent in dependents)
        {
            var patch = Claims.Release(node.Uid, dependent.Uid);
            await context.Client.IgnoreNotFoundAsync(c =>
                new MetadataClient(c, dependent.Resource!).PatchAsync(dependent.Namespace, dependent.Name, patch, cancellation)).ConfigureAwait(false);
        }
        await RemoveFinalizerAsync(node, metadata, "orphan", cancellation).ConfigureAwait(false);
    }

    private async Task FinishForegroundAsync(GraphNode node, MetadataClient metadata, List<GraphNode> dependents, CancellationToken cancellation)
    {
        var blocking = dependents.Where(d => d.Blocks(node)).ToList();
        if (blocking.Count == 0)
        {
            await RemoveFinalizerAsync(node, metadata, "foregroundDeletion", cancellation).ConfigureAwait(false);
            return;
        }
        foreach (var dependent in blocking.Where(d => !d.IsBeingDeleted))
            _queue.Add(dependent.Uid);
    }

    private async Task RemoveFinalizerAsync(GraphNode node, MetadataClient metadata, string finalizer, CancellationToken cancellation)
    {
        var live = await metadata.FindAsync(node.Namespace, node.Name, cancellation).ConfigureAwait(false);
        if (live is null || live.Metadata.UID != node.Uid || !live.Metadata.Finalizers.OrEmpty().Contains(finalizer))
            return;
        var patch = FinalizerPatch.Without(live.Metadata, finalizer);
        await context.Client.IgnoreNotFoundAsync(_ => metadata.PatchAsync(node.Namespace, node.Name, patch, cancellation)).ConfigureAwait(false);
    }
}
