using Cybernetes.Objects;
using Cybernetes.Objects.Storage.V1;

namespace Cybernetes.ApiServer.Registry.Storage;

/// <summary>Classes of what may change of a volume in use.</summary>
internal sealed class VolumeAttributesClassKind : KindDefinition<VolumeAttributesClass>
{
    public override IReadOnlyList<string> ShortNames => ["vac"];

    public override IReadOnlyList<Column<VolumeAttributesClass>> Columns { get; } =
    [
        Column<VolumeAttributesClass>.Name,
        Column<VolumeAttributesClass>.Text("DriverName", "The driver it is for.", c => c.DriverName),
        Column<VolumeAttributesClass>.Age,
    ];

    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
    [
        new RenamedVersion<VolumeAttributesClass>("v1beta1")
        {
            DeprecationWarning = "storage.k8s.io/v1beta1 VolumeAttributesClass is deprecated in v1.34+, unavailable in v1.37+; "
                + "use storage.k8s.io/v1 VolumeAttributesClass",
        },
        new RenamedVersion<VolumeAttributesClass>("v1alpha1")
        {
            DeprecationWarning = "storage.k8s.io/v1alpha1 VolumeAttributesClass is deprecated in v1.32+, unavailable in v1.35+; "
                + "use storage.k8s.io/v1 VolumeAttributesClass",
        },
    ];

    protected override void Validate(VolumeAttributesClass obj, FieldErrorList errors)
    {
        StorageChecks.Provisioner(obj.DriverName, FieldPath.Of("driverName"), errors);
        StorageChecks.Parameters(obj.Parameters, allowEmpty: false, errors);
    }

    protected override void ValidateUpdate(VolumeAttributesClass obj, VolumeAttributesClass old, FieldErrorList errors)
    {
        if (obj.DriverName != old.DriverName)
            errors.Forbidden(FieldPath.Of("driverName"), "updates to driverName are forbidden.");
        if (!ObjectEquality.StringMap(obj.Parameters, old.Parameters))
            errors.Forbidden(FieldPath.Of("parameters"), "updates to parameters are forbidden.");
    }
}
