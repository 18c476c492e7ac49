using System.Globalization;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Workloads;

namespace Cybernetes.ApiServer.Admission;

/// <summary>Whether what is asked for lies within one item of a limit range. The texts are upstream's.</summary>
internal static class LimitRangeBounds
{
    // Above it, thousandths no longer fit into 64 bits.
    private const long MaximumMilli = (1L << 53) - 1;

    public static void OfPod(Pod pod, LimitRangeItem item, List<string> problems)
    {
        if (item.Type == "Container")
        {
            foreach (var container in pod.Spec.Containers.OrEmpty().Concat(pod.Spec.InitContainers.OrEmpty()))
                All(item, new(container.Resources.Requests, container.Resources.Limits), problems);
        }
        else if (item.Type == "Pod")
        {
            All(item, new(PodResources.Requests(pod.Spec), PodResources.Limits(pod.Spec)), problems);
        }
    }

    public static void OfClaim(PersistentVolumeClaim claim, LimitRangeItem item, List<string> problems)
    {
        if (item.Type != "PersistentVolumeClaim")
            return;
        var asked = new Asked(claim.Spec.Resources.Requests, null);
        foreach (var (name, bound) in Sorted(item.Min))
            Say(problems, Minimum(item.Type, name, bound, asked));
        foreach (var (name, bound) in Sorted(item.Max))
            Say(problems, MaximumRequest(item.Type, name, bound, asked));
    }

    private static void All(LimitRangeItem item, Asked asked, List<string> problems)
    {
        foreach (var (name, bound) in Sorted(item.Min))
            Say(problems, Minimum(item.Type, name, bound, asked));
        foreach (var (name, bound) in Sorted(item.Max))
            Say(problems, Maximum(item.Type, name, bound, asked));
        foreach (var (name, bound) in Sorted(item.MaxLimitRequestRatio))
            Say(problems, Ratio(item.Type, name, bound, asked));
    }

    private static IEnumerable<KeyValuePair<string, Quantity>> Sorted(Dictionary<string, Quantity>? bounds) =>
        bounds.OrEmpty().OrderBy(b => b.Key, StringComparer.Ordinal);

    private static void Say(List<string> problems, string? problem)
    {
        if (problem is not null)
            problems.Add(problem);
    }

    private static string? Minimum(string type, string name, Quantity bound, Asked asked)
    {
        var text = $"minimum {name} usage per {type} is {bound}";
        if (asked.Request(name) is not { } request)
            return text + ".  No request is specified";
        if (request < bound)
            return $"{text}, but request is {request}";
        return asked.Limit(name) is { } limit && limit < bound ? $"{text}, but limit is {limit}" : null;
    }

    private static string? Maximum(string type, string name, Quantity bound, Asked asked)
    {
        var text = $"maximum {name} usage per {type} is {bound}";
        if (asked.Limit(name) is not { } limit)
            return text + ".  No limit is specified";
        if (limit > bound)
            return $"{text}, but limit is {limit}";
        return asked.Request(name) is { } request && request > bound ? $"{text}, but request is {request}" : null;
    }

    private static string? MaximumRequest(string type, string name, Quantity bound, Asked asked)
    {
        var text = $"maximum {name} usage per {type} is {bound}";
        if (asked.Request(name) is not { } request)
            return text + ".  No request is specified";
        return request > bound ? $"{text}, but request is {request}" : null;
    }

    private static string? Ratio(string type, string name, Quantity bound, Asked asked)
    {
        var text = $"{name} max limit to request ratio per {type} is {bound}";
        if (asked.Request(name) is not { IsZero: false } request)
            return text + ", but no request is specified or request is 0";
        if (asked.Limit(name) is not { IsZero: false } limit)
            return text + ", but no limit is specified or limit is 0";
        var fine = request.Value() <= MaximumMilli && limit.Value() <= MaximumMilli && bound.Value() <= MaximumMilli;
        var ratio = fine ? (double)limit.MilliValue() / request.MilliValue() : (double)limit.Value() / request.Value();
        return ratio > bound.ToDouble() ? $"{text}, but provided ratio is {ratio.ToString("F6", CultureInfo.InvariantCulture)}" : null;
    }

    private readonly record struct Asked(Dictionary<string, Quantity>? Requests, Dictionary<string, Quantity>? Limits)
    {
        public Quantity? Request(string name) => Requests is not null && Requests.TryGetValue(name, out var amount) ? amount : null;

        public Quantity? Limit(string name) => Limits is not null && Limits.TryGetValue(name, out var amount) ? amount : null;
    }
}
