using Cybernetes.ApiServer.Registry.Apps;
using Cybernetes.Objects;
using Cybernetes.Objects.Policy.V1;

namespace Cybernetes.ApiServer.Registry.Policy;

/// <summary>Disruption budgets: how many pods of a set may be evicted at once.</summary>
internal sealed class PodDisruptionBudgetKind : KindDefinition<PodDisruptionBudget>
{
    private static readonly FieldPath SpecPath = FieldPath.Of("spec");
    private static readonly FieldPath StatusPath = FieldPath.Of("status");

    public override IReadOnlyList<string> ShortNames => ["pdb"];

    public override bool HasStatus => true;

    public override bool AllowUnconditionalUpdate => false;

    public override IReadOnlyList<Column<PodDisruptionBudget>> Columns { get; } =
    [
        Column<PodDisruptionBudget>.Name,
        Column<PodDisruptionBudget>.Text("Min Available", "Pods that must stay.", b => b.Spec.MinAvailable?.ToString() ?? "N/A"),
        Column<PodDisruptionBudget>.Text("Max Unavailable", "Pods that may be missing.", b => b.Spec.MaxUnavailable?.ToString() ?? "N/A"),
        Column<PodDisruptionBudget>.Number("Allowed Disruptions", "Pods that may be evicted now.", b => b.Status.DisruptionsAllowed),
        Column<PodDisruptionBudget>.Age,
    ];

    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
    [
        new ReshapedVersion<Objects.Policy.V1beta1.PodDisruptionBudget, PodDisruptionBudget>(
            (_, stored) => stored.Spec.Selector = BudgetSelectors.FromBeta(stored.Spec.Selector),
            (_, served) => served.Spec.Selector = BudgetSelectors.ToBeta(served.Spec.Selector))
        {
            IsOlder = true,
            DeprecationWarning = "policy/v1beta1 PodDisruptionBudget is deprecated in v1.21+, unavailable in v1.25+; use policy/v1 PodDisruptionBudget",
        },
    ];

    protected override void Default(PodDisruptionBudget obj) => BudgetSelectors.Strip(obj.Spec.Selector);

    protected override void PrepareForCreate(PodDisruptionBudget obj, WriteContext context)
    {
        obj.Status = new();
        obj.Metadata.Generation = 1;
    }

    protected override void PrepareForUpdate(PodDisruptionBudget obj, PodDisruptionBudget old, WriteContext context)
    {
        obj.Status = old.Status;
        Generations.Count(obj.Metadata, old.Metadata, !obj.Spec.SemanticEquals(old.Spec));
    }

    protected override void PrepareForStatusUpdate(PodDisruptionBudget obj, PodDisruptionBudget old, WriteContext context) => obj.Spec = old.Spec;

    protected override void Validate(PodDisruptionBudget obj, FieldErrorList errors)
    {
        var spec = obj.Spec;
        if (spec is { MinAvailable: not null, MaxUnavailable: not null })
            errors.Invalid(SpecPath, FieldChecks.JsonValue.Of(spec.WriteJson), "minAvailable and maxUnavailable cannot be both set");
        Number(spec.MinAvailable, "minAvailable", errors);
        Number(spec.MaxUnavailable, "maxUnavailable", errors);
        FieldChecks.Selector(spec.Selector, SpecPath.Child("selector"), errors);
        if (spec.UnhealthyPodEvictionPolicy is { } policy and not ("IfHealthyBudget" or "AlwaysAllow"))
            errors.NotSupported(SpecPath.Child("unhealthyPodEvictionPolicy"), policy, "AlwaysAllow", "IfHealthyBudget");
    }

    protected override void ValidateStatusUpdate(PodDisruptionBudget obj, PodDisruptionBudget old, FieldErrorList errors)
    {
        var status = obj.Status;
        ConditionChecks.Conditions(status.Conditions, StatusPath.Child("conditions"), errors);
        FieldChecks.NonNegative(status.DisruptionsAllowed, StatusPath, "disruptionsAllowed", errors);
        FieldChecks.NonNegative(status.CurrentHealthy, StatusPath, "currentHealthy", errors);
        FieldChecks.NonNegative(status.DesiredHealthy, StatusPath, "desiredHealthy", errors);
        FieldChecks.NonNegative(status.ExpectedPods, StatusPath, "expectedPods", errors);
    }

    private static void Number(IntOrString? value, string child, FieldErrorList errors)
    {
        if (value is not { } number)
            return;
        RolloutNumbers.PositiveIntOrPercent(number, SpecPath, child, errors);
        RolloutNumbers.NotMoreThan100Percent(number, SpecPath, child, errors);
    }
}
