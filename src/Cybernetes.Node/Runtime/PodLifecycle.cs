using Cybernetes.Node.Runtime.Cri;

namespace Cybernetes.Node.Runtime;

public enum PodLifecycleEventType
{
    /// <summary>A container or sandbox runs now.</summary>
    ContainerStarted,

    /// <summary>A container exited or a sandbox is no longer ready.</summary>
    ContainerDied,

    /// <summary>A container or sandbox is gone from the runtime.</summary>
    ContainerRemoved,

    /// <summary>Something else about it changed (made but not started, or in an unknown state).</summary>
    ContainerChanged,
}

/// <summary>Something happened to a pod at the runtime; its pod worker should look. Several changes may share one event's
/// moment.</summary>
/// <param name="Id">The container's or sandbox's id.</param>
public readonly record struct PodLifecycleEvent(string PodUid, PodLifecycleEventType Type, string Id);

/// <summary>What the runtime holds at one moment, and what changed between two such moments. Pure.</summary>
public sealed class RuntimeListing
{
    public static readonly RuntimeListing Empty = new([], []);

    private readonly Dictionary<string, (string PodUid, ContainerState State)> _entries = new(StringComparer.Ordinal);

    /// <summary>Entries without a pod uid are not the node agent's and are left out.</summary>
    public RuntimeListing(IReadOnlyList<PodSandbox> sandboxes, IReadOnlyList<Container> containers)
    {
        Sandboxes = sandboxes;
        Containers = containers;
        foreach (var sandbox in sandboxes)
        {
            if (sandbox.Metadata?.Uid is { Length: > 0 } uid)
                _entries[sandbox.Id] = (uid, StateOf(sandbox.State));
        }

        foreach (var container in containers)
        {
            if (container.Labels.TryGetValue(RuntimeLabels.PodUid, out var uid))
                _entries[container.Id] = (uid, container.State);
        }
    }

    public IReadOnlyList<PodSandbox> Sandboxes { get; }

    public IReadOnlyList<Container> Containers { get; }

    public IEnumerable<PodLifecycleEvent> ChangesSince(RuntimeListing before)
    {
        foreach (var (id, now) in _entries)
        {
            if (!before._entries.TryGetValue(id, out var old) || old.State != now.State)
                yield return new PodLifecycleEvent(now.PodUid, TypeOf(now.State), id);
        }

        foreach (var (id, old) in before._entries)
        {
            if (_entries.ContainsKey(id))
                continue;

            // Gone without having been seen to end: the worker has to hear of both.
            if (old.State == ContainerState.ContainerRunning)
                yield return new PodLifecycleEvent(old.PodUid, PodLifecycleEventType.ContainerDied, id);
            yield return new PodLifecycleEvent(old.PodUid, PodLifecycleEventType.ContainerRemoved, id);
        }
    }

    private static ContainerState StateOf(PodSandboxState state) =>
        state == PodSandboxState.SandboxReady ? ContainerState.ContainerRunning : ContainerState.ContainerExited;

    private static PodLifecycleEventType TypeOf(ContainerState state) => state switch
    {
        ContainerState.ContainerRunning => PodLifecycleEventType.ContainerStarted,
        ContainerState.ContainerExited => PodLifecycleEventType.ContainerDied,
        _ => PodLifecycleEventType.ContainerChanged,
    };
}
