using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Workloads;
using NodeObject = Cybernetes.Objects.Core.V1.Node;

namespace Cybernetes.Scheduler.Tests.Cycle;

/// <summary>The rules read slowly and obviously: each plugin over plain lists, a node and a pod at a time, as upstream's documents say them.</summary>
internal sealed partial class SlowTwin(IReadOnlyList<NodeObject> nodes, IReadOnlyDictionary<string, List<Pod>> placed, string strategy = "LeastAllocated")
{
    private const string Hostname = "kubernetes.io/hostname";

    /// <summary>The names of the nodes that pass every filter.</summary>
    public HashSet<string> Feasible(Pod pod) => [.. nodes.Where(n => FitsNode(pod, n) && FitsSpread(pod, n) && FitsPods(pod, n)).Select(n => n.Metadata.Name)];

    /// <summary>Of the feasible nodes, those that the default profile rates highest.</summary>
    public HashSet<string> Best(Pod pod, HashSet<string> feasible)
    {
        var among = nodes.Where(n => feasible.Contains(n.Metadata.Name)).ToList();
        var spread = Spread(pod, among);
        var taints = Normalized(among, n => n.Spec.Taints.OrEmpty().Count(t => t.Effect == "PreferNoSchedule"
            && !Tolerations.Tolerate([.. pod.Spec.Tolerations.OrEmpty().Where(o => o.Effect is "" or "PreferNoSchedule")], t)), reverse: true);
        var pods = Pods(pod, among);
        var affinity = Normalized(among, n => PreferredWeight(pod, n), reverse: false);
        long Total(NodeObject n) =>
            Fit(pod, n) + Balanced(pod, n) + (3 * taints(n)) + (2 * affinity(n)) + (2 * spread(n)) + (2 * pods(n)) + Images(pod, n);
        var best = among.Max(Total);
        return [.. among.Where(n => Total(n) == best).Select(n => n.Metadata.Name)];
    }

    private List<Pod> On(NodeObject node) => placed[node.Metadata.Name];

    private IEnumerable<(Pod Pod, NodeObject Node)> All => nodes.SelectMany(n => On(n).Select(p => (p, n)));

    private bool FitsNode(Pod pod, NodeObject node)
    {
        if (node.Spec.Unschedulable || !Allows(pod, node))
            return false;
        if (node.Spec.Taints.OrEmpty().Any(t => t.Effect == "NoSchedule" && !Tolerations.Tolerate(pod.Spec.Tolerations.OrEmpty(), t)))
            return false;
        if (pod.Spec.Containers!.Any(c => c.RestartPolicyRules.OrEmpty().Any(r => r.Action == "RestartAllContainers"))
            && !node.Status.DeclaredFeatures.OrEmpty().Contains("RestartAllContainersOnContainerExits"))
            return false;
        if (On(node).Count + 1 > node.Status.Allocatable!["pods"].Value() || Ports(pod).Any(mine => On(node).SelectMany(Ports).Any(other => Collide(mine, other))))
            return false;
        return new[] { "cpu", "memory" }.All(resource => Requested(pod, resource) == 0
            || On(node).Sum(p => Requested(p, resource)) + Requested(pod, resource) <= node.Status.Allocatable![resource].MilliValue());
    }

    private bool FitsSpread(Pod pod, NodeObject node)
    {
        var hard = pod.Spec.TopologySpreadConstraints.OrEmpty().Where(c => c.WhenUnsatisfiable == "DoNotSchedule").ToList();
        foreach (var constraint in hard)
        {
            var key = constraint.TopologyKey;
            if (!node.Metadata.Labels!.TryGetValue(key, out var domain))
                return false;
            var counted = nodes.Where(n => hard.All(c => n.Metadata.Labels!.ContainsKey(c.TopologyKey)) && Allows(pod, n)).ToList();
            int Matching(string value) => counted.Where(n => n.Metadata.Labels![key] == value)
                .Sum(n => On(n).Count(p => Counts(constraint, pod, p)));
            var domains = counted.Select(n => n.Metadata.Labels![key]).Distinct().ToList();
            var least = domains.Count < (constraint.MinDomains ?? 1) ? 0 : domains.Min(Matching);
            var here = domains.Contains(domain) ? Matching(domain) : 0;
            var self = LabelMatcher.For(constraint.LabelSelector).Matches(pod.Metadata.Labels) ? 1 : 0;
            if (here + self - least > constraint.MaxSkew)
                return false;
        }
        return true;
    }

    private bool FitsPods(Pod pod, NodeObject node)
    {
        var anti = (pod.Spec.Affinity?.PodAntiAffinity?.RequiredDuringSchedulingIgnoredDuringExecution).OrEmpty();
        if (anti.Any(term => All.Any(other => Means(term, pod, other.Pod) && SameDomain(term.TopologyKey, node, other.Node))))
            return false;
        if (All.Any(other => (other.Pod.Spec.Affinity?.PodAntiAffinity?.RequiredDuringSchedulingIgnoredDuringExecution).OrEmpty()
            .Any(term => Means(term, other.Pod, pod) && SameDomain(term.TopologyKey, node, other.Node))))
            return false;
        var terms = (pod.Spec.Affinity?.PodAffinity?.RequiredDuringSchedulingIgnoredDuringExecution).OrEmpty();
        if (terms.Count == 0)
            return true;
        if (terms.Any(t => !node.Metadata.Labels!.ContainsKey(t.TopologyKey)))
            return false;
        var friends = All.Where(other => terms.All(t => Means(t, pod, other.Pod))).ToList();
        if (terms.All(t => friends.Any(f => SameDomain(t.TopologyKey, node, f.Node))))
            return true;
        return terms.All(t => Means(t, pod, pod)) && !terms.Any(t => friends.Any(f => f.Node.Metadata.Labels!.ContainsKey(t.TopologyKey)));
    }

    private long Balanced(Pod pod, NodeObject node)
    {
        if (Requested(pod, "cpu") == 0 && Requested(pod, "memory") == 0)
            return 0;
        long Balance(IEnumerable<Pod> pods)
        {
            var all = pods.ToList();
            double Share(string resource) => Math.Min(1.0, (double)all.Sum(p => Amount(p, resource)) / Units(node.Status.Allocatable![resource], resource));
            return (long)((1 - Math.Abs((Share("cpu") - Share("memory")) / 2)) * 100);
        }
        return 50 + ((50 + Balance(On(node).Append(pod)) - Balance(On(node))) / 2);
    }

    private Func<NodeObject, long> Spread(Pod pod, List<NodeObject> among)
    {
        var soft = pod.Spec.TopologySpreadConstraints.OrEmpty().Where(c => c.WhenUnsatisfiable == "ScheduleAnyway").ToList();
        if (soft.Count == 0)
            return _ => 0;
        var scored = among.Where(n => soft.All(c => n.Metadata.Labels!.ContainsKey(c.TopologyKey))).ToList();
        var counted = nodes.Where(n => soft.All(c => n.Metadata.Labels!.ContainsKey(c.TopologyKey))).ToList();
        var raw = scored.ToDictionary(n => n.Metadata.Name, n => (long)Math.Round(soft.Sum(c =>
        {
            var key = c.TopologyKey;
            var size = key == Hostname ? scored.Count : scored.Select(s => s.Metadata.Labels![key]).Distinct().Count();
            var pool = key == Hostname ? nodes : counted.Where(x => Allows(pod, x));
            var count = pool.Where(x => x.Metadata.Labels!.TryGetValue(key, out var value) && value == n.Metadata.Labels![key])
                .Sum(x => On(x).Count(p => Counts(c, pod, p)));
            return (count * Math.Log(size + 2)) + (c.MaxSkew - 1);
        }), MidpointRounding.AwayFromZero));
        if (raw.Count == 0)
            return _ => 0;
        var (least, most) = (raw.Values.Min(), raw.Values.Max());
        return n => !raw.TryGetValue(n.Metadata.Name, out var score) ? 0 : most == 0 ? 100 : 100 * (most + least - score) / most;
    }

    private Func<NodeObject, long> Pods(Pod pod, List<NodeObject> among)
    {
        IEnumerable<(PodAffinityTerm Term, int Weight)> Preferred(Pod of) =>
            (of.Spec.Affinity?.PodAffinity?.PreferredDuringSchedulingIgnoredDuringExecution).OrEmpty().Select(t => (t.PodAffinityTerm, t.Weight))
            .Concat((of.Spec.Affinity?.PodAntiAffinity?.PreferredDuringSchedulingIgnoredDuringExecution).OrEmpty().Select(t => (t.PodAffinityTerm, -t.Weight)));
        IEnumerable<(PodAffinityTerm Term, int Weight)> Hard(Pod of) =>
            (of.Spec.Affinity?.PodAffinity?.RequiredDuringSchedulingIgnoredDuringExecution).OrEmpty().Select(t => (t, 1));
        long Raw(NodeObject node)
        {
            long sum = 0;
            foreach (var (other, at) in All)
            {
                sum += Preferred(pod).Where(t => Means(t.Term, pod, other) && SameDomain(t.Term.TopologyKey, node, at)).Sum(t => t.Weight);
                sum += Preferred(other).Concat(Hard(other)).Where(t => Means(t.Term, other, pod) && SameDomain(t.Term.TopologyKey, node, at)).Sum(t => t.Weight);
            }
            return sum;
        }
        var raw = among.ToDictionary(n => n.Metadata.Name, Raw);
        var (least, most) = (raw.Values.Min(), raw.Values.Max());
        return n => most == least ? 0 : (long)(100 * ((double)(raw[n.Metadata.Name] - least) / (most - least)));
    }

    private static Func<NodeObject, long> Normalized(List<NodeObject> among, Func<NodeObject, long> raw, bool reverse)
    {
        var most = among.Max(raw);
        return n =>
        {
            var score = most == 0 ? 0 : raw(n) * 100 / most;
            return reverse ? 100 - score : score;
        };
    }

    private static bool Counts(TopologySpreadConstraint constraint, Pod pod, Pod other) =>
        other.Metadata.Namespace == pod.Metadata.Namespace && LabelMatcher.For(constraint.LabelSelector).Matches(other.Metadata.Labels);

    private static bool Means(PodAffinityTerm term, Pod of, Pod other)
    {
        var namespaces = term.Namespaces is { Count: > 0 } named ? named : [of.Metadata.Namespace];
        return namespaces.Contains(other.Metadata.Namespace) && LabelMatcher.For(term.LabelSelector).Matches(other.Metadata.Labels);
    }

    private static bool SameDomain(string key, NodeObject x, NodeObject y) =>
        x.Metadata.Labels!.TryGetValue(key, out var left) && y.Metadata.Labels!.TryGetValue(key, out var right) && left == right;

    private static long Requested(Pod pod, string resource) => PodResources.Requests(pod.Spec).TryGetValue(resource, out var quantity) ? quantity.MilliValue() : 0;

    private static long Amount(Pod pod, string resource) => PodResources.Requests(pod.Spec).TryGetValue(resource, out var quantity) ? Units(quantity, resource) : 0;

    private static long Scored(Pod pod, string resource, long absent) =>
        PodResources.Requests(pod.Spec).TryGetValue(resource, out var quantity) ? Units(quantity, resource) : absent;

    private static long Units(Quantity quantity, string resource) => resource == "cpu" ? quantity.MilliValue() : quantity.Value();
}
