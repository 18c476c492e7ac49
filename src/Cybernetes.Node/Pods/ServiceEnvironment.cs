using System.Globalization;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Node.Pods;

/// <summary>
/// The variables by which a pod finds services: {SVC}_SERVICE_HOST, {SVC}_SERVICE_PORT[_{NAME}] and Docker's link variables
/// ({SVC}_PORT_80_TCP …). Pure.
/// </summary>
internal static class ServiceEnvironment
{
    private const string MasterNamespace = "default";
    private const string MasterService = "kubernetes";

    /// <param name="own">The services of the pod's namespace.</param>
    /// <param name="master">Those of namespace default: every pod hears of its service <c>kubernetes</c>.</param>
    public static SortedDictionary<string, string> Of(
        string podNamespace, bool serviceLinks, IReadOnlyList<Service> own, IReadOnlyList<Service> master)
    {
        var chosen = new Dictionary<string, Service>(StringComparer.Ordinal);
        foreach (var service in master)
        {
            if (service.Metadata.Name == MasterService && HasAddress(service))
                chosen[MasterService] = service;
        }

        foreach (var service in own)
        {
            var isMaster = podNamespace == MasterNamespace && service.Metadata.Name == MasterService;
            if (HasAddress(service) && (serviceLinks || isMaster))
                chosen[service.Metadata.Name] = service;
        }

        var variables = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var service in chosen.Values)
            Add(variables, service);
        return variables;
    }

    private static bool HasAddress(Service service) => service.Spec.ClusterIP is { Length: > 0 } ip && ip != "None";

    private static void Add(SortedDictionary<string, string> variables, Service service)
    {
        var name = NameOf(service.Metadata.Name);
        var host = service.Spec.ClusterIP;
        var ports = service.Spec.Ports.OrEmpty();
        variables[name + "_SERVICE_HOST"] = host;
        if (ports.Count == 0)
            return;
        variables[name + "_SERVICE_PORT"] = Text(ports[0].Port);
        foreach (var port in ports)
        {
            if (port.Name.Length > 0)
                variables[$"{name}_SERVICE_PORT_{NameOf(port.Name)}"] = Text(port.Port);
        }

        for (var i = 0; i < ports.Count; i++)
        {
            var port = ports[i];
            var protocol = port.Protocol.Length > 0 ? port.Protocol : "TCP";
            var bracketed = host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host;
            var url = $"{protocol.ToLowerInvariant()}://{bracketed}:{Text(port.Port)}";
            if (i == 0)
                variables[name + "_PORT"] = url;
            var prefix = $"{name}_PORT_{Text(port.Port)}_{protocol.ToUpperInvariant()}";
            variables[prefix] = url;
            variables[prefix + "_PROTO"] = protocol.ToLowerInvariant();
            variables[prefix + "_PORT"] = Text(port.Port);
            variables[prefix + "_ADDR"] = host;
        }
    }

    private static string NameOf(string name) => name.Replace('-', '_').ToUpperInvariant();

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
