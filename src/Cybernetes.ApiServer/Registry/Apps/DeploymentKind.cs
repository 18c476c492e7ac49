using System.Globalization;
using Cybernetes.ApiServer.Registry.Core.Pods;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;

namespace Cybernetes.ApiServer.Registry.Apps;

/// <summary>Deployments.</summary>
internal sealed class DeploymentKind : KindDefinition<Deployment>
{
    private static readonly FieldPath SpecPath = FieldPath.Of("spec");
    private static readonly FieldPath StatusPath = FieldPath.Of("status");

    public override IReadOnlyList<string> ShortNames => ["deploy"];

    public override IReadOnlyList<string> Categories => ["all"];

    public override bool HasStatus => true;

    public override IReadOnlyList<string> FieldsKeptOnStatusWrite => ["spec", "metadata.labels"];

    public override IReadOnlyList<Column<Deployment>> Columns { get; } =
    [
        Column<Deployment>.Name,
        Column<Deployment>.Text("Ready", "Ready pods of those wanted.", d =>
            string.Create(CultureInfo.InvariantCulture, $"{d.Status.ReadyReplicas}/{d.Spec.Replicas ?? 1}")),
        Column<Deployment>.Number("Up-to-date", "Pods of the present template.", d => d.Status.UpdatedReplicas),
        Column<Deployment>.Number("Available", "Pods ready for at least minReadySeconds.", d => d.Status.AvailableReplicas),
        Column<Deployment>.Age,
        .. WorkloadColumns.Wide<Deployment>(d => d.Spec.Template.Spec, d => d.Spec.Selector, ""),
    ];

    protected override IReadOnlyList<ServedVersion> OtherVersions => OlderApps.OfDeployment;

    protected override ScaleAccess<Deployment> Scale { get; } = new(
        d => new(d.Spec.Replicas ?? 1, d.Status.Replicas, WorkloadColumns.SelectorText(d.Spec.Selector, "")),
        (d, replicas) => d.Spec.Replicas = replicas);

    protected override void Default(Deployment obj)
    {
        PodDefaults.Apply(obj.Spec.Template);
        obj.Spec.Replicas ??= 1;
        var strategy = obj.Spec.Strategy;
        if (strategy.Type.Length == 0)
            strategy.Type = "RollingUpdate";
        if (strategy.Type == "RollingUpdate")
        {
            strategy.RollingUpdate ??= new RollingUpdateDeployment();
            strategy.RollingUpdate.MaxUnavailable ??= IntOrString.FromString("25%");
            strategy.RollingUpdate.MaxSurge ??= IntOrString.FromString("25%");
        }
        obj.Spec.RevisionHistoryLimit ??= 10;
        obj.Spec.ProgressDeadlineSeconds ??= 600;
    }

    protected override void PrepareForCreate(Deployment obj, WriteContext context)
    {
        obj.Status = new DeploymentStatus();
        obj.Metadata.Generation = 1;
        DisabledPodFields.Drop(obj.Spec.Template.Spec, null, context.Gates);
    }

    protected override void PrepareForUpdate(Deployment obj, Deployment old, WriteContext context)
    {
        obj.Status = old.Status;
        DisabledPodFields.Drop(obj.Spec.Template.Spec, old.Spec.Template.Spec, context.Gates);
        obj.Metadata.Generation = old.Metadata.Generation;
        // Annotations count too: rollbacks and pauses of old clients went by them.
        if (!obj.Spec.SemanticEquals(old.Spec) || !SameAnnotations(obj, old))
            obj.Metadata.Generation++;
    }

    protected override void PrepareForStatusUpdate(Deployment obj, Deployment old, WriteContext context)
    {
        obj.Spec = old.Spec;
        obj.Metadata.Labels = old.Metadata.Labels;
        if (old.Status.TerminatingReplicas is null && !context.Gates.IsEnabled("DeploymentReplicaSetTerminatingReplicas"))
            obj.Status.TerminatingReplicas = null;
    }

    protected override void Validate(Deployment obj, FieldErrorList errors)
    {
        var spec = obj.Spec;
        FieldChecks.NonNegative(spec.Replicas ?? 1, SpecPath, "replicas", errors);
        WorkloadValidation.SelectorAndTemplate(spec.Selector, spec.Template, SpecPath, errors);
        Strategy(spec.Strategy, SpecPath.Child("strategy"), errors);
        FieldChecks.NonNegative(spec.MinReadySeconds, SpecPath, "minReadySeconds", errors);
        FieldChecks.NonNegative(spec.RevisionHistoryLimit ?? 0, SpecPath, "revisionHistoryLimit", errors);
        if (OlderApps.RollbackOf(obj.Metadata) is { } revision)
            FieldChecks.NonNegative(revision, SpecPath.Child("rollback"), "version", errors);
        if (spec.ProgressDeadlineSeconds is not { } deadline)
            return;
        FieldChecks.NonNegative(deadline, SpecPath, "progressDeadlineSeconds", errors);
        if (deadline <= spec.MinReadySeconds)
            errors.Invalid(SpecPath.Child("progressDeadlineSeconds"), deadline, "must be greater than minReadySeconds");
    }

    protected override void Warn(Deployment obj, Deployment? old, WriteContext context)
    {
        WorkloadValidation.WarnOfName(obj, old, context);
        if (old is null || old.Metadata.Generation != obj.Metadata.Generation)
            PodWarnings.Warn(obj.Spec.Template.Spec, SpecPath.Child("template").Child("spec"), context);
    }

    protected override void ValidateUpdate(Deployment obj, Deployment old, FieldErrorList errors) =>
        WorkloadValidation.SelectorStays(obj.Spec.Selector, old.Spec.Selector, SpecPath, errors);

    protected override void ValidateStatusUpdate(Deployment obj, Deployment old, FieldErrorList errors)
    {
        var status = obj.Status;
        FieldChecks.NonNegative(status.ObservedGeneration, StatusPath, "observedGeneration", errors);
        FieldChecks.NonNegative(status.Replicas, StatusPath, "replicas", errors);
        FieldChecks.NonNegative(status.UpdatedReplicas, StatusPath, "updatedReplicas", errors);
        FieldChecks.NonNegative(status.ReadyReplicas, StatusPath, "readyReplicas", errors);
        FieldChecks.NonNegative(status.AvailableReplicas, StatusPath, "availableReplicas", errors);
        FieldChecks.NonNegative(status.UnavailableReplicas, StatusPath, "unavailableReplicas", errors);
        FieldChecks.NonNegative(status.TerminatingReplicas ?? 0, StatusPath, "terminatingReplicas", errors);
        FieldChecks.NonNegative(status.CollisionCount ?? 0, StatusPath, "collisionCount", errors);
        WorkloadValidation.AtMost(status.UpdatedReplicas, status.Replicas, "updatedReplicas", StatusPath, errors);
        WorkloadValidation.AtMost(status.ReadyReplicas, status.Replicas, "readyReplicas", StatusPath, errors);
        WorkloadValidation.AtMost(status.AvailableReplicas, status.Replicas, "availableReplicas", StatusPath, errors);
        WorkloadValidation.AvailableAreReady(status.AvailableReplicas, status.ReadyReplicas, StatusPath, errors);
        if (old.Status.CollisionCount is { } before && (status.CollisionCount ?? -1) < before)
        {
            var value = status.CollisionCount?.ToString(CultureInfo.InvariantCulture) ?? "nil";
            errors.Invalid(StatusPath.Child("collisionCount"), value, "cannot be decremented");
        }
    }

    private static bool SameAnnotations(Deployment obj, Deployment old)
    {
        var (now, before) = (obj.Metadata.Annotations.OrEmpty(), old.Metadata.Annotations.OrEmpty());
        return now.Count == before.Count && now.All(a => before.TryGetValue(a.Key, out var value) && value == a.Value);
    }

    private static void Strategy(DeploymentStrategy strategy, FieldPath path, FieldErrorList errors)
    {
        switch (strategy.Type)
        {
            case "Recreate":
                if (strategy.RollingUpdate is not null)
                    errors.Forbidden(path.Child("rollingUpdate"), "may not be specified when strategy `type` is 'Recreate'");
                return;
            case "RollingUpdate" when strategy.RollingUpdate is { MaxUnavailable: { } unavailable, MaxSurge: { } surge }:
                RollingUpdate(unavailable, surge, path.Child("rollingUpdate"), errors);
                return;
            case "RollingUpdate":
                errors.Required(path.Child("rollingUpdate"), "this should be defaulted and never be nil");
                return;
            default:
                errors.NotSupported(path, FieldChecks.JsonValue.Of(strategy.WriteJson), "Recreate", "RollingUpdate");
                return;
        }
    }

    private static void RollingUpdate(IntOrString unavailable, IntOrString surge, FieldPath path, FieldErrorList errors)
    {
        RolloutNumbers.PositiveIntOrPercent(unavailable, path, "maxUnavailable", errors);
        RolloutNumbers.PositiveIntOrPercent(surge, path, "maxSurge", errors);
        if (RolloutNumbers.Value(unavailable) == 0 && RolloutNumbers.Value(surge) == 0)
            errors.Invalid(path.Child("maxUnavailable"), unavailable, "may not be 0 when `maxSurge` is 0");
        RolloutNumbers.NotMoreThan100Percent(unavailable, path, "maxUnavailable", errors);
    }
}
