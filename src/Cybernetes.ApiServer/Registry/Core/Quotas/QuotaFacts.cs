using Cybernetes.ApiServer.Registry.Core.Pods;

namespace Cybernetes.ApiServer.Registry.Core.Quotas;

/// <summary>What the names of resources and scopes mean to a quota (upstream's core helpers).</summary>
internal static class QuotaFacts
{
    /// <summary>The scopes a quota may have.</summary>
    public static bool IsScope(string scope) => scope is
        "Terminating" or "NotTerminating" or "BestEffort" or "NotBestEffort" or "PriorityClass" or "CrossNamespacePodAffinity"
        or "VolumeAttributesClass";

    /// <summary>Names without a domain that a quota may bound.</summary>
    public static bool IsStandard(string name) => name is
        "cpu" or "memory" or "ephemeral-storage" or "requests.cpu" or "requests.memory" or "requests.storage" or "requests.ephemeral-storage"
        or "limits.cpu" or "limits.memory" or "limits.ephemeral-storage" or "pods" or "resourcequotas" or "services"
        or "replicationcontrollers" or "secrets" or "configmaps" or "persistentvolumeclaims" or "services.nodeports" or "services.loadbalancers"
        || ResourceFacts.IsHugePages(name) || name.StartsWith("requests.hugepages-", StringComparison.Ordinal);

    /// <summary>Whether a quota of that scope may bound that resource.</summary>
    public static bool Fits(string scope, string resource) => scope switch
    {
        "Terminating" or "NotTerminating" or "NotBestEffort" or "PriorityClass" or "CrossNamespacePodAffinity" =>
            resource is "pods" or "cpu" or "memory" or "limits.cpu" or "limits.memory" or "requests.cpu" or "requests.memory",
        "BestEffort" => resource is "pods",
        "VolumeAttributesClass" => resource is "persistentvolumeclaims" or "requests.storage",
        _ => true,
    };
}
