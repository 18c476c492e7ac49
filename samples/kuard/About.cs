using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Cybernetes.Samples.Kuard;

/// <summary>What this process knows about itself; read once at the start.</summary>
internal sealed record About(
    string HostName, string Version, int Port, double DrainSeconds, IReadOnlyList<IPAddress> Addresses, TimeProvider Clock, DateTimeOffset StartedAt)
{
    /// <summary>Reads KUARD_VERSION, PORT and KUARD_DRAIN_SECONDS from the environment.</summary>
    public static About OfThisProcess(TimeProvider clock) => new(
        Environment.MachineName,
        Environment.GetEnvironmentVariable("KUARD_VERSION") ?? "0",
        int.TryParse(Environment.GetEnvironmentVariable("PORT"), out var port) ? port : 8080,
        double.TryParse(Environment.GetEnvironmentVariable("KUARD_DRAIN_SECONDS"), out var seconds) ? seconds : 3,
        OwnAddresses(),
        clock,
        clock.GetUtcNow());

    private static List<IPAddress> OwnAddresses() =>
    [
        .. from device in NetworkInterface.GetAllNetworkInterfaces()
           where device.NetworkInterfaceType != NetworkInterfaceType.Loopback
           from entry in device.GetIPProperties().UnicastAddresses
           where entry.Address.AddressFamily == AddressFamily.InterNetwork || !entry.Address.IsIPv6LinkLocal
           select entry.Address,
    ];
}
