using Cybernetes.Objects;
using Cybernetes.Objects.Resource.V1;
using V1beta1 = Cybernetes.Objects.Resource.V1beta1;

namespace Cybernetes.ApiServer.Registry.ResourceAllocation;

/// <summary>Templates of claims that are made for one pod each. They never change.</summary>
internal sealed class ResourceClaimTemplateKind : KindDefinition<ResourceClaimTemplate>
{
    private static readonly FieldPath SpecPath = FieldPath.Of("spec");

    public override IReadOnlyList<Column<ResourceClaimTemplate>> Columns { get; } = [Column<ResourceClaimTemplate>.Name, Column<ResourceClaimTemplate>.Age];

    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
    [
        new RenamedVersion<ResourceClaimTemplate>("v1beta2")
        {
            DeprecationWarning = "resource.k8s.io/v1beta2 ResourceClaimTemplate is deprecated in v1.36+, unavailable in v1.39+",
        },
        new ReshapedVersion<V1beta1.ResourceClaimTemplate, ResourceClaimTemplate>(
            (served, stored) => DeviceRequestConversion.ToStored(served.Spec.Spec.Devices, stored.Spec.Spec.Devices),
            (stored, served) => DeviceRequestConversion.FromStored(stored.Spec.Spec.Devices, served.Spec.Spec.Devices))
        {
            DeprecationWarning = "resource.k8s.io/v1beta1 ResourceClaimTemplate is deprecated in v1.35+, unavailable in v1.38+",
        },
    ];

    protected override void Default(ResourceClaimTemplate obj) => ClaimChecks.Default(obj.Spec.Spec);

    protected override void PrepareForCreate(ResourceClaimTemplate obj, WriteContext context) =>
        DisabledDeviceFields.Drop(obj.Spec.Spec, null, context.Gates);

    protected override void PrepareForUpdate(ResourceClaimTemplate obj, ResourceClaimTemplate old, WriteContext context) =>
        DisabledDeviceFields.Drop(obj.Spec.Spec, old.Spec.Spec, context.Gates);

    protected override void ValidateCreate(ResourceClaimTemplate obj, FieldErrorList errors)
    {
        FieldRules.Labels(obj.Spec.Metadata.Labels, SpecPath.Child("metadata", "labels"), errors);
        FieldRules.Annotations(obj.Spec.Metadata.Annotations, SpecPath.Child("metadata", "annotations"), errors);
        ClaimChecks.Validate(obj.Spec.Spec, SpecPath.Child("spec"), errors);
    }

    protected override void ValidateUpdate(ResourceClaimTemplate obj, ResourceClaimTemplate old, FieldErrorList errors)
    {
        if (!obj.Spec.SemanticEquals(old.Spec))
            errors.Invalid(SpecPath, FieldChecks.JsonValue.Of(obj.Spec.WriteJson), FieldChecks.Immutability);
    }
}
