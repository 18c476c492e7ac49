using System.Collections.Concurrent;
using Cybernetes.Client.Events;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.CloudProviders;

/// <summary>Has the provider make a load balancer for each service of that type without a class of its own, and take it away again.</summary>
internal sealed class LoadBalancerController : IController
{
    public const string Finalizer = "service.kubernetes.io/load-balancer-cleanup";

    private const string ExcludeLabel = "node.kubernetes.io/exclude-from-external-load-balancers";
    private const string GoingTaint = "ToBeDeletedByClusterAutoscaler";
    private const string ByType = "type";

    private readonly ControllerContext _context;
    private readonly ICloudLoadBalancers _balancers;
    private readonly ObjectStore<Service> _services;
    private readonly ObjectStore<Node> _nodes;
    private readonly WorkQueue<ObjectKey> _queue;
    private readonly IEventRecorder _events;

    /// <summary>What the provider was told last: the service's spec, and the nodes' names.</summary>
    private readonly ConcurrentDictionary<ObjectKey, (Service Service, string Nodes)> _told = new();

    public LoadBalancerController(ControllerContext context, ICloudLoadBalancers balancers)
    {
        (_context, _balancers) = (context, balancers);
        _queue = context.Queue<ObjectKey>("service");
        _events = context.Recorder("service-controller");
        var (services, nodes) = (context.Informers.For<Service>(), context.Informers.For<Node>());
        (_services, _nodes) = (services.Store, nodes.Store);
        _services.AddIndex(ByType, static s => [s.Spec.Type]);
        services.AddHandler(s => _queue.Add(ObjectKey.Of(s)), (_, s) => _queue.Add(ObjectKey.Of(s)), s => _queue.Add(ObjectKey.Of(s)));
        nodes.AddHandler(_ => NodesChanged(), (before, n) =>
        {
            if (IsTarget(before) != IsTarget(n))
                NodesChanged();
        }, _ => NodesChanged());
    }

    public string Name => "service-lb-controller";

    public Task RunAsync(CancellationToken cancellation) =>
        _queue.RunWorkersAsync(_context.Options.ConcurrentServiceSyncs, ReconcileAsync, _context.Logger, cancellation);

    /// <summary>Whether the provider has to do with the service. Pure.</summary>
    internal static bool Wants(Service service) => service.Spec is { Type: "LoadBalancer", LoadBalancerClass: null or "" };

    /// <summary>Whether a balancer may send to the node. Pure.</summary>
    internal static bool IsTarget(Node node) => node.Metadata.DeletionTimestamp is null && node.Spec.ProviderID.Length > 0
        && node.Metadata.Labels?.ContainsKey(ExcludeLabel) != true && !CloudTaints.Has(node, GoingTaint);

    private void NodesChanged()
    {
        foreach (var service in _services.ByIndex(ByType, "LoadBalancer"))
            _queue.Add(ObjectKey.Of(service));
    }

    private async Task ReconcileAsync(ObjectKey key, CancellationToken cancellation)
    {
        if (_services.Get(key) is not { } service)
        {
            _told.TryRemove(key, out _);
            return;
        }
        var hasFinalizer = service.Metadata.Finalizers.OrEmpty().Contains(Finalizer);
        try
        {
            if (!Wants(service) || service.Metadata.DeletionTimestamp is not null)
            {
                if (hasFinalizer || _told.ContainsKey(key))
                    await RemoveAsync(key, service, cancellation).ConfigureAwait(false);
            }
            else
                await EnsureAsync(key, service, hasFinalizer, cancellation).ConfigureAwait(false);
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested && failure is not ApiStatusException { IsConflict: true })
        {
            _events.Event(service, "Warning", "SyncLoadBalancerFailed", $"Error syncing load balancer: {failure.Message}");
            throw;
        }
    }

    private async Task EnsureAsync(ObjectKey key, Service service, bool hasFinalizer, CancellationToken cancellation)
    {
        var cluster = _context.Options.ClusterName;
        var nodes = _nodes.List().Where(IsTarget).OrderBy(n => n.Metadata.Name, StringComparer.Ordinal).ToList();
        var names = string.Join(',', nodes.Select(n => n.Metadata.Name));
        if (_told.TryGetValue(key, out var told) && hasFinalizer && told.Service.Metadata.UID == service.Metadata.UID
            && told.Service.Spec.SemanticEquals(service.Spec) && ObjectEquality.StringMap(told.Service.Metadata.Annotations, service.Metadata.Annotations))
        {
            if (told.Nodes == names)
                return;
            await _balancers.UpdateAsync(cluster, service, nodes, cancellation).ConfigureAwait(false);
            _events.Event(service, "Normal", "UpdatedLoadBalancer", "Updated load balancer with new hosts");
            _told[key] = (service, names);
            return;
        }
        _events.Event(service, "Normal", "EnsuringLoadBalancer", "Ensuring load balancer");
        // The finalizer stands before there is anything to take away.
        if (!hasFinalizer)
        {
            var copy = service.DeepClone();
            (copy.Metadata.Finalizers ??= []).Add(Finalizer);
            service = await _context.Client.For<Service>().UpdateAsync(copy, cancellation: cancellation).ConfigureAwait(false);
        }
        var status = await _balancers.EnsureAsync(cluster, service, nodes, cancellation).ConfigureAwait(false);
        await WriteStatusAsync(service, status, cancellation).ConfigureAwait(false);
        _events.Event(service, "Normal", "EnsuredLoadBalancer", "Ensured load balancer");
        if (nodes.Count == 0)
            _events.Event(service, "Warning", "UnAvailableLoadBalancer", "There are no available nodes for LoadBalancer");
        _told[key] = (service, names);
    }

    private async Task RemoveAsync(ObjectKey key, Service service, CancellationToken cancellation)
    {
        _events.Event(service, "Normal", "DeletingLoadBalancer", "Deleting load balancer");
        await _balancers.EnsureDeletedAsync(_context.Options.ClusterName, service, cancellation).ConfigureAwait(false);
        service = await WriteStatusAsync(service, new(), cancellation).ConfigureAwait(false);
        if (service.Metadata.Finalizers.OrEmpty().Contains(Finalizer))
        {
            var copy = service.DeepClone();
            copy.Metadata.Finalizers!.Remove(Finalizer);
            await _context.Client.IgnoreNotFoundAsync(c => c.For<Service>().UpdateAsync(copy, cancellation: cancellation)).ConfigureAwait(false);
        }
        _told.TryRemove(key, out _);
        _events.Event(service, "Normal", "DeletedLoadBalancer", "Deleted load balancer");
    }

    private async Task<Service> WriteStatusAsync(Service service, LoadBalancerStatus status, CancellationToken cancellation)
    {
        if (status.SemanticEquals(service.Status.LoadBalancer))
            return service;
        var copy = service.DeepClone();
        copy.Status.LoadBalancer = status;
        return await _context.Client.For<Service>().UpdateStatusAsync(copy, cancellation: cancellation).ConfigureAwait(false);
    }
}
