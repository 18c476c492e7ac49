using Cybernetes.Objects;
using Cybernetes.Objects.Snapshot.V1;

namespace Cybernetes.ApiServer.Registry.Snapshots;

/// <summary>Classes of snapshots: which driver takes them, and what becomes of them.</summary>
internal sealed class VolumeSnapshotClassKind : KindDefinition<VolumeSnapshotClass>
{
    public override bool SpeaksProtobuf => false;

    public override IReadOnlyList<string> ShortNames => ["vsclass", "vsclasses"];

    public override IReadOnlyList<Column<VolumeSnapshotClass>> Columns { get; } =
    [
        Column<VolumeSnapshotClass>.Name,
        Column<VolumeSnapshotClass>.Text("Driver", "Who takes the snapshots.", c => c.Driver),
        Column<VolumeSnapshotClass>.Text("DeletionPolicy", "What becomes of a snapshot when its object goes.", c => c.DeletionPolicy),
        new(new("Age", "date", "", "How long ago the object was created.", 0), (c, now) => HumanDuration.Since(c.Metadata.CreationTimestamp, now)),
    ];

    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
    [
        new RenamedVersion<VolumeSnapshotClass>("v1beta1")
        {
            IsOlder = true, DeprecationWarning = SnapshotRules.DeprecationOf("VolumeSnapshotClass"),
        },
    ];

    protected override void PrepareForCreate(VolumeSnapshotClass obj, WriteContext context) => obj.Metadata.Generation = 1;

    protected override void PrepareForUpdate(VolumeSnapshotClass obj, VolumeSnapshotClass old, WriteContext context) =>
        Generations.Count(obj.Metadata, old.Metadata, obj.Driver != old.Driver || obj.DeletionPolicy != old.DeletionPolicy
            || !ObjectEquality.StringMap(obj.Parameters, old.Parameters));

    protected override void Validate(VolumeSnapshotClass obj, FieldErrorList errors)
    {
        if (obj.Driver.Length == 0)
            errors.Required(FieldPath.Of("driver"));
        SnapshotRules.DeletionPolicy(obj.DeletionPolicy, FieldPath.Of("deletionPolicy"), errors);
    }
}
