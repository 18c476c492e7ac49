using System.Net;
using System.Net.Sockets;

namespace Cybernetes.Network.PodNetwork;

/// <summary>One command of iproute2 or iptables; <paramref name="MayFail"/> where "it is so already" is an error to it.</summary>
internal sealed record NetworkCommand(string Program, string[] Arguments, bool MayFail = false)
{
    public override string ToString() => $"{Program} {string.Join(' ', Arguments)}";
}

/// <summary>What makes a node's pod network, as commands that may be run again. Pure.</summary>
internal static class NetworkCommands
{
    private const string MasqueradeChain = "CYB-POSTROUTING";

    public static IEnumerable<NetworkCommand> For(string podCidr, PodNetworkOptions options)
    {
        yield return Ip(true, "link", "add", options.Bridge, "type", "bridge");
        yield return Ip(false, "addr", "replace", Gateway(podCidr), "dev", options.Bridge);
        yield return Ip(false, "link", "set", options.Bridge, "up");
        // A bridge without a port has no carrier, and routes over it would be dead: services must be reachable before the first pod.
        if (options.ServiceCidr.Length > 0)
            yield return Ip(false, "route", "replace", options.ServiceCidr, "dev", options.Bridge);
        if (options.ClusterCidr.Length > 0 && options.ClusterCidr != podCidr)
            yield return Ip(false, "route", "replace", "unreachable", options.ClusterCidr, "metric", "4096");
        var pods = options.ClusterCidr.Length > 0 ? options.ClusterCidr : podCidr;
        yield return Nat(true, "-N", MasqueradeChain);
        yield return Nat(false, "-F", MasqueradeChain);
        yield return Nat(false, "-A", MasqueradeChain, "-s", podCidr, "!", "-d", pods, "-m", "comment", "--comment", "pods to the world",
            "-j", "MASQUERADE", "--random-fully");
        yield return Nat(true, "-D", "POSTROUTING", "-m", "comment", "--comment", "cybernetes pod network", "-j", MasqueradeChain);
        yield return Nat(false, "-A", "POSTROUTING", "-m", "comment", "--comment", "cybernetes pod network", "-j", MasqueradeChain);
        yield return Filter(true, "-D", "FORWARD", "-i", options.Bridge, "-m", "comment", "--comment", "cybernetes pod network", "-j", "ACCEPT");
        yield return Filter(false, "-A", "FORWARD", "-i", options.Bridge, "-m", "comment", "--comment", "cybernetes pod network", "-j", "ACCEPT");
        yield return Filter(true, "-D", "FORWARD", "-o", options.Bridge, "-m", "comment", "--comment", "cybernetes pod network", "-j", "ACCEPT");
        yield return Filter(false, "-A", "FORWARD", "-o", options.Bridge, "-m", "comment", "--comment", "cybernetes pod network", "-j", "ACCEPT");
    }

    /// <summary>The bridge's address: the first of the range, with its length.</summary>
    internal static string Gateway(string podCidr)
    {
        var network = IPNetwork.Parse(podCidr);
        if (network.BaseAddress.AddressFamily != AddressFamily.InterNetwork)
            throw new ArgumentException("the pod CIDR must be IPv4", nameof(podCidr));
        var bytes = network.BaseAddress.GetAddressBytes();
        bytes[3] |= 1;
        return $"{new IPAddress(bytes)}/{network.PrefixLength}";
    }

    private static NetworkCommand Ip(bool mayFail, params string[] arguments) => new("ip", arguments, mayFail);

    private static NetworkCommand Nat(bool mayFail, params string[] arguments) => new("iptables", ["-w", "5", "-t", "nat", .. arguments], mayFail);

    private static NetworkCommand Filter(bool mayFail, params string[] arguments) => new("iptables", ["-w", "5", "-t", "filter", .. arguments], mayFail);
}
