using Cybernetes.Node.Runtime;
using Cri = Cybernetes.Node.Runtime.Cri;

namespace Cybernetes.Node.Pods;

/// <summary>What the runtime holds of one pod at one moment. Immutable.</summary>
/// <param name="Sandboxes">Newest first.</param>
/// <param name="Containers">Every instance of every container, newest first.</param>
internal sealed record PodRuntimeState(
    IReadOnlyList<SandboxInstance> Sandboxes, IReadOnlyList<ContainerInstance> Containers)
{
    public static readonly PodRuntimeState Empty = new([], []);

    /// <summary>The newest sandbox if it is ready.</summary>
    public SandboxInstance? ReadySandbox => Sandboxes.Count > 0 && Sandboxes[0].IsReady ? Sandboxes[0] : null;

    public bool HasRunningContainers => Containers.Any(container => container.IsRunning);

    /// <summary>The newest instance of the container, in whatever sandbox.</summary>
    public ContainerInstance? Newest(string name)
    {
        foreach (var container in Containers)
        {
            if (container.Name == name)
                return container;
        }

        return null;
    }

    /// <summary>The newest instance of the container in the newest sandbox: what came before a new sandbox does not count any
    /// more.</summary>
    public ContainerInstance? NewestActive(string name)
    {
        var sandbox = Sandboxes.Count > 0 ? Sandboxes[0].Id : "";
        foreach (var container in Containers)
        {
            if (container.Name == name && container.SandboxId == sandbox)
                return container;
        }

        return null;
    }

    /// <summary>Whether this state was read after the change: then there is nothing new in it.</summary>
    public bool Shows(PodLifecycleEvent change)
    {
        var container = ById(change.Id);
        var sandbox = container is null ? Sandboxes.FirstOrDefault(sandbox => sandbox.Id == change.Id) : null;
        return change.Type switch
        {
            PodLifecycleEventType.ContainerStarted => container?.State == InstanceState.Running || sandbox?.IsReady == true,
            PodLifecycleEventType.ContainerDied => container?.State == InstanceState.Exited || sandbox?.IsReady == false,
            PodLifecycleEventType.ContainerRemoved => container is null && sandbox is null,
            _ => false,
        };
    }

    public ContainerInstance? ById(string id)
    {
        foreach (var container in Containers)
        {
            if (container.Id == id)
                return container;
        }

        return null;
    }
}

/// <param name="Attempt">0 for a pod's first sandbox.</param>
/// <param name="Addresses">Empty for host network, and while the network is not set up.</param>
internal sealed record SandboxInstance(
    string Id, string Name, string Namespace, uint Attempt, bool IsReady, bool IsHostNetwork, DateTimeOffset CreatedAt,
    IReadOnlyList<string> Addresses);

internal enum InstanceState
{
    Created,
    Running,
    Exited,
    Unknown,
}

/// <param name="Hash">Of the part of the spec that makes a restart necessary; empty when the container is not the node
/// agent's.</param>
/// <param name="ImageReference">The image the runtime resolved: shown as imageID.</param>
/// <param name="Message">The runtime's message and the termination message.</param>
internal sealed record ContainerInstance(
    string Id, string Name, string SandboxId, InstanceState State, DateTimeOffset CreatedAt, DateTimeOffset? StartedAt,
    DateTimeOffset? FinishedAt, int ExitCode, string Reason, string Message, int RestartCount, string Hash, string Image,
    string ImageReference, string LogPath)
{
    public bool IsRunning => State == InstanceState.Running;

    /// <summary>Seconds; -1 when the annotation is not there.</summary>
    public long TerminationGraceSeconds { get; init; } = -1;

    public Cri.LinuxContainerUser? User { get; init; }

    public static InstanceState StateOf(Cri.ContainerState state) => state switch
    {
        Cri.ContainerState.ContainerCreated => InstanceState.Created,
        Cri.ContainerState.ContainerRunning => InstanceState.Running,
        Cri.ContainerState.ContainerExited => InstanceState.Exited,
        _ => InstanceState.Unknown,
    };

    public static DateTimeOffset? Time(long nanoseconds) =>
        nanoseconds <= 0 ? null : DateTimeOffset.UnixEpoch.AddTicks(nanoseconds / 100);

    public static string Annotation(Cri.ContainerStatus status, string key) =>
        status.Annotations.TryGetValue(key, out var value) ? value : "";

    public static string NameOf(Cri.Container container) =>
        container.Labels.TryGetValue(RuntimeLabels.ContainerName, out var name) ? name : container.Metadata?.Name ?? "";
}
