using Cybernetes.Objects;
using Cybernetes.Objects.Snapshot.V1;

namespace Cybernetes.ApiServer.Registry.Snapshots;

/// <summary>Wishes for a snapshot of a claim's volume, or for one that is there. Upstream's is a custom resource of kubernetes-csi.</summary>
internal sealed class VolumeSnapshotKind : KindDefinition<VolumeSnapshot>
{
    private static readonly FieldPath SpecPath = FieldPath.Of("spec");
    private static readonly FieldPath SourcePath = FieldPath.Of("spec", "source");

    public override bool SpeaksProtobuf => false;

    public override IReadOnlyList<string> ShortNames => ["vs"];

    public override bool HasStatus => true;

    public override IReadOnlyList<string> FieldsKeptOnStatusWrite => ["metadata", "spec"];

    public override IReadOnlyList<Column<VolumeSnapshot>> Columns { get; } =
    [
        Column<VolumeSnapshot>.Name,
        new(new("ReadyToUse", "boolean", "", "Whether volumes can be made of it.", 0), (s, _) => s.Status?.ReadyToUse),
        new(new("SourcePVC", "string", "", "The claim whose volume it is of.", 0), (s, _) => s.Spec.Source.PersistentVolumeClaimName),
        new(new("SourceSnapshotContent", "string", "", "The content that stands for a snapshot which was there before.", 0),
            (s, _) => s.Spec.Source.VolumeSnapshotContentName),
        new(new("RestoreSize", "string", "", "The least size of a volume made of it.", 0), (s, _) => s.Status?.RestoreSize?.ToString()),
        new(new("SnapshotClass", "string", "", "The class asked for.", 0), (s, _) => s.Spec.VolumeSnapshotClassName),
        new(new("SnapshotContent", "string", "", "The content it is bound to.", 0), (s, _) => s.Status?.BoundVolumeSnapshotContentName),
        new(new("CreationTime", "date", "", "When the snapshot was taken.", 0),
            (s, now) => s.Status?.CreationTime is { } taken ? HumanDuration.Since(taken, now) : null),
        new(new("Age", "date", "", "How long ago the object was created.", 0), (s, now) => HumanDuration.Since(s.Metadata.CreationTimestamp, now)),
    ];

    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
    [
        new RenamedVersion<VolumeSnapshot>("v1beta1") { IsOlder = true, DeprecationWarning = SnapshotRules.DeprecationOf("VolumeSnapshot") },
    ];

    protected override void PrepareForCreate(VolumeSnapshot obj, WriteContext context)
    {
        obj.Status = null;
        obj.Metadata.Generation = 1;
    }

    protected override void PrepareForUpdate(VolumeSnapshot obj, VolumeSnapshot old, WriteContext context)
    {
        obj.Status = old.Status;
        Generations.Count(obj.Metadata, old.Metadata, !obj.Spec.SemanticEquals(old.Spec));
    }

    protected override void PrepareForStatusUpdate(VolumeSnapshot obj, VolumeSnapshot old, WriteContext context)
    {
        obj.Spec = old.Spec;
        MetadataRules.ResetForStatus(obj.Metadata, old.Metadata);
    }

    protected override void Validate(VolumeSnapshot obj, FieldErrorList errors)
    {
        SnapshotRules.ExactlyOne(
            obj.Spec.Source.VolumeSnapshotContentName, obj.Spec.Source.PersistentVolumeClaimName,
            "exactly one of volumeSnapshotContentName and persistentVolumeClaimName must be set", SourcePath, errors);
        SnapshotRules.NotEmpty(obj.Spec.VolumeSnapshotClassName, SpecPath, errors);
    }

    protected override void ValidateUpdate(VolumeSnapshot obj, VolumeSnapshot old, FieldErrorList errors)
    {
        var (source, before) = (obj.Spec.Source, old.Spec.Source);
        SnapshotRules.StaysSet(source.PersistentVolumeClaimName, before.PersistentVolumeClaimName, "persistentVolumeClaimName", SourcePath, errors);
        SnapshotRules.StaysSet(source.VolumeSnapshotContentName, before.VolumeSnapshotContentName, "volumeSnapshotContentName", SourcePath, errors);
        SnapshotRules.StaysTheSame(source.PersistentVolumeClaimName, before.PersistentVolumeClaimName, "persistentVolumeClaimName", SourcePath, errors);
        SnapshotRules.StaysTheSame(source.VolumeSnapshotContentName, before.VolumeSnapshotContentName, "volumeSnapshotContentName", SourcePath, errors);
    }

    protected override void ValidateStatusUpdate(VolumeSnapshot obj, VolumeSnapshot old, FieldErrorList errors) => Validate(obj, errors);
}
