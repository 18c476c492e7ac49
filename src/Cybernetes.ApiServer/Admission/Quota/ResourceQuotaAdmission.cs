using Cybernetes.ApiServer.Registry;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Store;

namespace Cybernetes.ApiServer.Admission.Quota;

/// <summary>
/// Holds a namespace to its quotas. The charge is written to the quota's status in the transaction that writes the object, on the condition
/// that nobody else charged the quota meanwhile: two writes never share what is left. Writes of this server to one namespace take turns, so
/// that they do not spoil each other's transactions.
/// </summary>
internal sealed class ResourceQuotaAdmission(RegistryServices services) : IAdmissionPlugin
{
    private const int TurnCount = 64;
    private readonly QuotaLedger _ledger = new(services);
    private readonly SemaphoreSlim[] _turns = [.. Enumerable.Range(0, TurnCount).Select(_ => new SemaphoreSlim(1))];

    public string Name => "ResourceQuota";

    // All is done in PlanAsync.
    public bool Handles(AdmissionAttributes attributes) => false;

    public async ValueTask PlanAsync(AdmissionAttributes attributes, WritePlan plan, CancellationToken cancellation)
    {
        if (!attributes.Kind.Namespaced || services.Catalog.FindStored("", "resourcequotas") is not { } quotas)
            return;
        if (attributes is { Object: ResourceQuota own, IsMainResource: true })
            await FillInAsync(own, attributes, cancellation);
        if (attributes is { Object: null, OldObject: ResourceQuota gone })
            _ledger.Forget(gone);
        if (!Matters(attributes))
            return;
        if (await ConcernedAsync(quotas, attributes, cancellation) is not { Count: > 0 })
            return;
        var turn = _turns[(attributes.Context.Namespace.GetHashCode(StringComparison.Ordinal) & int.MaxValue) % TurnCount];
        await turn.WaitAsync(cancellation);
        plan.Hold(new Turn(turn));
        // Read again: others may have charged while this one waited.
        foreach (var (quota, record) in await ConcernedAsync(quotas, attributes, cancellation))
            await ChargeAsync(quota, record, attributes, plan, cancellation);
    }

    private async ValueTask<List<(ResourceQuota Quota, Record Record)>> ConcernedAsync(
        KindDefinition quotas, AdmissionAttributes attributes, CancellationToken cancellation)
    {
        var range = await services.Store.RangeAsync(new(RegistryServices.RangeOf(quotas, attributes.Context.Namespace)), cancellation);
        if (!range.TryGet(out var found, out var error))
            throw StoredJson.FailureOf(error);
        if (found.Records.Count == 0)
            return [];
        return
        [
            .. found.Records.Select(r => (Quota: (ResourceQuota)quotas.DecodeStored(r.Value), Record: r))
                .Where(q => q.Quota.Metadata.Name != attributes.Name || attributes.Kind != quotas)
                .Where(q => (q.Quota.Spec.Hard ?? []).Keys.Any(resource => QuotaUsage.Concerns(attributes.Kind, resource))),
        ];
    }

    /// <summary>Objects that come or go, and those whose changes cost: services, claims, pods that end or are resized.</summary>
    private static bool Matters(AdmissionAttributes attributes) => attributes switch
    {
        { Object: null } => true,
        { Operation: AdmissionOperation.Create } => true,
        { Object: Service or PersistentVolumeClaim } => true,
        { Object: Pod pod, OldObject: Pod old } => (pod.Status.Phase != old.Status.Phase && pod.Status.Phase is "Failed" or "Succeeded")
            || pod.Metadata.Generation != old.Metadata.Generation,
        _ => false,
    };

    /// <summary>A new or changed quota shows at once what is used.</summary>
    private async ValueTask FillInAsync(ResourceQuota quota, AdmissionAttributes attributes, CancellationToken cancellation)
    {
        quota.Status.Hard = quota.Spec.Hard is null ? null : new(quota.Spec.Hard, StringComparer.Ordinal);
        quota.Status.Used = await _ledger.UsedAsync(quota, attributes.Kind, quota.Metadata.Name, attributes.Context.Now, cancellation);
        if (QuotaScopes.Match(quota, quota))
            QuotaLedger.Add(quota.Status.Used, QuotaUsage.Of(attributes.Kind, quota, attributes.Context.Now));
    }

    private async ValueTask ChargeAsync(
        ResourceQuota quota, Record record, AdmissionAttributes attributes, WritePlan plan, CancellationToken cancellation)
    {
        var (kind, now) = (attributes.Kind, attributes.Context.Now);
        var hard = quota.Spec.Hard ?? [];
        var after = UsageIn(quota, kind, attributes.Object, now);
        var before = UsageIn(quota, kind, attributes.OldObject, now);
        if (after.Count == 0 && before.Count == 0)
            return;
        if (attributes is { Operation: AdmissionOperation.Create, Object: Pod pod } && QuotaUsage.Unsaid(pod, hard.Keys) is { } unsaid)
            throw attributes.Forbidden($"failed quota: {quota.Metadata.Name}: {unsaid}");

        var name = (attributes.Object ?? attributes.OldObject)!.Metadata.Name;
        var grown = after.Where(a => hard.ContainsKey(a.Key) && a.Value > before.GetValueOrDefault(a.Key, Quantity.Zero))
            .ToDictionary(a => a.Key, a => a.Value - before.GetValueOrDefault(a.Key, Quantity.Zero), StringComparer.Ordinal);
        var used = attributes.OldObject is Pod { Metadata.DeletionTimestamp: not null } old && !QuotaUsage.Counts(old, now)
            // Whether it was still counted when the quota was last written, nobody knows.
            ? null : _ledger.Others(quota, before, attributes.Context);
        // Nobody is refused by a sum that was carried on: the objects themselves have the last word.
        if (used is null || Exceeded(quota, used, before, grown).Count > 0)
            used = await _ledger.UsedAsync(quota, kind, name, now, cancellation);
        CheckRoom(quota, used, before, grown, attributes);
        QuotaLedger.Add(used, after);

        var charged = quota.DeepClone();
        charged.Status.Hard = new(hard, StringComparer.Ordinal);
        charged.Status.Used = used;
        if (grown.Count == 0 && charged.Status.SemanticEquals(quota.Status))
            return;
        // Written even when nothing differs: the next one to charge must see that someone was here.
        var (json, offset) = StoredJson.Encode(charged);
        plan.Require(Compare.ModRevision(record.Key, record.ModRevision));
        plan.Also(new PutOperation(record.Key, json, offset));
    }

    private static Dictionary<string, Quantity> UsageIn(ResourceQuota quota, KindDefinition kind, IKubernetesObject? obj, DateTimeOffset now) =>
        obj is null || !QuotaScopes.Match(quota, obj) ? [] : QuotaUsage.Of(kind, obj, now);

    private static void CheckRoom(
        ResourceQuota quota, Dictionary<string, Quantity> others, Dictionary<string, Quantity> before, Dictionary<string, Quantity> grown,
        AdmissionAttributes attributes)
    {
        if (Exceeded(quota, others, before, grown) is { Count: > 0 } exceeded)
        {
            Dictionary<string, Quantity> used = new(others, StringComparer.Ordinal);
            QuotaLedger.Add(used, before);
            throw attributes.Forbidden($"exceeded quota: {quota.Metadata.Name}, requested: {Text(exceeded, grown)}, "
                + $"used: {Text(exceeded, used)}, limited: {Text(exceeded, quota.Spec.Hard!)}");
        }
    }

    private static List<string> Exceeded(
        ResourceQuota quota, Dictionary<string, Quantity> others, Dictionary<string, Quantity> before, Dictionary<string, Quantity> grown) =>
    [
        .. grown.Keys.Where(name => others[name] + before.GetValueOrDefault(name, Quantity.Zero) + grown[name] > quota.Spec.Hard![name])
            .Order(StringComparer.Ordinal),
    ];

    private sealed class Turn(SemaphoreSlim turns) : IDisposable
    {
        public void Dispose() => turns.Release();
    }

    private static string Text(List<string> names, Dictionary<string, Quantity> amounts) => string.Join(',', names.Select(n => $"{n}={amounts[n]}"));
}
