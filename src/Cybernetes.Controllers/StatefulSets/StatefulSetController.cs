using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Client.Transport;
using Cybernetes.Controllers.Histories;
using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.StatefulSets;

/// <summary>Keeps each stateful set's pods, each with its name, its number and its claims.</summary>
internal sealed class StatefulSetController : IController
{
    private readonly ControllerContext _context;
    private readonly ObjectStore<StatefulSet> _sets;
    private readonly ObjectStore<Pod> _pods;
    private readonly WorkQueue<ObjectKey> _queue;
    private readonly RevisionKeeper _revisions;
    private readonly StatefulPodControl _control;

    public StatefulSetController(ControllerContext context)
    {
        _context = context;
        _queue = context.Queue<ObjectKey>("statefulset");
        var sets = context.Informers.For<StatefulSet>();
        var pods = context.Informers.For<Pod>();
        var claims = context.Informers.For<PersistentVolumeClaim>();
        var revisions = context.Informers.For<ControllerRevision>();
        (_sets, _pods) = (sets.Store.WithOwnerIndex(), pods.Store.WithOwnerIndex());
        _revisions = new(context.Client, revisions.Store.WithOwnerIndex(), StatefulPods.HashLabel);
        _control = new(context.Client, claims.Store, context.Recorder(Name));
        sets.AddHandler(Enqueue, (_, set) => Enqueue(set), Enqueue);
        claims.AddHandler(deleted: ClaimDeleted);
        new PodWatch<StatefulSet>(_sets, s => LabelMatcher.For(s.Spec.Selector), _queue.Add).Attach(pods);
    }

    public string Name => "statefulset-controller";

    public Task RunAsync(CancellationToken cancellation) =>
        _queue.RunWorkersAsync(_context.Options.ConcurrentStatefulSetSyncs, ReconcileAsync, _context.Logger, cancellation);

    private void Enqueue(StatefulSet set) => _queue.Add(ObjectKey.Of(set));

    /// <summary>A pod may wait to be made until the claim of its forerunner is gone.</summary>
    private void ClaimDeleted(PersistentVolumeClaim claim)
    {
        foreach (var owner in claim.Metadata.OwnerReferences.OrEmpty().Where(o => o.Kind == "Pod"))
        {
            var dash = owner.Name.LastIndexOf('-');
            if (dash > 0 && _sets.Get(claim.Metadata.Namespace, owner.Name[..dash]) is { } set)
                Enqueue(set);
        }
    }

    private async Task ReconcileAsync(ObjectKey key, CancellationToken cancellation)
    {
        if (_sets.Get(key) is not { } set)
            return;
        var selector = LabelMatcher.For(set.Spec.Selector);
        if (selector.IsEmpty)
            return;
        var pods = await Claiming.ClaimAsync(
            _context.Client, set, selector, _pods, p => StatefulPods.OrdinalOf(set, p.Metadata.Name) >= 0, cancellation).ConfigureAwait(false);
        var kept = await _revisions.KeepAsync(set, selector, set.Spec.Template, set.Status.CollisionCount, cancellation).ConfigureAwait(false);
        var plan = StatefulSetReconciler.Reconcile(set, pods, Revisions(set, kept), _context.Time.GetUtcNow());
        plan.Status.CollisionCount = kept.CollisionCount ?? 0;
        Exception? failure = null;
        try
        {
            await CarryOutAsync(set, plan, cancellation).ConfigureAwait(false);
        }
        catch (Exception problem) when (problem is ApiStatusException or ReconcileFailedException)
        {
            // The status is told all the same, and the key comes again.
            failure = problem;
        }
        if (!plan.Status.SemanticEquals(set.Status))
            await UpdateStatusAsync(set, plan.Status, cancellation).ConfigureAwait(false);
        if (failure is not null)
            throw new ReconcileFailedException($"stateful set {key}: {failure.Message}", failure);
        await TruncateAsync(set, pods, kept, plan.Status, cancellation).ConfigureAwait(false);
        if (plan.CheckAfter is { } after)
            _queue.AddAfter(key, after);
    }

    /// <summary>Where the revision that the set had before is not known, the present one takes its place.</summary>
    private static StatefulRevisions Revisions(StatefulSet set, KeptRevisions kept)
    {
        var current = kept.All.FirstOrDefault(r => r.Metadata.Name == set.Status.CurrentRevision);
        return current is not null && RevisionHistory.TemplateOf(current) is { } template
            ? new(current.Metadata.Name, template, kept.Present.Metadata.Name)
            : new(kept.Present.Metadata.Name, set.Spec.Template, kept.Present.Metadata.Name);
    }

    private async Task CarryOutAsync(StatefulSet set, StatefulSetPlan plan, CancellationToken cancellation)
    {
        if (plan.InOrder)
        {
            foreach (var action in plan.Actions)
                await _control.CarryOutAsync(set, action, cancellation).ConfigureAwait(false);
            return;
        }
        var (_, failure) = await SlowStart.RunAsync(plan.Actions.Count, async n =>
        {
            try
            {
                await _control.CarryOutAsync(set, plan.Actions[n], cancellation).ConfigureAwait(false);
                return null;
            }
            catch (Exception problem) when (problem is ApiStatusException or ReconcileFailedException)
            {
                return problem;
            }
        }).ConfigureAwait(false);
        if (failure is not null)
            throw new ReconcileFailedException(failure.Message, failure);
    }

    private Task UpdateStatusAsync(StatefulSet set, StatefulSetStatus status, CancellationToken cancellation)
    {
        var copy = set.DeepClone();
        copy.Status = status;
        return _context.Client.For<StatefulSet>().UpdateStatusAsync(copy, cancellation: cancellation);
    }

    private Task TruncateAsync(
        StatefulSet set, IReadOnlyList<Pod> pods, KeptRevisions kept, StatefulSetStatus status, CancellationToken cancellation)
    {
        var live = pods.Select(StatefulPods.RevisionOf).ToHashSet(StringComparer.Ordinal);
        live.UnionWith([status.CurrentRevision, status.UpdateRevision, kept.Present.Metadata.Name, set.Status.CurrentRevision]);
        return _revisions.TruncateAsync(
            kept.All.Where(r => !live.Contains(r.Metadata.Name)), _ => false, set.Spec.RevisionHistoryLimit ?? 10, cancellation);
    }
}
