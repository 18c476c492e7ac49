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
    private static readonly TimeSpan s_beyond = TimeSpan.FromSeconds(1);

    private readonly ControllerContext _context;
    private readonly ObjectStore<ResourceQuota> _quotas;
    private readonly ObjectStore<Pod> _pods;
    private readonly WorkQueue<ObjectKey> _queue;

    public ResourceQuotaController(ControllerContext context)
    {
        _context = context;
        _queue = context.Queue<ObjectKey>("resourcequota_primary");
        var (quotas, pods) = (context.Informers.For<ResourceQuota>(), context.Informers.For<Pod>());
        (_quotas, _pods) = (quotas.Store, pods.Store);
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

    /// <summary>The next count: after the period, or when the next pod that is being deleted is past its grace.</summary>
    private void Schedule(ResourceQuota quota)
    {
        var (key, now) = (ObjectKey.Of(quota), _context.Time.GetUtcNow());
        _queue.AddAfter(key, _context.Options.ResourceQuotaSyncPeriod);
        var next = _pods.ListNamespace(key.Namespace).Select(EndOfGrace).Where(at => at > now).Min();
        if (next is { } at)
            _queue.AddAfter(key, at - now);
    }

    private void PodChanged(Pod pod)
    {
        if (EndOfGrace(pod) is not { } end)
            return;
        foreach (var quota in _quotas.ListNamespace(pod.Metadata.Namespace))
            _queue.AddAfter(ObjectKey.Of(quota), end - _context.Time.GetUtcNow());
    }

    /// <summary>
    /// From then on a pod that is being deleted counts no more, wherever its kubelet is. As upstream counts, which is once more the grace behind the
    /// deletion timestamp, although that is the end of the grace already.
    /// </summary>
    private static DateTimeOffset? EndOfGrace(Pod pod) =>
        pod.Metadata.DeletionTimestamp?.AddSeconds(pod.Metadata.DeletionGracePeriodSeconds ?? 0) + s_beyond;

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
