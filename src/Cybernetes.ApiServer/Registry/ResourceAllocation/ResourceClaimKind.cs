using Cybernetes.Objects;
using Cybernetes.Objects.Resource.V1;
using V1beta1 = Cybernetes.Objects.Resource.V1beta1;

namespace Cybernetes.ApiServer.Registry.ResourceAllocation;

/// <summary>Claims to devices.</summary>
internal sealed class ResourceClaimKind : KindDefinition<ResourceClaim>
{
    private static readonly FieldPath SpecPath = FieldPath.Of("spec");

    public override bool HasStatus => true;

    public override IReadOnlyList<Column<ResourceClaim>> Columns { get; } =
    [
        Column<ResourceClaim>.Name,
        Column<ResourceClaim>.Text("State", "Pending, allocated, reserved, deleted.", State),
        Column<ResourceClaim>.Age,
    ];

    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
    [
        new RenamedVersion<ResourceClaim>("v1beta2")
        {
            DeprecationWarning = "resource.k8s.io/v1beta2 ResourceClaim is deprecated in v1.36+, unavailable in v1.39+",
        },
        new ReshapedVersion<V1beta1.ResourceClaim, ResourceClaim>(
            (served, stored) => DeviceRequestConversion.ToStored(served.Spec.Devices, stored.Spec.Devices),
            (stored, served) => DeviceRequestConversion.FromStored(stored.Spec.Devices, served.Spec.Devices))
        {
            DeprecationWarning = "resource.k8s.io/v1beta1 ResourceClaim is deprecated in v1.35+, unavailable in v1.38+",
        },
    ];

    protected override void Default(ResourceClaim obj)
    {
        ClaimChecks.Default(obj.Spec);
        foreach (var result in obj.Status.Allocation?.Devices.Results.OrEmpty() ?? [])
            ClaimChecks.Default(result.Tolerations);
    }

    protected override void PrepareForCreate(ResourceClaim obj, WriteContext context)
    {
        obj.Status = new();
        DisabledDeviceFields.Drop(obj.Spec, null, context.Gates);
    }

    protected override void PrepareForUpdate(ResourceClaim obj, ResourceClaim old, WriteContext context)
    {
        obj.Status = old.Status;
        DisabledDeviceFields.Drop(obj.Spec, old.Spec, context.Gates);
    }

    protected override void PrepareForStatusUpdate(ResourceClaim obj, ResourceClaim old, WriteContext context)
    {
        obj.Spec = old.Spec;
        MetadataRules.ResetForStatus(obj.Metadata, old.Metadata);
        if (!context.Gates.IsEnabled("DRAResourceClaimDeviceStatus") && old.Status.Devices is not { Count: > 0 })
            obj.Status.Devices = null;
    }

    protected override void ValidateCreate(ResourceClaim obj, FieldErrorList errors) => ClaimChecks.Validate(obj.Spec, SpecPath, errors);

    // What cannot change is not checked again.
    protected override void ValidateUpdate(ResourceClaim obj, ResourceClaim old, FieldErrorList errors)
    {
        if (!obj.Spec.SemanticEquals(old.Spec))
            errors.Invalid(SpecPath, FieldChecks.JsonValue.Of(obj.Spec.WriteJson), FieldChecks.Immutability);
    }

    protected override void ValidateStatusUpdate(ResourceClaim obj, ResourceClaim old, FieldErrorList errors) =>
        ClaimStatusChecks.Validate(obj, old, errors);

    private static string State(ResourceClaim claim)
    {
        var deleted = claim.Metadata.DeletionTimestamp is not null;
        if (claim.Status.Allocation is null)
            return deleted ? "deleted" : "pending";
        return (deleted ? "deleted,allocated" : "allocated") + (claim.Status.ReservedFor is { Count: > 0 } ? ",reserved" : "");
    }
}
