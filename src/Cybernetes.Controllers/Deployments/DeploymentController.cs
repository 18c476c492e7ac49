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
    private readonly ObjectStore<ReplicaSet> _sets;
    private readonly ObjectStore<Pod> _pods;
    private readonly WorkQueue<ObjectKey> _queue;
    private readonly IEventRecorder _events;

    public DeploymentController(ControllerContext context)
    {
        _context = context;
        _queue = context.Queue<ObjectKey>("deployment");
        _events = context.Recorder("deployment-controller");
        var deployments = context.Informers.For<Deployment>();
        var sets = context.Informers.For<ReplicaSet>();
        var pods = context.Informers.For<Pod>();
        (_deployments, _sets, _pods) = (deployments.Store, sets.Store, pods.Store);
        deployments.AddHandler(Enqueue, (_, d) => Enqueue(d), Enqueue);
        sets.AddHandler(SetChanged, SetUpdated, SetChanged);
        // Recreate waits for the last pod of the old sets.
        pods.AddHandler(deleted: PodDeleted);
    }

    public string Name => "deployment-controller";

    public Task RunAsync(CancellationToken cancellation) =>
        _queue.RunWorkersAsync(_context.Options.ConcurrentDeploymentSyncs, ReconcileAsync, _context.Logger, cancellation);

    private void Enqueue(Deployment deployment) => _queue.Add(ObjectKey.Of(deployment));

    private void SetUpdated(ReplicaSet before, ReplicaSet set)
    {
        if (before.Metadata.ResourceVersion == set.Metadata.ResourceVersion)
            return;
        if (Claims.ControllerOf(before.Metadata)?.UID != Claims.ControllerOf(set.Metadata)?.UID)
            SetChanged(before);
        SetChanged(set);
    }

    private void SetChanged(ReplicaSet set)
    {
        if (Claims.ControllerOf(set.Metadata) is { } owner)
        {
            if (owner.Kind == "Deployment")
                _queue.Add(new ObjectKey(set.Metadata.Namespace, owner.Name));
            return;
        }
        foreach (var deployment in _deployments.ListNamespace(set.Metadata.Namespace))
        {
            if (LabelMatcher.For(deployment.Spec.Selector) is { IsEmpty: false } selector && selector.Matches(set.Metadata.Labels))
                Enqueue(deployment);
        }
    }

    private void PodDeleted(Pod pod)
    {
        if (Claims.ControllerOf(pod.Metadata) is { Kind: "ReplicaSet" } owner && _sets.Get(pod.Metadata.Namespace, owner.Name) is { } set)
            SetChanged(set);
    }

    private async Task ReconcileAsync(ObjectKey key, CancellationToken cancellation)
    {
        // Journey 19: deployment controller
        if (_deployments.Get(key) is not { } deployment)
            return;
        if (deployment.Spec.Selector is { } selector && LabelMatcher.For(selector).IsEmpty)
        {
            _events.Event(deployment, "Warning", "SelectingAll", "This deployment is selecting all pods. A non-empty selector is required.");
            return;
        }
        var sets = await ClaimAsync(deployment, cancellation).ConfigureAwait(false);
        var uids = sets.Select(s => s.Metadata.UID).ToHashSet(StringComparer.Ordinal);
        var pods = _pods.ListNamespace(key.Namespace).Where(p => Claims.ControllerOf(p.Metadata) is { } owner && uids.Contains(owner.UID)).ToList();
        var plan = DeploymentReconciler.Reconcile(deployment, sets, pods, _context.Time.GetUtcNow());
        var status = plan.Status;
        foreach (var action in plan.Actions)
        {
            if (!await CarryOutAsync(deployment, action, status, cancellation).ConfigureAwait(false))
                break;
        }
        if (!status.SemanticEquals(deployment.Status))
            await UpdateStatusAsync(deployment, status, cancellation).ConfigureAwait(false);
        if (plan.CheckAfter is { } after)
            _queue.AddAfter(key, after);
    }

    private async Task<List<ReplicaSet>> ClaimAsync(Deployment deployment, CancellationToken cancellation)
    {
        var claims = Claims.Decide(deployment.Metadata, LabelMatcher.For(deployment.Spec.Selector), _sets.ListNamespace(deployment.Metadata.Namespace));
        var sets = _context.Client.For<ReplicaSet>();
        foreach (var set in claims.Adopt)
        {
            var patch = Claims.Adoption(Claims.ReferenceTo(deployment), set.Metadata.UID);
            claims.Owned.Add(await sets.PatchAsync(set.Metadata.Namespace, set.Metadata.Name, patch, cancellation: cancellation).ConfigureAwait(false));
        }
        foreach (var set in claims.Release)
        {
            var patch = Claims.Release(deployment.Metadata.UID, set.Metadata.UID);
            await _context.Client.IgnoreNotFoundAsync(c => c.For<ReplicaSet>().PatchAsync(set.Metadata.Namespace, set.Metadata.Name, patch, cancellation: cancellation)).ConfigureAwait(false);
        }
        return claims.Owned;
    }

    /// <returns>Whether the next action makes sense; not after a hash collision.</returns>
    private async Task<bool> CarryOutAsync(Deployment deployment, DeploymentAction action, DeploymentStatus status, CancellationToken cancellation)
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
                await _context.Client.IgnoreNotFoundAsync(c =>
                    c.For<ReplicaSet>().DeleteAsync(delete.Set.Metadata.Namespace, delete.Set.Metadata.Name, cancellation: cancellation)).ConfigureAwait(false);
                return true;
            case DeploymentAction.SetRevision revision:
                await SetRevisionAsync(deployment, revision.Revision, cancellation).ConfigureAwait(false);
                return true;
            default:
                throw new InvalidOperationException("unknown action " + action);
        }
    }

    private async Task<bool> CreateAsync(Deployment deployment, ReplicaSet set, DeploymentStatus status, CancellationToken cancellation)
    {
        try
        {
            await _context.Client.For<ReplicaSet>().CreateAsync(set, cancellation: cancellation).ConfigureAwait(false);
            Announce(deployment, set, 0);
            return true;
        }
        catch (ApiStatusException failure) when (failure.IsAlreadyExists)
        {
            var there = await _context.Client.For<ReplicaSet>().FindAsync(set.Metadata.Namespace, set.Metadata.Name, cancellation).ConfigureAwait(false);
            if (there is not null && Claims.ControllerOf(there.Metadata)?.UID == deployment.Metadata.UID
                && TemplateHash.Equal(there.Spec.Template, deployment.Spec.Template))
                return true;
            // Another template has the same hash: count up, and the next call hashes anew.
            status.CollisionCount = (deployment.Status.CollisionCount ?? 0) + 1;
            return false;
        }
        catch (ApiStatusException failure) when (failure.IsNamespaceTerminating)
        {
            return false;
        }
        catch (ApiStatusException failure)
        {
            var message = $"Failed to create new replica set \"{set.Metadata.Name}\": {failure.Message}";
            if (DeploymentConditions.HasDeadline(deployment))
            {
                DeploymentConditions.Set(status, DeploymentConditions.New(
                    DeploymentConditions.Progressing, "False", "ReplicaSetCreateError", message, _context.Time.GetUtcNow()));
                await UpdateStatusAsync(deployment, status, cancellation).ConfigureAwait(false);
            }
            _events.Event(deployment, "Warning", "ReplicaSetCreateError", message);
            throw;
        }
    }

    private void Announce(Deployment deployment, ReplicaSet set, int from)
    {
        var to = Rollout.Desired(set);
        if (from == to)
            return;
        var direction = to > from ? "up" : "down";
        _events.Event(deployment, "Normal", "ScalingReplicaSet", $"Scaled {direction} replica set {set.Metadata.Name} from {from} to {to}");
    }

    private Task SetRevisionAsync(Deployment deployment, long revision, CancellationToken cancellation)
    {
        var number = revision.ToString(CultureInfo.InvariantCulture);
        var patch = ObjectPatch.Merge("{\"metadata\":{\"annotations\":{\"" + Revisions.Revision + "\":\"" + number + "\"}}}");
        return _context.Client.For<Deployment>().PatchAsync(deployment.Metadata.Namespace, deployment.Metadata.Name, patch, cancellation: cancellation);
    }

    private Task UpdateStatusAsync(Deployment deployment, DeploymentStatus status, CancellationToken cancellation)
    {
        var copy = deployment.DeepClone();
        copy.Status = status;
        // The revision annotation may have moved on in this same call; the status does not depend on it.
        copy.Metadata.ResourceVersion = "";
        return _context.Client.For<Deployment>().UpdateStatusAsync(copy, cancellation: cancellation);
    }
}
