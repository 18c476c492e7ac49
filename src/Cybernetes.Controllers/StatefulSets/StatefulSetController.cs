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
    private const string ByClaims = "claims";

    private readonly ControllerContext _context;
    private readonly ObjectStore<StatefulSet> _sets;
    private readonly ObjectStore<Pod> _pods;
    private readonly WorkQueue<ObjectKey> _queue;
    private readonly RevisionKeeper _revisions;
    private readonly StatefulPodControl _control;
    private readonly LiveOwners<StatefulSet> _live;

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
        _live = new(context.Client);
        sets.AddHandler(Enqueue, Updated, Deleted);
        _sets.AddIndex(ByClaims, static s => s.Spec.VolumeClaimTemplates.OrEmpty()
            .Select(t => ClaimsKey(s.Metadata.Namespace, $"{t.Metadata.Name}-{s.Metadata.Name}")));
        claims.AddHandler(ClaimChanged, (_, c) => ClaimChanged(c), ClaimChanged);
        revisions.AddHandler(RevisionChanged, (_, r) => RevisionChanged(r), RevisionChanged);
        new PodWatch<StatefulSet>(_sets, s => LabelMatcher.For(s.Spec.Selector), _queue.Add, live: _live).Attach(pods);
    }

    public string Name => "statefulset-controller";

    public Task RunAsync(CancellationToken cancellation) =>
        _queue.RunWorkersAsync(_context.Options.ConcurrentStatefulSetSyncs, ReconcileAsync, _context.Logger, cancellation);

    private void Enqueue(StatefulSet set) => _queue.Add(ObjectKey.Of(set));

    private void Updated(StatefulSet before, StatefulSet set)
    {
        if (before.Metadata.UID != set.Metadata.UID)
            Forget(before);
        Enqueue(set);
    }

    private void Deleted(StatefulSet set)
    {
        Forget(set);
        Enqueue(set);
    }

    private void Forget(StatefulSet set)
    {
        _revisions.Forget(set.Metadata.UID);
        _live.Forget(ObjectKey.Of(set));
    }

    private static string ClaimsKey(string ns, string name) => $"{ns}/{name}";

    /// <summary>A pod may wait for the claim of its forerunner to go, or want one that somebody deleted, or have one that must change hands.</summary>
    private void ClaimChanged(PersistentVolumeClaim claim)
    {
        var name = claim.Metadata.Name;
        var dash = name.LastIndexOf('-');
        if (dash <= 0)
            return;
        foreach (var set in _sets.ByIndex(ByClaims, ClaimsKey(claim.Metadata.Namespace, name[..dash])))
            Enqueue(set);
    }

    private void RevisionChanged(ControllerRevision revision)
    {
        if (OwnerReferences.ControllerOf(revision) is { Kind: "StatefulSet" } owner
            && _sets.Get(revision.Metadata.Namespace, owner.Name) is { } set && set.Metadata.UID == owner.UID)
            Enqueue(set);
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
        var revisions = await RevisionsAsync(set, kept, cancellation).ConfigureAwait(false);
        var plan = StatefulSetReconciler.Reconcile(set, pods, revisions, _context.Time.GetUtcNow());
        plan.Status.CollisionCount = kept.CollisionCount ?? 0;
        if (plan.Actions.Any(a => a is StatefulSetAction.Create) && !await _live.IsLiveAsync(set, cancellation).ConfigureAwait(false))
            return;
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

    /// <summary>
    /// Where the revision that the set had before is gone, the present one takes its place. The API server is asked: by an informer that only
    /// trails, pods would be made of the new template that a partition keeps at the old one.
    /// </summary>
    private async Task<StatefulRevisions> RevisionsAsync(StatefulSet set, KeptRevisions kept, CancellationToken cancellation)
    {
        var name = set.Status.CurrentRevision;
        var current = kept.All.FirstOrDefault(r => r.Metadata.Name == name);
        if (current is null && name.Length > 0)
            current = await _context.Client.For<ControllerRevision>().FindAsync(set.Metadata.Namespace, name, cancellation).ConfigureAwait(false);
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
