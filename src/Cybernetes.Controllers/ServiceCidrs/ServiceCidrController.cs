using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Networking.V1;

namespace Cybernetes.Controllers.ServiceCidrs;

/// <summary>
/// Makes ranges of service addresses ready and keeps those that are deleted until no address is left that only they contain (finalizer
/// <c>networking.k8s.io/service-cidr-finalizer</c>).
/// </summary>
internal sealed class ServiceCidrController : IController
{
    private readonly ControllerContext _context;
    private readonly ObjectStore<ServiceCIDR> _cidrs;
    private readonly ObjectStore<IPAddress> _addresses;
    private readonly WorkQueue<string> _queue;

    public ServiceCidrController(ControllerContext context)
    {
        _context = context;
        _queue = context.Queue<string>("ipaddresses");
        var cidrs = context.Informers.For<ServiceCIDR>();
        var addresses = context.Informers.For<IPAddress>();
        (_cidrs, _addresses) = (cidrs.Store, addresses.Store);
        cidrs.AddHandler(Changed, (_, c) => Changed(c), Changed);
        addresses.AddHandler(AddressChanged, (_, _) => { }, AddressChanged);
    }

    public string Name => "service-cidr-controller";

    public Task RunAsync(CancellationToken cancellation) => _queue.RunWorkersAsync(5, ReconcileAsync, _context.Logger, cancellation);

    /// <summary>A range that comes or goes decides whether those that overlap it may go.</summary>
    private void Changed(ServiceCIDR cidr)
    {
        _queue.Add(cidr.Metadata.Name);
        foreach (var other in _cidrs.List().Where(o => o.Metadata.DeletionTimestamp is not null && ServiceCidrReconciler.Overlap(o, cidr)))
            _queue.Add(other.Metadata.Name);
    }

    /// <summary>Only ranges that are being deleted wait for addresses.</summary>
    private void AddressChanged(IPAddress address)
    {
        foreach (var cidr in _cidrs.List().Where(c => c.Metadata.DeletionTimestamp is not null))
            _queue.Add(cidr.Metadata.Name);
    }

    private async Task ReconcileAsync(string name, CancellationToken cancellation)
    {
        if (_cidrs.Get("", name) is not { } cidr)
            return;
        var plan = ServiceCidrReconciler.Reconcile(cidr, _cidrs.List(), Addresses, _context.Time.GetUtcNow());
        if (plan.CheckAfter is { } wait)
            _queue.AddAfter(name, wait);
        var cidrs = _context.Client.For<ServiceCIDR>();
        if (plan.RemoveFinalizer && await IsTakenMeanwhileAsync(cidr, cancellation).ConfigureAwait(false))
            throw new ReconcileFailedException($"service CIDR {name} is being deleted while an address in it is taken");
        if (plan.AddFinalizer || plan.RemoveFinalizer)
        {
            var copy = cidr.DeepClone();
            if (plan.AddFinalizer)
                (copy.Metadata.Finalizers ??= []).Add(ServiceCidrReconciler.Finalizer);
            else
                copy.Metadata.Finalizers!.Remove(ServiceCidrReconciler.Finalizer);
            await _context.Client.IgnoreNotFoundAsync(_ => cidrs.UpdateAsync(copy, cancellation: cancellation)).ConfigureAwait(false);
            // The write brings it back, to be made ready then.
            return;
        }
        if (plan.Ready is not { } ready)
            return;
        var changed = cidr.DeepClone();
        changed.Status.Conditions = [.. changed.Status.Conditions.OrEmpty().Where(c => c.Type != ready.Type), ready];
        await _context.Client.IgnoreNotFoundAsync(_ => cidrs.UpdateStatusAsync(changed, cancellation: cancellation)).ConfigureAwait(false);
    }

    /// <summary>The informer of addresses may trail behind: the API server is asked before the range may go.</summary>
    private async Task<bool> IsTakenMeanwhileAsync(ServiceCIDR cidr, CancellationToken cancellation)
    {
        var live = await _context.Client.For<IPAddress>().ListAllAsync(null, null, cancellation).ConfigureAwait(false);
        var plan = ServiceCidrReconciler.Reconcile(cidr, _cidrs.List(), () => NamesOf(live.Items), _context.Time.GetUtcNow());
        return !plan.RemoveFinalizer;
    }

    private IEnumerable<string> Addresses() => NamesOf(_addresses.List());

    private static IEnumerable<string> NamesOf(IEnumerable<IPAddress> addresses) => addresses
        .Where(a => a.Metadata.Labels.OrEmpty().GetValueOrDefault(ServiceCidrReconciler.ManagerLabel) == ServiceCidrReconciler.Manager)
        .Select(a => a.Metadata.Name);
}
