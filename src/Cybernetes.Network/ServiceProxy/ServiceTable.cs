using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Discovery.V1;

namespace Cybernetes.Network.ServiceProxy;

/// <summary>Joins services with their endpoint slices into what the proxy serves. Pure.</summary>
internal static class ServiceTable
{
    private const string ServiceNameLabel = "kubernetes.io/service-name";
    private const string ProxyNameLabel = "service.kubernetes.io/service-proxy-name";
    private const string HeadlessLabel = "service.kubernetes.io/headless";
    private const int DefaultAffinitySeconds = 10800;

    /// <summary>All IPv4 service ports, in the order of their names. Headless, external-name and foreign services have none.</summary>
    public static IReadOnlyList<ServicePort> Build(IEnumerable<Service> services, IEnumerable<EndpointSlice> slices, string nodeName)
    {
        var byService = slices.Where(s => s.AddressType == "IPv4")
            .ToLookup(s => (s.Metadata.Namespace, s.Metadata.Labels.OrEmpty().GetValueOrDefault(ServiceNameLabel, "")));
        var ports = new List<ServicePort>();
        foreach (var service in services)
        {
            if (!IsServed(service))
                continue;
            var own = byService[(service.Metadata.Namespace, service.Metadata.Name)].ToList();
            foreach (var port in service.Spec.Ports.OrEmpty())
                ports.Add(Of(service, port, Endpoints(own, port, nodeName)));
        }
        ports.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name) is var byName and not 0 ? byName : string.CompareOrdinal(a.Protocol, b.Protocol));
        return ports;
    }

    private static bool IsServed(Service service) =>
        service.Spec.Type != "ExternalName" && AddressOf(service).Length > 0
        && service.Metadata.Labels.OrEmpty() is var labels && !labels.ContainsKey(ProxyNameLabel) && !labels.ContainsKey(HeadlessLabel);

    /// <summary>The service's IPv4 address, which may be its second; empty where it has none.</summary>
    private static string AddressOf(Service service) =>
        (service.Spec.ClusterIPs is { Count: > 0 } addresses ? addresses : [service.Spec.ClusterIP]).Find(a => a != "None" && IsIPv4(a)) ?? "";

    private static ServicePort Of(Service service, Objects.Core.V1.ServicePort port, IReadOnlyList<ServiceEndpoint> endpoints)
    {
        var spec = service.Spec;
        var external = spec.Type is "NodePort" or "LoadBalancer";
        return new ServicePort
        {
            Namespace = service.Metadata.Namespace,
            Service = service.Metadata.Name,
            Port = port.Name,
            Protocol = port.Protocol.Length == 0 ? "tcp" : port.Protocol.ToLowerInvariant(),
            ClusterIP = AddressOf(service),
            Number = port.Port,
            NodePort = external ? port.NodePort : 0,
            ExternalIPs = [.. spec.ExternalIPs.OrEmpty().Where(IsIPv4)],
            LoadBalancerIPs = spec.Type != "LoadBalancer" ? [] :
                [.. service.Status.LoadBalancer.Ingress.OrEmpty().Where(i => i.IPMode != "Proxy").Select(i => i.IP).Where(IsIPv4)],
            LoadBalancerSourceRanges = [.. spec.LoadBalancerSourceRanges.OrEmpty().Select(r => r.Trim()).Where(IsIPv4)],
            AffinitySeconds = spec.SessionAffinity == "ClientIP" ? spec.SessionAffinityConfig?.ClientIP?.TimeoutSeconds ?? DefaultAffinitySeconds : 0,
            ExternalLocal = spec.ExternalTrafficPolicy == "Local",
            InternalLocal = spec.InternalTrafficPolicy == "Local",
            Endpoints = endpoints,
        };
    }

    private static List<ServiceEndpoint> Endpoints(List<EndpointSlice> slices, Objects.Core.V1.ServicePort port, string nodeName)
    {
        var seen = new SortedDictionary<(string, int), ServiceEndpoint>();
        foreach (var slice in slices)
        {
            var target = slice.Ports.OrEmpty().FirstOrDefault(p => (p.Name ?? "") == port.Name && (p.Protocol ?? "TCP") == Protocol(port))?.Port;
            if (target is not { } number)
                continue;
            foreach (var endpoint in slice.Endpoints.OrEmpty())
            {
                var ready = endpoint.Conditions.Ready ?? true;
                var serving = endpoint.Conditions.Serving ?? ready;
                if ((ready || serving) && endpoint.Addresses is { Count: > 0 } addresses)
                    seen[(addresses[0], number)] = new ServiceEndpoint(addresses[0], number, ready, serving, endpoint.NodeName == nodeName);
            }
        }
        return [.. seen.Values];
    }

    private static string Protocol(Objects.Core.V1.ServicePort port) => port.Protocol.Length == 0 ? "TCP" : port.Protocol;

    private static bool IsIPv4(string text) => text.Length > 0 && !text.Contains(':');
}
