using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Controllers.VolumeBinding;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.VolumeProtection;

/// <summary>Keeps a deleted claim until no pod uses it any more (finalizer <c>kubernetes.io/pvc-protection</c>).</summary>
internal sealed class ClaimProtectionController : IController
{
    public const string Finalizer = "kubernetes.io/pvc-protection";

    private readonly ControllerContext _context;
    private readonly ObjectStore<PersistentVolumeClaim> _claims;
    private readonly ObjectStore<Pod> _pods;
    private readonly WorkQueue<ObjectKey> _queue;

    public ClaimProtectionController(ControllerContext context)
    {
        _context = context;
        _queue = context.Queue<ObjectKey>("pvcprotection");
        var (claims, pods) = (context.Informers.For<PersistentVolumeClaim>(), context.Informers.For<Pod>());
        _claims = claims.Store;
        _pods = ClaimUse.Index(pods.Store);
        claims.AddHandler(Changed, (_, c) => Changed(c));
        pods.AddHandler(PodChanged, (_, p) => PodChanged(p), PodGone);
    }

    public string Name => "persistentvolumeclaim-protection-controller";

    public Task RunAsync(CancellationToken cancellation) => _queue.RunWorkersAsync(1, ReconcileAsync, _context.Logger, cancellation);

    private void Changed(PersistentVolumeClaim claim)
    {
        if (FinalizerRules.Decide(claim.Metadata, Finalizer, isUsed: false) != FinalizerStep.None)
            _queue.Add(ObjectKey.Of(claim));
    }

    /// <summary>Whether a pod's end sets a claim free; its start never does.</summary>
    private void PodChanged(Pod pod)
    {
        if (PodUse.IsOver(pod))
            PodGone(pod);
    }

    private void PodGone(Pod pod)
    {
        foreach (var claim in ClaimUse.ClaimsOf(pod))
            _queue.Add(new ObjectKey(pod.Metadata.Namespace, claim));
    }

    private async Task ReconcileAsync(ObjectKey key, CancellationToken cancellation)
    {
        if (_claims.Get(key) is not { } claim)
            return;
        var isUsed = ClaimUse.Of(_pods, claim).Any(p => PodUse.Holds(p, claim.Metadata.Name));
        var step = FinalizerRules.Decide(claim.Metadata, Finalizer, isUsed);
        if (step == FinalizerStep.None)
            return;
        // The informer may trail behind a pod that has just come: the API server is asked before the data may go.
        if (step == FinalizerStep.Remove && await IsUsedAsync(claim, cancellation).ConfigureAwait(false))
            return;
        await FinalizerRules.ApplyAsync(_context.Client, claim, Finalizer, step, cancellation).ConfigureAwait(false);
    }

    private async Task<bool> IsUsedAsync(PersistentVolumeClaim claim, CancellationToken cancellation)
    {
        var live = await _context.Client.For<Pod>().ListAllAsync(claim.Metadata.Namespace, null, cancellation).ConfigureAwait(false);
        return live.Items.Any(p => PodUse.Holds(p, claim.Metadata.Name));
    }
}

/// <summary>When a pod keeps a claim. Pure.</summary>
internal static class PodUse
{
    /// <summary>A pod without a node does not: no kubelet starts a pod on a claim that is being deleted.</summary>
    public static bool Holds(Pod pod, string claim) => pod.Spec.NodeName.Length > 0 && pod.Spec.Volumes.OrEmpty().Any(v =>
        VolumeNames.ClaimOf(pod, v) == claim && (v.PersistentVolumeClaim is not null || !IsShutDown(pod)));

    public static bool IsOver(Pod pod) => Ownership.PodState.IsFinished(pod) || IsShutDown(pod);

    private static bool IsShutDown(Pod pod) => pod.Metadata is { DeletionTimestamp: not null, DeletionGracePeriodSeconds: 0 };
}
