using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Services;

/// <summary>What upstream fills into services.</summary>
internal static class ServiceDefaults
{
    private const int AffinitySeconds = 3 * 60 * 60;

    public static void Apply(Service service)
    {
        var spec = service.Spec;
        Affinity(spec);
        if (spec.Type.Length == 0)
            spec.Type = "ClusterIP";
        foreach (var port in spec.Ports.OrEmpty())
        {
            if (port.Protocol.Length == 0)
                port.Protocol = "TCP";
            if (port.TargetPort == IntOrString.FromInt(0) || port.TargetPort == IntOrString.FromString(""))
                port.TargetPort = IntOrString.FromInt(port.Port);
        }
        if (ServiceFacts.IsExternallyAccessible(service) && spec.ExternalTrafficPolicy.Length == 0)
            spec.ExternalTrafficPolicy = "Cluster";
        if (spec.Type is "NodePort" or "LoadBalancer" or "ClusterIP")
            spec.InternalTrafficPolicy ??= "Cluster";
        if (spec.Type != "LoadBalancer")
            return;
        spec.AllocateLoadBalancerNodePorts ??= true;
        foreach (var ingress in service.Status.LoadBalancer.Ingress.OrEmpty())
        {
            if (ingress.IP.Length > 0)
                ingress.IPMode ??= "VIP";
        }
    }

    private static void Affinity(ServiceSpec spec)
    {
        if (spec.SessionAffinity.Length == 0)
            spec.SessionAffinity = "None";
        if (spec.SessionAffinity == "None")
            spec.SessionAffinityConfig = null;
        else if (spec.SessionAffinity == "ClientIP" && spec.SessionAffinityConfig?.ClientIP?.TimeoutSeconds is null)
            spec.SessionAffinityConfig = new() { ClientIP = new() { TimeoutSeconds = AffinitySeconds } };
    }
}

/// <summary>What the fields of a service make of it.</summary>
internal static class ServiceFacts
{
    /// <summary>One cluster IP that says None.</summary>
    public static bool IsHeadless(Service service) => service.Spec.ClusterIPs is ["None"];

    /// <summary>Reached from outside by a node port, a balancer or external addresses.</summary>
    public static bool IsExternallyAccessible(Service service) =>
        service.Spec.Type is "LoadBalancer" or "NodePort"
        || (service.Spec.Type == "ClusterIP" && service.Spec.ExternalIPs is { Count: > 0 });

    /// <summary>A balancer has to know which nodes have endpoints.</summary>
    public static bool NeedsHealthCheck(Service service) =>
        service.Spec.Type == "LoadBalancer" && service.Spec.ExternalTrafficPolicy == "Local";
}
