using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>Resources asked for by a pod as a whole (KEP-2837), and the sums of its containers that they are measured against.</summary>
internal static class PodLevelResources
{
    /// <summary>Fills in what follows from the containers. Runs after the containers' own defaults.</summary>
    public static void Default(PodSpec spec, ResourceRequirements resources)
    {
        DefaultHugePageLimits(spec, resources);
        DefaultRequests(spec, resources);
        DefaultLimits(spec, resources);
    }

    /// <summary>
    /// What the containers need together: the sum of the running ones, or the largest step of initialization, whichever is more.
    /// </summary>
    /// <param name="spec">The pod's spec.</param>
    /// <param name="of">Requests or limits of a container.</param>
    public static Dictionary<string, Quantity> Aggregate(PodSpec spec, Func<ResourceRequirements, Dictionary<string, Quantity>?> of)
    {
        Dictionary<string, Quantity> total = new(StringComparer.Ordinal);
        foreach (var container in spec.Containers.OrEmpty())
            Add(total, of(container.Resources));
        Dictionary<string, Quantity> sidecars = new(StringComparer.Ordinal);
        Dictionary<string, Quantity> step = new(StringComparer.Ordinal);
        foreach (var container in spec.InitContainers.OrEmpty())
        {
            var own = of(container.Resources);
            if (container.RestartPolicy == "Always")
            {
                Add(total, own);
                Add(sidecars, own);
                Raise(step, sidecars);
            }
            else
            {
                Dictionary<string, Quantity> now = new(sidecars, StringComparer.Ordinal);
                Add(now, own);
                Raise(step, now);
            }
        }
        Raise(total, step);
        return total;
    }

    private static void DefaultHugePageLimits(PodSpec spec, ResourceRequirements resources)
    {
        if ((resources.Limits?.Count ?? 0) + (resources.Requests?.Count ?? 0) == 0)
            return;
        foreach (var (name, limit) in Aggregate(spec, r => r.Limits))
        {
            if (ResourceFacts.IsHugePages(name) && resources.Requests?.ContainsKey(name) != true)
                (resources.Limits ??= []).TryAdd(name, limit);
        }
    }

    private static void DefaultRequests(PodSpec spec, ResourceRequirements resources)
    {
        if (resources.Limits is not { Count: > 0 } limits)
            return;
        foreach (var (name, request) in Aggregate(spec, r => r.Requests))
        {
            if (name is "cpu" or "memory")
                (resources.Requests ??= []).TryAdd(name, request);
        }
        foreach (var (name, limit) in limits)
        {
            if (ResourceFacts.IsPodLevel(name))
                (resources.Requests ??= []).TryAdd(name, limit);
        }
    }

    private static void DefaultLimits(PodSpec spec, ResourceRequirements resources)
    {
        if (HasPodLevel(resources.Limits) || !HasPodLevel(resources.Requests))
            return;
        foreach (var (name, limit) in Aggregate(spec, r => r.Limits))
        {
            if (name is "cpu" or "memory" && AllHave(spec.Containers, name) && AllHave(spec.InitContainers, name))
                (resources.Limits ??= []).TryAdd(name, limit);
        }
    }

    private static bool HasPodLevel(Dictionary<string, Quantity>? resources) => resources.OrEmpty().Keys.Any(ResourceFacts.IsPodLevel);

    private static bool AllHave(List<Container>? containers, string name) =>
        containers.OrEmpty().All(c => c.Resources.Limits?.ContainsKey(name) == true);

    private static void Add(Dictionary<string, Quantity> total, Dictionary<string, Quantity>? more)
    {
        foreach (var (name, value) in more.OrEmpty())
            total[name] = total.TryGetValue(name, out var sum) ? sum + value : value;
    }

    private static void Raise(Dictionary<string, Quantity> total, Dictionary<string, Quantity> other)
    {
        foreach (var (name, value) in other)
        {
            if (!total.TryGetValue(name, out var current) || value > current)
                total[name] = value;
        }
    }
}
