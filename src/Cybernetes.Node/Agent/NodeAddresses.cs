using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Cybernetes.Node.Agent;

/// <summary>Finds the node's own address when none is configured. Sends nothing.</summary>
internal static class NodeAddresses
{
    /// <param name="configured">--node-ip; one address or two with a comma.</param>
    /// <exception cref="ArgumentException">It is no address.</exception>
    public static IReadOnlyList<string> Of(string configured)
    {
        if (configured.Length > 0)
            return [.. configured.Split(',', StringSplitOptions.TrimEntries).Select(Checked)];
        var preferred = DefaultRouteInterface();
        var usable = NetworkInterface.GetAllNetworkInterfaces()
            .Where(one => one.OperationalStatus != OperationalStatus.Down
                && one.NetworkInterfaceType != NetworkInterfaceType.Loopback)
            .OrderByDescending(one => one.Name == preferred);
        foreach (var network in usable)
        {
            // Bridges of containers are not where the node is reached.
            var isBridge = network.Name.StartsWith("cni", StringComparison.Ordinal)
                || network.Name.StartsWith("docker", StringComparison.Ordinal)
                    || network.Name.StartsWith("veth", StringComparison.Ordinal);
            if (isBridge && network.Name != preferred)
                continue;
            foreach (var address in network.GetIPProperties().UnicastAddresses.Select(unicast => unicast.Address))
            {
                if (address.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(address))
                    return [address.ToString()];
            }
        }

        return ["127.0.0.1"];
    }

    private static string Checked(string text) =>
        IPAddress.TryParse(text, out var address) ? address.ToString()
            : throw new ArgumentException($"--node-ip: \"{text}\" is not an IP address");

    private static string? DefaultRouteInterface()
    {
        const string table = "/proc/net/route";
        const int destination = 1;
        const int mask = 7;
        if (!File.Exists(table))
            return null;
        foreach (var line in File.ReadLines(table).Skip(1))
        {
            var fields = line.Split('\t', StringSplitOptions.TrimEntries);
            if (fields.Length > mask && IsZero(fields[destination]) && IsZero(fields[mask]))
                return fields[0];
        }

        return null;
    }

    private static bool IsZero(string hex) =>
        uint.TryParse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var value) && value == 0;
}
