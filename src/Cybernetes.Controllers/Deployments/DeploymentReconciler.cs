using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.Deployments;

/// <summary>One step for a deployment's replica sets. The objects in it are copies, ready to be sent.</summary>
internal abstract record DeploymentAction
{
    /// <summary>Make the replica set of a new template.</summary>
    public sealed record Create(ReplicaSet Set) : DeploymentAction;

    /// <summary>Write a replica set; where its size changes, <see cref="From"/> tells the old one.</summary>
    public sealed record Update(ReplicaSet Set, int From) : DeploymentAction;

    /// <summary>Delete a replica set beyond the history limit.</summary>
    public sealed record Delete(ReplicaSet Set) : DeploymentAction;
}

/// <summary>What to do, in order, and what to tell after it.</summary>
/// <param name="Revision">The deployment's revision annotation, to be written with the status; null where it stands already.</param>
/// <param name="CheckAfter">When the progress deadline passes without any event; null where it cannot.</param>
internal sealed record DeploymentPlan(
    IReadOnlyList<DeploymentAction> Actions, DeploymentStatus Status, long? Revision, TimeSpan? CheckAfter);

/// <summary>Decides one step of a deployment: (desired, observed, now) to actions. Each step's effect brings the next call. Pure.</summary>
internal sealed class DeploymentReconciler
{
    private readonly Deployment _deployment;
    private readonly IReadOnlyList<ReplicaSet> _observed;
    private readonly IReadOnlyList<Pod> _pods;
    private readonly DateTimeOffset _now;
    private readonly List<DeploymentAction> _actions = [];
    private readonly ReplicaSet? _new;
    private readonly List<ReplicaSet> _old;
    private DeploymentCondition? _progress;
    private long? _revision;

    private DeploymentReconciler(Deployment deployment, IReadOnlyList<ReplicaSet> observed, IReadOnlyList<Pod> pods, DateTimeOffset now)
    {
        _deployment = deployment;
        _observed = observed;
        _pods = pods;
        _now = now;
        // Two sets of one template can exist after a lost answer: the oldest is the one that all agree on.
        _new = observed.Where(s => TemplateHash.Equal(s.Spec.Template, deployment.Spec.Template))
            .OrderBy(s => s.Metadata.CreationTimestamp).ThenBy(s => s.Metadata.Name, StringComparer.Ordinal).FirstOrDefault();
        _old = [.. observed.Where(s => s != _new)];
    }

    /// <param name="observed">The replica sets the deployment owns.</param>
    /// <param name="pods">All pods of those sets, which Recreate must see gone.</param>
    public static DeploymentPlan Reconcile(Deployment deployment, IReadOnlyList<ReplicaSet> observed, IReadOnlyList<Pod> pods, DateTimeOffset now) =>
        new DeploymentReconciler(deployment, observed, pods, now).Run();

    private DeploymentPlan Run()
    {
        if (_deployment.Metadata.DeletionTimestamp is null)
        {
            if (_deployment.Spec.Paused || IsScaling())
                Scale();
            else if (Rollout.IsRolling(_deployment))
                RollOn();
            else
                Recreate();
        }
        var status = DeploymentConditions.Counts(_deployment, _observed, _new, _now);
        SetProgress(status);
        return new DeploymentPlan(_actions, status, _revision, DeploymentConditions.DeadlineIn(_deployment, status, _now));
    }

    private void SetProgress(DeploymentStatus status)
    {
        var before = DeploymentConditions.Find(_deployment.Status, DeploymentConditions.Progressing);
        if (_deployment.Spec.Paused && DeploymentConditions.HasDeadline(_deployment))
        {
            if (before is not { Reason: "ProgressDeadlineExceeded" })
                Tell(status, "DeploymentPaused", "Deployment is paused");
            return;
        }
        if (before is { Reason: "DeploymentPaused" } && DeploymentConditions.HasDeadline(_deployment))
            Tell(status, "DeploymentResumed", "Deployment is resumed");
        else if (_progress is not null && DeploymentConditions.HasDeadline(_deployment))
            DeploymentConditions.Set(status, _progress);
        else
            DeploymentConditions.SetProgress(_deployment, status, _observed, _new, _now);
    }

    private void Tell(DeploymentStatus status, string reason, string message) =>
        DeploymentConditions.Set(status, DeploymentConditions.New(DeploymentConditions.Progressing, "Unknown", reason, message, _now));

    /// <summary>The desired number changed while a rollout may be under way: sizes follow before the rollout goes on.</summary>
    private bool IsScaling() => _observed.Where(s => Rollout.Desired(s) > 0).Any(s =>
        s.Metadata.Annotations.OrEmpty().ContainsKey(Revisions.DesiredReplicas)
        && Revisions.Number(s.Metadata, Revisions.DesiredReplicas) != Rollout.Desired(_deployment));

    private void Scale()
    {
        if (_new is not null)
            UpdateRevision(_new);
        var active = _observed.Where(s => Rollout.Desired(s) > 0).ToList();
        var only = active.Count == 1 ? active[0] : active.Count == 0 ? _new ?? Newest(_old) : null;
        if (only is not null)
            SetSize(only, Rollout.Desired(_deployment));
        else if (_new is not null && IsSaturated(_new))
        {
            foreach (var set in _old.Where(s => Rollout.Desired(s) > 0))
                SetSize(set, 0);
        }
        else
        {
            // Recreate scales the old sets down before the next step; until then they only take note of the new number.
            var sizes = Rollout.IsRolling(_deployment) ? Rollout.Proportional(_deployment, _observed) : active.ToDictionary(s => s, Rollout.Desired);
            foreach (var (set, size) in sizes)
                SetSize(set, size);
        }
        if (_deployment.Spec.Paused && _actions.Count == 0)
            CleanUp();
    }

    private static ReplicaSet? Newest(List<ReplicaSet> sets) =>
        sets.OrderByDescending(s => s.Metadata.CreationTimestamp).ThenByDescending(s => s.Metadata.Name, StringComparer.Ordinal).FirstOrDefault();

    /// <summary>The new set has all the pods that the deployment wants now.</summary>
    private bool IsSaturated(ReplicaSet set) =>
        Rollout.Desired(set) == Rollout.Desired(_deployment) && set.Status.AvailableReplicas == Rollout.Desired(_deployment)
        && Revisions.Number(set.Metadata, Revisions.DesiredReplicas) == Rollout.Desired(_deployment);

    private void RollOn()
    {
        if (_new is null)
        {
            CreateNew();
            return;
        }
        var revised = UpdateRevision(_new);
        var current = Rollout.Desired(_new);
        var target = current > Rollout.Desired(_deployment) ? Rollout.Desired(_deployment) : Rollout.NewReplicas(_deployment, _observed, _new);
        if (target != current)
        {
            SetSize(_new, target);
            return;
        }
        var down = Rollout.ScaleDownOld(_deployment, _observed, _new, _old);
        foreach (var (set, size) in down)
            SetSize(set, size);
        if (!revised && down.Count == 0)
            CleanUp();
    }

    private void Recreate()
    {
        var running = _old.Where(s => Rollout.Desired(s) > 0).ToList();
        foreach (var set in running)
            SetSize(set, 0);
        if (running.Count > 0)
            return;
        if (_old.Any(s => s.Status.Replicas > 0))
            return;
        var oldUids = _old.Select(s => s.Metadata.UID).ToHashSet(StringComparer.Ordinal);
        if (_pods.Any(p => OwnerReferences.ControllerOf(p) is { } owner && oldUids.Contains(owner.UID) && !PodState.IsFinished(p)))
            return;
        if (_new is null)
        {
            CreateNew();
            return;
        }
        var revised = UpdateRevision(_new);
        if (Rollout.Desired(_new) != Rollout.Desired(_deployment))
            SetSize(_new, Rollout.Desired(_deployment));
        else if (!revised)
            CleanUp();
    }

    private void CreateNew()
    {
        var hash = TemplateHash.Of(_deployment.Spec.Template, _deployment.Status.CollisionCount);
        var template = _deployment.Spec.Template.DeepClone();
        (template.Metadata.Labels ??= new(StringComparer.Ordinal))[TemplateHash.Label] = hash;
        var selector = _deployment.Spec.Selector?.DeepClone() ?? new();
        (selector.MatchLabels ??= new(StringComparer.Ordinal))[TemplateHash.Label] = hash;
        var set = new ReplicaSet
        {
            Metadata =
            {
                Name = _deployment.Metadata.Name + "-" + hash,
                Namespace = _deployment.Metadata.Namespace,
                Labels = new(template.Metadata.Labels, StringComparer.Ordinal),
                OwnerReferences = [OwnerReferences.ToController(_deployment)],
            },
            Spec = { MinReadySeconds = _deployment.Spec.MinReadySeconds, Selector = selector, Template = template, Replicas = 0 },
        };
        set.Spec.Replicas = Rollout.NewReplicas(_deployment, [.. _observed, set], set);
        var revision = NextRevision();
        Revisions.SetNew(_deployment, set, revision, exists: false);
        _actions.Add(new DeploymentAction.Create(set));
        SetDeploymentRevision(revision);
        _progress = DeploymentConditions.New(
            DeploymentConditions.Progressing, "True", "NewReplicaSetCreated", $"Created new replica set \"{set.Metadata.Name}\"", _now);
    }

    /// <summary>Gives the current template's set the highest revision; whether the set must be written for it.</summary>
    private bool UpdateRevision(ReplicaSet set)
    {
        var copy = set.DeepClone();
        var revision = Math.Max(NextRevision(), Revisions.Of(set.Metadata));
        var changed = Revisions.SetNew(_deployment, copy, revision, exists: true);
        if (copy.Spec.MinReadySeconds != _deployment.Spec.MinReadySeconds)
        {
            copy.Spec.MinReadySeconds = _deployment.Spec.MinReadySeconds;
            changed = true;
        }
        SetDeploymentRevision(revision);
        if (DeploymentConditions.Find(_deployment.Status, DeploymentConditions.Progressing) is null)
            _progress = DeploymentConditions.New(
                DeploymentConditions.Progressing, "True", "FoundNewReplicaSet", $"Found new replica set \"{set.Metadata.Name}\"", _now);
        if (changed)
            _actions.Add(new DeploymentAction.Update(copy, Rollout.Desired(set)));
        return changed;
    }

    private long NextRevision() => _old.Select(s => Revisions.Of(s.Metadata)).DefaultIfEmpty().Max() + 1;

    private void SetDeploymentRevision(long revision) => _revision = Revisions.Of(_deployment.Metadata) == revision ? null : revision;

    private void SetSize(ReplicaSet set, int size)
    {
        var pending = _actions.OfType<DeploymentAction.Update>().FirstOrDefault(u => u.Set.Metadata.UID == set.Metadata.UID);
        var copy = pending?.Set ?? set.DeepClone();
        var changed = Revisions.SetReplicas(copy, Rollout.Desired(_deployment), Rollout.Desired(_deployment) + Rollout.MaxSurge(_deployment));
        if (!changed && size == Rollout.Desired(set))
            return;
        copy.Spec.Replicas = size;
        if (pending is null)
            _actions.Add(new DeploymentAction.Update(copy, Rollout.Desired(set)));
    }

    /// <summary>Deletes the oldest sets without pods beyond the history limit, once the rollout is complete.</summary>
    private void CleanUp()
    {
        if (_deployment.Spec.RevisionHistoryLimit is not { } limit || limit == int.MaxValue)
            return;
        if (!DeploymentConditions.IsComplete(_deployment, DeploymentConditions.Counts(_deployment, _observed, _new, _now)))
            return;
        var alive = _old.Where(s => s.Metadata.DeletionTimestamp is null).OrderBy(s => Revisions.Of(s.Metadata))
            .ThenBy(s => s.Metadata.CreationTimestamp).ThenBy(s => s.Metadata.Name, StringComparer.Ordinal).ToList();
        foreach (var set in alive.Take(Math.Max(0, alive.Count - limit)))
        {
            var idle = set.Status.Replicas == 0 && Rollout.Desired(set) == 0 && set.Metadata.Generation <= set.Status.ObservedGeneration;
            if (idle)
                _actions.Add(new DeploymentAction.Delete(set));
        }
    }
}
