using System.Text;

namespace Cybernetes.Network.ServiceProxy.Iptables;

/// <summary>
/// The input of one <c>iptables-restore --noflush</c>: the shared chains whole, and of the services' own chains only those that changed since the
/// rules that are in place. Chains that serve nothing any more are emptied and removed. Pure.
/// </summary>
internal sealed class RuleSet
{
    private readonly Dictionary<string, string> _chainsInPlace;

    /// <param name="chainsInPlace">Own chains of the nat table by name, with their rules, as the last successful run left them.</param>
    public RuleSet(IReadOnlyDictionary<string, string>? chainsInPlace = null) =>
        _chainsInPlace = chainsInPlace is null ? new(StringComparer.Ordinal) : new(chainsInPlace, StringComparer.Ordinal);

    /// <summary>Own chains after <see cref="Render"/>.</summary>
    public Dictionary<string, string> Chains { get; } = new(StringComparer.Ordinal);

    public string Render(IReadOnlyList<ServicePort> ports, IptablesOptions options)
    {
        var services = ports.Select(p => ServiceRules.Of(p, options)).ToList();
        var text = new StringBuilder();
        RenderFilter(text, services, options);
        RenderNat(text, services, options);
        return text.ToString();
    }

    private static void RenderFilter(StringBuilder text, List<ServiceRules> services, IptablesOptions options)
    {
        text.Append("*filter\n");
        foreach (var chain in new[] { "KUBE-SERVICES", "KUBE-EXTERNAL-SERVICES", "KUBE-FORWARD", "KUBE-NODEPORTS", "KUBE-PROXY-FIREWALL" })
            text.Append(':').Append(chain).Append(" - [0:0]\n");
        foreach (var service in services)
        {
            Append(text, service.FilterServices);
            Append(text, service.FilterExternal);
            Append(text, service.FilterFirewall);
        }
        // After DNAT a served packet has an endpoint's address: what still has a service address has no rule, and must not leave the machine.
        if (options.ServiceCidr.Length > 0)
            text.Append($"-A KUBE-SERVICES -m comment --comment \"no such service port\" -d {options.ServiceCidr} -j REJECT\n");
        text.Append($"-A KUBE-FORWARD -m comment --comment \"kubernetes forwarding rules\" -m mark --mark {options.Mark}/{options.Mark} -j ACCEPT\n");
        text.Append("-A KUBE-FORWARD -m comment --comment \"kubernetes forwarding conntrack rule\" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n");
        text.Append("COMMIT\n");
    }

    private void RenderNat(StringBuilder text, List<ServiceRules> services, IptablesOptions options)
    {
        text.Append("*nat\n");
        foreach (var chain in new[] { "KUBE-SERVICES", "KUBE-NODEPORTS", "KUBE-POSTROUTING", "KUBE-MARK-MASQ" })
            text.Append(':').Append(chain).Append(" - [0:0]\n");
        var changed = ChangedChains(services);
        var stale = _chainsInPlace.Keys.Except(Chains.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        foreach (var chain in changed.Concat(stale))
            text.Append(':').Append(chain).Append(" - [0:0]\n");
        text.Append($"-A KUBE-POSTROUTING -m mark ! --mark {options.Mark}/{options.Mark} -j RETURN\n");
        text.Append($"-A KUBE-POSTROUTING -j MARK --xor-mark {options.Mark}\n");
        text.Append("-A KUBE-POSTROUTING -m comment --comment \"kubernetes service traffic requiring SNAT\" -j MASQUERADE --random-fully\n");
        text.Append($"-A KUBE-MARK-MASQ -j MARK --or-mark {options.Mark}\n");
        foreach (var service in services)
            Append(text, service.NatServices);
        foreach (var service in services)
            Append(text, service.NatNodePorts);
        AppendNodePortJumps(text, options);
        foreach (var chain in changed)
            text.Append(Chains[chain]);
        foreach (var chain in stale)
            text.Append("-X ").Append(chain).Append('\n');
        text.Append("COMMIT\n");
    }

    private static void AppendNodePortJumps(StringBuilder text, IptablesOptions options)
    {
        const string comment = "-m comment --comment \"kubernetes service nodeports; NOTE: this must be the last rule in this chain\"";
        var withoutLoopback = options.LocalhostNodePorts ? "" : " ! -d 127.0.0.0/8";
        if (options.NodePortAddresses.Count == 0)
            text.Append($"-A KUBE-SERVICES {comment} -m addrtype --dst-type LOCAL{withoutLoopback} -j KUBE-NODEPORTS\n");
        foreach (var address in options.NodePortAddresses)
            text.Append($"-A KUBE-SERVICES {comment} -d {address} -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS\n");
    }

    private List<string> ChangedChains(List<ServiceRules> services)
    {
        var changed = new List<string>();
        foreach (var service in services)
        {
            foreach (var chain in service.Chains)
            {
                var own = "-A " + chain + " ";
                Chains[chain] = string.Concat(service.Nat.Where(r => r.StartsWith(own, StringComparison.Ordinal)).Select(r => r + "\n"));
                if (!_chainsInPlace.TryGetValue(chain, out var before) || before != Chains[chain])
                    changed.Add(chain);
            }
        }
        return changed;
    }

    private static void Append(StringBuilder text, List<string> rules)
    {
        foreach (var rule in rules)
            text.Append(rule).Append('\n');
    }
}
