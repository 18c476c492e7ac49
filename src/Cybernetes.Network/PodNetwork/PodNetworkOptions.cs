namespace Cybernetes.Network.PodNetwork;

/// <summary>What the pod network of a node is told at its start.</summary>
public sealed record PodNetworkOptions
{
    public required string NodeName { get; init; }

    /// <summary>Pod addresses of all nodes; packets to one that no node has reached stay here. Empty: unknown.</summary>
    public string ClusterCidr { get; init; } = "";

    /// <summary>Service addresses, held on the bridge so that one without rules goes nowhere. Empty: unknown.</summary>
    public string ServiceCidr { get; init; } = "";

    /// <summary>Where the container runtime looks for network configuration (<c>--cni-conf-dir</c>).</summary>
    public string ConfigurationFolder { get; init; } = "/etc/cni/net.d";

    /// <summary>Where the address plugin remembers which pod has which address.</summary>
    public string AddressFolder { get; init; } = "/var/lib/cni/networks";

    /// <summary>The bridge that pods hang on.</summary>
    public string Bridge { get; init; } = "cni0";
}
