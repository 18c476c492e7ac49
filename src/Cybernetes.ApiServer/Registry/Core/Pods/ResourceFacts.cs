using Cybernetes.Objects;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>What the name of a resource says of it (upstream's core helpers).</summary>
internal static class ResourceFacts
{
    private const string HugePages = "hugepages-";
    private const string NativePrefix = "kubernetes.io/";

    public static bool IsHugePages(string name) => name.StartsWith(HugePages, StringComparison.Ordinal);

    /// <summary>Without a domain, or with Kubernetes' own.</summary>
    public static bool IsNative(string name) => !name.Contains('/') || name.Contains(NativePrefix, StringComparison.Ordinal);

    /// <summary>Whether requests may be below limits.</summary>
    public static bool IsOvercommitAllowed(string name) => IsNative(name) && !IsHugePages(name);

    /// <summary>Whether a pod may ask for it as a whole.</summary>
    public static bool IsPodLevel(string name) => name is "cpu" or "memory" || IsHugePages(name);

    /// <summary>A domain of its own, and a name that stays valid with the quota's prefix.</summary>
    public static bool IsExtended(string name) =>
        !IsNative(name) && !name.StartsWith("requests.", StringComparison.Ordinal) && Names.QualifiedName("requests." + name).Count == 0;

    /// <summary>Names without a domain that mean something anywhere.</summary>
    public static bool IsStandard(string name) => name is
        "cpu" or "memory" or "ephemeral-storage" or "requests.cpu" or "requests.memory" or "requests.ephemeral-storage"
        or "limits.cpu" or "limits.memory" or "limits.ephemeral-storage" or "pods" or "resourcequotas" or "services"
        or "replicationcontrollers" or "secrets" or "configmaps" or "persistentvolumeclaims" or "storage" or "requests.storage"
        or "services.nodeports" or "services.loadbalancers" || IsHugePages(name) || name.StartsWith("requests." + HugePages, StringComparison.Ordinal);

    /// <summary>Names without a domain that a container may ask for.</summary>
    public static bool IsStandardForContainers(string name) => name is "cpu" or "memory" or "ephemeral-storage" || IsHugePages(name);

    /// <summary>Counted in whole numbers.</summary>
    public static bool IsInteger(string name) => IsExtended(name) || name is
        "pods" or "services" or "replicationcontrollers" or "resourcequotas" or "secrets" or "configmaps" or "persistentvolumeclaims"
        or "services.nodeports" or "services.loadbalancers";
}
