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

    public EndpointSliceController(ControllerContext context)
    {
        _context = context;
        _queue = context.Queue<ObjectKey>("endpoint_slice");
        _expectations = new ControllerExpectations(context.Time);
        _events = context.Recorder("endpoint-slice-controller");
        _selected = new SelectedServices(context, _queue.Add);
        var slices = context.Informers.For<EndpointSlice>();
        _slices = slices.Store;
        _slices.AddIndex(ServiceIndex, static s => ServiceOf(s) is { } key ? [key.ToString()] : []);
        var nodes = context.Informers.For<Node>();
        _nodes = nodes.Store;
        // Pods of a node that is not known are left out, and a zone may be told later than the pods come.
        nodes.AddHandler(n => _selected.TouchNode(n.Metadata.Name), NodeUpdated, n => _selected.TouchNode(n.Metadata.Name));
        slices.AddHandler(SliceAdded, SliceUpdated, SliceChanged);
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
        if (EndpointSliceReconciler.ZoneOf(before) != EndpointSliceReconciler.ZoneOf(node))
            _selected.TouchNode(node.Metadata.Name);
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

    private void SliceChanged(EndpointSlice slice)
    {
        if (ServiceOf(slice) is { } key)
            _queue.Add(key);
    }

    private async Task ReconcileAsync(ObjectKey key, CancellationToken cancellation)
    {
        var service = _selected.Find(key);
        if (service is null)
            _triggers.Forget(key);
        // A service that is gone takes its slices along by the garbage collector.
        if (service is null || service.Metadata.DeletionTimestamp is not null)
            return;
        if (service.Spec.Type == "ExternalName" || service.Spec.Selector is not { Count: > 0 })
            return;
        // Slices just made are not in the store yet; to decide now would make them twice.
        if (!_expectations.IsSatisfied(key, _queue))
            return;
        var existing = _slices.ByIndex(ServiceIndex, key.ToString());
        var pods = _selected.Of(service);
        var plan = EndpointSliceReconciler.Reconcile(
            service, pods, existing, name => _nodes.Get("", name), _context.Options.MaxEndpointsPerSlice, _triggers.Next(service, pods));
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
