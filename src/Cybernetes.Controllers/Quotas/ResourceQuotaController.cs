using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.Quotas;

/// <summary>
/// Has quotas counted again where time changes what is used and no write tells: pods past their grace, and all of them now and then. The API
/// server counts, with each write of an object and of the quota itself, so that there is one count and not two.
/// </summary>
internal sealed class ResourceQuotaController : IController
{
    private readonly ControllerContext _context;
    private readonly ObjectStore<ResourceQuota> _quotas;
    private readonly WorkQueue<ObjectKey> _queue;

    public ResourceQuotaController(ControllerContext context)
    {
        _context = context;
        _queue = context.Queue<ObjectKey>("resourcequota_primary");
        var (quotas, pods) = (context.Informers.For<ResourceQuota>(), context.Informers.For<Pod>());
        _quotas = quotas.Store;
        quotas.AddHandler(Schedule);
        pods.AddHandler(PodChanged, (before, p) =>
        {
            if (before.Metadata.DeletionTimestamp != p.Metadata.DeletionTimestamp)
                PodChanged(p);
        });
    }

    public string Name => "resourcequota-controller";

    public Task RunAsync(CancellationToken cancellation) =>
        _queue.RunWorkersAsync(_context.Options.ConcurrentResourceQuotaSyncs, ReconcileAsync, _context.Logger, cancellation);

    private void Schedule(ResourceQuota quota) => _queue.AddAfter(ObjectKey.Of(quota), _context.Options.ResourceQuotaSyncPeriod);

    /// <summary>The deletion timestamp is the end of the grace: from then on the pod counts no more, wherever its kubelet is.</summary>
    private void PodChanged(Pod pod)
    {
        if (pod.Metadata.DeletionTimestamp is not { } end)
            return;
        foreach (var quota in _quotas.ListNamespace(pod.Metadata.Namespace))
            _queue.AddAfter(ObjectKey.Of(quota), end - _context.Time.GetUtcNow() + TimeSpan.FromSeconds(1));
    }

    private async Task ReconcileAsync(ObjectKey key, CancellationToken cancellation)
    {
        if (_quotas.Get(key) is not { } quota)
            return;
        Schedule(quota);
        // A write of the same: the server counts, and stores it when the numbers differ.
        if (quota.Metadata.DeletionTimestamp is null)
            await _context.Client.IgnoreNotFoundAsync(c => c.For<ResourceQuota>().UpdateAsync(quota, cancellation: cancellation)).ConfigureAwait(false);
    }
}
