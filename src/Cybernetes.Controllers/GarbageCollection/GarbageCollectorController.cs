using Cybernetes.Client.Discovery;
using Cybernetes.Client.Events;
using Cybernetes.Client.Queues;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Meta.V1;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Controllers.GarbageCollection;

/// <summary>
/// Deletes what nobody owns any more, and finishes foreground and orphaning deletions. Knows every resource that discovery names, by metadata
/// only; before an object is deleted, it and the owners that seem gone are read from the API server itself.
/// </summary>
internal sealed class GarbageCollectorController : IController
{
    private static readonly TimeSpan s_rediscovery = TimeSpan.FromSeconds(30);

    /// <summary>One resource that cannot be listed must not keep all others from being collected.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly ControllerContext _context;
    private readonly ObjectGraph _graph = new();
    private readonly Lock _lock = new();
    private readonly MonitoredResources _resources;
    private readonly WorkQueue<string> _queue;
    private readonly IEventRecorder _events;

    public GarbageCollectorController(ControllerContext context)
    {
        _context = context;
        _queue = context.Queue<string>("garbage_collector");
        _events = context.Recorder("garbage-collector-controller");
        _resources = new MonitoredResources(context.Client, context.Informers, context.Logger) { Seen = Seen, Gone = Gone };
    }

    public string Name => "garbage-collector-controller";

    public async Task RunAsync(CancellationToken cancellation)
    {
        await _resources.RefreshAsync(cancellation).ConfigureAwait(false);
        // Owners should be known before their dependents are judged, or each would be asked for by itself.
        await _resources.WhenListed().WaitAsync(s_patience, _context.Time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var workers = _queue.RunWorkersAsync(
            _context.Options.ConcurrentGarbageCollectorSyncs, ReconcileAsync, _context.Logger, cancellation);
        while (!cancellation.IsCancellationRequested)
        {
            await Task.Delay(s_rediscovery, _context.Time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (cancellation.IsCancellationRequested)
                break;
            try
            {
                await _resources.RefreshAsync(cancellation).ConfigureAwait(false);
            }
            catch (Exception failure) when (!cancellation.IsCancellationRequested)
            {
                _context.Logger.LogWarning("discovery failed, tried again in {Period}: {Reason}", s_rediscovery, failure.Message);
            }
        }
        await workers.ConfigureAwait(false);
    }

    private void Seen(ServedResource resource, ObjectMeta metadata)
    {
        lock (_lock)
            Enqueue(_graph.Set(resource, metadata));
    }

    private void Gone(string uid, bool isDeleted)
    {
        lock (_lock)
            Enqueue(_graph.Remove(uid, isDeleted));
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
        List<GraphNode> orphans;
        bool isKept, isInCircle, hasDependents, isBlocked;
        lock (_lock)
        {
            node = _graph.Find(uid);
            resource = node?.Resource;
            // Not copied for every look: an owner of thousands is looked at as each of them goes.
            orphans = node is { OrphansDependents: true } ? [.. node.Dependents.Where(d => d.WasSeen)] : [];
            hasDependents = node is { Dependents.Count: > 0 };
            isBlocked = node is { Blocking.Count: > 0 };
            isKept = node is not null && _graph.HasOnlyLivingOwners(node);
            isInCircle = node is not null && _graph.IsInCircle(node);
        }
        if (node is null || resource is null)
            return;
        var metadata = new MetadataClient(_context.Client, resource);
        if (node.OrphansDependents)
            await OrphanAsync(node, metadata, orphans, cancellation).ConfigureAwait(false);
        else if (node.DeletesDependents && !isBlocked)
            await RemoveFinalizerAsync(node, metadata, "foregroundDeletion", cancellation).ConfigureAwait(false);
        if (node.Owners.Count > 0 && !node.IsBeingDeleted && !isKept)
            await JudgeAsync(node, metadata, hasDependents, isInCircle, cancellation).ConfigureAwait(false);
        else if (node.DeletesDependents && isInCircle)
            await BreakCircleAsync(node, metadata, cancellation).ConfigureAwait(false);
    }

    private async Task JudgeAsync(
        GraphNode node, MetadataClient metadata, bool hasDependents, bool isInCircle, CancellationToken cancellation)
    {
        var live = await metadata.FindAsync(node.Namespace, node.Name, cancellation).ConfigureAwait(false);
        if (live is null || live.Metadata.UID != node.Uid || live.Metadata.DeletionTimestamp is not null)
            return;
        var owners = new List<(OwnerReference Reference, OwnerState State)>();
        foreach (var reference in live.Metadata.OwnerReferences.OrEmpty())
        {
            if (await StateOfAsync(reference, node.Namespace, cancellation).ConfigureAwait(false) is not { } state)
            {
                TellInvalid(node, metadata.Resource, reference);
                return;
            }
            if (state == OwnerState.Gone && IsElsewhere(reference, node.Namespace))
                TellInvalid(node, metadata.Resource, reference);
            owners.Add((reference, state));
        }
        if (owners.Count == 0)
            return;
        var verdict = GarbageReconciler.Judge(owners, live.Metadata.Finalizers.OrEmpty(), hasDependents);
        if (verdict == GarbageVerdict.Keep)
            return;
        if (verdict == GarbageVerdict.DropReferences)
        {
            var lost = owners.Where(o => o.State != OwnerState.Alive).Select(o => o.Reference.UID).ToHashSet(StringComparer.Ordinal);
            await PatchAsync(node, metadata, MetadataPatch.WithoutOwners(live.Metadata, lost), cancellation).ConfigureAwait(false);
            return;
        }
        var version = live.Metadata.ResourceVersion;
        if (isInCircle && owners.Any(o => o.State == OwnerState.WaitsForDependents))
        {
            // The patch changes the version; the uid is enough to hit no namesake.
            await PatchAsync(node, metadata, MetadataPatch.Unblocking(live.Metadata), cancellation).ConfigureAwait(false);
            version = null;
        }
        var policy = verdict switch
        {
            GarbageVerdict.DeleteForeground => "Foreground",
            GarbageVerdict.DeleteOrphan => "Orphan",
            _ => "Background",
        };
        _context.Logger.LogDebug("garbage: {Node} ({Policy})", node, policy);
        var options = new DeleteOptions
        {
            PropagationPolicy = policy,
            Preconditions = new Preconditions { UID = node.Uid, ResourceVersion = version },
        };
        await _context.Client.IgnoreNotFoundAsync(_ => metadata.DeleteAsync(node.Namespace, node.Name, options, cancellation))
            .ConfigureAwait(false);
    }

    /// <returns>Null when the reference can never be resolved: an object of the whole cluster cannot be owned from inside a namespace.</returns>
    private async Task<OwnerState?> StateOfAsync(OwnerReference reference, string ns, CancellationToken cancellation)
    {
        lock (_lock)
        {
            var owner = _graph.Find(reference.UID);
            if (owner is { IsGone: true })
                return OwnerState.Gone;
            if (owner is not null && owner.IsMeantBy(reference, ns))
                return owner.DeletesDependents ? OwnerState.WaitsForDependents : OwnerState.Alive;
        }
        // A kind that is not served may come back (its CRD, its aggregated server): that proves nothing about its objects.
        var resource = _resources.Find(GraphNode.GroupOf(reference.APIVersion), reference.Kind)
            ?? throw new ReconcileFailedException($"owner kind {reference.APIVersion} {reference.Kind} is not served");
        if (resource.IsNamespaced && ns.Length == 0)
            return null;
        var live = await new MetadataClient(_context.Client, resource)
            .FindAsync(resource.IsNamespaced ? ns : "", reference.Name, cancellation).ConfigureAwait(false);
        if (live is null || live.Metadata.UID != reference.UID)
            return OwnerState.Gone;
        var waits = live.Metadata.DeletionTimestamp is not null && live.Metadata.Finalizers.OrEmpty().Contains("foregroundDeletion");
        return waits ? OwnerState.WaitsForDependents : OwnerState.Alive;
    }

    /// <summary>Whether the uid is known, of an object in another namespace: such an owner counts as gone.</summary>
    private bool IsElsewhere(OwnerReference reference, string ns)
    {
        lock (_lock)
            return _graph.Find(reference.UID) is { WasSeen: true, IsGone: false } owner && owner.Namespace.Length > 0 && owner.Namespace != ns;
    }

    private void TellInvalid(GraphNode node, ServedResource resource, OwnerReference reference) => _events.Event(
        new() { APIVersion = resource.APIVersion, Kind = resource.Kind, Namespace = node.Namespace, Name = node.Name, UID = node.Uid },
        "Warning", "OwnerRefInvalidNamespace",
        $"ownerRef [{reference.APIVersion}/{reference.Kind}, namespace: {node.Namespace}, name: {reference.Name}, uid: {reference.UID}] "
        + $"does not exist in namespace \"{node.Namespace}\"");

    private async Task OrphanAsync(
        GraphNode node, MetadataClient metadata, List<GraphNode> dependents, CancellationToken cancellation)
    {
        var owner = new HashSet<string>(StringComparer.Ordinal) { node.Uid };
        foreach (var dependent in dependents)
        {
            var calls = new MetadataClient(_context.Client, dependent.Resource!);
            var live = await calls.FindAsync(dependent.Namespace, dependent.Name, cancellation).ConfigureAwait(false);
            if (live is null || live.Metadata.UID != dependent.Uid || live.Metadata.OwnerReferences.OrEmpty().All(o => o.UID != node.Uid))
                continue;
            await PatchAsync(dependent, calls, MetadataPatch.WithoutOwners(live.Metadata, owner), cancellation).ConfigureAwait(false);
        }
        await RemoveFinalizerAsync(node, metadata, "orphan", cancellation).ConfigureAwait(false);
    }

    /// <summary>Objects that were told by their users to go in the foreground, each the other's owner, would wait for ever.</summary>
    private async Task BreakCircleAsync(GraphNode node, MetadataClient metadata, CancellationToken cancellation)
    {
        var live = await metadata.FindAsync(node.Namespace, node.Name, cancellation).ConfigureAwait(false);
        if (live is not null && live.Metadata.UID == node.Uid)
            await PatchAsync(node, metadata, MetadataPatch.Unblocking(live.Metadata), cancellation).ConfigureAwait(false);
    }

    private async Task RemoveFinalizerAsync(GraphNode node, MetadataClient metadata, string finalizer, CancellationToken cancellation)
    {
        var live = await metadata.FindAsync(node.Namespace, node.Name, cancellation).ConfigureAwait(false);
        if (live is null || live.Metadata.UID != node.Uid || !live.Metadata.Finalizers.OrEmpty().Contains(finalizer))
            return;
        await PatchAsync(node, metadata, MetadataPatch.WithoutFinalizer(live.Metadata, finalizer), cancellation).ConfigureAwait(false);
    }

    private Task PatchAsync(GraphNode node, MetadataClient metadata, ObjectPatch patch, CancellationToken cancellation) =>
        _context.Client.IgnoreNotFoundAsync(_ => metadata.PatchAsync(node.Namespace, node.Name, patch, cancellation));
}
