namespace Cybernetes.Network.ServiceProxy.Iptables;

/// <summary>The jumps from the kernel's chains into ours, as kube-proxy makes them; made once, and again when somebody flushed the tables.</summary>
internal static class BaseChains
{
    private const string New = "-m conntrack --ctstate NEW ";

    /// <summary>Table, chain of the kernel, chain of ours, comment, condition.</summary>
    public static IReadOnlyList<(string Table, string From, string To, string Comment, string Match)> Jumps { get; } =
    [
        ("filter", "INPUT", "KUBE-EXTERNAL-SERVICES", "kubernetes externally-visible service portals", New),
        ("filter", "FORWARD", "KUBE-EXTERNAL-SERVICES", "kubernetes externally-visible service portals", New),
        ("filter", "INPUT", "KUBE-NODEPORTS", "kubernetes health check service ports", ""),
        ("filter", "FORWARD", "KUBE-SERVICES", "kubernetes service portals", New),
        ("filter", "OUTPUT", "KUBE-SERVICES", "kubernetes service portals", New),
        ("filter", "FORWARD", "KUBE-FORWARD", "kubernetes forwarding rules", ""),
        ("filter", "INPUT", "KUBE-PROXY-FIREWALL", "kubernetes load balancer firewall", New),
        ("filter", "OUTPUT", "KUBE-PROXY-FIREWALL", "kubernetes load balancer firewall", New),
        ("filter", "FORWARD", "KUBE-PROXY-FIREWALL", "kubernetes load balancer firewall", New),
        ("nat", "OUTPUT", "KUBE-SERVICES", "kubernetes service portals", ""),
        ("nat", "PREROUTING", "KUBE-SERVICES", "kubernetes service portals", ""),
        ("nat", "POSTROUTING", "KUBE-POSTROUTING", "kubernetes postrouting rules", ""),
    ];

    /// <summary>The marker chain by which a flush from outside is noticed.</summary>
    public const string Canary = "KUBE-PROXY-CANARY";

    /// <summary>The part after the chain's name, the same for checking, inserting and deleting.</summary>
    public static IEnumerable<string> RuleArguments((string Table, string From, string To, string Comment, string Match) jump) =>
        [.. jump.Match.Split(' ', StringSplitOptions.RemoveEmptyEntries), "-m", "comment", "--comment", jump.Comment, "-j", jump.To];
}
