using Cybernetes.Node.Pods;
using Cybernetes.Node.Probes;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Node.Status;

/// <summary>Why a container that should run does not: shown as its waiting state.</summary>
internal readonly record struct StartFailure(string Reason, string Message);

/// <summary>All that a pod's status is made of.</summary>
/// <param name="Old">The status last made or, after a restart of the agent, the API server's.</param>
/// <param name="StartFailures">By container name.</param>
/// <param name="HostAddresses">The node's internal addresses, the first is the hostIP.</param>
internal sealed record PodStatusInputs(
    Pod Pod, PodStatus Old, PodRuntimeState State, IReadOnlyDictionary<string, StartFailure> StartFailures, ProbeResults Probes,
    IReadOnlyList<string> HostAddresses, DateTimeOffset Now)
{
    /// <summary>The pod is over: nothing runs any more, nothing will.</summary>
    public bool IsTerminal { get; init; }

    /// <summary>Set when the node agent ended the pod (Evicted, DeadlineExceeded …): the phase is Failed.</summary>
    public StartFailure? Ended { get; init; }

    /// <summary>For containerID: containerd, cri-o, simulated.</summary>
    public string RuntimeName { get; init; } = "containerd";
}
