namespace Cybernetes.Network.ServiceProxy.Iptables;

/// <summary>What the rules depend on besides services.</summary>
internal sealed record IptablesOptions
{
    /// <summary>Pod addresses: traffic from outside them to a cluster IP is masqueraded. Empty: unknown, nothing is.</summary>
    public string ClusterCidr { get; init; } = "";

    /// <summary>Service addresses: what no rule serves is rejected instead of leaving by the default route. Empty: no such guard.</summary>
    public string ServiceCidr { get; init; } = "";

    /// <summary>The bit of the packet mark that asks for masquerading (0 … 31); upstream's default, so that other tools agree.</summary>
    public int MasqueradeBit { get; init; } = 14;

    /// <summary>Masquerade all traffic to cluster IPs, wherever it comes from.</summary>
    public bool MasqueradeAll { get; init; }

    /// <summary>Whether node ports answer on 127.0.0.1 too (needs <c>route_localnet</c>).</summary>
    public bool LocalhostNodePorts { get; init; } = true;

    /// <summary>CIDRs of the node addresses that answer node ports; empty: all.</summary>
    public IReadOnlyList<string> NodePortAddresses { get; init; } = [];

    public string Mark => "0x" + (1u << MasqueradeBit).ToString("x", System.Globalization.CultureInfo.InvariantCulture);
}
