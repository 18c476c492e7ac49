using System.Globalization;
using Cybernetes.Client.Events;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Client.Transport;
using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.Deployments;

/// <summary>Rolls deployments: makes and sizes their replica sets.</summary>
internal sealed class DeploymentController : IController
{
    private readonly ControllerContext _context;
    private readonly ObjectStore<Deployment> _deployments;
    private readonly SelectorIndex<Deployment> _selectors;
    private readonly ObjectStore<ReplicaSet> _sets;
    private readonly ObjectStore<Pod> _pods;
    private readonly WorkQueue<ObjectKey> _queue;
    private readonly IEventRecorder _events;
    private readonly LiveOwners<Deployment> _live;

    public DeploymentController(ControllerContext context)
    {
        _context = context;
        _queue = context.Queue<ObjectKey>("deployment");
        _events = context.Recorder("deployment-controller");
        _live = new(context.Client);
        var deployments = context.Informers.For<Deployment>();
        var sets = context.Informers.For<ReplicaSet>();
        var pods = context.Informers.For<Pod>();
        (_deployments, _sets, _pods) = (deployments.Store, sets.Store.WithOwnerIndex(), pods.Store.WithOwnerIndex());
        _selectors = new(_deployments, d => LabelMatcher.For(d.Spec.Selector) is { IsEmpty: false } wanted ? wanted : LabelMatcher.Nothing);
        deployments.AddHandler(Enqueue, (_, d) => Enqueue(d), Deleted);
        sets.AddHandler(SetChanged, SetUpdated, SetDeleted);
        pods.AddHandler(deleted: PodDeleted);
    }

    public string Name => "deployment-controller";

    public Task RunAsync(CancellationToken cancellation) =>
        _queue.RunWorkersAsync(_context.Options.ConcurrentDeploymentSyncs, ReconcileAsync, _context.Logger, cancellation);

    private void Enqueue(Deployment deployment) => _queue.Add(ObjectKey.Of(deployment));

    private void Deleted(Deployment deployment)
    {
        _live.Forget(ObjectKey.Of(deployment));
        Enqueue(deployment);
    }

    private void SetUpdated(ReplicaSet before, ReplicaSet set)
    {
        if (before.Metadata.ResourceVersion == set.Metadata.ResourceVersion)
            return;
        if (OwnerReferences.ControllerOf(before)?.UID != OwnerReferences.ControllerOf(set)?.UID)
            SetChanged(before);
        SetChanged(set);
    }

    private void SetDeleted(ReplicaSet set)
    {
        if (OwnerReferences.ControllerOf(set) is { Kind: "Deployment" } owner
            && _deployments.Get(set.Metadata.Namespace, owner.Name) is { } loser && loser.Metadata.UID == owner.UID)
            _live.Lost(loser);
        SetChanged(set);
    }

    private void SetChanged(ReplicaSet set)
    {
        if (OwnerReferences.ControllerOf(set) is { } owner)
        {
            if (owner.Kind == "Deployment")
                _queue.Add(new ObjectKey(set.Metadata.Namespace, owner.Name));
            return;
        }
        foreach (var deployment in _selectors.Selecting(set.Metadata.Namespace, set.Metadata.Labels))
            Enqueue(deployment);
    }

    /// <summary>Recreate waits for the last pod of the old sets; every other step follows from the sets' own status.</summary>
    private void PodDeleted(Pod pod)
    {
        if (OwnerReferences.ControllerOf(pod) is not { Kind: "ReplicaSet" } owner
            || _sets.Get(pod.Metadata.Namespace, owner.Name) is not { } set
            || OwnerReferences.ControllerOf(set) is not { Kind: "Deployment" } top)
            return;
        var key = new ObjectKey(pod.Metadata.Namespace, top.Name);
        if (_deployments.Get(key) is { Spec.Strategy.Type: "Recreate" })
            _queue.Add(key);
    }

    private async Task ReconcileAsync(ObjectKey key, CancellationToken cancellation)
    {
        // Journey 19: deployment controller
        if (_deployments.Get(key) is not { } deployment)
            return;
        var selector = LabelMatcher.For(deployment.Spec.Selector);
        if (selector.IsEmpty)
        {
            _events.Event(
                deployment, "Warning", "SelectingAll", "This deployment is selecting all pods. A non-empty selector is required.");
            return;
        }
        var sets = await Claiming.ClaimAsync(_context.Client, deployment, selector, _sets, null, cancellation).ConfigureAwait(false);
        if (deployment is { Metadata.DeletionTimestamp: null, Spec.Paused: false } && Rollback.Decide(deployment, sets) is { } rollback)
        {
            // The write brings the deployment here again, with its former template and without the wish.
            await _context.Client.For<Deployment>().UpdateAsync(rollback.Deployment, cancellation: cancellation).ConfigureAwait(false);
            _events.Event(deployment, rollback.Type, rollback.Reason, rollback.Message);
            return;
        }
        var pods = deployment.Spec.Strategy.Type == "Recreate" ? sets.SelectMany(s => _pods.OwnedBy(s.Metadata.UID)).ToList() : [];
        var plan = DeploymentReconciler.Reconcile(deployment, sets, pods, _context.Time.GetUtcNow());
        foreach (var action in plan.Actions)
        {
            if (!await CarryOutAsync(deployment, action, plan.Status, cancellation).ConfigureAwait(false))
                return;
        }
        if (plan.Revision is not null || !plan.Status.SemanticEquals(deployment.Status))
            await UpdateStatusAsync(deployment, plan.Status, plan.Revision, cancellation).ConfigureAwait(false);
        if (plan.CheckAfter is { } after)
            _queue.AddAfter(key, after);
    }

    /// <returns>Whether to go on; not after a hash collision, nor in a namespace that is going, nor for a deployment that is gone.</returns>
    private async Task<bool> CarryOutAsync(
        Deployment deployment, DeploymentAction action, DeploymentStatus status, CancellationToken cancellation)
    {
        switch (action)
        {
            case DeploymentAction.Create create:
                return await CreateAsync(deployment, create.Set, status, cancellation).ConfigureAwait(false);
            case DeploymentAction.Update update:
                await _context.Client.For<ReplicaSet>().UpdateAsync(update.Set, cancellation: cancellation).ConfigureAwait(false);
                Announce(deployment, update.Set, update.From);
                return true;
            case DeploymentAction.Delete delete:
                await _context.Client.IgnoreNotFoundAsync(c => c.For<ReplicaSet>().DeleteAsync(
                    delete.Set.Metadata.Namespace, delete.Set.Metadata.Name, cancellation: cancellation)).ConfigureAwait(false);
                return true;
            default:
                throw new InvalidOperationException("unknown action " + action);
        }
    }

    private async Task<bool> CreateAsync(
        Deployment deployment, ReplicaSet set, DeploymentStatus status, CancellationToken cancellation)
    {
        if (!await _live.IsLiveAsync(deployment, cancellation).ConfigureAwait(false))
            return false;
        var sets = _context.Client.For<ReplicaSet>();
        try
        {
            await sets.CreateAsync(set, cancellation: cancellation).ConfigureAwait(false);
            Announce(deployment, set, 0);
            return true;
        }
        catch (ApiStatusException failure) when (failure.IsAlreadyExists)
        {
            var there = await sets.FindAsync(set.Metadata.Namespace, set.Metadata.Name, cancellation).ConfigureAwait(false);
            if (there is null)
                throw;
            // Made by this controller a moment ago, and the informer does not show it yet.
            if (OwnerReferences.ControllerOf(there)?.UID == deployment.Metadata.UID
                && TemplateHash.Equal(there.Spec.Template, deployment.Spec.Template))
                return true;
            // Another template has the same hash: count up, and the next call, which this very write brings, hashes anew.
            var collided = deployment.Status.DeepClone();
            collided.CollisionCount = (collided.CollisionCount ?? 0) + 1;
            await UpdateStatusAsync(deployment, collided, null, cancellation).ConfigureAwait(false);
            return false;
        }
        catch (ApiStatusException failure) when (failure.IsNamespaceTerminating)
        {
            return false;
        }
        catch (ApiStatusException failure)
        {
            await TellFailureAsync(deployment, set, failure, status, cancellation).ConfigureAwait(false);
            throw;
        }
    }

    private async Task TellFailureAsync(
        Deployment deployment, ReplicaSet set, ApiStatusException failure, DeploymentStatus status, CancellationToken cancellation)
    {
        var message = $"Failed to create new replica set \"{set.Metadata.Name}\": {failure.Message}";
        _events.Event(deployment, "Warning", "ReplicaSetCreateError", message);
        if (!DeploymentConditions.HasDeadline(deployment))
            return;
        DeploymentConditions.Set(status, DeploymentConditions.New(
            DeploymentConditions.Progressing, "False", "ReplicaSetCreateError", message, _context.Time.GetUtcNow()));
        // As it stood is as it should be told: a repeated failure must not write again and wake itself by it.
        var before = DeploymentConditions.Find(deployment.Status, DeploymentConditions.Progressing);
        if (before is { Status: "False", Reason: "ReplicaSetCreateError" })
            return;
        await UpdateStatusAsync(deployment, status, null, cancellation).ConfigureAwait(false);
    }

    private void Announce(Deployment deployment, ReplicaSet set, int from)
    {
        var to = Rollout.Desired(set);
        if (from == to)
            return;
        var direction = to > from ? "up" : "down";
        _events.Event(
            deployment, "Normal", "ScalingReplicaSet", $"Scaled {direction} replica set {set.Metadata.Name} from {from} to {to}");
    }

    /// <summary>Writes the status, and the revision annotation, which the status call may change too.</summary>
    private Task UpdateStatusAsync(Deployment deployment, DeploymentStatus status, long? revision, CancellationToken cancellation)
    {
        var copy = deployment.DeepClone();
        copy.Status = status;
        if (revision is { } number)
            Revisions.Set(copy.Metadata, Revisions.Revision, number.ToString(CultureInfo.InvariantCulture));
        return _context.Client.For<Deployment>().UpdateStatusAsync(copy, cancellation: cancellation);
    }
}
