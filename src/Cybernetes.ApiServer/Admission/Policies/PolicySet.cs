using Cybernetes.ApiServer.Registry;
using Cybernetes.Objects.AdmissionRegistration.V1;
using Cybernetes.Store;

namespace Cybernetes.ApiServer.Admission.Policies;

/// <summary>The policies and bindings of one state of the store, compiled. Kept until one of them changes.</summary>
internal sealed class PolicySet
{
    private readonly Dictionary<string, (long Revision, CompiledPolicy Policy)> _policies = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (long Revision, ValidatingAdmissionPolicyBinding Binding)> _bindings = new(StringComparer.Ordinal);

    private PolicySet(PolicySet? before, KindDefinition policyKind, IReadOnlyList<Record> policies, KindDefinition bindingKind, IReadOnlyList<Record> bindings)
    {
        foreach (var record in policies)
        {
            _policies[record.Key] = before is not null && before._policies.TryGetValue(record.Key, out var kept) && kept.Revision == record.ModRevision
                ? kept
                : (record.ModRevision, new((ValidatingAdmissionPolicy)policyKind.DecodeStored(record.Value)));
        }
        foreach (var record in bindings)
        {
            _bindings[record.Key] = before is not null && before._bindings.TryGetValue(record.Key, out var kept) && kept.Revision == record.ModRevision
                ? kept
                : (record.ModRevision, (ValidatingAdmissionPolicyBinding)bindingKind.DecodeStored(record.Value));
        }
        var byPolicy = _bindings.Values.Select(b => b.Binding).OrderBy(b => b.Metadata.Name, StringComparer.Ordinal).ToLookup(b => b.Spec.PolicyName);
        Bound = [.. _policies.Values.Select(p => p.Policy).OrderBy(p => p.Policy.Metadata.Name, StringComparer.Ordinal)
            .Select(p => (p, byPolicy[p.Policy.Metadata.Name].ToList())).Where(p => p.Item2.Count > 0)];
    }

    /// <summary>The policies that have bindings, by name.</summary>
    public IReadOnlyList<(CompiledPolicy Policy, List<ValidatingAdmissionPolicyBinding> Bindings)> Bound { get; }

    /// <summary>The set of these records: the one before when nothing has changed, else a new one that keeps what has not.</summary>
    public static PolicySet Of(
        PolicySet? before, KindDefinition policyKind, IReadOnlyList<Record> policies, KindDefinition bindingKind, IReadOnlyList<Record> bindings) =>
        before is not null && Same(policies, before._policies, p => p.Revision) && Same(bindings, before._bindings, b => b.Revision)
            ? before
            : new(before, policyKind, policies, bindingKind, bindings);

    private static bool Same<T>(IReadOnlyList<Record> records, Dictionary<string, T> kept, Func<T, long> revision)
    {
        if (records.Count != kept.Count)
            return false;
        foreach (var record in records)
        {
            if (!kept.TryGetValue(record.Key, out var one) || revision(one) != record.ModRevision)
                return false;
        }
        return true;
    }
}
