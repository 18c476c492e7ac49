using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.Ownership;

/// <summary>What controllers ask of a pod's status.</summary>
internal static class PodState
{
    /// <summary>Neither finished nor being deleted.</summary>
    public static bool IsActive(Pod pod) =>
        pod.Status.Phase is not (PodPhase.Succeeded or PodPhase.Failed) && pod.Metadata.DeletionTimestamp is null;

    public static bool IsFinished(Pod pod) => pod.Status.Phase is PodPhase.Succeeded or PodPhase.Failed;

    public static PodCondition? Condition(Pod pod, string type)
    {
        foreach (var condition in pod.Status.Conditions.OrEmpty())
        {
            if (condition.Type == type)
                return condition;
        }
        return null;
    }

    public static bool IsReady(Pod pod) => Condition(pod, "Ready") is { Status: "True" };

    /// <summary>Since when the pod has been ready; null while it is not.</summary>
    public static DateTimeOffset? ReadySince(Pod pod) => Condition(pod, "Ready") is { Status: "True" } ready ? ready.LastTransitionTime : null;

    /// <summary>Writes into the pod that it ends by no fault of its own (KEP-3329).</summary>
    public static void SetDisruptionTarget(Pod pod, string reason, string message, DateTimeOffset now)
    {
        var condition = Condition(pod, "DisruptionTarget");
        if (condition is null)
            (pod.Status.Conditions ??= []).Add(condition = new PodCondition { Type = "DisruptionTarget" });
        if (condition.Status != "True")
            condition.LastTransitionTime = now;
        (condition.Status, condition.Reason, condition.Message) = ("True", reason, message);
        condition.ObservedGeneration = pod.Metadata.Generation;
    }

    /// <summary>Ready for at least the given time.</summary>
    public static bool IsAvailable(Pod pod, int minReadySeconds, DateTimeOffset now)
    {
        if (!IsReady(pod))
            return false;
        return minReadySeconds == 0 || (ReadySince(pod) is { } since && since.AddSeconds(minReadySeconds) <= now);
    }
}
