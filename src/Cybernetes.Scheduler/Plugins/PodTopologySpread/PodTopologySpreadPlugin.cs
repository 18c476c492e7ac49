using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Queue;
using Cybernetes.Scheduler.Snapshot;

namespace Cybernetes.Scheduler.Plugins.PodTopologySpread;

/// <summary>Keeps the number of a workload's pods per topology domain even (KEP-895, KEP-3022, KEP-3094).</summary>
/// <param name="defaults">The profile's constraints for pods without any; null means upstream's system defaults.</param>
internal sealed class PodTopologySpreadPlugin(IReadOnlyList<TopologySpreadConstraint>? defaults = null) : IClusterFilter, IClusterScore
{
    private const string Violated = "node(s) didn't match pod topology spread constraints";

    private static readonly TopologySpreadConstraint[] s_systemDefaults =
    [
        new() { TopologyKey = "kubernetes.io/hostname", MaxSkew = 3, WhenUnsatisfiable = "ScheduleAnyway" },
        new() { TopologyKey = "topology.kubernetes.io/zone", MaxSkew = 5, WhenUnsatisfiable = "ScheduleAnyway" },
    ];

    // Kept between decisions, of which there is one at a time.
    private double[] _raw = [];
    private int[] _byScore = [];

    public string Name => "PodTopologySpread";

    public ClusterEvent Wakers => ClusterEvent.NodeAdded | ClusterEvent.NodeRemoved | ClusterEvent.NodeLabelsChanged
        | ClusterEvent.NodeTaintsChanged | ClusterEvent.AssignedPodAdded | ClusterEvent.AssignedPodRemoved | ClusterEvent.AssignedPodLabelsChanged;

    public bool MayHelp(Pod pod, in ClusterHappening happening)
    {
        if (happening.Pod is not { } other || pod.Spec.TopologySpreadConstraints is not { Count: > 0 } own)
            return true;
        return other.Metadata.Namespace == pod.Metadata.Namespace
            && own.Any(c => SpreadConstraint.Of(c, pod).Selector.Matches(other.Metadata.Labels));
    }

    public void Filter(SchedulingCycle cycle)
    {
        var hard = ConstraintsOf(cycle.Pod, isHard: true);
        if (hard.Count == 0)
            return;
        var columns = cycle.Columns;
        var counted = NodeBits.Copy(columns.Live);
        foreach (var constraint in hard)
            counted.IntersectWith(columns.Labels.WithKey(constraint.TopologyKey));
        foreach (var constraint in hard)
        {
            cycle.Keep(columns.Labels.WithKey(constraint.TopologyKey), Violated + " (missing required label)", isResolvable: false);
            cycle.Drop(TooFull(cycle, constraint, counted), Violated);
        }
    }

    public bool Applies(SchedulingCycle cycle) => ConstraintsOf(cycle.Pod, isHard: false).Count > 0;

    public void Score(SchedulingCycle cycle, Span<int> scores)
    {
        var columns = cycle.Columns;
        var soft = ConstraintsOf(cycle.Pod, isHard: false);
        // The system defaults do not punish nodes without zone labels; other constraints do.
        var isStrict = cycle.Pod.Spec.TopologySpreadConstraints is { Count: > 0 } || defaults is not null;
        var scored = NodeBits.Copy(cycle.Feasible);
        var counted = NodeBits.Copy(columns.Live);
        if (isStrict)
        {
            foreach (var constraint in soft)
            {
                scored.IntersectWith(columns.Labels.WithKey(constraint.TopologyKey));
                counted.IntersectWith(columns.Labels.WithKey(constraint.TopologyKey));
            }
        }
        if (_raw.Length < columns.Capacity)
            _raw = new double[columns.Capacity];
        var raw = _raw.AsSpan(0, columns.Capacity);
        raw.Clear();
        foreach (var constraint in soft)
            Add(cycle, constraint, scored, counted, raw);
        Normalize(cycle, raw, scored, scores);
    }

    /// <summary>The pod's own constraints; without any, the profile's or the system's over what its services and owner select.</summary>
    private IReadOnlyList<SpreadConstraint> ConstraintsOf(PodFacts pod, bool isHard)
    {
        var wanted = isHard ? "DoNotSchedule" : "ScheduleAnyway";
        if (pod.Spec.TopologySpreadConstraints is { Count: > 0 } own)
            return [.. own.Where(c => c.WhenUnsatisfiable == wanted).Select(c => SpreadConstraint.Of(c, pod.Pod))];
        if (pod.SpreadSelector is not { } selector)
            return [];
        return [.. (defaults ?? s_systemDefaults).Where(c => c.WhenUnsatisfiable == wanted).Select(c => SpreadConstraint.Of(c, pod.Pod, selector))];
    }

    private static NodeBits TooFull(SchedulingCycle cycle, SpreadConstraint constraint, NodeBits counted)
    {
        var columns = cycle.Columns;
        var domains = columns.Topology(constraint.TopologyKey);
        var eligible = NodeBits.Copy(counted);
        constraint.ApplyPolicies(cycle, eligible);
        var counts = constraint.ByDomain(cycle, domains, eligible);
        var minimum = Least(constraint, domains, eligible, counts, columns.Capacity);
        var self = constraint.Selector.Matches(cycle.Pod.Pod.Metadata.Labels) ? 1 : 0;
        var isFull = new bool[domains.Count];
        var isAnyFull = false;
        for (var domain = 0; domain < counts.Length; domain++)
            isAnyFull |= isFull[domain] = counts[domain] + self - minimum > constraint.MaxSkew;
        var full = new NodeBits(columns.Capacity);
        if (!isAnyFull)
            return full;
        foreach (var slot in cycle.Feasible)
        {
            if (domains.DomainOf[slot] is >= 0 and var domain && isFull[domain])
                full.Add(slot);
        }
        return full;
    }

    /// <summary>The fewest matching pods of any domain that counts; fewer domains than asked for count as an empty one.</summary>
    private static int Least(SpreadConstraint constraint, TopologyDomains domains, NodeBits eligible, int[] counts, int capacity)
    {
        var isSeen = new bool[domains.Count];
        var seen = 0;
        var least = int.MaxValue;
        for (var slot = 0; slot < capacity && seen < domains.Count; slot++)
        {
            if (domains.DomainOf[slot] is not (>= 0 and var domain) || isSeen[domain] || !eligible[slot])
                continue;
            isSeen[domain] = true;
            seen++;
            least = Math.Min(least, counts[domain]);
        }
        return seen < constraint.MinDomains ? 0 : least;
    }

    // Nodes that are not scored get a raw score too, which nobody reads: a plain loop over all is faster than asking.
    private static void Add(SchedulingCycle cycle, SpreadConstraint constraint, NodeBits scored, NodeBits counted, Span<double> raw)
    {
        var columns = cycle.Columns;
        var domains = columns.Topology(constraint.TopologyKey);
        var isHostname = constraint.TopologyKey == "kubernetes.io/hostname";
        // Keys with few domains would drown those with many: the weight grows with the number of domains.
        var weight = Math.Log((isHostname ? scored.Count() : DomainsOf(scored, domains)) + 2);
        var always = (double)(constraint.MaxSkew - 1);
        if (isHostname && domains.IsPerNode)
        {
            AddPerNode(constraint.Counter(cycle), domains.DomainOf, weight, always, raw, columns.Capacity);
            return;
        }
        var eligible = counted;
        if (!isHostname && !constraint.CountsAll(cycle.Pod))
        {
            eligible = NodeBits.Copy(counted);
            constraint.ApplyPolicies(cycle, eligible);
        }
        // Pods on a host count where they are, whatever the policies say.
        var counts = constraint.ByDomain(cycle, domains, isHostname ? columns.Live : eligible);
        var each = new double[domains.Count];
        for (var domain = 0; domain < each.Length; domain++)
            each[domain] = (counts[domain] * weight) + always;
        var domainOf = domains.DomainOf;
        for (var slot = 0; slot < raw.Length; slot++)
        {
            if ((uint)domainOf[slot] < (uint)each.Length)
                raw[slot] += each[domainOf[slot]];
        }
    }

    private static void AddPerNode(PodCounter? counter, int[] domainOf, double weight, double always, Span<double> raw, int capacity)
    {
        var bySlot = counter is null ? new int[capacity] : counter.BySlot(capacity);
        for (var slot = 0; slot < raw.Length && slot < bySlot.Length && slot < domainOf.Length; slot++)
        {
            if (domainOf[slot] >= 0)
                raw[slot] += (bySlot[slot] * weight) + always;
        }
    }

    private static int DomainsOf(NodeBits nodes, TopologyDomains domains)
    {
        var isSeen = new bool[domains.Count];
        var seen = 0;
        foreach (var slot in nodes)
        {
            if (domains.DomainOf[slot] is not (>= 0 and var domain) || isSeen[domain])
                continue;
            isSeen[domain] = true;
            if (++seen == domains.Count)
                break;
        }
        return seen;
    }

    private void Normalize(SchedulingCycle cycle, Span<double> raw, NodeBits scored, Span<int> scores)
    {
        int minimum = int.MaxValue, maximum = 0;
        foreach (var slot in scored)
        {
            // Raw scores are never negative: this rounds halves up, as upstream's rounding away from zero does.
            var score = (int)(raw[slot] + 0.5);
            scores[slot] = score;
            minimum = Math.Min(minimum, score);
            maximum = Math.Max(maximum, score);
        }
        if (scored.IsEmpty)
            return;
        if (_byScore.Length <= maximum - minimum)
            _byScore = new int[maximum - minimum + 1];
        for (var score = minimum; score <= maximum; score++)
        {
            _byScore[score - minimum] = maximum == 0
                ? IClusterScore.MaximumScore
                : (int)((long)IClusterScore.MaximumScore * (maximum + (long)minimum - score) / maximum);
        }
        foreach (var slot in scored)
            scores[slot] = _byScore[scores[slot] - minimum];
    }
}
