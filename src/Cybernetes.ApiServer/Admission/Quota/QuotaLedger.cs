using System.Collections.Concurrent;
using Cybernetes.ApiServer.Registry;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Admission.Quota;

/// <summary>
/// Adds up what a namespace's objects take from a quota. The sum in a quota's status is carried on from write to write, since each charges it in its
/// own transaction; the objects are counted afresh when this server meets a quota for the first time, when the quota itself is written, when the sum
/// cannot be right, and before anybody is refused.
/// </summary>
internal sealed class QuotaLedger(RegistryServices services)
{
    /// <summary>
    /// How long a new quota is not trusted: writes that were on their way when it was made did not know of it, and it does not know of them.
    /// </summary>
    private static readonly TimeSpan s_youth = TimeSpan.FromSeconds(3);

    /// <summary>The quotas, by uid, that this server has counted once they were no longer new.</summary>
    private readonly ConcurrentDictionary<string, bool> _counted = new(StringComparer.Ordinal);

    /// <summary>The usage as the quota's status tells it, without what one object took; null where the objects must be counted.</summary>
    public Dictionary<string, Quantity>? Others(ResourceQuota quota, Dictionary<string, Quantity> before, WriteContext context)
    {
        if (quota.Metadata.CreationTimestamp is not { } made || context.Now - made < s_youth)
            return null;
        if (context.DryRun ? !_counted.ContainsKey(quota.Metadata.UID) : _counted.TryAdd(quota.Metadata.UID, true))
            return null;
        var hard = quota.Spec.Hard ?? [];
        var others = new Dictionary<string, Quantity>(StringComparer.Ordinal);
        foreach (var name in hard.Keys)
        {
            if (quota.Status.Used is not { } used || !used.TryGetValue(name, out var sum))
                return null;
            var rest = before.TryGetValue(name, out var own) ? sum - own : sum;
            if (rest.Sign < 0)
                return null;
            others[name] = rest;
        }
        return others;
    }

    /// <summary>The quota is gone.</summary>
    public void Forget(ResourceQuota quota) => _counted.TryRemove(quota.Metadata.UID, out _);

    /// <summary>The usage of each resource of the quota, without one object (the one that is being written), counted.</summary>
    public async ValueTask<Dictionary<string, Quantity>> UsedAsync(
        ResourceQuota quota, KindDefinition? but, string butName, DateTimeOffset now, CancellationToken cancellation)
    {
        var hard = quota.Spec.Hard ?? [];
        var used = hard.Keys.ToDictionary(name => name, name => Quantity.Zero.WithFormat(hard[name].Format), StringComparer.Ordinal);
        foreach (var kind in services.Catalog.Kinds.Where(k => k.Namespaced && k.Computed is null))
        {
            if (!hard.Keys.Any(resource => QuotaUsage.Concerns(kind, resource)))
                continue;
            await foreach (var obj in ObjectsAsync(kind, quota.Metadata.Namespace, cancellation))
            {
                if ((kind != but || obj.Metadata.Name != butName) && QuotaScopes.Match(quota, obj))
                    Add(used, QuotaUsage.Of(kind, obj, now));
            }
        }
        return used;
    }

    /// <summary>Adds usage to what is counted; what the quota does not bound is left out.</summary>
    public static void Add(Dictionary<string, Quantity> used, Dictionary<string, Quantity> more)
    {
        foreach (var (name, amount) in more)
        {
            if (used.TryGetValue(name, out var known))
                used[name] = known.IsZero ? amount : known + amount;
        }
    }

    private async IAsyncEnumerable<IKubernetesObject> ObjectsAsync(
        KindDefinition kind, string ns, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        var result = await services.Store.RangeAsync(new(RegistryServices.RangeOf(kind, ns)), cancellation);
        if (!result.TryGet(out var range, out var error))
            throw StoredJson.FailureOf(error);
        foreach (var record in range.Records)
            yield return kind.DecodeStored(record.Value);
    }
}
