using Cybernetes.ApiServer.Registry;
using Cybernetes.ApiServer.Registry.Core.Pods;
using Cybernetes.ApiServer.Registry.Core.Volumes;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Workloads;

namespace Cybernetes.ApiServer.Admission.Quota;

/// <summary>What one object takes from a quota, by the quota's names of resources (upstream's quota evaluators).</summary>
internal static class QuotaUsage
{
    private const string ClassSuffix = ".storageclass.storage.k8s.io/";

    /// <summary>The usage of an object; a pod that has ended takes nothing but its place in the count of all.</summary>
    public static Dictionary<string, Quantity> Of(KindDefinition kind, IKubernetesObject obj, DateTimeOffset now)
    {
        var usage = new Dictionary<string, Quantity>(StringComparer.Ordinal) { [CountName(kind)] = Quantity.FromInt64(1) };
        switch (obj)
        {
            case Pod pod when Counts(pod, now):
                OfPod(pod, usage);
                break;
            case Service service:
                OfService(service, usage);
                break;
            case PersistentVolumeClaim claim:
                OfClaim(claim, usage);
                break;
            case ReplicationController or ResourceQuota or Secret or ConfigMap:
                usage[kind.Plural] = Quantity.FromInt64(1);
                break;
        }
        return usage;
    }

    /// <summary><c>count/pods</c>, <c>count/deployments.apps</c>.</summary>
    public static string CountName(KindDefinition kind) => $"count/{kind.Resource}";

    /// <summary>Whether a resource of a quota can be used by objects of the kind.</summary>
    public static bool Concerns(KindDefinition kind, string resource) => resource == CountName(kind) || (kind.Group.Length == 0 && kind.Plural switch
    {
        "pods" => resource is "pods" or "cpu" or "memory" or "ephemeral-storage"
            || (resource.StartsWith("requests.", StringComparison.Ordinal) && resource != "requests.storage")
            || resource.StartsWith("limits.", StringComparison.Ordinal) || ResourceFacts.IsHugePages(resource),
        "services" => resource is "services" or "services.nodeports" or "services.loadbalancers",
        "persistentvolumeclaims" => resource is "persistentvolumeclaims" or "requests.storage"
            || resource.Contains(ClassSuffix, StringComparison.Ordinal),
        "replicationcontrollers" or "resourcequotas" or "secrets" or "configmaps" => resource == kind.Plural,
        _ => false,
    });

    /// <summary>What a quota on compute resources makes every container say: names of resources and of the containers that do not.</summary>
    public static string? Unsaid(Pod pod, IEnumerable<string> resources)
    {
        List<string> problems = [];
        foreach (var resource in resources.Where(r => r is "cpu" or "memory" or "requests.cpu" or "requests.memory" or "limits.cpu" or "limits.memory")
                     .Order(StringComparer.Ordinal))
        {
            var limit = resource.StartsWith("limits.", StringComparison.Ordinal);
            var name = resource[(resource.IndexOf('.') + 1)..];
            if (Says(pod.Spec.Resources, name, limit))
                continue;
            var silent = pod.Spec.Containers.OrEmpty().Concat(pod.Spec.InitContainers.OrEmpty()).Where(c => !Says(c.Resources, name, limit))
                .Select(c => c.Name).Order(StringComparer.Ordinal).ToList();
            if (silent.Count > 0)
                problems.Add($"{resource} for: {string.Join(',', silent)}");
        }
        return problems.Count == 0 ? null : "must specify " + string.Join("; ", problems);
    }

    /// <summary>Whether a pod still holds what it asked for.</summary>
    public static bool Counts(Pod pod, DateTimeOffset now)
    {
        if (pod.Status.Phase is "Failed" or "Succeeded")
            return false;
        return pod.Metadata is not { DeletionTimestamp: { } deleted, DeletionGracePeriodSeconds: { } grace } || now <= deleted.AddSeconds(grace);
    }

    private static bool Says(ResourceRequirements? resources, string name, bool limit) =>
        (limit ? resources?.Limits : resources?.Requests)?.ContainsKey(name) == true;

    private static void OfPod(Pod pod, Dictionary<string, Quantity> usage)
    {
        usage["pods"] = Quantity.FromInt64(1);
        foreach (var (name, amount) in PodResources.Requests(pod.Spec))
        {
            if (name is "cpu" or "memory" or "ephemeral-storage" || ResourceFacts.IsHugePages(name))
                usage[name] = amount;
            if (name is "cpu" or "memory" or "ephemeral-storage" || ResourceFacts.IsHugePages(name) || ResourceFacts.IsExtended(name))
                usage["requests." + name] = amount;
        }
        foreach (var (name, amount) in PodResources.Limits(pod.Spec))
        {
            if (name is "cpu" or "memory" or "ephemeral-storage")
                usage["limits." + name] = amount;
        }
    }

    private static void OfService(Service service, Dictionary<string, Quantity> usage)
    {
        var ports = service.Spec.Ports.OrEmpty();
        usage["services"] = Quantity.FromInt64(1);
        usage["services.loadbalancers"] = Quantity.FromInt64(service.Spec.Type == "LoadBalancer" ? 1 : 0);
        usage["services.nodeports"] = Quantity.FromInt64(service.Spec.Type switch
        {
            "NodePort" => ports.Count,
            "LoadBalancer" when service.Spec.AllocateLoadBalancerNodePorts != false => ports.Count,
            "LoadBalancer" => ports.Count(p => p.NodePort != 0),
            _ => 0,
        });
    }

    private static void OfClaim(PersistentVolumeClaim claim, Dictionary<string, Quantity> usage)
    {
        var storageClass = VolumeTexts.ClassOf(claim.Metadata, claim.Spec.StorageClassName);
        Add("persistentvolumeclaims", Quantity.FromInt64(1));
        var asked = claim.Spec.Resources.Requests is { } requests && requests.TryGetValue("storage", out var size) ? size : Quantity.Zero;
        // While a volume is being made smaller again, what it holds counts.
        if (claim.Status.AllocatedResources is { } allocated && allocated.TryGetValue("storage", out var held))
            asked = Quantity.Max(asked, held);
        Add("requests.storage", asked);

        void Add(string name, Quantity amount)
        {
            usage[name] = amount;
            if (storageClass.Length > 0)
                usage[storageClass + ClassSuffix + name] = amount;
        }
    }
}
