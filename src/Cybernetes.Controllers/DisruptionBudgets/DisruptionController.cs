using Cybernetes.Client.Events;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Client.Transport;
using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Policy.V1;

namespace Cybernetes.Controllers.DisruptionBudgets;

/// <summary>Keeps the numbers of disruption budgets, by which the eviction API decides.</summary>
internal sealed class DisruptionController : IController
{
    private static readonly TimeSpan s_staleAfter = TimeSpan.FromMinutes(2);

    private readonly ControllerContext _context;
    private readonly ObjectStore<PodDisruptionBudget> _budgets;
    private readonly SelectorIndex<PodDisruptionBudget> _selectors;
    private readonly ObjectStore<Pod> _pods;
    private readonly ObjectStore<ReplicaSet> _replicaSets;
    private readonly ExpectedScale _scale;
    private readonly WorkQueue<ObjectKey> _queue;
    private readonly WorkQueue<ObjectKey> _staleQueue;
    private readonly IEventRecorder _events;

    public DisruptionController(ControllerContext context)
    {
        _context = context;
        _queue = context.Queue<ObjectKey>("disruption");
        _staleQueue = context.Queue<ObjectKey>("stale_pod_disruption");
        _events = context.Recorder("controllermanager");
        var (budgets, pods) = (context.Informers.For<PodDisruptionBudget>(), context.Informers.For<Pod>());
        var (sets, deployments) = (context.Informers.For<ReplicaSet>(), context.Informers.For<Deployment>());
        var stateful = context.Informers.For<StatefulSet>();
        (_budgets, _pods, _replicaSets) = (budgets.Store, pods.Store.WithOwnerIndex().WithLabelIndex(), sets.Store.WithOwnerIndex());
        _selectors = new(_budgets, b => LabelMatcher.For(b.Spec.Selector));
        _scale = new ExpectedScale(context.Client, sets.Store, deployments.Store, stateful.Store);
        budgets.AddHandler(b => _queue.Add(ObjectKey.Of(b)), (_, b) => _queue.Add(ObjectKey.Of(b)));
        pods.AddHandler(PodChanged, PodUpdated, EnqueueBudgetsOf);
        // A scaled controller wants another number of the same pods; one that comes after its pods was not asked yet.
        deployments.AddHandler(DeploymentScaled, (before, d) =>
        {
            if (before.Spec.Replicas != d.Spec.Replicas)
                DeploymentScaled(d);
        });
        sets.AddHandler(s => Scaled(_pods.OwnedBy(s.Metadata.UID)), (before, s) =>
        {
            if (before.Spec.Replicas != s.Spec.Replicas || OwnerReferences.ControllerOf(before)?.UID != OwnerReferences.ControllerOf(s)?.UID)
                Scaled(_pods.OwnedBy(s.Metadata.UID));
        });
        stateful.AddHandler(s => Scaled(_pods.OwnedBy(s.Metadata.UID)), (before, s) =>
        {
            if (before.Spec.Replicas != s.Spec.Replicas)
                Scaled(_pods.OwnedBy(s.Metadata.UID));
        });
    }

    public string Name => "disruption-controller";

    public Task RunAsync(CancellationToken cancellation) => Task.WhenAll(
        _queue.RunWorkersAsync(1, ReconcileAsync, _context.Logger, cancellation),
        _staleQueue.RunWorkersAsync(1, ReconcileStaleAsync, _context.Logger, cancellation));

    private void PodChanged(Pod pod)
    {
        EnqueueBudgetsOf(pod);
        if (StaleAt(pod) is { } at)
            _staleQueue.AddAfter(ObjectKey.Of(pod), at - _context.Time.GetUtcNow());
    }

    private void PodUpdated(Pod before, Pod pod)
    {
        if (!ObjectEquality.StringMap(before.Metadata.Labels, pod.Metadata.Labels))
            EnqueueBudgetsOf(before);
        PodChanged(pod);
    }

    private void EnqueueBudgetsOf(Pod pod)
    {
        foreach (var budget in _selectors.Selecting(pod.Metadata.Namespace, pod.Metadata.Labels))
            _queue.Add(ObjectKey.Of(budget));
    }

    private void DeploymentScaled(Deployment deployment) =>
        Scaled(_replicaSets.OwnedBy(deployment.Metadata.UID).SelectMany(s => _pods.OwnedBy(s.Metadata.UID)));

    private void Scaled(IEnumerable<Pod> pods)
    {
        // All pods of one controller are alike to budgets: one is enough.
        if (pods.FirstOrDefault() is { } pod)
            EnqueueBudgetsOf(pod);
    }

    private async Task ReconcileAsync(ObjectKey key, CancellationToken cancellation)
    {
        if (_budgets.Get(key) is not { } budget)
            return;
        try
        {
            await SyncAsync(key, budget, cancellation).ConfigureAwait(false);
        }
        catch (ReconcileFailedException failure)
        {
            await WriteAsync(budget, DisruptionReconciler.Failed(budget, failure.Message, _context.Time.GetUtcNow()), cancellation)
                .ConfigureAwait(false);
            throw;
        }
    }

    private async Task SyncAsync(ObjectKey key, PodDisruptionBudget budget, CancellationToken cancellation)
    {
        var selector = LabelMatcher.For(budget.Spec.Selector);
        var pods = _pods.Matching(key.Namespace, selector);
        if (pods.Count == 0)
            _events.Event(budget, "Normal", "NoPods", "No matching pods found");
        var scale = DisruptionReconciler.NeedsScale(budget) ? await ScaleAsync(budget, selector, pods, cancellation).ConfigureAwait(false) : 0;
        var plan = DisruptionReconciler.Reconcile(
            budget, pods, DisruptionReconciler.Expect(budget, pods.Count, scale), _context.Time.GetUtcNow());
        foreach (var pod in plan.NotDeleted)
            _events.Event(pod, "Warning", "NotDeleted", $"Pod was expected by PDB {key} to be deleted but it wasn't");
        await WriteAsync(budget, plan.Status, cancellation).ConfigureAwait(false);
        if (plan.LookAgainAt is { } again)
            _queue.AddAfter(key, again - _context.Time.GetUtcNow() + TimeSpan.FromMilliseconds(1));
    }

    private async Task<int> ScaleAsync(PodDisruptionBudget budget, LabelMatcher selector, IReadOnlyList<Pod> pods, CancellationToken cancellation)
    {
        try
        {
            var sum = await _scale.OfAsync(pods, cancellation).ConfigureAwait(false);
            if (sum.Unmanaged.Count > 0)
            {
                _events.Event(budget, "Warning", "UnmanagedPods",
                    $"Pods selected by this PodDisruptionBudget (selector: {selector}) were found to be unmanaged. As a result, the status of the PDB "
                    + "cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set "
                    + "\".spec.minAvailable\" field of the PDB to an integer value.");
            }
            return sum.Replicas;
        }
        catch (ReconcileFailedException failure)
        {
            _events.Event(budget, "Warning", "CalculateExpectedPodCountFailed", "Failed to calculate the number of expected pods: " + failure.Message);
            throw;
        }
    }

    private async Task WriteAsync(PodDisruptionBudget budget, PodDisruptionBudgetStatus status, CancellationToken cancellation)
    {
        if (status.SemanticEquals(budget.Status))
            return;
        var copy = budget.DeepClone();
        copy.Status = status;
        await _context.Client.IgnoreNotFoundAsync(c => c.For<PodDisruptionBudget>().UpdateStatusAsync(copy, cancellation: cancellation))
            .ConfigureAwait(false);
    }

    /// <summary>When a pod that was told it would be disrupted, and was not, is told otherwise.</summary>
    private static DateTimeOffset? StaleAt(Pod pod) =>
        pod.Metadata.DeletionTimestamp is null && !PodState.IsFinished(pod)
        && PodState.Condition(pod, "DisruptionTarget") is { Status: "True", LastTransitionTime: var since } ? since + s_staleAfter : null;

    private async Task ReconcileStaleAsync(ObjectKey key, CancellationToken cancellation)
    {
        if (_pods.Get(key) is not { } pod || StaleAt(pod) is not { } at)
            return;
        if (at > _context.Time.GetUtcNow())
        {
            _staleQueue.AddAfter(key, at - _context.Time.GetUtcNow());
            return;
        }
        var copy = pod.DeepClone();
        var condition = PodState.Condition(copy, "DisruptionTarget")!;
        (condition.Status, condition.Reason, condition.Message) = ("False", "", "");
        condition.LastTransitionTime = _context.Time.GetUtcNow();
        await _context.Client.IgnoreNotFoundAsync(c => c.For<Pod>().UpdateStatusAsync(copy, cancellation: cancellation)).ConfigureAwait(false);
    }
}
