using Cybernetes.Node.Pods;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Node.Status;

/// <summary>Makes a pod's whole status. Pure: the same inputs give the same status.</summary>
internal static class PodStatusComposer
{
    public static PodStatus Compose(PodStatusInputs inputs)
    {
        var pod = inputs.Pod;
        var status = new PodStatus
        {
            ObservedGeneration = pod.Metadata.Generation,
            NominatedNodeName = pod.Status.NominatedNodeName,
            StartTime = inputs.Old.StartTime ?? KubernetesTime.TruncateToSecond(inputs.Now),
            QOSClass = pod.Status.QOSClass.Length > 0 ? pod.Status.QOSClass : PodQos.ClassOf(pod),
            InitContainerStatuses = pod.Spec.InitContainers.OrEmpty().Count > 0 ? ContainerStatusRules.OfInit(inputs) : null,
            ContainerStatuses = ContainerStatusRules.OfRegular(inputs),
            EphemeralContainerStatuses = ContainerStatusRules.OfEphemeral(inputs),
            ResourceClaimStatuses = pod.Status.ResourceClaimStatuses,
            Resize = pod.Status.Resize,
        };
        if (inputs.Ended is not null && inputs.State.Containers.Count == 0 && inputs.Old.ContainerStatuses.OrEmpty().Count == 0)
        {
            // Refused before anything was made: there are no containers to speak of.
            (status.InitContainerStatuses, status.ContainerStatuses) = (null, null);
        }

        status.Phase = Phase(inputs, status);
        if (inputs.Ended is { } ended)
            (status.Reason, status.Message) = (ended.Reason, ended.Message);
        else if (status.Phase == inputs.Old.Phase)
            (status.Reason, status.Message) = (inputs.Old.Reason, inputs.Old.Message);
        SetAddresses(inputs, status);
        status.Conditions = PodConditionRules.Make(inputs, status);
        return status;
    }

    private static string Phase(PodStatusInputs inputs, PodStatus status)
    {
        // A pod that ended stays ended, whatever the runtime forgets afterwards.
        if (inputs.Old.Phase is PodPhase.Failed or PodPhase.Succeeded)
            return inputs.Old.Phase;
        if (inputs.Ended is not null)
            return PodPhase.Failed;
        return PodPhaseRules.PhaseOf(
            inputs.Pod, status.InitContainerStatuses.OrEmpty(), status.ContainerStatuses.OrEmpty(), inputs.IsTerminal);
    }

    private static void SetAddresses(PodStatusInputs inputs, PodStatus status)
    {
        if (inputs.HostAddresses.Count > 0)
        {
            status.HostIP = inputs.HostAddresses[0];
            status.HostIPs = [.. inputs.HostAddresses.Select(ip => new HostIP { IP = ip })];
        }

        IReadOnlyList<string> addresses = inputs.Pod.Spec.HostNetwork
            ? inputs.HostAddresses
            : inputs.State.ReadySandbox?.Addresses ?? [];
        if (addresses.Count > 0)
        {
            status.PodIP = addresses[0];
            status.PodIPs = [.. addresses.Select(ip => new PodIP { IP = ip })];
            return;
        }

        // An ended pod still shows where it was.
        status.PodIP = inputs.Old.PodIP;
        status.PodIPs = inputs.Old.PodIPs;
    }
}
