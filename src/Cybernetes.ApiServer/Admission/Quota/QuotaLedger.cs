using Cybernetes.ApiServer.Registry;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Admission.Quota;

/// <summary>
/// Adds up what a namespace's objects take from a quota. Counted afresh from the store each time: what was deleted meanwhile is never charged,
/// and nothing has to be repaired.
/// </summary>
internal sealed class QuotaLedger(RegistryServices services)
{
    /// <summary>The usage of each resource of the quota, without one object (the one that is being written).</summary>
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
