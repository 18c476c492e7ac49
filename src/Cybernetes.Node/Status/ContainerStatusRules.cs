using Cybernetes.Node.Pods;
using Cybernetes.Node.Probes;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Node.Status;

/// <summary>status.containerStatuses and its two like, from the runtime's instances. Pure; upstream's
/// convertToAPIContainerStatuses.</summary>
internal static class ContainerStatusRules
{
    private const int KilledExitCode = 137;
    private const string UnknownReason = "ContainerStatusUnknown";

    /// <summary>Of init containers, in the spec's order.</summary>
    public static List<ContainerStatus> OfInit(PodStatusInputs inputs) =>
        [.. Make(inputs, inputs.Pod.Spec.InitContainers.OrEmpty(), inputs.Old.InitContainerStatuses, isInit: true)];

    /// <summary>Of regular containers, by name.</summary>
    public static List<ContainerStatus> OfRegular(PodStatusInputs inputs) =>
        [.. Make(inputs, inputs.Pod.Spec.Containers.OrEmpty(), inputs.Old.ContainerStatuses, isInit: false)
            .OrderBy(status => status.Name, StringComparer.Ordinal)];

    public static List<ContainerStatus>? OfEphemeral(PodStatusInputs inputs)
    {
        if (inputs.Pod.Spec.EphemeralContainers.OrEmpty().Count == 0)
            return null;
        var containers = inputs.Pod.Spec.EphemeralContainers.OrEmpty().Select(EphemeralContainers.AsContainer).ToArray();
        return [.. Make(inputs, containers, inputs.Old.EphemeralContainerStatuses, isInit: false)
            .OrderBy(status => status.Name, StringComparer.Ordinal)];
    }

    private static IEnumerable<ContainerStatus> Make(
        PodStatusInputs inputs, IReadOnlyList<Container> containers, List<ContainerStatus>? olds, bool isInit)
    {
        foreach (var container in containers)
        {
            var old = olds?.Find(status => status.Name == container.Name);
            var status = Of(inputs, container, old, isInit);
            SetReady(inputs, container, status, isInit);
            yield return status;
        }
    }

    private static ContainerStatus Of(PodStatusInputs inputs, Container container, ContainerStatus? old, bool isInit)
    {
        var instances = inputs.State.Containers.Where(instance => instance.Name == container.Name).Take(2).ToArray();
        var status = instances.Length == 0
            ? WithoutInstance(inputs, container, old)
            : FromInstance(inputs, container, instances[0], old);
        if (instances.Length == 2)
            status.LastTerminationState = StateOf(inputs, instances[1], null);
        else if (instances.Length == 1 && old is not null && old.RestartCount == status.RestartCount)
            status.LastTerminationState = old.LastTerminationState.DeepClone();
        if (inputs.IsTerminal && status.State.Terminated is null)
            status.State = Lost("The container could not be located when the pod was terminated");
        else if (!inputs.IsTerminal)
            ApplyStartFailure(inputs, container, instances.FirstOrDefault(), status, isInit);
        return status;
    }

    private static ContainerStatus WithoutInstance(PodStatusInputs inputs, Container container, ContainerStatus? old)
    {
        var status = new ContainerStatus { Name = container.Name, Image = container.Image, State = DefaultWaiting(inputs) };
        if (old is null)
            return status;
        if (old.State.Terminated is not null)
            return old.DeepClone();
        status.RestartCount = old.RestartCount;
        status.LastTerminationState = old.LastTerminationState.DeepClone();
        if (old.State.Running is null)
            return status;

        // It ran, and now the runtime knows nothing of it: say so instead of pretending it never was.
        var lost = Lost("The container could not be located when the pod was deleted.  The container used to be Running");
        if (inputs.Pod.Metadata.DeletionTimestamp is not null)
            status.State = lost;
        else
        {
            status.LastTerminationState = lost;
            status.RestartCount++;
        }

        return status;
    }

    private static ContainerStatus FromInstance(
        PodStatusInputs inputs, Container container, ContainerInstance instance, ContainerStatus? old)
    {
        var status = new ContainerStatus
        {
            Name = container.Name,
            State = StateOf(inputs, instance, old),
            RestartCount = instance.RestartCount,
            Image = instance.Image.Length > 0 ? instance.Image : container.Image,
            ImageID = instance.ImageReference,
            ContainerID = IdOf(inputs, instance),
            VolumeMounts = VolumeMountsOf(container),
        };
        if (instance.User is { } user)
        {
            var linux = new LinuxContainerUser
            {
                UID = user.Uid, GID = user.Gid,
                SupplementalGroups = [.. user.SupplementalGroups]
            };
            status.User = new ContainerUser { Linux = linux };
        }

        if (instance.IsRunning)
        {
            var resources = container.Resources.DeepClone();
            resources.Claims = null;
            status.Resources = resources;
            status.AllocatedResources = resources.Requests is { Count: > 0 } ? resources.DeepClone().Requests : null;
        }

        return status;
    }

    private static List<VolumeMountStatus>? VolumeMountsOf(Container container)
    {
        if (container.VolumeMounts.OrEmpty().Count == 0)
            return null;
        return [.. container.VolumeMounts.OrEmpty().Select(mount => new VolumeMountStatus
        {
            Name = mount.Name,
            MountPath = mount.MountPath,
            ReadOnly = mount.ReadOnly,
            RecursiveReadOnly = mount.ReadOnly ? "Disabled" : null,
        })];
    }

    private static ContainerState StateOf(PodStatusInputs inputs, ContainerInstance instance, ContainerStatus? old)
    {
        switch (instance.State)
        {
            case InstanceState.Running:
                return new ContainerState { Running = new ContainerStateRunning { StartedAt = Whole(instance.StartedAt) } };
            case InstanceState.Created:
                return DefaultWaiting(inputs);
            case InstanceState.Unknown when old?.State.Running is null:
                return DefaultWaiting(inputs);
            case InstanceState.Unknown:
                return Lost("The container could not be located when the pod was terminated");
            default:
                return new ContainerState
                {
                    Terminated = new ContainerStateTerminated
                    {
                        ExitCode = instance.ExitCode,
                        Reason = instance.Reason,
                        Message = instance.Message,
                        StartedAt = Whole(instance.StartedAt ?? DateTimeOffset.UnixEpoch),
                        FinishedAt = Whole(instance.FinishedAt ?? instance.StartedAt ?? instance.CreatedAt),
                        ContainerID = IdOf(inputs, instance),
                    },
                };
        }
    }

    private static void ApplyStartFailure(
        PodStatusInputs inputs, Container container, ContainerInstance? newest, ContainerStatus status, bool isInit)
    {
        if (!inputs.StartFailures.TryGetValue(container.Name, out var failure))
            return;
        if (isInit && !RestartRules.IsSidecar(container) && newest is { State: InstanceState.Exited, ExitCode: 0 })
            return;
        if (!RestartRules.IsToBeStarted(inputs.Pod, container, newest))
            return;
        if (status.State.Terminated is not null)
            status.LastTerminationState = status.State;
        var message = failure.Message;
        status.State = new ContainerState { Waiting = new ContainerStateWaiting { Reason = failure.Reason, Message = message } };
    }

    private static void SetReady(PodStatusInputs inputs, Container container, ContainerStatus status, bool isInit)
    {
        if (isInit && !RestartRules.IsSidecar(container))
        {
            status.Started = false;
            status.Ready = status.State.Terminated is { ExitCode: 0 };
            return;
        }

        var id = status.ContainerID.Length > 0
            ? status.ContainerID[(status.ContainerID.IndexOf("://", StringComparison.Ordinal) + 3)..] : "";
        var isRunning = status.State.Running is not null;
        var isStarted = isRunning
            && (container.StartupProbe is null || inputs.Probes.Get(ProbeKind.Startup, id) == ProbeResult.Success);
        status.Started = isStarted;
        status.Ready = isStarted && !inputs.IsTerminal
            && (container.ReadinessProbe is null || inputs.Probes.Get(ProbeKind.Readiness, id) == ProbeResult.Success);
    }

    private static ContainerState DefaultWaiting(PodStatusInputs inputs)
    {
        var waitsForInit = inputs.Pod.Spec.InitContainers.OrEmpty().Count > 0;
        var reason = waitsForInit ? "PodInitializing" : "ContainerCreating";
        return new ContainerState { Waiting = new ContainerStateWaiting { Reason = reason } };
    }

    private static ContainerState Lost(string message) => new()
    {
        Terminated = new ContainerStateTerminated { Reason = UnknownReason, Message = message, ExitCode = KilledExitCode },
    };

    private static string IdOf(PodStatusInputs inputs, ContainerInstance instance) => $"{inputs.RuntimeName}://{instance.Id}";

    // The API shows whole seconds; cut here so that what is compared is what is stored.
    private static DateTimeOffset? Whole(DateTimeOffset? time) =>
        time is { } value ? KubernetesTime.TruncateToSecond(value) : null;
}
