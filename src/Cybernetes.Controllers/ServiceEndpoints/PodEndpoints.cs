using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.ServiceEndpoints;

/// <summary>What a service's port is on one pod: a named target port may be another number on each.</summary>
internal readonly record struct ResolvedPort(string Name, string Protocol, int Number, string? AppProtocol);

/// <summary>How pods stand behind a service. Pure.</summary>
internal static class PodEndpoints
{
    /// <summary>Whether the pod may stand behind a service at all: it has an address and is not finished.</summary>
    public static bool IsCandidate(Pod pod, bool includeTerminating) =>
        !PodState.IsFinished(pod)
        && (pod.Status.PodIP.Length > 0 || pod.Status.PodIPs.OrEmpty().Count > 0) && (includeTerminating || pod.Metadata.DeletionTimestamp is null);

    /// <summary>The pod's address of a family (<c>IPv4</c> or <c>IPv6</c>), or empty.</summary>
    public static string Address(Pod pod, string family)
    {
        foreach (var address in pod.Status.PodIPs.OrEmpty())
        {
            if (IsOf(address.IP, family))
                return address.IP;
        }
        return IsOf(pod.Status.PodIP, family) ? pod.Status.PodIP : "";
    }

    /// <summary>The address families of a service, its first one first.</summary>
    public static IReadOnlyList<string> Families(Service service)
    {
        if (service.Spec.IPFamilies is { Count: > 0 } families)
            return families;
        return [service.Spec.ClusterIP.Contains(':') ? "IPv6" : "IPv4"];
    }

    private static bool IsOf(string address, string family) => address.Length > 0 && address.Contains(':') == (family == "IPv6");

    /// <summary>The service's ports on this pod; a named port that the pod lacks is left out.</summary>
    public static IReadOnlyList<ResolvedPort> Ports(Service service, Pod pod)
    {
        var ports = new List<ResolvedPort>();
        foreach (var port in service.Spec.Ports.OrEmpty())
        {
            var protocol = port.Protocol.Length == 0 ? "TCP" : port.Protocol;
            if (Number(port, protocol, pod) is { } number)
                ports.Add(new ResolvedPort(port.Name, protocol, number, port.AppProtocol));
        }
        return ports;
    }

    /// <summary>The hostname that the pod has under a headless service of its subdomain; null where it has none.</summary>
    public static string? Hostname(Service service, Pod pod) =>
        pod.Spec.Hostname.Length > 0 && pod.Spec.Subdomain == service.Metadata.Name && service.Metadata.Namespace == pod.Metadata.Namespace
            ? pod.Spec.Hostname : null;

    private static int? Number(ServicePort port, string protocol, Pod pod)
    {
        if (!port.TargetPort.IsString)
            return port.TargetPort.IntValue == 0 ? port.Port : port.TargetPort.IntValue;
        var sidecars = pod.Spec.InitContainers.OrEmpty().Where(c => c.RestartPolicy == "Always");
        foreach (var candidate in pod.Spec.Containers.OrEmpty().Concat(sidecars).SelectMany(c => c.Ports.OrEmpty()))
        {
            var candidateProtocol = candidate.Protocol.Length == 0 ? "TCP" : candidate.Protocol;
            if (candidate.Name == port.TargetPort.StringValue && candidateProtocol == protocol)
                return candidate.ContainerPortValue;
        }
        return null;
    }
}
