using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>The quality-of-service class that a pod's requests and limits of CPU and memory put it in.</summary>
internal static class PodQuality
{
    public static string Of(PodSpec spec)
    {
        if (spec.Resources is { } pod && (pod.Limits?.Count > 0 || pod.Requests?.Count > 0))
            return OfPodLevel(pod);
        Dictionary<string, Quantity> requests = new(2, StringComparer.Ordinal);
        Dictionary<string, Quantity> limits = new(2, StringComparer.Ordinal);
        var guaranteed = true;
        Visit(spec.Containers, requests, limits, ref guaranteed);
        Visit(spec.InitContainers, requests, limits, ref guaranteed);
        return Class(requests, limits, guaranteed);
    }

    private static string OfPodLevel(ResourceRequirements pod)
    {
        Dictionary<string, Quantity> requests = new(2, StringComparer.Ordinal);
        Dictionary<string, Quantity> limits = new(2, StringComparer.Ordinal);
        var found = Collect(pod.Requests, requests) | Collect(pod.Limits, limits);
        var guaranteed = found && limits.Count == 2;
        return Class(requests, limits, guaranteed);
    }

    private static string Class(Dictionary<string, Quantity> requests, Dictionary<string, Quantity> limits, bool guaranteed)
    {
        if (requests.Count == 0 && limits.Count == 0)
            return "BestEffort";
        if (!guaranteed || requests.Count != limits.Count)
            return "Burstable";
        foreach (var (name, request) in requests)
        {
            if (!limits.TryGetValue(name, out var limit) || limit != request)
                return "Burstable";
        }
        return "Guaranteed";
    }

    private static void Visit(
        List<Container>? containers, Dictionary<string, Quantity> requests, Dictionary<string, Quantity> limits, ref bool guaranteed)
    {
        foreach (var container in containers.OrEmpty())
        {
            Collect(container.Resources.Requests, requests);
            Collect(container.Resources.Limits, limits);
            if (!Positive(container.Resources.Limits, "cpu") || !Positive(container.Resources.Limits, "memory"))
                guaranteed = false;
        }
    }

    private static bool Positive(Dictionary<string, Quantity>? resources, string name) =>
        resources is not null && resources.TryGetValue(name, out var value) && value.Sign > 0;

    private static bool Collect(Dictionary<string, Quantity>? from, Dictionary<string, Quantity> to)
    {
        var found = false;
        foreach (var (name, value) in from.OrEmpty())
        {
            if (name is not ("cpu" or "memory") || value.Sign <= 0)
                continue;
            to[name] = to.TryGetValue(name, out var sum) ? sum + value : value;
            found = true;
        }
        return found;
    }
}
