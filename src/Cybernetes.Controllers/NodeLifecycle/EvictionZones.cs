using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.NodeLifecycle;

/// <summary>How many of a zone's nodes are in trouble.</summary>
internal enum ZoneState
{
    Normal,

    /// <summary>Many: the fault may be elsewhere, so nodes are given up slowly, or not at all in a small zone.</summary>
    PartialDisruption,

    /// <summary>All.</summary>
    FullDisruption,
}

/// <summary>How fast nodes are given up; upstream's flags.</summary>
/// <param name="PerSecond">Nodes a second in a zone that is well (<c>--node-eviction-rate</c>).</param>
/// <param name="SecondaryPerSecond">Nodes a second in a large zone that is not (<c>--secondary-node-eviction-rate</c>).</param>
/// <param name="UnhealthyThreshold">The share of nodes from which a zone is not well (<c>--unhealthy-zone-threshold</c>).</param>
/// <param name="LargeThreshold">Nodes above which a zone is large (<c>--large-cluster-size-threshold</c>).</param>
internal readonly record struct EvictionRates(double PerSecond, double SecondaryPerSecond, double UnhealthyThreshold, int LargeThreshold);

/// <summary>
/// Decides which nodes in trouble are given up now, zone by zone: one node at a time, at a rate that falls with the health of its zone; none at
/// all when every zone is down, since then it is rather this controller that is cut off. Time comes from the caller; not thread-safe.
/// </summary>
internal sealed class EvictionZones(EvictionRates rates)
{
    private const int FewNodes = 2;
    private const string RegionLabel = "topology.kubernetes.io/region";
    private const string ZoneLabel = "topology.kubernetes.io/zone";

    private readonly Dictionary<string, (ZoneState State, int Size)> _zones = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DateTimeOffset> _nextAt = new(StringComparer.Ordinal);

    /// <summary>Every zone is down: nothing is evicted, and what waits for eviction is let off.</summary>
    public bool IsCutOff { get; private set; }

    /// <summary>Takes in the nodes as they are.</summary>
    /// <returns>True when the controller was cut off and is not any more: silence until now is nobody's fault.</returns>
    public bool Observe(IEnumerable<Node> nodes)
    {
        var wasCutOff = IsCutOff;
        _zones.Clear();
        foreach (var zone in nodes.GroupBy(ZoneOf, StringComparer.Ordinal))
        {
            var (ready, size) = (zone.Count(IsReady), zone.Count());
            _zones[zone.Key] = (StateOf(ready, size - ready, rates.UnhealthyThreshold), size);
        }
        IsCutOff = _zones.Count > 0 && _zones.Values.All(z => z.State == ZoneState.FullDisruption);
        return wasCutOff && !IsCutOff;
    }

    /// <summary>Whether this node in trouble may be given up now; if so, it is counted.</summary>
    public bool TryTake(Node node, DateTimeOffset now)
    {
        var zone = ZoneOf(node);
        var rate = RateOf(zone);
        if (rate <= 0 || (_nextAt.TryGetValue(zone, out var next) && next > now))
            return false;
        _nextAt[zone] = now + TimeSpan.FromSeconds(1 / rate);
        return true;
    }

    public static ZoneState StateOf(int ready, int notReady, double unhealthyThreshold)
    {
        if (ready == 0 && notReady > 0)
            return ZoneState.FullDisruption;
        return notReady > FewNodes && (double)notReady / (notReady + ready) >= unhealthyThreshold ? ZoneState.PartialDisruption : ZoneState.Normal;
    }

    /// <summary>Region and zone of a node; empty when it has neither.</summary>
    public static string ZoneOf(Node node)
    {
        var labels = node.Metadata.Labels.OrEmpty();
        var (region, zone) = (labels.GetValueOrDefault(RegionLabel, ""), labels.GetValueOrDefault(ZoneLabel, ""));
        return region.Length + zone.Length == 0 ? "" : $"{region}:\0:{zone}";
    }

    private double RateOf(string zone)
    {
        if (IsCutOff || !_zones.TryGetValue(zone, out var known))
            return IsCutOff ? 0 : rates.PerSecond;
        return known.State switch
        {
            ZoneState.PartialDisruption => known.Size > rates.LargeThreshold ? rates.SecondaryPerSecond : 0,
            _ => rates.PerSecond,
        };
    }

    private static bool IsReady(Node node) => node.Status.Conditions.OrEmpty().Any(c => c is { Type: "Ready", Status: "True" });
}
