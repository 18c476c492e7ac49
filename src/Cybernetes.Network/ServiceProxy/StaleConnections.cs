using System.ComponentModel;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Network.ServiceProxy;

/// <summary>
/// UDP has no end of connection: a flow that was sent to an endpoint stays there in the connection table after the endpoint is gone. Entries of
/// removed endpoints, and of services that had none, are dropped, so that the next datagram finds the new rules.
/// </summary>
internal static class StaleConnections
{
    public static async Task DropAsync(
        IReadOnlyList<ServicePort> before, IReadOnlyList<ServicePort> after, ILogger logger, CancellationToken cancellation)
    {
        foreach (var arguments in Deletions(before, after))
        {
            try
            {
                // Exit code 1 says that no entry matched, which is as good.
                await CommandRunner.RunAsync("conntrack", arguments, null, cancellation).ConfigureAwait(false);
            }
            catch (Win32Exception missing)
            {
                logger.LogWarning("stale UDP flows are not dropped, conntrack cannot be started: {Reason}", missing.Message);
                return;
            }
        }
    }

    /// <summary>Arguments of conntrack(8), one call each. Pure.</summary>
    internal static IEnumerable<string[]> Deletions(IReadOnlyList<ServicePort> before, IReadOnlyList<ServicePort> after)
    {
        var now = after.Where(IsUdp).ToDictionary(p => p.Name);
        foreach (var old in before.Where(IsUdp))
        {
            now.TryGetValue(old.Name, out var current);
            foreach (var endpoint in old.ClusterEndpoints.Except(current?.ClusterEndpoints ?? []))
            {
                foreach (var address in Addresses(old))
                    yield return ["-D", "--orig-dst", address, "--dst-nat", endpoint.Address, "-p", "udp"];
            }
            if (old.ClusterEndpoints.Count == 0 && current is { ClusterEndpoints.Count: > 0 })
            {
                foreach (var address in Addresses(current))
                    yield return ["-D", "--orig-dst", address, "-p", "udp", "--dport", $"{current.Number}"];
            }
        }
    }

    private static bool IsUdp(ServicePort port) => port.Protocol == "udp";

    private static IEnumerable<string> Addresses(ServicePort port) => [port.ClusterIP, .. port.ExternalIPs, .. port.LoadBalancerIPs];
}
