using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Registry;
using Cybernetes.Expressions;
using Cybernetes.Objects;
using Cybernetes.Objects.AdmissionRegistration.V1;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Store;

namespace Cybernetes.ApiServer.Admission.Policies;

/// <summary>
/// Holds writes against the ValidatingAdmissionPolicies that bindings put to use. Policies and bindings are read with every write, so that one
/// counts as soon as it is stored; they are compiled once.
/// </summary>
internal sealed class ValidatingPolicyAdmission(RegistryServices services) : IAdmissionPlugin
{
    private const string Group = "admissionregistration.k8s.io";
    private PolicySet? _set;

    public string Name => "ValidatingAdmissionPolicy";

    public bool Handles(AdmissionAttributes attributes) => !PolicyMatching.IsExempt(attributes);

    public ValueTask ValidateAsync(AdmissionAttributes attributes, CancellationToken cancellation)
    {
        if (services.Catalog.FindStored(Group, "validatingadmissionpolicybindings") is not { } bindingKind)
            return ValueTask.CompletedTask;
        var reading = ReadAsync(bindingKind, "", cancellation);
        if (!reading.IsCompletedSuccessfully)
            return ValidateAsync(bindingKind, reading, attributes, cancellation);
        // Mostly there are none, which is known at once.
        var bindings = reading.Result;
        return bindings.Count == 0 ? ValueTask.CompletedTask : ValidateAsync(bindingKind, new(bindings), attributes, cancellation);
    }

    private async ValueTask ValidateAsync(
        KindDefinition bindingKind, ValueTask<IReadOnlyList<Record>> bindings, AdmissionAttributes attributes, CancellationToken cancellation)
    {
        if (await PoliciesAsync(bindingKind, await bindings, cancellation) is not { Bound.Count: > 0 } set)
            return;
        var ns = await NamespaceAsync(attributes, cancellation);
        var request = new PolicyRequest(attributes, ns, services.Authorizer);
        var denials = new List<(ValidatingAdmissionPolicy Policy, ValidatingAdmissionPolicyBinding Binding, PolicyDenial Denial)>();
        foreach (var (policy, bound) in set.Bound)
        {
            if (!PolicyMatching.Matches(policy.Policy.Spec.MatchConstraints, attributes, ns))
                continue;
            foreach (var binding in bound)
            {
                if (!PolicyMatching.Matches(binding.Spec.MatchResources, attributes, ns))
                    continue;
                foreach (var denial in await EvaluateAsync(policy, binding, request, attributes, cancellation))
                {
                    var actions = binding.Spec.ValidationActions.OrEmpty();
                    if (denial.IsConfiguration || actions.Contains("Deny"))
                        denials.Add((policy.Policy, binding, denial));
                    if (!denial.IsConfiguration && actions.Contains("Warn"))
                    {
                        attributes.Context.Warn($"Validation failed for ValidatingAdmissionPolicy '{policy.Policy.Metadata.Name}' with binding "
                            + $"'{binding.Metadata.Name}': {denial.Message}");
                    }
                }
            }
        }
        if (denials.Count > 0)
            throw Refusal(attributes, denials[0].Policy, denials[0].Binding, denials[0].Denial);
    }

    private static RequestFailure Refusal(
        AdmissionAttributes attributes, ValidatingAdmissionPolicy policy, ValidatingAdmissionPolicyBinding binding, PolicyDenial denial)
    {
        var message = $"ValidatingAdmissionPolicy '{policy.Metadata.Name}' with binding '{binding.Metadata.Name}' denied request: {denial.Message}";
        var forbidden = attributes.Forbidden(message);
        var reason = denial.Reason.Length == 0 ? "Invalid" : denial.Reason;
        var code = reason switch { "Forbidden" => 403, "Unauthorized" => 401, "RequestEntityTooLarge" => 413, _ => 422 };
        return new(code, reason, forbidden.Message)
        {
            Name = forbidden.Name, Group = forbidden.Group, Kind = forbidden.Kind, Causes = [new("", message, "")],
        };
    }

    private async ValueTask<List<PolicyDenial>> EvaluateAsync(
        CompiledPolicy policy, ValidatingAdmissionPolicyBinding binding, PolicyRequest request, AdmissionAttributes attributes, CancellationToken cancellation)
    {
        var spec = policy.Policy.Spec;
        if (spec.ParamKind is null || binding.Spec.ParamRef is not { } reference)
            return policy.Evaluate(request, CelNull.Instance);
        var (parameters, error) = await ParametersAsync(spec.ParamKind, reference, attributes.Context.Namespace, cancellation);
        if (error is not null)
            return policy.IgnoresFailures ? [] : [new("", "failed to configure binding: " + error, IsConfiguration: true)];
        return [.. parameters.SelectMany(p => policy.Evaluate(request, PolicyRequest.Document(p)))];
    }

    private async ValueTask<(IReadOnlyList<IKubernetesObject> Parameters, string? Error)> ParametersAsync(
        ParamKind paramKind, ParamRef reference, string ns, CancellationToken cancellation)
    {
        var parts = paramKind.APIVersion.Split('/');
        var served = services.Catalog.FindKind(parts.Length == 2 ? parts[0] : "", parts[^1], paramKind.Kind);
        if (served is not { Kind: { Computed: null } kind })
            return ([], $"paramKind kind `&ParamKind{{APIVersion:{paramKind.APIVersion},Kind:{paramKind.Kind},}}` not known");
        if (!kind.Namespaced && reference.Namespace.Length > 0)
            return ([], "paramRef.namespace must not be provided for a cluster-scoped `paramKind`");
        var from = kind.Namespaced ? reference.Namespace.Length > 0 ? reference.Namespace : ns : "";
        if (kind.Namespaced && from.Length == 0)
            return ([], "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources");
        var found = new List<IKubernetesObject>();
        if (reference.Name.Length > 0)
        {
            if (await services.FindAsync(kind, from, reference.Name, cancellation) is { } record)
                found.Add(kind.DecodeStored(record.Value));
        }
        else if (LabelMatcher.TryFor(reference.Selector, out var matcher) is null)
        {
            var all = (await ReadAsync(kind, from, cancellation)).Select(r => kind.DecodeStored(r.Value));
            found.AddRange(all.Where(o => matcher.Matches(o.Metadata.Labels)));
        }
        return found.Count == 0 && reference.ParameterNotFoundAction == "Deny"
            ? ([], "no params found for policy binding with `Deny` parameterNotFoundAction")
            : (found, null);
    }

    private async ValueTask<PolicySet?> PoliciesAsync(KindDefinition bindingKind, IReadOnlyList<Record> bindings, CancellationToken cancellation)
    {
        if (bindings.Count == 0 || services.Catalog.FindStored(Group, "validatingadmissionpolicies") is not { } policyKind)
            return null;
        var policies = await ReadAsync(policyKind, "", cancellation);
        var set = PolicySet.Of(Volatile.Read(ref _set), policyKind, policies, bindingKind, bindings);
        Volatile.Write(ref _set, set);
        return set;
    }

    // What is here already will do, as an informer's state does upstream: no write waits for a store far away.
    private ValueTask<IReadOnlyList<Record>> ReadAsync(KindDefinition kind, string ns, CancellationToken cancellation)
    {
        var reading = services.Reads.RangeAsync(new(RegistryServices.RangeOf(kind, ns)), anyState: true, cancellation);
        return reading.IsCompletedSuccessfully ? new(RecordsOf(reading.Result)) : WaitAsync(reading);

        static async ValueTask<IReadOnlyList<Record>> WaitAsync(ValueTask<StoreResult<RangeResult>> reading) => RecordsOf(await reading);

        static IReadOnlyList<Record> RecordsOf(StoreResult<RangeResult> result) =>
            result.TryGet(out var range, out var error) ? range.Records : throw StoredJson.FailureOf(error);
    }

    private async ValueTask<Namespace?> NamespaceAsync(AdmissionAttributes attributes, CancellationToken cancellation) =>
        attributes.Kind.Namespaced && attributes.Context.Namespace.Length > 0
            ? await services.FindAsync<Namespace>("", "namespaces", "", attributes.Context.Namespace, cancellation)
            : null;
}
