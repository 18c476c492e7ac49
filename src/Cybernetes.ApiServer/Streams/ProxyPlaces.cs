using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Pipeline;
using Cybernetes.ApiServer.Registry;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Streams;

/// <summary>Where a proxied request goes.</summary>
/// <param name="Scheme">http or https.</param>
/// <param name="Authority">Host and, mostly, port.</param>
/// <param name="IsKubelet">Whether it is a kubelet's own port, which wants the API server's certificate.</param>
internal readonly record struct ProxyPlace(string Scheme, string Authority, bool IsKubelet = false);

/// <summary>The name of a proxy path: <c>[scheme:]name[:port]</c>. Absent parts are empty.</summary>
internal readonly record struct ProxyName(string Scheme, string Name, string Port)
{
    /// <summary>Null when it is no such name.</summary>
    public static ProxyName? Parse(string text)
    {
        var parts = text.Split(':');
        ProxyName? name = parts.Length switch
        {
            1 => new("", parts[0], ""),
            2 => new("", parts[0], parts[1]),
            3 => new(parts[0], parts[1], parts[2]),
            _ => null,
        };
        return name is { Name.Length: > 0, Scheme: "" or "http" or "https" } ? name : null;
    }

    public string SchemeOrHttp => Scheme.Length == 0 ? "http" : Scheme;
}

/// <summary>Finds where a proxied request goes, by upstream's rules and with its words (registry/core, ResourceLocation).</summary>
internal static class ProxyPlaces
{
    public static async ValueTask<ProxyPlace> OfPodAsync(ApiRequest request, RegistryServices services)
    {
        var asked = Parse(request, "pod");
        var pod = await FindAsync<Pod>(request, services, "pods", asked.Name);
        var address = pod.Status.PodIPs is { Count: > 0 } addresses ? addresses[0].IP : pod.Status.PodIP;
        DemandProxyable(address);
        var port = asked.Port;
        if (port.Length == 0 && pod.Spec.Containers.OrEmpty().FirstOrDefault(c => c.Ports.OrEmpty().Count > 0) is { } container)
            port = Text(container.Ports![0].ContainerPortValue);
        return new(asked.SchemeOrHttp, Authority(address, port));
    }

    public static async ValueTask<ProxyPlace> OfServiceAsync(ApiRequest request, RegistryServices services)
    {
        var asked = Parse(request, "service");
        var portName = asked.Port;
        if (long.TryParse(asked.Port, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            var service = await FindAsync<Service>(request, services, "services", asked.Name);
            portName = service.Spec.Ports.OrEmpty().FirstOrDefault(p => p.Port == number)?.Name
                ?? throw Failure.Unavailable($"no service port {number} found for service {JsonText.Quote(asked.Name)}");
        }
        var endpoints = await FindAsync<Endpoints>(request, services, "endpoints", asked.Name);
        var subsets = endpoints.Subsets.OrEmpty();
        if (subsets.Count == 0)
            throw Failure.Unavailable($"no endpoints available for service {JsonText.Quote(asked.Name)}");
        foreach (var subset in FromAnywhere(subsets, services))
        {
            if (subset.Ports.OrEmpty().FirstOrDefault(p => p.Name == portName) is not { } port)
                continue;
            foreach (var address in FromAnywhere(subset.Addresses.OrEmpty(), services))
            {
                if (await IsPodAsync(request, services, address))
                    return new(asked.SchemeOrHttp, Authority(address.IP, Text(port.Port)));
            }
        }
        throw Failure.Unavailable($"no endpoints available for service {JsonText.Quote(request.Info.Name)}");
    }

    public static async ValueTask<ProxyPlace> OfNodeAsync(ApiRequest request, RegistryServices services)
    {
        var asked = Parse(request, "node");
        await FindAsync<Objects.Core.V1.Node>(request, services, "nodes", asked.Name);
        var kubelet = await KubeletConnections.FindAsync(asked.Name, services, request.Aborted);
        if (asked.Port.Length == 0 || asked.Port == Text(kubelet.Port))
            return new("https", Authority(kubelet.Host, Text(kubelet.Port)), IsKubelet: true);
        if (IPAddress.TryParse(kubelet.Host, out _))
            DemandProxyable(kubelet.Host);
        return new(asked.SchemeOrHttp, Authority(kubelet.Host, asked.Port));
    }

    private static ProxyName Parse(ApiRequest request, string what) =>
        ProxyName.Parse(request.Info.Name) ?? throw Failure.BadRequest($"invalid {what} request {JsonText.Quote(request.Info.Name)}");

    private static async ValueTask<T> FindAsync<T>(ApiRequest request, RegistryServices services, string plural, string name)
        where T : class, IKubernetesObject =>
        await services.FindAsync<T>("", plural, request.Info.Namespace, name, request.Aborted) ?? throw Failure.NotFound(new("", plural), name);

    // Only addresses that are a pod's: else whoever may write Endpoints could reach whatever the API server can.
    private static async ValueTask<bool> IsPodAsync(ApiRequest request, RegistryServices services, EndpointAddress address)
    {
        if (address.TargetRef is not { } target || target.Namespace != request.Info.Namespace)
            return false;
        var pod = await services.FindAsync<Pod>("", "pods", target.Namespace, target.Name, request.Aborted);
        return pod is not null && (pod.Status.PodIP == address.IP || pod.Status.PodIPs.OrEmpty().Any(ip => ip.IP == address.IP));
    }

    private static IEnumerable<T> FromAnywhere<T>(IReadOnlyList<T> all, RegistryServices services)
    {
        if (all.Count == 0)
            yield break;
        var start = services.Random.Next(all.Count);
        for (var i = 0; i < all.Count; i++)
            yield return all[(start + i) % all.Count];
    }

    // A pod's status is its node's word: it must not lead to the API server's own machine.
    private static void DemandProxyable(string address)
    {
        if (!IPAddress.TryParse(address, out var ip) || IPAddress.IsLoopback(ip) || ip.IsIPv6LinkLocal || ip.IsIPv6Multicast
            || ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any) || IsLinkLocalOrMulticast(ip))
            throw Failure.BadRequest("address not allowed");
    }

    private static bool IsLinkLocalOrMulticast(IPAddress ip) =>
        ip.AddressFamily == AddressFamily.InterNetwork && ip.GetAddressBytes() is [169, 254, ..] or [>= 224 and < 240, ..] or [255, 255, 255, 255];

    private static string Authority(string host, string port)
    {
        var written = host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host;
        return port.Length == 0 ? written : $"{written}:{port}";
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
