using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Simulator.World;

namespace Cybernetes.Simulator.Invariants;

/// <summary>No object is let in beyond a quota that stood before it.</summary>
internal sealed class QuotaKept(ClusterModel model, TimeProvider time) : IInvariant
{
    // A request that was let in under the old numbers may reach the store a moment after the new ones.
    private static readonly TimeSpan s_moment = TimeSpan.FromSeconds(10);
    private readonly Dictionary<string, DateTimeOffset> _changedAt = new(StringComparer.Ordinal);

    public string? See(Change change)
    {
        if (change.New is ResourceQuota quota
            && (change.Old is not ResourceQuota before || before.Metadata.Generation != quota.Metadata.Generation || !SameHard(before, quota)))
            _changedAt[quota.Metadata.UID] = time.GetUtcNow();
        if (!change.IsNew || change.New is not Pod pod)
            return null;
        foreach (var kept in model.In<ResourceQuota>(pod.Metadata.Namespace))
        {
            if (kept.Metadata.DeletionTimestamp is not null || time.GetUtcNow() - _changedAt[kept.Metadata.UID] < s_moment)
                continue;
            foreach (var (resource, hard) in kept.Spec.Hard.OrEmpty())
            {
                if (Used(pod.Metadata.Namespace, resource) is { } used && used > hard)
                    return $"quota {kept.Metadata.Namespace}/{kept.Metadata.Name}: {resource} {used} of {hard} with {ClusterFacts.NameOf(pod)}, told "
                        + (kept.Status.Used is { } told && told.TryGetValue(resource, out var was) ? was.ToString() : "nothing");
            }
        }
        return null;
    }

    public IEnumerable<string> AtRest()
    {
        foreach (var quota in model.All<ResourceQuota>())
        {
            foreach (var (resource, _) in quota.Spec.Hard.OrEmpty())
            {
                if (Used(quota.Metadata.Namespace, resource) is not { } used)
                    continue;
                if (quota.Status.Used is not { } told || !told.TryGetValue(resource, out var says) || says != used)
                {
                    yield return $"quota {quota.Metadata.Namespace}/{quota.Metadata.Name} says that "
                        + $"{(quota.Status.Used?.ContainsKey(resource) == true ? quota.Status.Used[resource] : "nothing")} of {resource} is used, {used} is";
                }
            }
        }
    }

    /// <summary>What the workload's quotas count.</summary>
    private Quantity? Used(string ns, string resource)
    {
        // Pods past their grace count no more, wherever their kubelet is.
        var pods = model.In<Pod>(ns).Where(p => !ClusterFacts.HasEnded(p) && !(p.Metadata.DeletionTimestamp <= time.GetUtcNow()));
        return resource switch
        {
            "pods" => Quantity.FromInt64(pods.Count()),
            "requests.cpu" => Quantity.FromMilli(pods.Sum(ClusterFacts.MilliCpu)),
            _ => null,
        };
    }

    private static bool SameHard(ResourceQuota left, ResourceQuota right) =>
        left.Spec.Hard.OrEmpty().OrderBy(h => h.Key, StringComparer.Ordinal)
            .SequenceEqual(right.Spec.Hard.OrEmpty().OrderBy(h => h.Key, StringComparer.Ordinal));
}
