using Cybernetes.ApiServer.Registry.Apps;
using Cybernetes.ApiServer.Registry.Core.Pods;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core;

/// <summary>Replication controllers, the forerunners of replica sets.</summary>
internal sealed class ReplicationControllerKind : KindDefinition<ReplicationController>
{
    private static readonly FieldPath SpecPath = FieldPath.Of("spec");
    private static readonly FieldPath StatusPath = FieldPath.Of("status");

    public override IReadOnlyList<string> ShortNames => ["rc"];

    public override IReadOnlyList<string> Categories => ["all"];

    public override bool HasStatus => true;

    // Older than the garbage collector, as jobs are.
    public override string DefaultPropagation => "Orphan";

    public override string StoragePath => "controllers";

    public override IReadOnlyList<SelectableField> SelectableFields { get; } = [new("status.replicas", "0")];

    public override IReadOnlyList<Column<ReplicationController>> Columns { get; } =
    [
        Column<ReplicationController>.Name,
        Column<ReplicationController>.Number("Desired", "Pods wanted.", r => r.Spec.Replicas ?? 1),
        Column<ReplicationController>.Number("Current", "Pods there.", r => r.Status.Replicas),
        Column<ReplicationController>.Number("Ready", "Pods ready.", r => r.Status.ReadyReplicas),
        Column<ReplicationController>.Age,
        .. WorkloadColumns.ContainersAndImages<ReplicationController>(r => r.Spec.Template?.Spec ?? new PodSpec()),
        Column<ReplicationController>.Text("Selector", "Which pods are counted.", r => WorkloadColumns.LabelsText(r.Spec.Selector), 1),
    ];

    protected override ScaleAccess<ReplicationController> Scale { get; } = new(
        r => new(r.Spec.Replicas ?? 1, r.Status.Replicas, LabelMatcher.FromSet(r.Spec.Selector).ToString()),
        (r, replicas) => r.Spec.Replicas = replicas);

    protected override void Default(ReplicationController obj)
    {
        var template = obj.Spec.Template;
        if (template is not null)
            PodDefaults.Apply(template);
        if (template?.Metadata.Labels is { } labels)
        {
            if (obj.Spec.Selector is not { Count: > 0 })
                obj.Spec.Selector = new(labels, StringComparer.Ordinal);
            if (obj.Metadata.Labels is not { Count: > 0 })
                obj.Metadata.Labels = new(labels, StringComparer.Ordinal);
        }
        obj.Spec.Replicas ??= 1;
    }

    protected override void PrepareForCreate(ReplicationController obj, WriteContext context)
    {
        obj.Status = new ReplicationControllerStatus();
        obj.Metadata.Generation = 1;
        if (obj.Spec.Template is { } template)
            DisabledPodFields.Drop(template.Spec, null, context.Gates);
    }

    protected override void PrepareForUpdate(ReplicationController obj, ReplicationController old, WriteContext context)
    {
        obj.Status = old.Status;
        if (obj.Spec.Template is { } template)
            DisabledPodFields.Drop(template.Spec, old.Spec.Template?.Spec, context.Gates);
        obj.Metadata.Generation = old.Metadata.Generation;
        if (!obj.Spec.SemanticEquals(old.Spec))
            obj.Metadata.Generation++;
    }

    protected override void PrepareForStatusUpdate(ReplicationController obj, ReplicationController old, WriteContext context) =>
        obj.Spec = old.Spec;

    protected override void Validate(ReplicationController obj, FieldErrorList errors)
    {
        var spec = obj.Spec;
        FieldChecks.NonNegative(spec.MinReadySeconds, SpecPath, "minReadySeconds", errors);
        if (spec.Selector is not { Count: > 0 })
            errors.Required(SpecPath.Child("selector"));
        FieldChecks.NonNegative(spec.Replicas ?? 1, SpecPath, "replicas", errors);
        var path = SpecPath.Child("template");
        if (spec.Template is not { } template)
        {
            errors.Required(path);
            return;
        }
        if (spec.Selector is { Count: > 0 } && !LabelMatcher.FromSet(spec.Selector).Matches(template.Metadata.Labels))
            errors.Invalid(path.Child("metadata", "labels"), template.Metadata.Labels, "`selector` does not match template `labels`");
        PodValidation.ValidateTemplate(template, path, errors);
        if (template.Spec.RestartPolicy != "Always")
            errors.NotSupported(path.Child("spec", "restartPolicy"), template.Spec.RestartPolicy, "Always");
        if (template.Spec.ActiveDeadlineSeconds is not null)
            errors.Forbidden(path.Child("spec", "activeDeadlineSeconds"), "activeDeadlineSeconds in ReplicationController is not Supported");
    }

    protected override void ValidateStatusUpdate(ReplicationController obj, ReplicationController old, FieldErrorList errors)
    {
        var status = obj.Status;
        WorkloadValidation.ReplicaCounts(
            status.Replicas, status.FullyLabeledReplicas, status.ReadyReplicas, status.AvailableReplicas, null,
            status.ObservedGeneration, StatusPath, errors);
    }

    protected override void Warn(ReplicationController obj, ReplicationController? old, WriteContext context)
    {
        WorkloadValidation.WarnOfName(obj, old, context);
        if ((old is null || old.Metadata.Generation != obj.Metadata.Generation) && obj.Spec.Template is { } template)
            PodWarnings.Warn(template.Spec, SpecPath.Child("template").Child("spec"), context);
    }
}
