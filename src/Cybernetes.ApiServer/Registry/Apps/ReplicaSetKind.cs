using Cybernetes.ApiServer.Registry.Core.Pods;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;

namespace Cybernetes.ApiServer.Registry.Apps;

/// <summary>Replica sets.</summary>
internal sealed class ReplicaSetKind : KindDefinition<ReplicaSet>
{
    private static readonly FieldPath SpecPath = FieldPath.Of("spec");
    private static readonly FieldPath StatusPath = FieldPath.Of("status");

    public override IReadOnlyList<string> ShortNames => ["rs"];

    public override IReadOnlyList<string> Categories => ["all"];

    public override bool HasStatus => true;

    public override IReadOnlyList<SelectableField> SelectableFields { get; } = [new("status.replicas", "0")];

    public override IReadOnlyList<Column<ReplicaSet>> Columns { get; } =
    [
        Column<ReplicaSet>.Name,
        Column<ReplicaSet>.Number("Desired", "Pods wanted.", r => r.Spec.Replicas ?? 1),
        Column<ReplicaSet>.Number("Current", "Pods there.", r => r.Status.Replicas),
        Column<ReplicaSet>.Number("Ready", "Pods ready.", r => r.Status.ReadyReplicas),
        Column<ReplicaSet>.Age,
        .. WorkloadColumns.Wide<ReplicaSet>(r => r.Spec.Template.Spec, r => r.Spec.Selector, "<none>"),
    ];

    protected override IReadOnlyList<ServedVersion> OtherVersions => OlderApps.OfReplicaSet;

    protected override ScaleAccess<ReplicaSet> Scale { get; } = new(
        r => new(r.Spec.Replicas ?? 1, r.Status.Replicas, WorkloadColumns.SelectorText(r.Spec.Selector, "")),
        (r, replicas) => r.Spec.Replicas = replicas);

    protected override void Default(ReplicaSet obj)
    {
        PodDefaults.Apply(obj.Spec.Template);
        obj.Spec.Replicas ??= 1;
    }

    protected override void PrepareForCreate(ReplicaSet obj, WriteContext context)
    {
        obj.Status = new ReplicaSetStatus();
        obj.Metadata.Generation = 1;
        DisabledPodFields.Drop(obj.Spec.Template.Spec, null, context.Gates);
    }

    protected override void PrepareForUpdate(ReplicaSet obj, ReplicaSet old, WriteContext context)
    {
        obj.Status = old.Status;
        DisabledPodFields.Drop(obj.Spec.Template.Spec, old.Spec.Template.Spec, context.Gates);
        obj.Metadata.Generation = old.Metadata.Generation;
        if (!obj.Spec.SemanticEquals(old.Spec))
            obj.Metadata.Generation++;
    }

    protected override void PrepareForStatusUpdate(ReplicaSet obj, ReplicaSet old, WriteContext context)
    {
        obj.Spec = old.Spec;
        if (old.Status.TerminatingReplicas is null && !context.Gates.IsEnabled("DeploymentReplicaSetTerminatingReplicas"))
            obj.Status.TerminatingReplicas = null;
    }

    protected override void Validate(ReplicaSet obj, FieldErrorList errors)
    {
        FieldChecks.NonNegative(obj.Spec.Replicas ?? 1, SpecPath, "replicas", errors);
        FieldChecks.NonNegative(obj.Spec.MinReadySeconds, SpecPath, "minReadySeconds", errors);
        WorkloadValidation.SelectorAndTemplate(obj.Spec.Selector, obj.Spec.Template, SpecPath, errors);
    }

    protected override void Warn(ReplicaSet obj, ReplicaSet? old, WriteContext context)
    {
        WorkloadValidation.WarnOfName(obj, old, context);
        if (old is null || old.Metadata.Generation != obj.Metadata.Generation)
            PodWarnings.Warn(obj.Spec.Template.Spec, SpecPath.Child("template").Child("spec"), context);
    }

    protected override void ValidateUpdate(ReplicaSet obj, ReplicaSet old, FieldErrorList errors) =>
        WorkloadValidation.SelectorStays(obj.Spec.Selector, old.Spec.Selector, SpecPath, errors);

    protected override void ValidateStatusUpdate(ReplicaSet obj, ReplicaSet old, FieldErrorList errors)
    {
        var status = obj.Status;
        WorkloadValidation.ReplicaCounts(
            status.Replicas, status.FullyLabeledReplicas, status.ReadyReplicas, status.AvailableReplicas, status.TerminatingReplicas,
            status.ObservedGeneration, StatusPath, errors);
    }
}
