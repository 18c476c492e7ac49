using System.Globalization;

namespace Cybernetes.Network.ServiceProxy.Iptables;

/// <summary>The rules of one service port: its own chains, and what it adds to the chains that all services share. Pure.</summary>
internal sealed class ServiceRules
{
    private readonly ServicePort _port;
    private readonly IptablesOptions _options;

    private ServiceRules(ServicePort port, IptablesOptions options)
    {
        _port = port;
        _options = options;
    }

    /// <summary>Chains of the nat table that belong to this port alone.</summary>
    public List<string> Chains { get; } = [];

    /// <summary>Rules of those chains.</summary>
    public List<string> Nat { get; } = [];

    /// <summary>Rules for the shared nat chain KUBE-SERVICES.</summary>
    public List<string> NatServices { get; } = [];

    /// <summary>Rules for the shared nat chain KUBE-NODEPORTS.</summary>
    public List<string> NatNodePorts { get; } = [];

    /// <summary>Rules for the filter chain KUBE-SERVICES: addresses that reject.</summary>
    public List<string> FilterServices { get; } = [];

    /// <summary>Rules for the filter chain KUBE-EXTERNAL-SERVICES.</summary>
    public List<string> FilterExternal { get; } = [];

    /// <summary>Rules for the filter chain KUBE-PROXY-FIREWALL.</summary>
    public List<string> FilterFirewall { get; } = [];

    public static ServiceRules Of(ServicePort port, IptablesOptions options)
    {
        var rules = new ServiceRules(port, options);
        rules.Build();
        return rules;
    }

    private void Build()
    {
        var cluster = _port.ClusterEndpoints;
        var local = _port.LocalEndpoints;
        var internalEndpoints = _port.InternalLocal ? local : cluster;
        var externalEndpoints = _port.ExternalLocal ? local : cluster;
        var usesCluster = cluster.Count > 0 && (!_port.InternalLocal || _port.HasExternalAddress);
        var usesLocal = local.Count > 0 && (_port.InternalLocal || (_port.ExternalLocal && _port.HasExternalAddress));

        BuildClusterIP(internalEndpoints.Count, _port.InternalLocal ? ChainNames.Local(_port) : ChainNames.Cluster(_port));
        if (_port.HasExternalAddress && cluster.Count > 0)
            BuildExternal(local.Count);
        if (_port.HasExternalAddress && externalEndpoints.Count == 0)
            RefuseExternal(cluster.Count == 0);
        if (usesCluster)
            BuildBalancer(ChainNames.Cluster(_port), cluster);
        if (usesLocal)
            BuildBalancer(ChainNames.Local(_port), local);
        foreach (var endpoint in (usesCluster ? cluster : []).Union(usesLocal ? local : []))
            BuildEndpoint(endpoint);
    }

    private void BuildClusterIP(int endpoints, string chain)
    {
        var match = $"-m {_port.Protocol} -p {_port.Protocol} -d {_port.ClusterIP} --dport {_port.Number}";
        if (endpoints == 0)
        {
            var none = _port.InternalLocal && _port.ClusterEndpoints.Count > 0 ? "has no local endpoints" : "has no endpoints";
            FilterServices.Add($"-A KUBE-SERVICES -m comment --comment \"{_port.Name} {none}\" {match} -j REJECT");
            return;
        }
        NatServices.Add($"-A KUBE-SERVICES -m comment --comment \"{_port.Name} cluster IP\" {match} -j {chain}");
        if (_options.MasqueradeAll)
            Nat.Add($"-A {chain} -m comment --comment \"{_port.Name} cluster IP\" {match} -j KUBE-MARK-MASQ");
        else if (_options.ClusterCidr.Length > 0)
            Nat.Add($"-A {chain} -m comment --comment \"{_port.Name} cluster IP\" {match} ! -s {_options.ClusterCidr} -j KUBE-MARK-MASQ");
    }

    private void BuildExternal(int localEndpoints)
    {
        var chain = ChainNames.External(_port);
        Chains.Add(chain);
        if (!_port.ExternalLocal)
        {
            Nat.Add(External(chain, "masquerade traffic", "-j KUBE-MARK-MASQ"));
            Nat.Add($"-A {chain} -j {ChainNames.Cluster(_port)}");
        }
        else
        {
            // Traffic from pods and from the node itself is not external: it may go to any endpoint.
            if (_options.ClusterCidr.Length > 0)
                Nat.Add(External(chain, "pod traffic", $"-s {_options.ClusterCidr} -j {ChainNames.Cluster(_port)}"));
            Nat.Add(External(chain, "masquerade LOCAL traffic", "-m addrtype --src-type LOCAL -j KUBE-MARK-MASQ"));
            Nat.Add(External(chain, "route LOCAL traffic", $"-m addrtype --src-type LOCAL -j {ChainNames.Cluster(_port)}"));
            if (localEndpoints > 0)
                Nat.Add($"-A {chain} -j {ChainNames.Local(_port)}");
        }
        foreach (var address in _port.ExternalIPs)
            NatServices.Add($"-A KUBE-SERVICES -m comment --comment \"{_port.Name} external IP\" {Match(address)} -j {chain}");
        BuildLoadBalancer(chain);
        if (_port.NodePort > 0)
            NatNodePorts.Add($"-A KUBE-NODEPORTS -m comment --comment {Quoted(_port.Name)} {NodePortMatch()} -j {chain}");
    }

    private void BuildLoadBalancer(string external)
    {
        var guarded = _port.LoadBalancerSourceRanges.Count > 0 && _port.LoadBalancerIPs.Count > 0;
        var target = guarded ? ChainNames.Firewall(_port) : external;
        if (guarded)
        {
            Chains.Add(target);
            foreach (var source in _port.LoadBalancerSourceRanges)
                Nat.Add($"-A {target} -m comment --comment \"{_port.Name} loadbalancer IP\" -s {source} -j {external}");
            Nat.Add($"-A {target} -m comment --comment \"other traffic to {_port.Name} will be dropped by KUBE-PROXY-FIREWALL\"");
        }
        foreach (var address in _port.LoadBalancerIPs)
        {
            NatServices.Add($"-A KUBE-SERVICES -m comment --comment \"{_port.Name} loadbalancer IP\" {Match(address)} -j {target}");
            if (guarded)
                FilterFirewall.Add($"-A KUBE-PROXY-FIREWALL -m comment --comment \"{_port.Name} traffic not accepted by {target}\" {Match(address)} -j DROP");
        }
    }

    private void RefuseExternal(bool nowhere)
    {
        // With endpoints on other nodes only, a balancer's health check steers away: dropping looks like a dead path, rejecting like a dead service.
        var (text, verdict) = nowhere ? ("has no endpoints", "REJECT") : ("has no local endpoints", "DROP");
        foreach (var address in _port.ExternalIPs.Concat(_port.LoadBalancerIPs))
            FilterExternal.Add($"-A KUBE-EXTERNAL-SERVICES -m comment --comment \"{_port.Name} {text}\" {Match(address)} -j {verdict}");
        if (_port.NodePort > 0)
            FilterExternal.Add(
                $"-A KUBE-EXTERNAL-SERVICES -m comment --comment \"{_port.Name} {text}\" -m addrtype --dst-type LOCAL {NodePortMatch()} -j {verdict}");
    }

    private void BuildBalancer(string chain, IReadOnlyList<ServiceEndpoint> endpoints)
    {
        Chains.Add(chain);
        if (_port.AffinitySeconds > 0)
        {
            foreach (var endpoint in endpoints)
            {
                var target = ChainNames.Endpoint(_port, endpoint);
                var known = $"-m recent --name {target} --rcheck --seconds {_port.AffinitySeconds} --reap";
                Nat.Add($"-A {chain} -m comment --comment \"{_port.Name} -> {endpoint}\" {known} -j {target}");
            }
        }
        for (var i = 0; i < endpoints.Count; i++)
        {
            var rest = endpoints.Count - i;
            var chance = rest == 1 ? "" : $" -m statistic --mode random --probability {(1.0 / rest).ToString("0.0000000000", CultureInfo.InvariantCulture)}";
            Nat.Add($"-A {chain} -m comment --comment \"{_port.Name} -> {endpoints[i]}\"{chance} -j {ChainNames.Endpoint(_port, endpoints[i])}");
        }
    }

    private void BuildEndpoint(ServiceEndpoint endpoint)
    {
        var chain = ChainNames.Endpoint(_port, endpoint);
        Chains.Add(chain);
        // A pod that reaches itself through its service must see another source, or it would answer itself directly.
        Nat.Add($"-A {chain} -m comment --comment {Quoted(_port.Name)} -s {endpoint.Address} -j KUBE-MARK-MASQ");
        var remember = _port.AffinitySeconds > 0 ? $" -m recent --name {chain} --set" : "";
        Nat.Add($"-A {chain} -m comment --comment {Quoted(_port.Name)}{remember} -m {_port.Protocol} -p {_port.Protocol} -j DNAT --to-destination {endpoint}");
    }

    private string External(string chain, string what, string rest) =>
        $"-A {chain} -m comment --comment \"{what} for {_port.Name} external destinations\" {rest}";

    private string NodePortMatch() => $"-m {_port.Protocol} -p {_port.Protocol} --dport {_port.NodePort}";

    private string Match(string address) => $"-m {_port.Protocol} -p {_port.Protocol} -d {address} --dport {_port.Number}";

    private static string Quoted(string text) => '"' + text + '"';
}
