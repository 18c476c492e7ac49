using Cybernetes.Node.Status;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Node.Pods;

/// <summary>
/// The kubelet's last word on a pod that was bound to its node: is there room for it, are its host ports free? Pure; upstream's
/// GeneralPredicates in the kubelet's wording.
/// </summary>
internal sealed class PodAdmission
{
    /// <summary>Null when the pod may run.</summary>
    public StartFailure? Refusal(Pod pod, IEnumerable<Pod> others, IReadOnlyDictionary<string, Quantity> allocatable)
    {
        if (allocatable.Count == 0)
            return null;
        var active = others.Where(other => other.Status.Phase is not (PodPhase.Failed or PodPhase.Succeeded)).ToArray();
        return TooMany(active, allocatable) ?? NoRoom(pod, active, allocatable) ?? PortTaken(pod, active);
    }

    private static StartFailure? TooMany(Pod[] active, IReadOnlyDictionary<string, Quantity> allocatable)
    {
        if (!allocatable.TryGetValue("pods", out var most) || active.Length + 1 <= most.Value())
            return null;
        return OutOf("pods", 1, active.Length, most.Value());
    }

    private static StartFailure? NoRoom(Pod pod, Pod[] active, IReadOnlyDictionary<string, Quantity> allocatable)
    {
        foreach (var resource in ResourcesOf(pod))
        {
            var request = PodResourceSums.Request(pod, resource);
            if (request.IsZero)
                continue;
            var capacity = allocatable.GetValueOrDefault(resource);
            var used = Quantity.Zero;
            foreach (var other in active)
                used += PodResourceSums.Request(other, resource);
            if (used + request <= capacity)
                continue;
            return resource == "cpu"
                ? OutOf(resource, request.MilliValue(), used.MilliValue(), capacity.MilliValue())
                : OutOf(resource, request.Value(), used.Value(), capacity.Value());
        }

        return null;
    }

    private static IEnumerable<string> ResourcesOf(Pod pod)
    {
        var containers = pod.Spec.Containers.OrEmpty().Concat(pod.Spec.InitContainers.OrEmpty());
        return containers.SelectMany(container => container.Resources.Requests.OrEmpty().Keys).Order(StringComparer.Ordinal)
            .Distinct();
    }

    private static StartFailure OutOf(string resource, long requested, long used, long capacity) => new(
        "OutOf" + resource,
        $"Pod was rejected: Node didn't have enough resource: {resource}, "
        + $"requested: {requested}, used: {used}, capacity: {capacity}");

    private static StartFailure? PortTaken(Pod pod, Pod[] active)
    {
        foreach (var port in HostPorts(pod))
        {
            if (active.SelectMany(HostPorts).Any(taken => Collide(taken, port)))
                return new StartFailure("NodePorts",
                    "Pod was rejected: Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports");
        }

        return null;
    }

    private static IEnumerable<ContainerPort> HostPorts(Pod pod) =>
        pod.Spec.Containers.OrEmpty().Concat(pod.Spec.InitContainers.OrEmpty().Where(RestartRules.IsSidecar))
            .SelectMany(container => container.Ports.OrEmpty()).Where(port => port.HostPort > 0);

    private static bool Collide(ContainerPort one, ContainerPort other)
    {
        if (one.HostPort != other.HostPort || Protocol(one) != Protocol(other))
            return false;
        return IsAny(one.HostIP) || IsAny(other.HostIP) || one.HostIP == other.HostIP;
    }

    private static bool IsAny(string ip) => ip is "" or "0.0.0.0" or "::";

    private static string Protocol(ContainerPort port) => port.Protocol.Length > 0 ? port.Protocol : "TCP";
}
