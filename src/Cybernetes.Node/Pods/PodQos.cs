using Cybernetes.Node.Resources;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Node.Pods;

/// <summary>The quality-of-service class of a pod (API reference, "Pod Quality of Service Classes"). Pure.</summary>
internal static class PodQos
{
    public static QosClass Of(Pod pod)
    {
        var name = pod.Status.QOSClass.Length > 0 ? pod.Status.QOSClass : ClassOf(pod);
        return name switch
        {
            PodQOSClass.PodQOSGuaranteed => QosClass.Guaranteed,
            PodQOSClass.PodQOSBestEffort => QosClass.BestEffort,
            _ => QosClass.Burstable,
        };
    }

    public static string ClassOf(Pod pod)
    {
        IEnumerable<ResourceRequirements> all = pod.Spec.Resources is { } podLevel
            ? [podLevel]
            : pod.Spec.Containers.OrEmpty().Concat(pod.Spec.InitContainers.OrEmpty()).Select(container => container.Resources);
        var requirements = all.ToArray();
        if (requirements.All(one => !HasAny(one.Requests) && !HasAny(one.Limits)))
            return PodQOSClass.PodQOSBestEffort;
        return requirements.All(IsGuaranteed) ? PodQOSClass.PodQOSGuaranteed : PodQOSClass.PodQOSBurstable;
    }

    private static bool IsGuaranteed(ResourceRequirements one)
    {
        foreach (var resource in (string[])["cpu", "memory"])
        {
            if (one.Limits?.TryGetValue(resource, out var limit) != true || limit.IsZero)
                return false;
            if (one.Requests?.TryGetValue(resource, out var request) == true && !request.IsZero && request != limit)
                return false;
        }

        return true;
    }

    private static bool HasAny(Dictionary<string, Quantity>? list) =>
        list is not null && list.Any(entry => entry.Key is "cpu" or "memory" && !entry.Value.IsZero);
}
