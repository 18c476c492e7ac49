using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Node.Pods;

internal enum KillReason
{
    PodEnds,
    SpecChanged,
    LivenessFailed,
    StartupFailed,
    StateUnknown,
    PostStartFailed,
}

/// <param name="Message">For the Killing event; empty for the usual "Stopping container".</param>
internal sealed record ContainerKill(ContainerInstance Instance, Container? Spec, string Message, KillReason Reason);

/// <summary>What has to be done to a pod now. Made by <see cref="PodSyncDecider"/>, carried out by
/// <see cref="PodSync"/>.</summary>
internal sealed record PodSyncPlan
{
    /// <summary>Stop every container and sandbox there is first.</summary>
    public bool KillPod { get; init; }

    public bool CreateSandbox { get; init; }

    /// <summary>Counts a pod's sandboxes from 0.</summary>
    public uint SandboxAttempt { get; init; }

    /// <summary>The sandbox to use, or the one that is replaced; empty when there is none.</summary>
    public string SandboxId { get; init; } = "";

    /// <summary>Places in spec.initContainers, to be started in this order.</summary>
    public IReadOnlyList<int> InitContainersToStart { get; init; } = [];

    /// <summary>Places in spec.containers.</summary>
    public IReadOnlyList<int> ContainersToStart { get; init; } = [];

    /// <summary>Places in spec.ephemeralContainers.</summary>
    public IReadOnlyList<int> EphemeralContainersToStart { get; init; } = [];

    public IReadOnlyList<ContainerKill> ContainersToKill { get; init; } = [];

    public bool IsNothing =>
        !KillPod && !CreateSandbox && InitContainersToStart.Count == 0 && ContainersToStart.Count == 0
        && EphemeralContainersToStart.Count == 0 && ContainersToKill.Count == 0;
}
