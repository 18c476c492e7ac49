using Cybernetes.Client.Events;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Client.Transport;
using Cybernetes.Controllers.Histories;
using Cybernetes.Controllers.Ownership;
using Cybernetes.Foundation;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.DaemonSets;

/// <summary>Keeps a pod of each daemon set on each node that it wants one on.</summary>
internal sealed class DaemonSetController : IController
{
    private readonly ControllerContext _context;
    private readonly ObjectStore<DaemonSet> _sets;
    private readonly ObjectStore<Pod> _pods;
    private readonly ObjectStore<Node> _nodes;
    private readonly WorkQueue<ObjectKey> _queue;
    private readonly ControllerExpectations _expectations;
    private readonly IEventRecorder _events;
    private readonly PodControl _control;
    private readonly LiveOwners<DaemonSet> _live;
    private readonly RevisionKeeper _revisions;
    // A pod that fails again and again on its node is made anew more and more slowly.
    private readonly BackoffMap<string> _failed;

    public DaemonSetController(ControllerContext context)
    {
        _context = context;
        _queue = context.Queue<ObjectKey>("daemonset");
        _expectations = new ControllerExpectations(context.Time);
        _events = context.Recorder(Name);
        _control = new PodControl(context.Client, _events, _expectations);
        _failed = new(new(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(15)), context.Time, context.Client.Options.Random);
        _live = new(context.Client);
        var sets = context.Informers.For<DaemonSet>();
        var pods = context.Informers.For<Pod>();
        var nodes = context.Informers.For<Node>();
        var revisions = context.Informers.For<ControllerRevision>();
        (_sets, _pods, _nodes) = (sets.Store.WithOwnerIndex(), pods.Store.WithOwnerIndex(), nodes.Store);
        _revisions = new(context.Client, revisions.Store.WithOwnerIndex(), DaemonPods.HashLabel);
        sets.AddHandler(Enqueue, Updated, Deleted);
        nodes.AddHandler(NodeAdded, NodeUpdated, NodeAdded);
        revisions.AddHandler(RevisionChanged, (_, r) => RevisionChanged(r), RevisionChanged);
        new PodWatch<DaemonSet>(_sets, s => LabelMatcher.For(s.Spec.Selector), _queue.Add, _expectations, _live).Attach(pods);
    }

    public string Name => "daemonset-controller";

    public Task RunAsync(CancellationToken cancellation) =>
        _queue.RunWorkersAsync(_context.Options.ConcurrentDaemonSetSyncs, ReconcileAsync, _context.Logger, cancellation);

    private void Enqueue(DaemonSet set) => _queue.Add(ObjectKey.Of(set));

    private void Updated(DaemonSet before, DaemonSet set)
    {
        if (before.Metadata.UID != set.Metadata.UID)
            Deleted(before);
        Enqueue(set);
    }

    private void Deleted(DaemonSet set)
    {
        _expectations.Forget(ObjectKey.Of(set));
        _revisions.Forget(set.Metadata.UID);
        _live.Forget(ObjectKey.Of(set));
        Enqueue(set);
    }

    private void RevisionChanged(ControllerRevision revision)
    {
        if (OwnerReferences.ControllerOf(revision) is { Kind: "DaemonSet" } owner
            && _sets.Get(revision.Metadata.Namespace, owner.Name) is { } set && set.Metadata.UID == owner.UID)
            Enqueue(set);
    }

    private void NodeAdded(Node node)
    {
        foreach (var set in _sets.List())
        {
            if (new NodeFit(set).Of(node) is { ShouldRun: true } or { ShouldContinue: true })
                Enqueue(set);
        }
    }

    /// <summary>Only daemon sets to which the change makes a difference are looked at: nodes tell their state all the time.</summary>
    private void NodeUpdated(Node before, Node node)
    {
        if (ObjectEquality.StringMap(before.Metadata.Labels, node.Metadata.Labels) && SameTaints(before, node))
            return;
        foreach (var set in _sets.List())
        {
            var fit = new NodeFit(set);
            if (fit.Of(before) != fit.Of(node))
                Enqueue(set);
        }
    }

    private static bool SameTaints(Node before, Node node)
    {
        var (a, b) = (before.Spec.Taints.OrEmpty(), node.Spec.Taints.OrEmpty());
        return a.Count == b.Count && a.Zip(b).All(pair => pair.First.SemanticEquals(pair.Second));
    }

    private async Task ReconcileAsync(ObjectKey key, CancellationToken cancellation)
    {
        if (_sets.Get(key) is not { } set)
        {
            _expectations.Forget(key);
            return;
        }
        var selector = LabelMatcher.For(set.Spec.Selector);
        if (selector.IsEmpty)
        {
            _events.Event(set, "Warning", "SelectingAll", "This daemon set is selecting all pods. A non-empty selector is required.");
            return;
        }
        if (set.Metadata.DeletionTimestamp is not null)
            return;
        var satisfied = _expectations.IsSatisfied(key, _queue);
        var kept = await _revisions.KeepAsync(set, selector, set.Spec.Template, set.Status.CollisionCount, cancellation).ConfigureAwait(false);
        var hash = kept.Present.Metadata.Labels.OrEmpty().GetValueOrDefault(DaemonPods.HashLabel, "");
        var pods = await Claiming.ClaimAsync(_context.Client, set, selector, _pods, null, cancellation).ConfigureAwait(false);
        if (await MergeAsync(set, kept, hash, pods, cancellation).ConfigureAwait(false))
            return;
        var nodes = _nodes.List();
        Exception? failure = null;
        if (satisfied)
        {
            var plan = DaemonSetReconciler.Reconcile(
                set, pods, nodes, hash, node => _failed.Remaining(BackoffKey(set, node)), _context.Time.GetUtcNow());
            if (plan.Create.Count > 0 && !await _live.IsLiveAsync(set, cancellation).ConfigureAwait(false))
                return;
            failure = await CarryOutAsync(key, set, hash, plan, cancellation).ConfigureAwait(false);
            var live = pods.Select(p => p.Metadata.Labels.OrEmpty().GetValueOrDefault(DaemonPods.HashLabel, "")).ToHashSet(StringComparer.Ordinal);
            await _revisions.TruncateAsync(
                kept.All.Where(r => r.Metadata.Name != kept.Present.Metadata.Name),
                r => live.Contains(r.Metadata.Labels.OrEmpty().GetValueOrDefault(DaemonPods.HashLabel, "")),
                set.Spec.RevisionHistoryLimit ?? 10,
                cancellation).ConfigureAwait(false);
            if (plan.CheckAfter is { } after)
                _queue.AddAfter(key, after);
        }
        await UpdateStatusAsync(set, pods, nodes, hash, kept.CollisionCount, cancellation).ConfigureAwait(false);
        if (failure is not null)
            throw new ReconcileFailedException($"daemon set {key}: {failure.Message}", failure);
    }

    /// <summary>Pods of a further revision of the same template count as the present one's; then that revision goes.</summary>
    /// <returns>Whether there was any: the pods' own events bring the set here again.</returns>
    private async Task<bool> MergeAsync(DaemonSet set, KeptRevisions kept, string hash, IReadOnlyList<Pod> pods, CancellationToken cancellation)
    {
        var duplicates = RevisionHistory.Duplicates(kept, set.Spec.Template);
        foreach (var duplicate in duplicates)
        {
            var former = duplicate.Metadata.Labels.OrEmpty().GetValueOrDefault(DaemonPods.HashLabel, "");
            var bearers = pods.Where(p => former != hash && p.Metadata.Labels.OrEmpty().GetValueOrDefault(DaemonPods.HashLabel) == former).ToList();
            foreach (var pod in bearers)
            {
                var patch = ObjectPatch.Strategic(
                    $$$$"""{"metadata":{"uid":"{{{{pod.Metadata.UID}}}}","labels":{"{{{{DaemonPods.HashLabel}}}}":"{{{{hash}}}}"}}}""");
                await _context.Client.IgnoreNotFoundAsync(c =>
                    c.For<Pod>().PatchAsync(pod.Metadata.Namespace, pod.Metadata.Name, patch, cancellation: cancellation)).ConfigureAwait(false);
            }
            // Not before the informer shows their new label: without the revision they would count as old.
            if (bearers.Count > 0)
                continue;
            await _context.Client.IgnoreNotFoundAsync(c => c.For<ControllerRevision>().DeleteAsync(
                duplicate.Metadata.Namespace, duplicate.Metadata.Name, cancellation: cancellation)).ConfigureAwait(false);
        }
        return duplicates.Count > 0;
    }

    private static string BackoffKey(DaemonSet set, string node) => $"{set.Metadata.UID}/{set.Status.ObservedGeneration}/{node}";

    private async Task<Exception?> CarryOutAsync(
        ObjectKey key, DaemonSet set, string hash, DaemonSetPlan plan, CancellationToken cancellation)
    {
        foreach (var ended in plan.Ended)
        {
            if (ended.Pod.Status.Phase == PodPhase.Failed)
                _failed.Next(BackoffKey(set, DaemonPods.NodeOf(ended.Pod)));
            _events.Event(set, ended.Type, ended.Reason, ended.Message);
        }
        if (plan.Ended.Count > 0)
            _failed.Collect();
        _expectations.Expect(key, plan.Create.Count, [.. plan.Delete.Select(p => p.Metadata.UID)]);
        var template = DaemonPods.Template(set, hash);
        var creating = _control.CreateAsync(key, set, plan.Create.Count, n => DaemonPods.For(set, template, plan.Create[n]), cancellation);
        var (_, notDeleted) = await _control.DeleteAsync(key, set, plan.Delete, cancellation).ConfigureAwait(false);
        var (_, notMade) = await creating.ConfigureAwait(false);
        return notMade ?? notDeleted;
    }

    private async Task UpdateStatusAsync(
        DaemonSet set, IReadOnlyList<Pod> pods, IReadOnlyList<Node> nodes, string hash, int? collisions, CancellationToken cancellation)
    {
        var status = DaemonSetReconciler.Status(set, pods, nodes, hash, _context.Time.GetUtcNow());
        status.CollisionCount = collisions;
        if (status.SemanticEquals(set.Status))
            return;
        var copy = set.DeepClone();
        copy.Status = status;
        await _context.Client.For<DaemonSet>().UpdateStatusAsync(copy, cancellation: cancellation).ConfigureAwait(false);
    }
}
