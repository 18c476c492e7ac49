using Cybernetes.Objects.Core.V1;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Queue;
using Cybernetes.Scheduler.Snapshot;

namespace Cybernetes.Scheduler.Plugins.InterPodAffinity;

/// <summary>
/// Required affinity and anti-affinity between pods, of the pod to place and of those placed, reject; preferred terms of both count in scores,
/// and so do, by a weight of the profile, required affinity terms of placed pods.
/// </summary>
internal sealed class InterPodAffinityPlugin(int hardPodAffinityWeight = 1, bool ignorePreferredTermsOfExistingPods = false)
    : IClusterFilter, IClusterScore
{
    public string Name => "InterPodAffinity";

    public ClusterEvent Wakers => ClusterEvent.NodeAdded | ClusterEvent.NodeRemoved | ClusterEvent.NodeLabelsChanged | ClusterEvent.NamespaceChanged
        | ClusterEvent.AssignedPodAdded | ClusterEvent.AssignedPodRemoved | ClusterEvent.AssignedPodLabelsChanged;

    public bool MayHelp(Pod pod, in ClusterHappening happening)
    {
        if (happening.Pod is not { } other)
            return true;
        var terms = AffinityTerms.Of(pod);
        var unknown = new NamespaceLabels();
        bool Means(AffinityTerm term, Pod of) =>
            term.Scope.NamespaceSelector is not null || term.Scope.Matches(of.Metadata.Namespace, of.Metadata.Labels, unknown);
        return happening.Event switch
        {
            ClusterEvent.AssignedPodAdded => terms.RequiredAffinity.Any(t => Means(t, other)),
            // Without the last pod that it wants to be near, the first of its kind may go anywhere.
            ClusterEvent.AssignedPodRemoved =>
                terms.RequiredAntiAffinity.Any(t => Means(t, other)) || terms.RequiredAffinity.Any(t => Means(t, other))
                || AffinityTerms.Of(other).RequiredAntiAffinity.Any(t => Means(t, pod)),
            _ => true,
        };
    }

    public void Filter(SchedulingCycle cycle)
    {
        var (columns, pod) = (cycle.Columns, cycle.Pod);
        if (pod.Terms.RequiredAffinity.Count > 0)
            cycle.Keep(Attracting(cycle), "node(s) didn't match pod affinity rules", isResolvable: false);
        foreach (var term in pod.Terms.RequiredAntiAffinity)
        {
            var counter = columns.Counters.For(term.Scope, skipsTerminating: false);
            if (counter.Total > 0)
                cycle.Drop(Around(columns, counter.Slots, term.TopologyKey), "node(s) didn't match pod anti-affinity rules");
        }
        foreach (var group in columns.Terms.Of(TermKind.RequiredAntiAffinity, pod.Namespace))
        {
            if (Means(columns, group, pod))
                cycle.Drop(Around(columns, group.Slots, group.Term.TopologyKey), "node(s) didn't satisfy existing pods anti-affinity rules");
        }
    }

    public bool Applies(SchedulingCycle cycle) => cycle.Pod.Terms.Preferred.Count > 0 || Attached(cycle).Any();

    public void Score(SchedulingCycle cycle, Span<int> scores)
    {
        var columns = cycle.Columns;
        var raw = new long[columns.Capacity];
        foreach (var term in cycle.Pod.Terms.Preferred)
        {
            var counter = columns.Counters.For(term.Scope, skipsTerminating: false);
            if (counter.Total > 0)
                Spread(columns, counter.Slots, counter.BySlot(columns.Capacity), term.TopologyKey, term.Weight, raw);
        }
        foreach (var (group, weight) in Attached(cycle))
        {
            var counts = new int[columns.Capacity];
            foreach (var slot in group.Slots)
                counts[slot] = group.At(slot);
            Spread(columns, group.Slots, counts, group.Term.TopologyKey, weight, raw);
        }
        Normalize(cycle, raw, scores);
    }

    /// <summary>Where the pod's own required terms are met; the first of its kind may go anywhere that has the keys.</summary>
    private static NodeBits Attracting(SchedulingCycle cycle)
    {
        var (columns, terms) = (cycle.Columns, cycle.Pod.Terms.RequiredAffinity);
        var scopes = terms.Select(t => t.Scope).ToList();
        var counter = columns.Counters.For("all:" + string.Join('&', scopes.Select(s => s.Key)), scopes, skipsTerminating: false);
        var keyed = NodeBits.Copy(columns.Live);
        var met = NodeBits.Copy(columns.Live);
        var isAnyMet = false;
        foreach (var term in terms)
        {
            keyed.IntersectWith(columns.Labels.WithKey(term.TopologyKey));
            var around = Around(columns, counter.Slots, term.TopologyKey);
            isAnyMet |= !around.IsEmpty;
            met.IntersectWith(around);
        }
        var pod = cycle.Pod.Pod.Metadata;
        if (!isAnyMet && scopes.TrueForAll(s => s.Matches(pod.Namespace, pod.Labels, columns.Namespaces)))
            return keyed;
        met.IntersectWith(keyed);
        return met;
    }

    /// <summary>The nodes of all domains in which the given nodes lie.</summary>
    private static NodeBits Around(ClusterColumns columns, NodeBits slots, string topologyKey)
    {
        var domains = columns.Topology(topologyKey);
        var around = new NodeBits(columns.Capacity);
        if (domains.IsPerNode)
        {
            around.CopyFrom(columns.Labels.WithKey(topologyKey));
            around.IntersectWith(slots);
            return around;
        }
        var isMarked = new bool[domains.Count];
        foreach (var slot in slots)
        {
            if (domains.DomainOf[slot] is >= 0 and var domain)
                isMarked[domain] = true;
        }
        for (var slot = 0; slot < columns.Capacity; slot++)
        {
            if (domains.DomainOf[slot] is >= 0 and var domain && isMarked[domain])
                around.Add(slot);
        }
        return around;
    }

    private static bool Means(ClusterColumns columns, TermGroup group, PodFacts pod) =>
        group.Term.Scope.Matches(pod.Namespace, pod.Pod.Metadata.Labels, columns.Namespaces);

    private IEnumerable<(TermGroup Group, int Weight)> Attached(SchedulingCycle cycle)
    {
        var columns = cycle.Columns;
        if (hardPodAffinityWeight > 0)
        {
            foreach (var group in columns.Terms.Of(TermKind.RequiredAffinity, cycle.Pod.Namespace))
            {
                if (Means(columns, group, cycle.Pod))
                    yield return (group, hardPodAffinityWeight);
            }
        }
        if (ignorePreferredTermsOfExistingPods)
            yield break;
        foreach (var group in columns.Terms.Of(TermKind.Preferred, cycle.Pod.Namespace))
        {
            if (Means(columns, group, cycle.Pod))
                yield return (group, group.Term.Weight);
        }
    }

    private static void Spread(ClusterColumns columns, NodeBits slots, ReadOnlySpan<int> counts, string topologyKey, int weight, long[] raw)
    {
        var domains = columns.Topology(topologyKey);
        var byDomain = new long[domains.Count];
        foreach (var slot in slots)
        {
            if (domains.DomainOf[slot] is >= 0 and var domain)
                byDomain[domain] += (long)counts[slot] * weight;
        }
        for (var slot = 0; slot < raw.Length; slot++)
        {
            if (domains.DomainOf[slot] is >= 0 and var domain)
                raw[slot] += byDomain[domain];
        }
    }

    private static void Normalize(SchedulingCycle cycle, long[] raw, Span<int> scores)
    {
        long least = long.MaxValue, most = long.MinValue;
        foreach (var slot in cycle.Feasible)
        {
            least = Math.Min(least, raw[slot]);
            most = Math.Max(most, raw[slot]);
        }
        if (most <= least)
            return;
        foreach (var slot in cycle.Feasible)
            scores[slot] = (int)(IClusterScore.MaximumScore * ((double)(raw[slot] - least) / (most - least)));
    }
}
