namespace Cybernetes.Network.ServiceProxy;

/// <summary>What the proxy is told at its start; the flags have kube-proxy's names.</summary>
public sealed record ServiceProxyOptions
{
    /// <summary>This node's name: endpoints on it are local (<c>--hostname-override</c>).</summary>
    public required string NodeName { get; init; }

    /// <summary>Pod addresses of the whole cluster (<c>--cluster-cidr</c>); empty: unknown.</summary>
    public string ClusterCidr { get; init; } = "";

    /// <summary>Service addresses (<c>--service-cluster-ip-range</c>): what has no rule is rejected instead of leaving the machine. Empty: no guard.</summary>
    public string ServiceCidr { get; init; } = "";

    /// <summary>Masquerade everything that goes to a cluster IP (<c>--masquerade-all</c>).</summary>
    public bool MasqueradeAll { get; init; }

    /// <summary>The mark bit that asks for masquerading (<c>--iptables-masquerade-bit</c>), 0 … 31.</summary>
    public int MasqueradeBit { get; init; } = 14;

    /// <summary>Whether node ports answer on loopback (<c>--iptables-localhost-nodeports</c>).</summary>
    public bool LocalhostNodePorts { get; init; } = true;

    /// <summary>Node addresses that answer node ports, as CIDRs (<c>--nodeport-addresses</c>); empty: all.</summary>
    public IReadOnlyList<string> NodePortAddresses { get; init; } = [];

    /// <summary>
    /// The shortest time between two rewrites (<c>--iptables-min-sync-period</c>). Upstream waits 1 s; a rewrite here holds the changed chains only,
    /// so 100 ms cost little and a rollout's endpoints change sooner.
    /// </summary>
    public TimeSpan MinSyncPeriod { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How often the rules are checked against a flush from outside, and failed rewrites tried again (<c>--iptables-sync-period</c>).</summary>
    public TimeSpan SyncPeriod { get; init; } = TimeSpan.FromSeconds(30);
}
