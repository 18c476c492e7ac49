using Cybernetes.Client.Events;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Client.Transport;
using Cybernetes.Controllers.Ownership;
using Cybernetes.Controllers.ServiceEndpoints;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Discovery.V1;

namespace Cybernetes.Controllers.EndpointMirroring;

/// <summary>Mirrors Endpoints of services without a selector into slices, which is what proxies read.</summary>
internal sealed class EndpointMirroringController : IController
{
    private const string ByService = "mirrored";

    private readonly ControllerContext _context;
    private readonly ObjectStore<Endpoints> _endpoints;
    private readonly ObjectStore<Service> _services;
    private readonly ObjectStore<EndpointSlice> _slices;
    private readonly WorkQueue<ObjectKey> _queue;
    private readonly ControllerExpectations _expectations;
    private readonly IEventRecorder _events;
    private readonly LiveOwners<Endpoints> _live;

    public EndpointMirroringController(ControllerContext context)
    {
        _context = context;
        _queue = context.Queue<ObjectKey>("endpoint_slice_mirroring");
        _expectations = new ControllerExpectations(context.Time);
        _events = context.Recorder("endpoint-slice-mirroring-controller");
        _live = new(context.Client);
        var (endpoints, services) = (context.Informers.For<Endpoints>(), context.Informers.For<Service>());
        var slices = context.Informers.For<EndpointSlice>();
        (_endpoints, _services, _slices) = (endpoints.Store, services.Store, slices.Store);
        _slices.AddIndex(ByService, static s => ServiceOf(s) is { } key ? [key.ToString()] : []);
        endpoints.AddHandler(e => _queue.Add(ObjectKey.Of(e)), (_, e) => _queue.Add(ObjectKey.Of(e)), e => _queue.Add(ObjectKey.Of(e)));
        services.AddHandler(s => _queue.Add(ObjectKey.Of(s)), (_, s) => _queue.Add(ObjectKey.Of(s)), s => _queue.Add(ObjectKey.Of(s)));
        slices.AddHandler(SliceAdded, (_, s) => SliceChanged(s), SliceDeleted);
    }

    public string Name => "endpointslice-mirroring-controller";

    public Task RunAsync(CancellationToken cancellation) => _queue.RunWorkersAsync(
        _context.Options.MirroringConcurrentServiceEndpointSyncs, ReconcileAsync, _context.Logger, cancellation);

    private static ObjectKey? ServiceOf(EndpointSlice slice)
    {
        var labels = slice.Metadata.Labels.OrEmpty();
        return labels.GetValueOrDefault(EndpointSliceReconciler.ManagedBy) == MirrorReconciler.Controller
            && labels.TryGetValue(EndpointSliceReconciler.ServiceName, out var service) ? new ObjectKey(slice.Metadata.Namespace, service) : null;
    }

    private void SliceAdded(EndpointSlice slice)
    {
        if (ServiceOf(slice) is { } key)
            _expectations.CreationObserved(key);
        SliceChanged(slice);
    }

    private void SliceDeleted(EndpointSlice slice)
    {
        if (ServiceOf(slice) is { } key && _endpoints.Get(key) is { } endpoints)
            _live.Lost(endpoints);
        SliceChanged(slice);
    }

    private void SliceChanged(EndpointSlice slice)
    {
        if (ServiceOf(slice) is { } key)
            _queue.Add(key);
    }

    private async Task ReconcileAsync(ObjectKey key, CancellationToken cancellation)
    {
        // Slices just made are not in the store yet; to decide now would make them twice.
        if (!_expectations.IsSatisfied(key, _queue))
            return;
        var existing = _slices.ByIndex(ByService, key.ToString());
        var endpoints = _endpoints.Get(key);
        if (endpoints is null)
            _live.Forget(key);
        if (!MirrorReconciler.IsMirrored(endpoints, _services.Get(key)))
        {
            await CarryOutAsync(key, new([], [], [.. existing]), cancellation).ConfigureAwait(false);
            return;
        }
        var maximum = _context.Options.MirroringMaxEndpointsPerSubset;
        var plan = MirrorReconciler.Reconcile(endpoints!, existing, maximum);
        if (plan.Skipped > 0)
            _events.Event(endpoints!, "Warning", "TooManyAddressesToMirror",
                $"A max of {maximum} addresses can be mirrored to EndpointSlices per Endpoints subset. {plan.Skipped} addresses were skipped");
        if (plan.Invalid > 0)
            _events.Event(endpoints!, "Warning", "InvalidIPAddress",
                $"Skipped {plan.Invalid} invalid IP addresses when mirroring to EndpointSlices");
        if (plan.Create.Count > 0 && !await _live.IsLiveAsync(endpoints!, cancellation).ConfigureAwait(false))
            return;
        try
        {
            await CarryOutAsync(key, plan, cancellation).ConfigureAwait(false);
        }
        catch (ApiStatusException failure) when (failure.IsNamespaceTerminating)
        {
            // The namespace is going: so are its slices.
        }
    }

    private async Task CarryOutAsync(ObjectKey key, MirrorPlan plan, CancellationToken cancellation)
    {
        var slices = _context.Client.For<EndpointSlice>();
        if (plan.Create.Count > 0)
            _expectations.ExpectCreations(key, plan.Create.Count);
        var made = 0;
        try
        {
            for (; made < plan.Create.Count; made++)
                await slices.CreateAsync(plan.Create[made], cancellation: cancellation).ConfigureAwait(false);
        }
        finally
        {
            // What was not made will never be observed.
            for (; made < plan.Create.Count; made++)
                _expectations.CreationObserved(key);
        }
        foreach (var slice in plan.Update)
            await slices.UpdateAsync(slice, cancellation: cancellation).ConfigureAwait(false);
        foreach (var slice in plan.Delete)
            await _context.Client.IgnoreNotFoundAsync(c => c.For<EndpointSlice>().DeleteAsync(
                slice.Metadata.Namespace, slice.Metadata.Name, cancellation: cancellation)).ConfigureAwait(false);
    }
}
