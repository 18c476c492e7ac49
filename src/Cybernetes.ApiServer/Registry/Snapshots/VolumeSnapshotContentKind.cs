using Cybernetes.Objects;
using Cybernetes.Objects.Snapshot.V1;

namespace Cybernetes.ApiServer.Registry.Snapshots;

/// <summary>The snapshots that there are, or are to be taken, at a driver.</summary>
internal sealed class VolumeSnapshotContentKind : KindDefinition<VolumeSnapshotContent>
{
    private static readonly FieldPath SpecPath = FieldPath.Of("spec");
    private static readonly FieldPath SourcePath = FieldPath.Of("spec", "source");

    public override bool SpeaksProtobuf => false;

    public override IReadOnlyList<string> ShortNames => ["vsc", "vscs"];

    public override bool HasStatus => true;

    public override IReadOnlyList<string> FieldsKeptOnStatusWrite => ["metadata", "spec"];

    public override IReadOnlyList<Column<VolumeSnapshotContent>> Columns { get; } =
    [
        Column<VolumeSnapshotContent>.Name,
        new(new("ReadyToUse", "boolean", "", "Whether volumes can be made of it.", 0), (c, _) => c.Status?.ReadyToUse),
        new(new("RestoreSize", "integer", "", "The snapshot's size in bytes.", 0), (c, _) => c.Status?.RestoreSize),
        Column<VolumeSnapshotContent>.Text("DeletionPolicy", "What becomes of the snapshot when its VolumeSnapshot goes.", c => c.Spec.DeletionPolicy),
        Column<VolumeSnapshotContent>.Text("Driver", "Who has taken or takes it.", c => c.Spec.Driver),
        new(new("VolumeSnapshotClass", "string", "", "Its class.", 0), (c, _) => c.Spec.VolumeSnapshotClassName),
        Column<VolumeSnapshotContent>.Text("VolumeSnapshot", "The VolumeSnapshot it is for.", c => c.Spec.VolumeSnapshotRef.Name),
        Column<VolumeSnapshotContent>.Text("VolumeSnapshotNamespace", "Where that is.", c => c.Spec.VolumeSnapshotRef.Namespace),
        new(new("Age", "date", "", "How long ago the object was created.", 0), (c, now) => HumanDuration.Since(c.Metadata.CreationTimestamp, now)),
    ];

    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
    [
        new RenamedVersion<VolumeSnapshotContent>("v1beta1")
        {
            IsOlder = true, DeprecationWarning = SnapshotRules.DeprecationOf("VolumeSnapshotContent"),
        },
    ];

    protected override void PrepareForCreate(VolumeSnapshotContent obj, WriteContext context)
    {
        obj.Status = null;
        obj.Metadata.Generation = 1;
    }

    protected override void PrepareForUpdate(VolumeSnapshotContent obj, VolumeSnapshotContent old, WriteContext context)
    {
        obj.Status = old.Status;
        Generations.Count(obj.Metadata, old.Metadata, !obj.Spec.SemanticEquals(old.Spec));
    }

    protected override void PrepareForStatusUpdate(VolumeSnapshotContent obj, VolumeSnapshotContent old, WriteContext context)
    {
        obj.Spec = old.Spec;
        MetadataRules.ResetForStatus(obj.Metadata, old.Metadata);
    }

    protected override void Validate(VolumeSnapshotContent obj, FieldErrorList errors)
    {
        var spec = obj.Spec;
        SnapshotRules.DeletionPolicy(spec.DeletionPolicy, SpecPath.Child("deletionPolicy"), errors);
        if (spec.Driver.Length == 0)
            errors.Required(SpecPath.Child("driver"));
        SnapshotRules.ExactlyOne(
            spec.Source.VolumeHandle, spec.Source.SnapshotHandle, "exactly one of volumeHandle and snapshotHandle must be set", SourcePath, errors);
        SnapshotRules.NotEmpty(spec.VolumeSnapshotClassName, SpecPath, errors);
        if (spec.VolumeSnapshotRef.Name.Length == 0 || spec.VolumeSnapshotRef.Namespace.Length == 0)
            errors.Invalid(SpecPath.Child("volumeSnapshotRef"), FieldError.OmittedValue,
                "both spec.volumeSnapshotRef.name and spec.volumeSnapshotRef.namespace must be set");
        if (obj.Status?.RestoreSize is < 0 and var size)
            errors.Invalid(FieldPath.Of("status", "restoreSize"), size, "status.restoreSize in body should be greater than or equal to 0");
    }

    protected override void ValidateUpdate(VolumeSnapshotContent obj, VolumeSnapshotContent old, FieldErrorList errors)
    {
        var (spec, before) = (obj.Spec, old.Spec);
        SnapshotRules.StaysSet(spec.SourceVolumeMode, before.SourceVolumeMode, "sourceVolumeMode", SpecPath, errors);
        SnapshotRules.StaysSet(spec.Source.VolumeHandle, before.Source.VolumeHandle, "volumeHandle", SourcePath, errors);
        SnapshotRules.StaysSet(spec.Source.SnapshotHandle, before.Source.SnapshotHandle, "snapshotHandle", SourcePath, errors);
        SnapshotRules.StaysTheSame(spec.Source.VolumeHandle, before.Source.VolumeHandle, "volumeHandle", SourcePath, errors);
        SnapshotRules.StaysTheSame(spec.Source.SnapshotHandle, before.Source.SnapshotHandle, "snapshotHandle", SourcePath, errors);
        SnapshotRules.StaysTheSame(spec.SourceVolumeMode, before.SourceVolumeMode, "sourceVolumeMode", SpecPath, errors);
    }

    protected override void ValidateStatusUpdate(VolumeSnapshotContent obj, VolumeSnapshotContent old, FieldErrorList errors) => Validate(obj, errors);
}
