using Cybernetes.Client.Events;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using EndpointsObject = Cybernetes.Objects.Core.V1.Endpoints;

namespace Cybernetes.Controllers.ServiceEndpoints;

/// <summary>Keeps each service's Endpoints object, which older clients read.</summary>
internal sealed class EndpointsController : IController
{
    private readonly ControllerContext _context;
    private readonly SelectedServices _selected;
    private readonly ObjectStore<EndpointsObject> _endpoints;
    private readonly WorkQueue<ObjectKey> _queue;
    private readonly IEventRecorder _events;
    private readonly TriggerTimes _triggers = new();

    public EndpointsController(ControllerContext context)
    {
        _context = context;
        _queue = context.Queue<ObjectKey>("endpoint");
        _events = context.Recorder("endpoint-controller");
        _selected = new SelectedServices(context, _queue.Add);
        var endpoints = context.Informers.For<EndpointsObject>();
        _endpoints = endpoints.Store;
        // Those of services that went while nobody watched are found by the first list.
        endpoints.AddHandler(e => _queue.Add(ObjectKey.Of(e)), (_, e) => _queue.Add(ObjectKey.Of(e)), e => _queue.Add(ObjectKey.Of(e)));
    }

    public string Name => "endpoints-controller";

    public Task RunAsync(CancellationToken cancellation) =>
        _queue.RunWorkersAsync(_context.Options.ConcurrentEndpointSyncs, ReconcileAsync, _context.Logger, cancellation);

    private async Task ReconcileAsync(ObjectKey key, CancellationToken cancellation)
    {
        var existing = _endpoints.Get(key);
        var service = _selected.Find(key);
        if (service is null)
        {
            _triggers.Forget(key);
            if (existing is not null && existing.Metadata.Labels.OrEmpty().ContainsKey(EndpointsReconciler.ManagedBy))
                await _context.Client.IgnoreNotFoundAsync(c =>
                    c.For<EndpointsObject>().DeleteAsync(key.Namespace, key.Name, cancellation: cancellation)).ConfigureAwait(false);
            return;
        }
        // Without a selector, endpoints are made by hand.
        if (service.Spec.Type == "ExternalName" || service.Spec.Selector is not { Count: > 0 } || service.Metadata.DeletionTimestamp is not null)
            return;
        var pods = _selected.Of(service);
        var desired = EndpointsReconciler.Desired(service, pods, existing);
        var trigger = _triggers.Next(service, pods);
        if (existing is null || !desired.SemanticEquals(existing))
            TriggerTimes.Mark(desired.Metadata, trigger);
        try
        {
            if (existing is null)
                await _context.Client.For<EndpointsObject>().CreateAsync(desired, cancellation: cancellation).ConfigureAwait(false);
            else if (!desired.SemanticEquals(existing))
                await _context.Client.For<EndpointsObject>().UpdateAsync(desired, cancellation: cancellation).ConfigureAwait(false);
        }
        catch (ApiStatusException failure) when (!failure.IsNamespaceTerminating)
        {
            if (existing is null && !failure.IsAlreadyExists)
                _events.Event(service, "Warning", "FailedToCreateEndpoint", $"Failed to create endpoint for service {key}: {failure.Message}");
            else if (existing is not null && !failure.IsConflict)
                _events.Event(service, "Warning", "FailedToUpdateEndpoint", $"Failed to update endpoint {key}: {failure.Message}");
            throw;
        }
        catch (ApiStatusException)
        {
            // The namespace is going: so are its endpoints.
        }
    }
}
