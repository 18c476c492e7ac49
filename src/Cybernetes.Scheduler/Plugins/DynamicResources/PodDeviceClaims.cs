using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using ResourceClaim = Cybernetes.Objects.Resource.V1.ResourceClaim;

namespace Cybernetes.Scheduler.Plugins.DynamicResources;

/// <summary>Which resource claims a pod uses, and whether it may. Pure.</summary>
internal static class PodDeviceClaims
{
    public const string ClassPrefix = "deviceclass.resource.kubernetes.io/";

    /// <summary>The most pods that may use one claim (the API's limit).</summary>
    private const int MostConsumers = 256;

    /// <summary>Whether the pod names claims, or resources that a device class may stand for.</summary>
    public static bool MayNeedDevices(Pod pod)
    {
        if (pod.Spec.ResourceClaims is { Count: > 0 })
            return true;
        foreach (var container in pod.Spec.Containers.OrEmpty())
        {
            if (HasExtended(container))
                return true;
        }
        foreach (var container in pod.Spec.InitContainers.OrEmpty())
        {
            if (HasExtended(container))
                return true;
        }
        return false;
    }

    /// <summary>A resource that a device class may stand for: one outside Kubernetes' own domain, or one made of a class's name.</summary>
    public static bool IsExtended(string resource)
    {
        var slash = resource.IndexOf('/');
        if (slash < 0)
            return false;
        if (resource.StartsWith(ClassPrefix, StringComparison.Ordinal))
            return true;
        var domain = resource.AsSpan(0, slash);
        return !(domain.SequenceEqual("kubernetes.io") || domain.EndsWith(".kubernetes.io"));
    }

    /// <summary>The name of a pod's claim; null where it needs none.</summary>
    /// <param name="isOwn">Whether the claim was made for the pod.</param>
    /// <param name="error">Why there is none yet, else null.</param>
    public static string? NameOf(Pod pod, PodResourceClaim claim, out bool isOwn, out string? error)
    {
        (isOwn, error) = (false, null);
        if (claim.ResourceClaimName is { } name)
            return name;
        if (claim.ResourceClaimTemplateName is null)
        {
            error = $"pod \"{pod.Metadata.Namespace}/{pod.Metadata.Name}\", spec.resourceClaim \"{claim.Name}\": none of the supported fields are set";
            return null;
        }
        isOwn = true;
        if (pod.Status.ResourceClaimStatuses.OrEmpty().FirstOrDefault(s => s.Name == claim.Name) is { } status)
            return status.ResourceClaimName;
        error = $"pod \"{pod.Metadata.Namespace}/{pod.Metadata.Name}\": ResourceClaim not created yet";
        return null;
    }

    /// <summary>Whether the claim was made for this very pod.</summary>
    public static bool IsFor(Pod pod, ResourceClaim claim) =>
        claim.Metadata.OwnerReferences.OrEmpty().Any(o => o.Controller == true && o.UID == pod.Metadata.UID);

    public static bool IsReservedFor(Pod pod, ResourceClaim claim) => claim.Status.ReservedFor.OrEmpty().Any(r => r.UID == pod.Metadata.UID);

    public static bool CanBeReserved(ResourceClaim claim) => claim.Status.ReservedFor.OrEmpty().Count < MostConsumers;

    private static bool HasExtended(Container container)
    {
        foreach (var resource in container.Resources.Requests.OrEmpty().Keys)
        {
            if (IsExtended(resource))
                return true;
        }
        return false;
    }
}
