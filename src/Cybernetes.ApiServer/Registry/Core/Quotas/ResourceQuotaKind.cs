using Cybernetes.ApiServer.Registry.Core.Pods;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Quotas;

/// <summary>Quotas of a namespace.</summary>
internal sealed class ResourceQuotaKind : KindDefinition<ResourceQuota>
{
    private static readonly FieldPath SpecPath = FieldPath.Of("spec");
    private static readonly FieldPath StatusPath = FieldPath.Of("status");

    public override IReadOnlyList<string> ShortNames => ["quota"];

    public override bool HasStatus => true;

    public override IReadOnlyList<Column<ResourceQuota>> Columns { get; } =
    [
        Column<ResourceQuota>.Name,
        Column<ResourceQuota>.Text("Request", "Used and allowed, of counts and requests.", q => Usage(q, limits: false)),
        Column<ResourceQuota>.Text("Limit", "Used and allowed, of limits.", q => Usage(q, limits: true)),
        Column<ResourceQuota>.Age,
    ];

    protected override void Default(ResourceQuota obj)
    {
        PodDefaults.RoundUp(obj.Spec.Hard);
        PodDefaults.RoundUp(obj.Status.Hard);
        PodDefaults.RoundUp(obj.Status.Used);
    }

    protected override void PrepareForCreate(ResourceQuota obj, WriteContext context) => obj.Status = new ResourceQuotaStatus();

    protected override void PrepareForUpdate(ResourceQuota obj, ResourceQuota old, WriteContext context) => obj.Status = old.Status;

    protected override void PrepareForStatusUpdate(ResourceQuota obj, ResourceQuota old, WriteContext context) => obj.Spec = old.Spec;

    protected override void Validate(ResourceQuota obj, FieldErrorList errors)
    {
        Amounts(obj.Spec.Hard, SpecPath.Child("hard"), errors);
        Scopes(obj.Spec, errors);
        if (obj.Spec.ScopeSelector is { } selector)
            Selector(obj.Spec, selector, SpecPath.Child("scopeSelector").Child("matchExpressions"), errors);
    }

    protected override void ValidateUpdate(ResourceQuota obj, ResourceQuota old, FieldErrorList errors)
    {
        if (!obj.Spec.Scopes.OrEmpty().ToHashSet().SetEquals(old.Spec.Scopes.OrEmpty()))
            errors.Invalid(SpecPath.Child("scopes"), obj.Spec.Scopes, FieldChecks.Immutability);
    }

    protected override void ValidateStatusUpdate(ResourceQuota obj, ResourceQuota old, FieldErrorList errors)
    {
        Amounts(obj.Status.Hard, StatusPath.Child("hard"), errors);
        Amounts(obj.Status.Used, StatusPath.Child("used"), errors);
    }

    private static string Usage(ResourceQuota quota, bool limits)
    {
        var hard = quota.Status.Hard ?? [];
        var names = JsonWrite.SortedKeys(hard).Where(n => n.StartsWith("limits.", StringComparison.Ordinal) == limits);
        return string.Join(", ", names.Select(n =>
            $"{n}: {(quota.Status.Used is { } used && used.TryGetValue(n, out var amount) ? amount : Quantity.Zero)}/{hard[n]}"));
    }

    private static void Amounts(Dictionary<string, Quantity>? amounts, FieldPath path, FieldErrorList errors)
    {
        foreach (var name in JsonWrite.SortedKeys(amounts ?? []))
        {
            var at = path.Key(name);
            ResourceValidation.ResourceName(name, at, errors);
            if (!name.Contains('/') && !QuotaFacts.IsStandard(name))
                errors.Invalid(at, name, "must be a standard resource for quota");
            ResourceValidation.Amount(name, amounts![name], at, errors);
        }
    }

    private static void Scopes(ResourceQuotaSpec spec, FieldErrorList errors)
    {
        if (spec.Scopes is not { Count: > 0 } scopes)
            return;
        var path = SpecPath.Child("scopes");
        foreach (var scope in scopes)
        {
            if (!QuotaFacts.IsScope(scope))
                errors.Invalid(path, scopes, "unsupported scope");
            foreach (var _ in Unfit(scope, spec))
                errors.Invalid(path, scopes, "unsupported scope applied to resource");
        }
        Conflicts(scopes, spec, path, errors);
    }

    private static void Selector(ResourceQuotaSpec spec, ScopeSelector selector, FieldPath path, FieldErrorList errors)
    {
        var expressions = selector.MatchExpressions.OrEmpty();
        foreach (var expression in expressions)
        {
            if (!QuotaFacts.IsScope(expression.ScopeName))
                errors.Invalid(path.Child("scopeName"), expression.ScopeName, "unsupported scope");
            foreach (var _ in Unfit(expression.ScopeName, spec))
                errors.Invalid(path, GoNamedJson.Of(selector, "core/v1.ScopeSelector"), "unsupported scope applied to resource");
            if (expression.ScopeName is "BestEffort" or "NotBestEffort" or "Terminating" or "NotTerminating" or "CrossNamespacePodAffinity"
                && expression.Operator != "Exists")
            {
                errors.Invalid(path.Child("operator"), expression.Operator,
                    "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, "
                    + "ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity");
            }
            Values(expression, path, errors);
        }
        Conflicts([.. expressions.Select(e => e.ScopeName)], spec, path, errors);
    }

    private static void Values(ScopedResourceSelectorRequirement expression, FieldPath path, FieldErrorList errors)
    {
        var count = expression.Values?.Count ?? 0;
        if (expression.Operator is "In" or "NotIn")
        {
            if (count == 0)
                errors.Required(path.Child("values"), "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector");
        }
        else if (expression.Operator is "Exists" or "DoesNotExist")
        {
            if (count > 0)
            {
                errors.Invalid(path.Child("values"), expression.Values,
                    "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector");
            }
        }
        else
        {
            errors.Invalid(path.Child("operator"), expression.Operator, "not a valid selector operator");
        }
    }

    private static IEnumerable<string> Unfit(string scope, ResourceQuotaSpec spec) =>
        JsonWrite.SortedKeys(spec.Hard ?? []).Where(name => QuotaFacts.IsStandard(name) && !QuotaFacts.Fits(scope, name));

    private static void Conflicts(List<string> scopes, ResourceQuotaSpec spec, FieldPath path, FieldErrorList errors)
    {
        if (scopes.Contains("BestEffort") && scopes.Contains("NotBestEffort"))
            errors.Invalid(path, spec.Scopes, "conflicting scopes");
        if (scopes.Contains("Terminating") && scopes.Contains("NotTerminating"))
            errors.Invalid(path, spec.Scopes, "conflicting scopes");
    }
}
