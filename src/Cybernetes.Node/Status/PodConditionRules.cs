using Cybernetes.Node.Pods;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Node.Status;

/// <summary>The conditions that the node agent owns. Pure; upstream's Generate…Condition functions.</summary>
internal static class PodConditionRules
{
    public const string ReadyToStartContainers = "PodReadyToStartContainers";

    private static readonly string[] Owned =
        [ReadyToStartContainers, "Initialized", "Ready", "ContainersReady", "PodScheduled"];

    /// <summary>True for conditions that are the node agent's to write; others' (readiness gates, DisruptionTarget) are left
    /// alone.</summary>
    public static bool IsOwned(string type) => Owned.Contains(type);

    /// <summary>The owned conditions in upstream's order, then what others wrote.</summary>
    public static List<PodCondition> Make(PodStatusInputs inputs, PodStatus status)
    {
        var containersReady = ContainersReady(inputs.Pod, status);
        var made = new List<PodCondition>
        {
            Condition(ReadyToStartContainers, HasNetwork(inputs) && !inputs.IsTerminal),
            Initialized(inputs.Pod, status),
            Ready(inputs.Pod, containersReady),
            containersReady,
            Condition("PodScheduled", true),
        };
        foreach (var condition in made)
        {
            condition.ObservedGeneration = inputs.Pod.Metadata.Generation;
            var old = inputs.Old.Conditions?.Find(known => known.Type == condition.Type);
            var unchanged = old is not null && old.Status == condition.Status;
            condition.LastTransitionTime = unchanged ? old!.LastTransitionTime : KubernetesTime.TruncateToSecond(inputs.Now);
            condition.LastProbeTime = old?.LastProbeTime;
        }

        var foreign = inputs.Pod.Status.Conditions.OrEmpty().Where(condition => !IsOwned(condition.Type));
        made.AddRange(foreign.Select(condition => condition.DeepClone()));
        return made;
    }

    private static bool HasNetwork(PodStatusInputs inputs) =>
        inputs.State.ReadySandbox is { } sandbox && (sandbox.IsHostNetwork || sandbox.Addresses.Count > 0);

    private static PodCondition Initialized(Pod pod, PodStatus status)
    {
        if (pod.Spec.InitContainers.OrEmpty().Count == 0)
            return Condition("Initialized", true);
        var unknown = new List<string>();
        var incomplete = new List<string>();
        foreach (var container in pod.Spec.InitContainers.OrEmpty())
        {
            var known = status.InitContainerStatuses?.Find(one => one.Name == container.Name);
            if (known is null)
                unknown.Add(container.Name);
            else if (RestartRules.IsSidecar(container) ? known.Started != true : !known.Ready)
                incomplete.Add(container.Name);
        }

        if (status.Phase == PodPhase.Succeeded && unknown.Count == 0)
            return Condition("Initialized", true, "PodCompleted");
        var wasInitialized = status.ContainerStatuses.OrEmpty().Any(one => one.State.Running is not null
            || one.State.Terminated is { Reason: not "ContainerStatusUnknown" }
                || one.LastTerminationState.Terminated is not null);
        return (unknown.Count == 0 && incomplete.Count == 0) || wasInitialized
            ? Condition("Initialized", true)
            : Condition("Initialized", false, "ContainersNotInitialized", Joined(unknown, incomplete, "incomplete"));
    }

    private static PodCondition ContainersReady(Pod pod, PodStatus status)
    {
        var unknown = new List<string>();
        var unready = new List<string>();
        var sidecars = pod.Spec.InitContainers.OrEmpty().Where(RestartRules.IsSidecar);
        Sort(sidecars, status.InitContainerStatuses, unknown, unready);
        Sort(pod.Spec.Containers.OrEmpty(), status.ContainerStatuses, unknown, unready);
        if (status.Phase == PodPhase.Succeeded && unknown.Count == 0)
            return Condition("ContainersReady", false, "PodCompleted");
        if (status.Phase == PodPhase.Failed)
            return Condition("ContainersReady", false, "PodFailed");
        return unknown.Count == 0 && unready.Count == 0
            ? Condition("ContainersReady", true)
            : Condition("ContainersReady", false, "ContainersNotReady", Joined(unknown, unready, "unready"));
    }

    private static void Sort(
        IEnumerable<Container> containers, List<ContainerStatus>? statuses, List<string> unknown, List<string> unready)
    {
        foreach (var container in containers)
        {
            var status = statuses?.Find(one => one.Name == container.Name);
            if (status is null)
                unknown.Add(container.Name);
            else if (!status.Ready)
                unready.Add(container.Name);
        }
    }

    private static PodCondition Ready(Pod pod, PodCondition containersReady)
    {
        if (containersReady.Status != ConditionStatus.ConditionTrue)
            return Condition("Ready", false, containersReady.Reason, containersReady.Message);
        var missing = new List<string>();
        foreach (var gate in pod.Spec.ReadinessGates.OrEmpty())
        {
            var condition = pod.Status.Conditions?.Find(known => known.Type == gate.ConditionType);
            if (condition is null)
                missing.Add($"corresponding condition of pod readiness gate \"{gate.ConditionType}\" does not exist.");
            else if (condition.Status != ConditionStatus.ConditionTrue)
                missing.Add($"the status of pod readiness gate \"{gate.ConditionType}\" is not \"True\", but {condition.Status}");
        }

        return missing.Count == 0
            ? Condition("Ready", true)
            : Condition("Ready", false, "ReadinessGatesNotReady", string.Join(", ", missing));
    }

    private static string Joined(List<string> unknown, List<string> others, string word)
    {
        var parts = new List<string>();
        if (unknown.Count > 0)
            parts.Add($"containers with unknown status: [{string.Join(' ', unknown)}]");
        if (others.Count > 0)
            parts.Add($"containers with {word} status: [{string.Join(' ', others)}]");
        return string.Join(", ", parts);
    }

    private static PodCondition Condition(string type, bool status, string reason = "", string message = "") => new()
    {
        Type = type,
        Status = status ? ConditionStatus.ConditionTrue : ConditionStatus.ConditionFalse,
        Reason = reason,
        Message = message,
    };
}
