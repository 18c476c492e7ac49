using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Node.Probes;

/// <summary>Where a probe or hook goes to. Pure.</summary>
internal static class ProbeTargets
{
    public static (Uri? Uri, string? Fault) Http(HTTPGetAction get, Container container, string address)
    {
        var (port, fault) = Port(get.Port, container);
        if (fault is not null)
            return (null, fault);
        var host = get.Host.Length > 0 ? get.Host : address;
        if (host.Contains(':', StringComparison.Ordinal))
            host = $"[{host}]";
        var scheme = get.Scheme.Length > 0 ? get.Scheme.ToLowerInvariant() : "http";
        var path = get.Path.StartsWith('/') ? get.Path : "/" + get.Path;
        return Uri.TryCreate($"{scheme}://{host}:{port}{path}", UriKind.Absolute, out var uri)
            ? (uri, null)
            : (null, $"the path \"{get.Path}\" makes no URL");
    }

    /// <summary>A number, or the name of one of the container's ports.</summary>
    public static (int Port, string? Fault) Port(IntOrString port, Container container)
    {
        var number = port.IntValue;
        if (port.IsString && number == 0)
        {
            var named = container.Ports?.Find(one => one.Name == port.StringValue);
            if (named is null)
                return (0, $"couldn't find port: \"{port.StringValue}\"");
            number = named.ContainerPortValue;
        }

        return number is > 0 and < 65536 ? (number, null) : (0, $"invalid port number: {number}");
    }
}
