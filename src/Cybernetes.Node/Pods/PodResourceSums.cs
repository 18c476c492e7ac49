using Cybernetes.Node.Resources;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cri = Cybernetes.Node.Runtime.Cri;

namespace Cybernetes.Node.Pods;

/// <summary>What a pod and its containers ask for, for the kernel. Pure.</summary>
internal static class PodResourceSums
{
    private const int SystemCriticalPriority = 2_000_000_000;

    public static CgroupLimits PodLimits(Pod pod)
    {
        var qos = PodQos.Of(pod);
        var cpuRequest = Request(pod, "cpu").MilliValue();
        var cpuLimit = Limit(pod, "cpu")?.MilliValue();
        var memoryLimit = Limit(pod, "memory")?.Value();
        return ResourceMath.PodLimits(qos, cpuRequest, cpuLimit, memoryLimit);
    }

    /// <summary>The most the pod needs at one time: its containers together, or an init container with the sidecars before
    /// it.</summary>
    public static Quantity Request(Pod pod, string resource) =>
        pod.Spec.Resources?.Requests?.TryGetValue(resource, out var podLevel) == true
            ? podLevel
            : Sum(pod, container => Of(container.Resources.Requests, resource)) + Of(pod.Spec.Overhead, resource);

    /// <summary>Null when one container has no limit, and so the pod has none.</summary>
    public static Quantity? Limit(Pod pod, string resource)
    {
        if (pod.Spec.Resources?.Limits?.TryGetValue(resource, out var podLevel) == true)
            return podLevel;
        var all = pod.Spec.Containers.OrEmpty().Concat(pod.Spec.InitContainers.OrEmpty());
        if (all.Any(container => Of(container.Resources.Limits, resource).IsZero))
            return null;
        return Sum(pod, container => Of(container.Resources.Limits, resource)) + Of(pod.Spec.Overhead, resource);
    }

    public static Cri.LinuxContainerResources OfContainer(Pod pod, Container container, long nodeMemoryBytes, bool isUnified)
    {
        var requests = container.Resources.Requests;
        var limits = container.Resources.Limits;
        long? cpuRequest = requests?.ContainsKey("cpu") == true ? Of(requests, "cpu").MilliValue() : null;
        long? cpuLimit = limits?.ContainsKey("cpu") == true ? Of(limits, "cpu").MilliValue() : null;
        var memoryRequest = Of(requests, "memory").Value();
        if (memoryRequest == 0)
            memoryRequest = Of(limits, "memory").Value();
        var score = OutOfMemoryScore.Of(PodQos.Of(pod), IsCritical(pod), memoryRequest, nodeMemoryBytes);
        return ResourceMath.ContainerResources(
            cpuRequest, cpuLimit, Of(limits, "memory").Value(), score, killGroupOnOutOfMemory: isUnified);
    }

    private static bool IsCritical(Pod pod) =>
        pod.Spec.Priority >= SystemCriticalPriority + 1000
            || pod.Metadata.Annotations.OrEmpty().ContainsKey("kubernetes.io/config.mirror");

    private static Quantity Sum(Pod pod, Func<Container, Quantity> of)
    {
        var sum = Quantity.Zero;
        foreach (var container in pod.Spec.Containers.OrEmpty())
            sum += of(container);
        var sidecars = Quantity.Zero;
        var peak = Quantity.Zero;
        foreach (var container in pod.Spec.InitContainers.OrEmpty())
        {
            var need = of(container) + sidecars;
            if (RestartRules.IsSidecar(container))
                sidecars = need;
            peak = Quantity.Max(peak, need);
        }

        return Quantity.Max(sum + sidecars, peak);
    }

    private static Quantity Of(Dictionary<string, Quantity>? list, string resource) => list.OrEmpty().GetValueOrDefault(resource);
}
