using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Objects.Workloads;

/// <summary>
/// What a pod asks of a node: containers add up, an init container counts beside the sidecars started before it, the larger of both phases
/// wins, pod-level resources replace the containers' where set, and overhead comes on top (KEP-753, KEP-2837, and the API reference's
/// "effective request").
/// </summary>
public static class PodResources
{
    /// <summary>The effective requests by resource name.</summary>
    public static Dictionary<string, Quantity> Requests(PodSpec spec) => Effective(spec, r => r.Requests, spec.Resources?.Requests);

    /// <summary>The effective limits by resource name; a resource that some container leaves unlimited is summed over the others.</summary>
    public static Dictionary<string, Quantity> Limits(PodSpec spec) => Effective(spec, r => r.Limits, spec.Resources?.Limits);

    private static Dictionary<string, Quantity> Effective(
        PodSpec spec, Func<ResourceRequirements, Dictionary<string, Quantity>?> side, Dictionary<string, Quantity>? podLevel)
    {
        var total = new Dictionary<string, Quantity>(StringComparer.Ordinal);
        foreach (var container in spec.Containers.OrEmpty())
            Add(total, side(container.Resources));
        var sidecars = new Dictionary<string, Quantity>(StringComparer.Ordinal);
        var startup = new Dictionary<string, Quantity>(StringComparer.Ordinal);
        foreach (var container in spec.InitContainers.OrEmpty())
        {
            if (container.RestartPolicy == "Always")
            {
                Add(total, side(container.Resources));
                Add(sidecars, side(container.Resources));
                Raise(startup, sidecars);
                continue;
            }
            var during = new Dictionary<string, Quantity>(sidecars, StringComparer.Ordinal);
            Add(during, side(container.Resources));
            Raise(startup, during);
        }
        Raise(total, startup);
        foreach (var (name, quantity) in podLevel.OrEmpty())
            total[name] = quantity;
        Add(total, spec.Overhead);
        return total;
    }

    private static void Add(Dictionary<string, Quantity> total, Dictionary<string, Quantity>? more)
    {
        foreach (var (name, quantity) in more.OrEmpty())
            total[name] = total.TryGetValue(name, out var known) ? known + quantity : quantity;
    }

    private static void Raise(Dictionary<string, Quantity> total, Dictionary<string, Quantity> floor)
    {
        foreach (var (name, quantity) in floor)
            total[name] = total.TryGetValue(name, out var known) ? Quantity.Max(known, quantity) : quantity;
    }
}
