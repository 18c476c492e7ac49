using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using NodeObject = Cybernetes.Objects.Core.V1.Node;

namespace Cybernetes.Scheduler.Tests.Cycle;

/// <summary>The rules about single nodes: affinity, ports, strategies of the fit, images.</summary>
internal sealed partial class SlowTwin
{
    private const long Megabyte = 1024 * 1024;

    private static bool Allows(Pod pod, NodeObject node)
    {
        if (pod.Spec.NodeSelector.OrEmpty().Any(s => !node.Metadata.Labels!.TryGetValue(s.Key, out var has) || has != s.Value))
            return false;
        // Terms are alternatives; what stands in one holds together; an empty one means no node.
        var required = pod.Spec.Affinity?.NodeAffinity?.RequiredDuringSchedulingIgnoredDuringExecution;
        return required is null || required.NodeSelectorTerms.OrEmpty().Any(term => Means(term, node));
    }

    private static bool Means(NodeSelectorTerm term, NodeObject node)
    {
        var (expressions, fields) = (term.MatchExpressions.OrEmpty(), term.MatchFields.OrEmpty());
        return expressions.Count + fields.Count > 0
            && expressions.All(r => Holds(r, node.Metadata.Labels!.GetValueOrDefault(r.Key)))
            && fields.All(r => Holds(r, node.Metadata.Name));
    }

    private static bool Holds(NodeSelectorRequirement requirement, string? value)
    {
        long? Number(string? text) => long.TryParse(text, out var number) ? number : null;
        return requirement.Operator switch
        {
            "In" => value is not null && requirement.Values!.Contains(value),
            "NotIn" => value is null || !requirement.Values!.Contains(value),
            "Exists" => value is not null,
            "DoesNotExist" => value is null,
            "Gt" => Number(value) > Number(requirement.Values![0]),
            "Lt" => Number(value) < Number(requirement.Values![0]),
            _ => throw new ArgumentException(requirement.Operator),
        };
    }

    private static long PreferredWeight(Pod pod, NodeObject node) =>
        (pod.Spec.Affinity?.NodeAffinity?.PreferredDuringSchedulingIgnoredDuringExecution).OrEmpty().Where(t => Means(t.Preference, node)).Sum(t => t.Weight);

    private static IEnumerable<(string Protocol, string Address, int Port)> Ports(Pod pod) =>
        pod.Spec.Containers![0].Ports.OrEmpty().Select(p => (p.Protocol, p.HostIP, p.HostPort));

    private static bool Collide((string Protocol, string Address, int Port) x, (string Protocol, string Address, int Port) y) =>
        x.Protocol == y.Protocol && x.Port == y.Port && (x.Address == "" || y.Address == "" || x.Address == y.Address);

    private long Fit(Pod pod, NodeObject node)
    {
        long Part(string resource, long absent)
        {
            var capacity = Units(node.Status.Allocatable![resource], resource);
            var used = On(node).Append(pod).Sum(p => Scored(p, resource, absent));
            return strategy switch
            {
                "MostAllocated" => Math.Min(used, capacity) * 100 / capacity,
                "RequestedToCapacityRatio" => OnLine(used > capacity ? 100 : used * 100 / capacity),
                _ => used > capacity ? 0 : (capacity - used) * 100 / capacity,
            };
        }
        var (cpu, memory) = (Part("cpu", 100), Part("memory", 200 * Megabyte));
        if (strategy != "RequestedToCapacityRatio")
            return (cpu + memory) / 2;
        // A resource that the function rates nothing does not count at all.
        var rated = new[] { cpu, memory }.Where(score => score > 0).ToList();
        return rated.Count == 0 ? 0 : (long)Math.Round(rated.Average(), MidpointRounding.AwayFromZero);
    }

    // The function of the tests' configuration: 0 at nothing, all at 60 %, and down to 3 of 10 at the top.
    private static long OnLine(long utilization) => utilization <= 60 ? 100 * utilization / 60 : 100 - (70 * (utilization - 60) / 40);

    private long Images(Pod pod, NodeObject node)
    {
        var image = pod.Spec.Containers![0].Image;
        bool Has(NodeObject n) => n.Status.Images.OrEmpty().Any(i => i.Names!.Contains(image));
        var size = node.Status.Images.OrEmpty().FirstOrDefault(i => i.Names!.Contains(image))?.SizeBytes ?? 0;
        var spread = (long)(size * ((double)nodes.Count(Has) / nodes.Count));
        return 100 * (Math.Clamp(spread, 23 * Megabyte, 1000 * Megabyte) - (23 * Megabyte)) / (977 * Megabyte);
    }
}
