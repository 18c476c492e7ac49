using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;

namespace Cybernetes.Controllers.Deployments;

/// <summary>The status of a deployment: counts, and the conditions Available, Progressing and ReplicaFailure, worded as upstream's. Pure.</summary>
internal static class DeploymentConditions
{
    public const string Available = "Available";
    public const string Progressing = "Progressing";

    /// <summary>Counts over all replica sets and the availability they make.</summary>
    public static DeploymentStatus Counts(Deployment deployment, IReadOnlyList<ReplicaSet> all, ReplicaSet? @new, DateTimeOffset now)
    {
        var available = all.Sum(s => s.Status.AvailableReplicas);
        var status = new DeploymentStatus
        {
            ObservedGeneration = deployment.Metadata.Generation,
            Replicas = all.Sum(s => s.Status.Replicas),
            UpdatedReplicas = @new?.Status.Replicas ?? 0,
            ReadyReplicas = all.Sum(s => s.Status.ReadyReplicas),
            AvailableReplicas = available,
            UnavailableReplicas = Math.Max(0, all.Sum(Rollout.Desired) - available),
            CollisionCount = deployment.Status.CollisionCount,
            TerminatingReplicas = all.Any(s => s.Status.TerminatingReplicas is null) ? null : all.Sum(s => s.Status.TerminatingReplicas),
            Conditions = [.. deployment.Status.Conditions.OrEmpty().Select(c => c.DeepClone())],
        };
        var enough = available >= Rollout.Desired(deployment) - Rollout.MaxUnavailable(deployment);
        Set(status, enough
            ? New(Available, "True", "MinimumReplicasAvailable", "Deployment has minimum availability.", now)
            : New(Available, "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.", now));
        return status;
    }

    /// <summary>Everything updated, available and observed.</summary>
    public static bool IsComplete(Deployment deployment, DeploymentStatus status) =>
        status.UpdatedReplicas == Rollout.Desired(deployment) && status.Replicas == Rollout.Desired(deployment)
        && status.AvailableReplicas == Rollout.Desired(deployment) && status.ObservedGeneration >= deployment.Metadata.Generation;

    /// <summary>Tells how the rollout goes, for a deployment with a progress deadline.</summary>
    public static void SetProgress(Deployment deployment, DeploymentStatus status, IReadOnlyList<ReplicaSet> all, ReplicaSet? @new, DateTimeOffset now)
    {
        if (!HasDeadline(deployment))
            Remove(status, Progressing);
        var before = Find(deployment.Status, Progressing);
        var atRest = status.Replicas == status.UpdatedReplicas && before is { Reason: "NewReplicaSetAvailable" };
        if (!HasDeadline(deployment) || atRest)
        {
            SetFailure(status, all, now);
            return;
        }
        var subject = @new is null ? $"Deployment \"{deployment.Metadata.Name}\"" : $"ReplicaSet \"{@new.Metadata.Name}\"";
        if (IsComplete(deployment, status))
            Set(status, New(Progressing, "True", "NewReplicaSetAvailable", $"{subject} has successfully progressed.", now));
        else if (HasProgressed(deployment.Status, status))
            SetProgressing(status, before, New(Progressing, "True", "ReplicaSetUpdated", $"{subject} is progressing.", now));
        else if (TimedOut(deployment, status, now))
            Set(status, New(Progressing, "False", "ProgressDeadlineExceeded", $"{subject} has timed out progressing.", now));
        SetFailure(status, all, now);
    }

    /// <summary>When the deadline may pass without any event; null where it cannot.</summary>
    public static TimeSpan? DeadlineIn(Deployment deployment, DeploymentStatus status, DateTimeOffset now)
    {
        if (!HasDeadline(deployment) || IsComplete(deployment, status) || Find(status, Progressing) is not { } progressing)
            return null;
        if (progressing.Reason is "ProgressDeadlineExceeded" or "NewReplicaSetAvailable" or "DeploymentPaused")
            return null;
        var left = (progressing.LastUpdateTime ?? now).AddSeconds(deployment.Spec.ProgressDeadlineSeconds ?? 600) - now;
        return left < TimeSpan.FromSeconds(1) ? TimeSpan.FromSeconds(1) : left + TimeSpan.FromSeconds(1);
    }

    public static bool HasDeadline(Deployment deployment) => deployment.Spec.ProgressDeadlineSeconds is { } seconds and not int.MaxValue && seconds >= 0;

    public static DeploymentCondition? Find(DeploymentStatus status, string type) => status.Conditions.OrEmpty().FirstOrDefault(c => c.Type == type);

    public static DeploymentCondition New(string type, string value, string reason, string message, DateTimeOffset now) =>
        new() { Type = type, Status = value, Reason = reason, Message = message, LastUpdateTime = now, LastTransitionTime = now };

    /// <summary>Sets a condition unless status and reason stand so already; the transition time moves with the status only.</summary>
    public static void Set(DeploymentStatus status, DeploymentCondition condition)
    {
        var before = Find(status, condition.Type);
        if (before is not null && before.Status == condition.Status && before.Reason == condition.Reason)
            return;
        if (before is not null && before.Status == condition.Status)
            condition.LastTransitionTime = before.LastTransitionTime;
        Remove(status, condition.Type);
        (status.Conditions ??= []).Add(condition);
    }

    public static void Remove(DeploymentStatus status, string type) => status.Conditions?.RemoveAll(c => c.Type == type);

    private static void SetProgressing(DeploymentStatus status, DeploymentCondition? before, DeploymentCondition condition)
    {
        // Each step forward renews the update time, from which the deadline counts, even under the same reason.
        if (before is { Status: "True" })
            condition.LastTransitionTime = before.LastTransitionTime;
        Remove(status, Progressing);
        (status.Conditions ??= []).Add(condition);
    }

    private static bool HasProgressed(DeploymentStatus before, DeploymentStatus now) =>
        now.UpdatedReplicas > before.UpdatedReplicas || now.ReadyReplicas > before.ReadyReplicas || now.AvailableReplicas > before.AvailableReplicas
        || now.Replicas - now.UpdatedReplicas < before.Replicas - before.UpdatedReplicas;

    private static bool TimedOut(Deployment deployment, DeploymentStatus status, DateTimeOffset now)
    {
        if (Find(status, Progressing) is not { } progressing)
            return false;
        if (progressing.Reason == "ProgressDeadlineExceeded")
            return true;
        if (progressing.Reason is "NewReplicaSetAvailable" or "DeploymentPaused")
            return false;
        return (progressing.LastUpdateTime ?? now).AddSeconds(deployment.Spec.ProgressDeadlineSeconds ?? 600) < now;
    }

    private static void SetFailure(DeploymentStatus status, IReadOnlyList<ReplicaSet> all, DateTimeOffset now)
    {
        var failure = all.SelectMany(s => s.Status.Conditions.OrEmpty()).FirstOrDefault(c => c.Type == "ReplicaFailure" && c.Status == "True");
        if (failure is null)
            Remove(status, "ReplicaFailure");
        else
            Set(status, New("ReplicaFailure", "True", failure.Reason, failure.Message, now));
    }
}
