using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Cybernetes.Cluster.Serving;

/// <summary>Finds the address under which other machines reach this one. Sends no packet.</summary>
public static class HostAddresses
{
    /// <summary>
    /// The IPv4 address of the default route's interface; without one the first global address of any interface that is up; else
    /// loopback.
    /// </summary>
    public static IPAddress Primary()
    {
        NetworkInterface[] interfaces = NetworkInterface.GetAllNetworkInterfaces();
        string routed = DefaultRouteInterface(File.Exists("/proc/net/route") ? File.ReadAllLines("/proc/net/route") : []);
        NetworkInterface? first = interfaces.FirstOrDefault(candidate => candidate.Name == routed);
        return (first is null ? null : GlobalAddress(first))
            ?? interfaces.Where(IsUsable).Select(GlobalAddress).FirstOrDefault(address => address is not null)
            ?? IPAddress.Loopback;
    }

    /// <summary>
    /// The interface of the default route with the smallest metric in a /proc/net/route table; empty when there is none.
    /// </summary>
    internal static string DefaultRouteInterface(IReadOnlyList<string> table)
    {
        const int destination = 1;
        const int metric = 6;
        const int mask = 7;
        return table.Skip(1)
            .Select(line => line.Split('\t', StringSplitOptions.TrimEntries))
            .Where(columns => columns.Length > mask && columns[destination] == "00000000" && columns[mask] == "00000000")
            .OrderBy(columns => int.TryParse(columns[metric], out int value) ? value : int.MaxValue)
            .Select(columns => columns[0])
            .FirstOrDefault("");
    }

    private static bool IsUsable(NetworkInterface candidate) =>
        candidate.OperationalStatus != OperationalStatus.Down && candidate.NetworkInterfaceType != NetworkInterfaceType.Loopback;

    private static IPAddress? GlobalAddress(NetworkInterface source)
    {
        foreach (UnicastIPAddressInformation unicast in source.GetIPProperties().UnicastAddresses)
        {
            bool isLinkLocal = unicast.Address.GetAddressBytes() is [169, 254, ..];
            if (unicast.Address.AddressFamily == AddressFamily.InterNetwork
                && !IPAddress.IsLoopback(unicast.Address) && !isLinkLocal)
                return unicast.Address;
        }
        return null;
    }
}
