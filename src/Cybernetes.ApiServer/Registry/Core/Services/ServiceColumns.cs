using System.Globalization;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Services;

/// <summary>The table of services.</summary>
internal static class ServiceColumns
{
    public static IReadOnlyList<Column<Service>> All { get; } =
    [
        Column<Service>.Name,
        Column<Service>.Text("Type", "How the service is reached.", s => s.Spec.Type),
        Column<Service>.Text("Cluster-IP", "Address inside the cluster.", s => s.Spec.ClusterIPs is { Count: > 0 } all ? all[0] : "<none>"),
        Column<Service>.Text("External-IP", "Addresses outside the cluster.", ExternalAddresses),
        Column<Service>.Text("Port(s)", "Ports, with the node ports.", Ports),
        Column<Service>.Age,
        Column<Service>.Text("Selector", "Labels of the pods behind the service.", Selector, 1),
    ];

    private static string ExternalAddresses(Service service)
    {
        var own = service.Spec.ExternalIPs.OrEmpty();
        switch (service.Spec.Type)
        {
            case "ClusterIP" or "NodePort":
                return own.Count > 0 ? string.Join(',', own) : "<none>";
            case "LoadBalancer":
                SortedSet<string> balancer = new(StringComparer.Ordinal);
                foreach (var ingress in service.Status.LoadBalancer.Ingress.OrEmpty())
                {
                    if (ingress.IP.Length > 0)
                        balancer.Add(ingress.IP);
                    else if (ingress.Hostname.Length > 0)
                        balancer.Add(ingress.Hostname);
                }
                var all = balancer.Concat(own).ToList();
                return all.Count > 0 ? string.Join(',', all) : "<pending>";
            case "ExternalName":
                return service.Spec.ExternalName;
            default:
                return "<unknown>";
        }
    }

    private static string Ports(Service service)
    {
        var ports = service.Spec.Ports.OrEmpty().Select(p => p.NodePort > 0
            ? string.Create(CultureInfo.InvariantCulture, $"{p.Port}:{p.NodePort}/{p.Protocol}")
            : string.Create(CultureInfo.InvariantCulture, $"{p.Port}/{p.Protocol}"));
        var text = string.Join(',', ports);
        return text.Length == 0 ? "<none>" : text;
    }

    private static string Selector(Service service)
    {
        var pairs = service.Spec.Selector.OrEmpty().OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key}={p.Value}");
        var text = string.Join(',', pairs);
        return text.Length == 0 ? "<none>" : text;
    }
}
