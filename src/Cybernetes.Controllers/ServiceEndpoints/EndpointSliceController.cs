using System.Collections.Concurrent;
using Cybernetes.Client.Events;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Client.Transport;
using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Discovery.V1;

namespace Cybernetes.Controllers.ServiceEndpoints;

/// <summary>Keeps each service's endpoint slices true to the pods it selects.</summary>
internal sealed class EndpointSliceController : IController
{
    private const string ServiceIndex = "service";

    private readonly ControllerContext _context;
    private readonly SelectedServices _selected;
    private readonly ObjectStore<EndpointSlice> _slices;
    private readonly ObjectStore<Node> _nodes;
    private readonly WorkQueue<ObjectKey> _queue;
    private readonly ControllerExpectations _expectations;
    private readonly IEventRecorder _events;
    private readonly TriggerTimes _triggers = new();
    private readonly LiveOwners<Service> _live;

    /// <summary>Services that ask for shares of zones, with what was told of it last; null when nothing was yet.</summary>
    private readonly ConcurrentDictionary<ObjectKey, string?> _sharing = new();

    public EndpointSliceController(ControllerContext context)
    {
        _context = context;
        _queue = context.Queue<ObjectKey>("endpoint_slice");
        _expectations = new ControllerExpectations(context.Time);
        _events = context.Recorder("endpoint-slice-controller");
        _live = new(context.Client);
        _selected = new SelectedServices(context, _queue.Add);
        var slices = context.Informers.For<EndpointSlice>();
        _slices = slices.Store;
        _slices.AddIndex(ServiceIndex, static s => ServiceOf(s) is { } key ? [key.ToString()] : []);
        var nodes = context.Informers.For<Node>();
        _nodes = nodes.Store;
        // Pods of a node that is not known are left out, and a zone may be told later than the pods come.
        nodes.AddHandler(NodeChanged, NodeUpdated, NodeChanged);
        slices.AddHandler(SliceAdded, SliceUpdated, SliceDeleted);
    }

    public string Name => "endpointslice-controller";

    public Task RunAsync(CancellationToken cancellation) =>
        _queue.RunWorkersAsync(_context.Options.ConcurrentServiceEndpointSyncs, ReconcileAsync, _context.Logger, cancellation);

    private static ObjectKey? ServiceOf(EndpointSlice slice)
    {
        var labels = slice.Metadata.Labels.OrEmpty();
        return labels.GetValueOrDefault(EndpointSliceReconciler.ManagedBy) == EndpointSliceReconciler.Controller
            && labels.TryGetValue(EndpointSliceReconciler.ServiceName, out var service) ? new ObjectKey(slice.Metadata.Namespace, service) : null;
    }

    private void NodeUpdated(Node before, Node node)
    {
        if (IsReady(before) != IsReady(node) || !ObjectEquality.QuantityMap(before.Status.Allocatable, node.Status.Allocatable))
            EnqueueSharing();
        if (EndpointSliceReconciler.ZoneOf(before) != EndpointSliceReconciler.ZoneOf(node))
            _selected.TouchNode(node.Metadata.Name);
    }

    private static bool IsReady(Node node) => node.Status.Conditions.OrEmpty().Any(c => c is { Type: "Ready", Status: "True" });

    private void NodeChanged(Node node)
    {
        _selected.TouchNode(node.Metadata.Name);
        EnqueueSharing();
    }

    /// <summary>The shares of zones are those of all nodes: whoever is dealt out by them is looked at again.</summary>
    private void EnqueueSharing()
    {
        foreach (var key in _sharing.Keys)
            _queue.Add(key);
    }

    private void TellOfShares(ObjectKey key, Service service, SlicePlan plan)
    {
        if (!ZoneShares.IsWanted(service))
        {
            if (_sharing.TryRemove(key, out _))
                _events.Event(service, "Normal", "TopologyAwareHintsDisabled", "Topology Aware Hints has been disabled, the annotation is not set");
            return;
        }
        var told = string.Join("; ", plan.WithoutShares.Select(w => $"{w.Value}, addressType: {w.Key}"));
        if (_sharing.TryGetValue(key, out var before) && before == told)
            return;
        _sharing[key] = told;
        if (told.Length > 0)
            _events.Event(service, "Warning", "TopologyAwareHintsDisabled", told);
        else if (plan.Shared.Count > 0)
            _events.Event(service, "Normal", "TopologyAwareHintsEnabled",
                $"Topology Aware Hints has been enabled, addressType: {string.Join(", ", plan.Shared.Order(StringComparer.Ordinal))}");
    }

    private void SliceAdded(EndpointSlice slice)
    {
        if (ServiceOf(slice) is not { } key)
            return;
        _expectations.CreationObserved(key);
        _queue.Add(key);
    }

    private void SliceUpdated(EndpointSlice before, EndpointSlice slice)
    {
        // A slice whose labels were changed is missed where it was.
        if (ServiceOf(before) != ServiceOf(slice))
            SliceChanged(before);
        SliceChanged(slice);
    }

    private void SliceDeleted(EndpointSlice slice)
    {
        if (ServiceOf(slice) is { } key && _selected.Find(key) is { } service)
            _live.Lost(service);
        SliceChanged(slice);
    }

    private void SliceChanged(EndpointSlice slice)
    {
        if (ServiceOf(slice) is { } key)
            _queue.Add(key);
    }

    private async Task ReconcileAsync(ObjectKey key, CancellationToken cancellation)
    {
        var service = _selected.Find(key);
        if (service is null)
        {
            _triggers.Forget(key);
            _live.Forget(key);
            _sharing.TryRemove(key, out _);
        }
        // A service that is gone takes its slices along by the garbage collector.
        if (service is null || service.Metadata.DeletionTimestamp is not null)
            return;
        if (service.Spec.Type == "ExternalName" || service.Spec.Selector is not { Count: > 0 })
            return;
        // Slices just made are not in the store yet; to decide now would make them twice.
        if (!_expectations.IsSatisfied(key, _queue))
            return;
        // Before the nodes are read: what changes of them from here on brings the service back.
        if (ZoneShares.IsWanted(service))
            _sharing.TryAdd(key, null);
        var existing = _slices.ByIndex(ServiceIndex, key.ToString());
        var pods = _selected.Of(service);
        var plan = EndpointSliceReconciler.Reconcile(
            service, pods, existing, name => _nodes.Get("", name), _context.Options.MaxEndpointsPerSlice, _triggers.Next(service, pods),
            _nodes.List);
        if (plan.Create.Count > 0 && !await _live.IsLiveAsync(service, cancellation).ConfigureAwait(false))
            return;
        try
        {
            await CarryOutAsync(key, plan, cancellation).ConfigureAwait(false);
        }
        catch (ApiStatusException failure)
        {
            if (failure.IsNamespaceTerminating)
                return;
            if (!failure.IsConflict && !failure.IsNotFound)
                _events.Event(service, "Warning", "FailedToUpdateEndpointSlices",
                    $"Error updating Endpoint Slices for Service {key.Namespace}/{key.Name}: {failure.Message}");
            throw;
        }
        TellOfShares(key, service, plan);
        if (plan.Homeless.Count > 0)
            throw new ReconcileFailedException($"service {key}: the nodes of pods {string.Join(", ", plan.Homeless)} are not known");
    }

    private async Task CarryOutAsync(ObjectKey key, SlicePlan plan, CancellationToken cancellation)
    {
        var slices = _context.Client.For<EndpointSlice>();
        if (plan.Create.Count > 0)
            _expectations.ExpectCreations(key, plan.Create.Count);
        for (var i = 0; i < plan.Create.Count; i++)
        {
            try
            {
                await slices.CreateAsync(plan.Create[i], cancellation: cancellation).ConfigureAwait(false);
            }
            catch
            {
                for (var unmade = i; unmade < plan.Create.Count; unmade++)
                    _expectations.CreationObserved(key);
                throw;
            }
        }
        foreach (var slice in plan.Update)
            await slices.UpdateAsync(slice, cancellation: cancellation).ConfigureAwait(false);
        foreach (var slice in plan.Delete)
            await _context.Client.IgnoreNotFoundAsync(c => c.For<EndpointSlice>().DeleteAsync(
                slice.Metadata.Namespace, slice.Metadata.Name, cancellation: cancellation)).ConfigureAwait(false);
    }
}
