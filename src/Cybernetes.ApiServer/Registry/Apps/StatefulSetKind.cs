using System.Globalization;
using Cybernetes.ApiServer.Registry.Core.Pods;
using Cybernetes.ApiServer.Registry.Core.Volumes;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;

namespace Cybernetes.ApiServer.Registry.Apps;

/// <summary>Stateful sets.</summary>
/// <param name="gates">Which features are on; the defaults when null.</param>
internal sealed class StatefulSetKind(FeatureGates? gates = null) : KindDefinition<StatefulSet>
{
    private readonly bool _maxUnavailable = (gates ?? FeatureGates.Default).IsEnabled("MaxUnavailableStatefulSet");
    private static readonly FieldPath SpecPath = FieldPath.Of("spec");

    public override IReadOnlyList<string> ShortNames => ["sts"];

    public override IReadOnlyList<string> Categories => ["all"];

    public override bool HasStatus => true;

    public override IReadOnlyList<Column<StatefulSet>> Columns { get; } =
    [
        Column<StatefulSet>.Name,
        Column<StatefulSet>.Text("Ready", "Ready pods of those wanted.", s =>
            string.Create(CultureInfo.InvariantCulture, $"{s.Status.ReadyReplicas}/{s.Spec.Replicas ?? 1}")),
        Column<StatefulSet>.Age,
        .. WorkloadColumns.ContainersAndImages<StatefulSet>(s => s.Spec.Template.Spec),
    ];

    protected override IReadOnlyList<ServedVersion> OtherVersions => OlderApps.OfStatefulSet;

    protected override ScaleAccess<StatefulSet> Scale { get; } = new(
        s => new(s.Spec.Replicas ?? 1, s.Status.Replicas, WorkloadColumns.SelectorText(s.Spec.Selector, "")),
        (s, replicas) => s.Spec.Replicas = replicas);

    protected override void Default(StatefulSet obj)
    {
        var spec = obj.Spec;
        PodDefaults.Apply(spec.Template);
        foreach (var claim in spec.VolumeClaimTemplates.OrEmpty())
        {
            claim.APIVersion = "v1";
            claim.Kind = "PersistentVolumeClaim";
            ClaimDefaults.Apply(claim);
        }
        if (spec.PodManagementPolicy.Length == 0)
            spec.PodManagementPolicy = "OrderedReady";
        var strategy = spec.UpdateStrategy;
        if (strategy.Type.Length == 0)
        {
            strategy.Type = "RollingUpdate";
            strategy.RollingUpdate ??= new RollingUpdateStatefulSetStrategy();
        }
        if (strategy is { Type: "RollingUpdate", RollingUpdate: { } rolling })
        {
            rolling.Partition ??= 0;
            if (_maxUnavailable)
                rolling.MaxUnavailable ??= 1;
        }
        var retention = spec.PersistentVolumeClaimRetentionPolicy ??= new StatefulSetPersistentVolumeClaimRetentionPolicy();
        if (retention.WhenDeleted.Length == 0)
            retention.WhenDeleted = "Retain";
        if (retention.WhenScaled.Length == 0)
            retention.WhenScaled = "Retain";
        spec.Replicas ??= 1;
        spec.RevisionHistoryLimit ??= 10;
    }

    protected override void PrepareForCreate(StatefulSet obj, WriteContext context)
    {
        obj.Status = new StatefulSetStatus();
        obj.Metadata.Generation = 1;
        DropDisabled(obj, null, context.Gates);
    }

    protected override void PrepareForUpdate(StatefulSet obj, StatefulSet old, WriteContext context)
    {
        obj.Status = old.Status;
        DropDisabled(obj, old, context.Gates);
        obj.Metadata.Generation = old.Metadata.Generation;
        if (!obj.Spec.SemanticEquals(old.Spec))
            obj.Metadata.Generation++;
    }

    protected override void PrepareForStatusUpdate(StatefulSet obj, StatefulSet old, WriteContext context) => obj.Spec = old.Spec;

    protected override void ValidateCreate(StatefulSet obj, FieldErrorList errors) =>
        StatefulSetValidation.Validate(obj.Spec, isNew: true, _maxUnavailable, SpecPath, errors);

    protected override void ValidateUpdate(StatefulSet obj, StatefulSet old, FieldErrorList errors)
    {
        StatefulSetValidation.Validate(obj.Spec, isNew: false, _maxUnavailable, SpecPath, errors);
        StatefulSetValidation.ValidateUpdate(obj.Spec, old.Spec, SpecPath, errors);
    }

    protected override void ValidateStatusUpdate(StatefulSet obj, StatefulSet old, FieldErrorList errors) =>
        StatefulSetValidation.ValidateStatus(obj.Status, old.Status, FieldPath.Of("status"), errors);

    protected override void Warn(StatefulSet obj, StatefulSet? old, WriteContext context)
    {
        if (old is null || old.Metadata.Generation != obj.Metadata.Generation)
            PodWarnings.Warn(obj.Spec.Template.Spec, SpecPath.Child("template").Child("spec"), context);
        if (obj.Spec.RevisionHistoryLimit < 0)
            context.Warn("spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended");
    }

    private void DropDisabled(StatefulSet obj, StatefulSet? old, FeatureGates features)
    {
        DisabledPodFields.Drop(obj.Spec.Template.Spec, old?.Spec.Template.Spec, features);
        if (!_maxUnavailable && old?.Spec.UpdateStrategy.RollingUpdate?.MaxUnavailable is null
            && obj.Spec.UpdateStrategy.RollingUpdate is { } rolling)
            rolling.MaxUnavailable = null;
    }
}
