using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Controllers.VolumeProtection;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Scheduling.V1alpha2;

namespace Cybernetes.Controllers.PodGroups;

/// <summary>
/// Keeps a deleted pod group until none of its pods is left or runs (finalizer <c>scheduling.k8s.io/podgroup-protection</c>, which admission gives;
/// alpha, gate GenericWorkload).
/// </summary>
internal sealed class PodGroupProtectionController : IController
{
    public const string Finalizer = "scheduling.k8s.io/podgroup-protection";
    private const string ByGroup = "activePodSchedulingGroup";

    private readonly ControllerContext _context;
    private readonly ObjectStore<PodGroup> _groups;
    private readonly ObjectStore<Pod> _pods;
    private readonly WorkQueue<ObjectKey> _queue;

    public PodGroupProtectionController(ControllerContext context)
    {
        _context = context;
        _queue = context.Queue<ObjectKey>("podgroupprotection");
        var (groups, pods) = (context.Informers.For<PodGroup>(), context.Informers.For<Pod>());
        (_groups, _pods) = (groups.Store, pods.Store);
        _pods.AddIndex(ByGroup, static p => GroupOf(p) is { } group && !Ownership.PodState.IsFinished(p) ? [IndexKey(group)] : []);
        groups.AddHandler(Changed, (_, g) => Changed(g));
        pods.AddHandler(null, (_, p) => Left(p, Ownership.PodState.IsFinished(p)), p => Left(p, true));
    }

    public string Name => "podgroup-protection-controller";

    public Task RunAsync(CancellationToken cancellation) => _queue.RunWorkersAsync(1, ReconcileAsync, _context.Logger, cancellation);

    private static ObjectKey? GroupOf(Pod pod) =>
        pod.Spec.SchedulingGroup?.PodGroupName is { Length: > 0 } name ? new(pod.Metadata.Namespace, name) : null;

    private static string IndexKey(ObjectKey group) => $"{group.Namespace}/{group.Name}";

    private void Changed(PodGroup group)
    {
        if (FinalizerRules.Decide(group.Metadata, Finalizer, isUsed: false) == FinalizerStep.Remove)
            _queue.Add(ObjectKey.Of(group));
    }

    private void Left(Pod pod, bool isOver)
    {
        if (isOver && GroupOf(pod) is { } group)
            _queue.Add(group);
    }

    private async Task ReconcileAsync(ObjectKey key, CancellationToken cancellation)
    {
        if (_groups.Get(key) is not { } group)
            return;
        var isUsed = _pods.CountByIndex(ByGroup, IndexKey(key)) > 0;
        // Groups of before the admission plugin are not given one.
        if (FinalizerRules.Decide(group.Metadata, Finalizer, isUsed) == FinalizerStep.Remove)
            await FinalizerRules.ApplyAsync(_context.Client, group, Finalizer, FinalizerStep.Remove, cancellation).ConfigureAwait(false);
    }
}
