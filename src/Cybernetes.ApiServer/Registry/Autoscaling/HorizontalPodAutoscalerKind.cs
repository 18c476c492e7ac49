using System.Globalization;
using Cybernetes.Objects;
using Cybernetes.Objects.Autoscaling.V2;

namespace Cybernetes.ApiServer.Registry.Autoscaling;

/// <summary>Horizontal pod autoscalers: stored as v2, served as v1, v2beta1 and v2beta2 too.</summary>
/// <param name="gates">Whether scaling to zero is allowed.</param>
internal sealed class HorizontalPodAutoscalerKind(FeatureGates gates) : KindDefinition<HorizontalPodAutoscaler>
{
    private static readonly FieldPath StatusPath = FieldPath.Of("status");

    public override IReadOnlyList<string> ShortNames => ["hpa"];

    public override IReadOnlyList<string> Categories => ["all"];

    public override bool HasStatus => true;

    public override IReadOnlyList<Column<HorizontalPodAutoscaler>> Columns { get; } =
    [
        Column<HorizontalPodAutoscaler>.Name,
        Column<HorizontalPodAutoscaler>.Text("Reference", "What is scaled.", a => $"{a.Spec.ScaleTargetRef.Kind}/{a.Spec.ScaleTargetRef.Name}"),
        Column<HorizontalPodAutoscaler>.Text("Targets", "Each metric as it is and as it is wanted.", MetricColumn.Text),
        Column<HorizontalPodAutoscaler>.Text("MinPods", "Fewest pods.", a => a.Spec.MinReplicas?.ToString(CultureInfo.InvariantCulture) ?? "<unset>"),
        Column<HorizontalPodAutoscaler>.Number("MaxPods", "Most pods.", a => a.Spec.MaxReplicas),
        Column<HorizontalPodAutoscaler>.Number("Replicas", "Pods there.", a => a.Status.CurrentReplicas),
        Column<HorizontalPodAutoscaler>.Age,
    ];

    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
    [
        new ConvertedVersion<Objects.Autoscaling.V1.HorizontalPodAutoscaler, HorizontalPodAutoscaler>(
            AutoscalerV1Conversion.ToStored, AutoscalerV1Conversion.FromStored),
        new ConvertedVersion<Objects.Autoscaling.V2beta1.HorizontalPodAutoscaler, HorizontalPodAutoscaler>(
            AutoscalerBetaConversion.ToStored, AutoscalerBetaConversion.FromStored)
        {
            IsOlder = true,
            DeprecationWarning = "autoscaling/v2beta1 HorizontalPodAutoscaler is deprecated in v1.22+, unavailable in v1.25+; "
                + "use autoscaling/v2 HorizontalPodAutoscaler",
        },
        new ReshapedVersion<Objects.Autoscaling.V2beta2.HorizontalPodAutoscaler, HorizontalPodAutoscaler>(
            AutoscalerBetaConversion.TakeTolerances, AutoscalerBetaConversion.GiveTolerances)
        {
            IsOlder = true,
            DeprecationWarning = "autoscaling/v2beta2 HorizontalPodAutoscaler is deprecated in v1.23+, unavailable in v1.26+; "
                + "use autoscaling/v2 HorizontalPodAutoscaler",
        },
    ];

    protected override void Default(HorizontalPodAutoscaler obj)
    {
        AutoscalerAnnotations.Drop(obj.Metadata);
        obj.Spec.MinReplicas ??= 1;
        if (obj.Spec.Metrics is not { Count: > 0 })
        {
            obj.Spec.Metrics =
            [
                new()
                {
                    Type = MetricSourceType.ResourceMetricSourceType,
                    Resource = new() { Name = "cpu", Target = new() { Type = MetricTargetType.UtilizationMetricType, AverageUtilization = 80 } },
                },
            ];
        }
        if (obj.Spec.Behavior is not { } behavior)
            return;
        // A behavior that says anything gets the defaults of both directions. Scaling down without a window waits as long as the
        // controller's flag says: there is no default for it.
        behavior.ScaleUp ??= new();
        behavior.ScaleUp.StabilizationWindowSeconds ??= 0;
        behavior.ScaleUp.SelectPolicy ??= ScalingPolicySelect.MaxChangePolicySelect;
        behavior.ScaleUp.Policies ??= [Policy(HPAScalingPolicyType.PodsScalingPolicy, 4), Policy(HPAScalingPolicyType.PercentScalingPolicy, 100)];
        behavior.ScaleDown ??= new();
        behavior.ScaleDown.SelectPolicy ??= ScalingPolicySelect.MaxChangePolicySelect;
        behavior.ScaleDown.Policies ??= [Policy(HPAScalingPolicyType.PercentScalingPolicy, 100)];
    }

    protected override void PrepareForCreate(HorizontalPodAutoscaler obj, WriteContext context)
    {
        obj.Status = new();
        DropDisabled(obj, null, context.Gates);
    }

    protected override void PrepareForUpdate(HorizontalPodAutoscaler obj, HorizontalPodAutoscaler old, WriteContext context)
    {
        obj.Status = old.Status;
        DropDisabled(obj, old, context.Gates);
    }

    protected override void PrepareForStatusUpdate(HorizontalPodAutoscaler obj, HorizontalPodAutoscaler old, WriteContext context) =>
        obj.Spec = old.Spec;

    protected override void ValidateCreate(HorizontalPodAutoscaler obj, FieldErrorList errors) =>
        AutoscalerValidation.Validate(obj.Spec, null, gates, errors);

    protected override void ValidateUpdate(HorizontalPodAutoscaler obj, HorizontalPodAutoscaler old, FieldErrorList errors) =>
        AutoscalerValidation.Validate(obj.Spec, old.Spec, gates, errors);

    protected override void ValidateStatusUpdate(HorizontalPodAutoscaler obj, HorizontalPodAutoscaler old, FieldErrorList errors)
    {
        FieldChecks.NonNegative(obj.Status.CurrentReplicas, StatusPath, "currentReplicas", errors);
        FieldChecks.NonNegative(obj.Status.DesiredReplicas, StatusPath, "desiredReplicas", errors);
    }

    private static HPAScalingPolicy Policy(string type, int value) => new() { Type = type, Value = value, PeriodSeconds = 15 };

    private static void DropDisabled(HorizontalPodAutoscaler obj, HorizontalPodAutoscaler? old, FeatureGates gates)
    {
        if (gates.IsEnabled("HPAConfigurableTolerance") || obj.Spec.Behavior is not { } behavior)
            return;
        if (old?.Spec.Behavior is { } before && (before.ScaleUp?.Tolerance is not null || before.ScaleDown?.Tolerance is not null))
            return;
        if (behavior.ScaleUp is { } up)
            up.Tolerance = null;
        if (behavior.ScaleDown is { } down)
            down.Tolerance = null;
    }
}
