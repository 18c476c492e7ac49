using System.Globalization;
using Cybernetes.ApiServer.Failures;
using Cybernetes.ApiServer.Registry.Core.Pods;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;

namespace Cybernetes.ApiServer.Registry.Apps;

/// <summary>Daemon sets.</summary>
internal sealed class DaemonSetKind : KindDefinition<DaemonSet>
{
    /// <summary>The annotation that holds extensions/v1beta1's <c>spec.templateGeneration</c>; every stored daemon set has it.</summary>
    public const string TemplateGeneration = "deprecated.daemonset.template.generation";

    private static readonly FieldPath SpecPath = FieldPath.Of("spec");
    private static readonly FieldPath StatusPath = FieldPath.Of("status");

    public override IReadOnlyList<string> ShortNames => ["ds"];

    public override IReadOnlyList<string> Categories => ["all"];

    public override bool HasStatus => true;

    public override IReadOnlyList<Column<DaemonSet>> Columns { get; } =
    [
        Column<DaemonSet>.Name,
        Column<DaemonSet>.Number("Desired", "Nodes that should run the pod.", d => d.Status.DesiredNumberScheduled),
        Column<DaemonSet>.Number("Current", "Nodes that should and do run it.", d => d.Status.CurrentNumberScheduled),
        Column<DaemonSet>.Number("Ready", "Nodes whose pod is ready.", d => d.Status.NumberReady),
        Column<DaemonSet>.Number("Up-to-date", "Nodes whose pod is of the present template.", d => d.Status.UpdatedNumberScheduled),
        Column<DaemonSet>.Number("Available", "Nodes whose pod is ready for at least minReadySeconds.", d => d.Status.NumberAvailable),
        Column<DaemonSet>.Text("Node Selector", "Labels of the nodes wanted.", d => WorkloadColumns.LabelsText(d.Spec.Template.Spec.NodeSelector)),
        Column<DaemonSet>.Age,
        .. WorkloadColumns.Wide<DaemonSet>(d => d.Spec.Template.Spec, d => d.Spec.Selector, "<none>"),
    ];

    protected override IReadOnlyList<ServedVersion> OtherVersions => OlderApps.OfDaemonSet;

    protected override void Default(DaemonSet obj)
    {
        PodDefaults.Apply(obj.Spec.Template);
        var strategy = obj.Spec.UpdateStrategy;
        if (strategy.Type.Length == 0)
            strategy.Type = "RollingUpdate";
        if (strategy.Type == "RollingUpdate")
        {
            strategy.RollingUpdate ??= new RollingUpdateDaemonSet();
            strategy.RollingUpdate.MaxUnavailable ??= 1;
            strategy.RollingUpdate.MaxSurge ??= 0;
        }
        obj.Spec.RevisionHistoryLimit ??= 10;
    }

    protected override void PrepareForCreate(DaemonSet obj, WriteContext context)
    {
        obj.Status = new DaemonSetStatus();
        obj.Metadata.Generation = 1;
        SetTemplateGeneration(obj, Math.Max(1, TemplateGenerationOf(obj)));
        DisabledPodFields.Drop(obj.Spec.Template.Spec, null, context.Gates);
    }

    protected override void PrepareForUpdate(DaemonSet obj, DaemonSet old, WriteContext context)
    {
        obj.Status = old.Status;
        DisabledPodFields.Drop(obj.Spec.Template.Spec, old.Spec.Template.Spec, context.Gates);
        var templates = TemplateGenerationOf(old);
        obj.Metadata.Generation = old.Metadata.Generation;
        if (!obj.Spec.Template.SemanticEquals(old.Spec.Template))
            templates++;
        if (!obj.Spec.SemanticEquals(old.Spec))
            obj.Metadata.Generation++;
        SetTemplateGeneration(obj, templates);
    }

    protected override void PrepareForStatusUpdate(DaemonSet obj, DaemonSet old, WriteContext context) => obj.Spec = old.Spec;

    protected override void Validate(DaemonSet obj, FieldErrorList errors)
    {
        var spec = obj.Spec;
        var selectorPath = SpecPath.Child("selector");
        FieldChecks.Selector(spec.Selector, selectorPath, errors);
        var template = SpecPath.Child("template");
        if (LabelMatcher.TryFor(spec.Selector, out var matcher) is null && !matcher.Matches(spec.Template.Metadata.Labels))
            errors.Invalid(template.Child("metadata", "labels"), spec.Template.Metadata.Labels, "`selector` does not match template `labels`");
        if (spec.Selector is { } selector && (selector.MatchLabels?.Count ?? 0) + (selector.MatchExpressions?.Count ?? 0) == 0)
            errors.Invalid(selectorPath, selector, "empty selector is invalid for daemonset");
        PodValidation.ValidateTemplate(spec.Template, template, errors);
        if (spec.Template.Spec.RestartPolicy != "Always")
            errors.NotSupported(template.Child("spec", "restartPolicy"), spec.Template.Spec.RestartPolicy, "Always");
        if (spec.Template.Spec.ActiveDeadlineSeconds is not null)
            errors.Forbidden(template.Child("spec", "activeDeadlineSeconds"), "activeDeadlineSeconds in DaemonSet is not Supported");
        FieldChecks.NonNegative(spec.MinReadySeconds, SpecPath, "minReadySeconds", errors);
        Strategy(spec.UpdateStrategy, SpecPath.Child("updateStrategy"), errors);
        FieldChecks.NonNegative(spec.RevisionHistoryLimit ?? 0, SpecPath, "revisionHistoryLimit", errors);
    }

    protected override void ValidateUpdate(DaemonSet obj, DaemonSet old, FieldErrorList errors) =>
        WorkloadValidation.SelectorStays(obj.Spec.Selector, old.Spec.Selector, SpecPath, errors);

    protected override void ValidateStatusUpdate(DaemonSet obj, DaemonSet old, FieldErrorList errors)
    {
        var status = obj.Status;
        FieldChecks.NonNegative(status.CurrentNumberScheduled, StatusPath, "currentNumberScheduled", errors);
        FieldChecks.NonNegative(status.NumberMisscheduled, StatusPath, "numberMisscheduled", errors);
        FieldChecks.NonNegative(status.DesiredNumberScheduled, StatusPath, "desiredNumberScheduled", errors);
        FieldChecks.NonNegative(status.NumberReady, StatusPath, "numberReady", errors);
        FieldChecks.NonNegative(status.ObservedGeneration, StatusPath, "observedGeneration", errors);
        FieldChecks.NonNegative(status.UpdatedNumberScheduled, StatusPath, "updatedNumberScheduled", errors);
        FieldChecks.NonNegative(status.NumberAvailable, StatusPath, "numberAvailable", errors);
        FieldChecks.NonNegative(status.NumberUnavailable, StatusPath, "numberUnavailable", errors);
        FieldChecks.NonNegative(status.CollisionCount ?? 0, StatusPath, "collisionCount", errors);
        if (old.Status.CollisionCount is { } before && (status.CollisionCount ?? -1) < before)
            errors.Invalid(StatusPath.Child("collisionCount"), status.CollisionCount ?? 0, "cannot be decremented");
    }

    protected override void Warn(DaemonSet obj, DaemonSet? old, WriteContext context)
    {
        if (old is null || old.Metadata.Generation != obj.Metadata.Generation)
            PodWarnings.Warn(obj.Spec.Template.Spec, SpecPath.Child("template").Child("spec"), context);
    }

    /// <summary>How often the template changed, counted from 1; 0 when nothing is told.</summary>
    public static long TemplateGenerationOf(DaemonSet obj)
    {
        var text = obj.Metadata.Annotations?.GetValueOrDefault(TemplateGeneration);
        if (text is null)
            return 0;
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw Failure.BadRequest($"strconv.ParseInt: parsing {JsonText.Quote(text)}: invalid syntax");
    }

    private static void SetTemplateGeneration(DaemonSet obj, long value) =>
        (obj.Metadata.Annotations ??= [])[TemplateGeneration] = value.ToString(CultureInfo.InvariantCulture);

    private static void Strategy(DaemonSetUpdateStrategy strategy, FieldPath path, FieldErrorList errors)
    {
        switch (strategy.Type)
        {
            case "OnDelete":
                return;
            case "RollingUpdate" when strategy.RollingUpdate is { } rolling:
                RollingUpdate(rolling, path.Child("rollingUpdate"), errors);
                return;
            case "RollingUpdate":
                errors.Required(path.Child("rollingUpdate"));
                return;
            default:
                errors.NotSupported(path, strategy, "RollingUpdate", "OnDelete");
                return;
        }
    }

    private static void RollingUpdate(RollingUpdateDaemonSet rolling, FieldPath path, FieldErrorList errors)
    {
        var unavailable = rolling.MaxUnavailable ?? 0;
        var surge = rolling.MaxSurge ?? 0;
        RolloutNumbers.PositiveIntOrPercent(unavailable, path, "maxUnavailable", errors);
        RolloutNumbers.PositiveIntOrPercent(surge, path, "maxSurge", errors);
        RolloutNumbers.NotMoreThan100Percent(unavailable, path, "maxUnavailable", errors);
        RolloutNumbers.NotMoreThan100Percent(surge, path, "maxSurge", errors);
        switch (RolloutNumbers.Value(unavailable) != 0, RolloutNumbers.Value(surge) != 0)
        {
            case (true, true):
                errors.Invalid(path.Child("maxSurge"), surge, "may not be set when maxUnavailable is non-zero");
                return;
            case (false, false):
                errors.Required(path.Child("maxUnavailable"), "cannot be 0 when maxSurge is 0");
                return;
        }
    }
}
