using Cybernetes.ApiServer.Registry.Core.Pods;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Admission.Quota;

/// <summary>Whether an object is one of those that a quota's scopes speak of; all of them must fit.</summary>
internal static class QuotaScopes
{
    public static bool Match(ResourceQuota quota, IKubernetesObject obj)
    {
        foreach (var scope in quota.Spec.Scopes.OrEmpty())
        {
            if (!Matches(new() { ScopeName = scope, Operator = "Exists" }, obj))
                return false;
        }
        foreach (var requirement in (quota.Spec.ScopeSelector?.MatchExpressions).OrEmpty())
        {
            if (!Matches(requirement, obj))
                return false;
        }
        return true;
    }

    private static bool Matches(ScopedResourceSelectorRequirement requirement, IKubernetesObject obj) => (requirement.ScopeName, obj) switch
    {
        ("Terminating", Pod pod) => pod.Spec.ActiveDeadlineSeconds >= 0,
        ("NotTerminating", Pod pod) => pod.Spec.ActiveDeadlineSeconds is not >= 0,
        ("BestEffort", Pod pod) => PodQuality.Of(pod.Spec) == "BestEffort",
        ("NotBestEffort", Pod pod) => PodQuality.Of(pod.Spec) != "BestEffort",
        ("PriorityClass", Pod pod) => ByName(requirement, pod.Spec.PriorityClassName),
        ("CrossNamespacePodAffinity", Pod pod) => ReachesOut(pod.Spec.Affinity),
        ("VolumeAttributesClass", PersistentVolumeClaim claim) => ByName(requirement, claim.Spec.VolumeAttributesClassName ?? ""),
        _ => false,
    };

    private static bool ByName(ScopedResourceSelectorRequirement requirement, string name) => requirement.Operator switch
    {
        "Exists" => name.Length > 0,
        "In" => requirement.Values.OrEmpty().Contains(name),
        "NotIn" => !requirement.Values.OrEmpty().Contains(name),
        _ => false,
    };

    private static bool ReachesOut(Affinity? affinity) =>
        Terms(affinity?.PodAffinity?.RequiredDuringSchedulingIgnoredDuringExecution, affinity?.PodAffinity?.PreferredDuringSchedulingIgnoredDuringExecution)
            .Concat(Terms(affinity?.PodAntiAffinity?.RequiredDuringSchedulingIgnoredDuringExecution,
                affinity?.PodAntiAffinity?.PreferredDuringSchedulingIgnoredDuringExecution))
            .Any(t => t.Namespaces is { Count: > 0 } || t.NamespaceSelector is not null);

    private static IEnumerable<PodAffinityTerm> Terms(List<PodAffinityTerm>? required, List<WeightedPodAffinityTerm>? preferred) =>
        required.OrEmpty().Concat(preferred.OrEmpty().Select(p => p.PodAffinityTerm));
}
