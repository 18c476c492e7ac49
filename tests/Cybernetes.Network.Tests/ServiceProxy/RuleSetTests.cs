using Cybernetes.Network.ServiceProxy;
using Cybernetes.Network.ServiceProxy.Iptables;

namespace Cybernetes.Network.Tests.ServiceProxy;

public sealed class RuleSetTests
{
    private static readonly IptablesOptions s_options = new() { ClusterCidr = "10.0.0.0/8", ServiceCidr = "172.30.0.0/16" };

    private static ServicePort Port(params ServiceEndpoint[] endpoints) => new()
    {
        Namespace = "ns1", Service = "svc1", Port = "p80", Protocol = "tcp", ClusterIP = "172.30.0.41", Number = 80, Endpoints = endpoints,
    };

    private static ServiceEndpoint Ready(string address, bool local = false) => new(address, 80, true, true, local);

    [Fact]
    public void Names_OfAServicePort_AreKubeProxys()
    {
        var port = Port(Ready("10.180.0.1"));
        Assert.Equal("KUBE-SVC-XPGD46QRK7WJZT7O", ChainNames.Cluster(port));
        Assert.Equal("KUBE-EXT-XPGD46QRK7WJZT7O", ChainNames.External(port));
        Assert.Equal("KUBE-SEP-SXIVWICOYRO3J4NJ", ChainNames.Endpoint(port, port.Endpoints[0]));
    }

    [Fact]
    public void Render_ClusterIPWithOneEndpoint_WritesServiceAndEndpointChains()
    {
        var rules = new RuleSet().Render([Port(Ready("10.180.0.1"))], s_options);
        Assert.Contains("-A KUBE-SERVICES -m comment --comment \"ns1/svc1:p80 cluster IP\" -m tcp -p tcp -d 172.30.0.41 --dport 80 -j KUBE-SVC-XPGD46QRK7WJZT7O\n", rules);
        Assert.Contains("-A KUBE-SVC-XPGD46QRK7WJZT7O -m comment --comment \"ns1/svc1:p80 cluster IP\" -m tcp -p tcp -d 172.30.0.41 --dport 80 ! -s 10.0.0.0/8 -j KUBE-MARK-MASQ\n", rules);
        Assert.Contains("-A KUBE-SVC-XPGD46QRK7WJZT7O -m comment --comment \"ns1/svc1:p80 -> 10.180.0.1:80\" -j KUBE-SEP-SXIVWICOYRO3J4NJ\n", rules);
        Assert.Contains("-A KUBE-SEP-SXIVWICOYRO3J4NJ -m comment --comment \"ns1/svc1:p80\" -s 10.180.0.1 -j KUBE-MARK-MASQ\n", rules);
        Assert.Contains("-A KUBE-SEP-SXIVWICOYRO3J4NJ -m comment --comment \"ns1/svc1:p80\" -m tcp -p tcp -j DNAT --to-destination 10.180.0.1:80\n", rules);
    }

    [Fact]
    public void Render_ThreeEndpoints_ChancesAddUpToOne()
    {
        var rules = new RuleSet().Render([Port(Ready("10.1.0.1"), Ready("10.1.0.2"), Ready("10.1.0.3"))], s_options);
        var chances = rules.Split('\n').Where(l => l.StartsWith("-A KUBE-SVC-", StringComparison.Ordinal) && l.Contains(" -> ")).ToList();
        Assert.Contains("--probability 0.3333333333", chances[0]);
        Assert.Contains("--probability 0.5000000000", chances[1]);
        Assert.DoesNotContain("statistic", chances[2]);
    }

    [Fact]
    public void Render_NoEndpoints_Rejects()
    {
        var rules = new RuleSet().Render([Port() with { NodePort = 30080 }], s_options);
        Assert.Contains("-A KUBE-SERVICES -m comment --comment \"ns1/svc1:p80 has no endpoints\" -m tcp -p tcp -d 172.30.0.41 --dport 80 -j REJECT\n", rules);
        Assert.Contains("-A KUBE-EXTERNAL-SERVICES -m comment --comment \"ns1/svc1:p80 has no endpoints\" -m addrtype --dst-type LOCAL -m tcp -p tcp --dport 30080 -j REJECT\n", rules);
        Assert.DoesNotContain("KUBE-SVC-", rules);
    }

    [Fact]
    public void Render_ServiceRange_WhatHasNoRuleIsRejected() =>
        Assert.Contains("-A KUBE-SERVICES -m comment --comment \"no such service port\" -d 172.30.0.0/16 -j REJECT\n", new RuleSet().Render([], s_options));

    [Fact]
    public void Render_NodePort_MasqueradesAndSendsToTheService()
    {
        var rules = new RuleSet().Render([Port(Ready("10.180.0.1")) with { NodePort = 30080 }], s_options);
        Assert.Contains("-A KUBE-NODEPORTS -m comment --comment \"ns1/svc1:p80\" -m tcp -p tcp --dport 30080 -j KUBE-EXT-XPGD46QRK7WJZT7O\n", rules);
        Assert.Contains("-A KUBE-EXT-XPGD46QRK7WJZT7O -m comment --comment \"masquerade traffic for ns1/svc1:p80 external destinations\" -j KUBE-MARK-MASQ\n", rules);
        Assert.Contains("-A KUBE-EXT-XPGD46QRK7WJZT7O -j KUBE-SVC-XPGD46QRK7WJZT7O\n", rules);
        Assert.EndsWith("-m addrtype --dst-type LOCAL -j KUBE-NODEPORTS", rules.Split('\n').Last(l => l.StartsWith("-A KUBE-SERVICES", StringComparison.Ordinal)));
    }

    [Fact]
    public void Render_ExternalPolicyLocal_OutsideTrafficStaysOnTheNode()
    {
        var rules = new RuleSet().Render([Port(Ready("10.1.0.1"), Ready("10.1.0.2", local: true)) with { NodePort = 30080, ExternalLocal = true }], s_options);
        var local = rules.Split('\n').Where(l => l.StartsWith("-A KUBE-SVL-", StringComparison.Ordinal)).ToList();
        Assert.Contains("10.1.0.2:80", Assert.Single(local));
        Assert.Contains("-A KUBE-EXT-XPGD46QRK7WJZT7O -j KUBE-SVL-XPGD46QRK7WJZT7O\n", rules);
        Assert.Contains("-m addrtype --src-type LOCAL -j KUBE-SVC-XPGD46QRK7WJZT7O\n", rules);
    }

    [Fact]
    public void Render_ExternalPolicyLocalWithoutLocalEndpoint_Drops()
    {
        var rules = new RuleSet().Render([Port(Ready("10.1.0.1")) with { NodePort = 30080, ExternalLocal = true }], s_options);
        Assert.Contains("\"ns1/svc1:p80 has no local endpoints\" -m addrtype --dst-type LOCAL -m tcp -p tcp --dport 30080 -j DROP\n", rules);
    }

    [Fact]
    public void Render_SessionAffinity_ChecksBeforeItBalances()
    {
        var rules = new RuleSet().Render([Port(Ready("10.180.0.1")) with { AffinitySeconds = 10800 }], s_options);
        Assert.Contains("-m recent --name KUBE-SEP-SXIVWICOYRO3J4NJ --rcheck --seconds 10800 --reap -j KUBE-SEP-SXIVWICOYRO3J4NJ\n", rules);
        Assert.Contains("-m recent --name KUBE-SEP-SXIVWICOYRO3J4NJ --set -m tcp -p tcp -j DNAT --to-destination 10.180.0.1:80\n", rules);
    }

    [Fact]
    public void Render_OnlyTerminatingEndpointsLeft_TheyStillServe()
    {
        var rules = new RuleSet().Render([Port(new ServiceEndpoint("10.1.0.1", 80, false, true, false))], s_options);
        Assert.Contains("--to-destination 10.1.0.1:80", rules);
    }

    [Fact]
    public void Render_OneServiceChanged_OtherChainsAreNotTouched()
    {
        var other = Port(Ready("10.2.0.1")) with { Service = "other", ClusterIP = "172.30.0.42" };
        var first = new RuleSet();
        first.Render([Port(Ready("10.1.0.1")), other], s_options);
        var second = new RuleSet(first.Chains);
        var rules = second.Render([Port(Ready("10.1.0.9")), other], s_options);
        Assert.DoesNotContain(":" + ChainNames.Cluster(other), rules);
        Assert.Contains(":KUBE-SVC-XPGD46QRK7WJZT7O - [0:0]\n", rules);
        var gone = ChainNames.Endpoint(Port(), Ready("10.1.0.1"));
        Assert.Contains($":{gone} - [0:0]\n", rules);
        Assert.Contains($"-X {gone}\n", rules);
    }

    [Fact]
    public void Removal_DumpWithForeignRules_TakesOnlyOurs()
    {
        const string saved = "*nat\n:PREROUTING ACCEPT [0:0]\n:KUBE-SERVICES - [0:0]\n:KUBE-SVC-AAAA - [0:0]\n-A PREROUTING -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES\n"
            + "-A PREROUTING -j DOCKER\n-A KUBE-SERVICES -j KUBE-SVC-AAAA\nCOMMIT\n";
        Assert.Equal(
            "*nat\n:KUBE-SERVICES - [0:0]\n:KUBE-SVC-AAAA - [0:0]\n-D PREROUTING -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES\n-X KUBE-SERVICES\n-X KUBE-SVC-AAAA\nCOMMIT\n",
            IptablesCleaner.Removal("nat", saved));
    }
}
