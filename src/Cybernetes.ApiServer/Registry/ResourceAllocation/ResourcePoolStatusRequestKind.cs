using Cybernetes.Objects;
using Cybernetes.Objects.Resource.V1alpha3;

namespace Cybernetes.ApiServer.Registry.ResourceAllocation;

/// <summary>Questions about how full the pools of a driver are, answered once in the status by a controller.</summary>
internal sealed class ResourcePoolStatusRequestKind : KindDefinition<ResourcePoolStatusRequest>
{
    private const int MostPools = 1000;
    private static readonly FieldPath SpecPath = FieldPath.Of("spec");
    private static readonly FieldPath StatusPath = FieldPath.Of("status");

    public override string FeatureGate => "DRAResourcePoolStatus";

    public override bool HasStatus => true;

    public override IReadOnlyList<Column<ResourcePoolStatusRequest>> Columns { get; } =
    [
        Column<ResourcePoolStatusRequest>.Name,
        Column<ResourcePoolStatusRequest>.Text("Driver", "The driver asked about.", r => r.Spec.Driver),
        Column<ResourcePoolStatusRequest>.Age,
    ];

    protected override void Default(ResourcePoolStatusRequest obj) => obj.Spec.Limit ??= 100;

    protected override void PrepareForCreate(ResourcePoolStatusRequest obj, WriteContext context) => obj.Status = null;

    protected override void PrepareForUpdate(ResourcePoolStatusRequest obj, ResourcePoolStatusRequest old, WriteContext context) =>
        obj.Status = old.Status;

    protected override void PrepareForStatusUpdate(ResourcePoolStatusRequest obj, ResourcePoolStatusRequest old, WriteContext context) =>
        obj.Spec = old.Spec;

    protected override void ValidateCreate(ResourcePoolStatusRequest obj, FieldErrorList errors)
    {
        DeviceChecks.Driver(obj.Spec.Driver, SpecPath.Child("driver"), errors);
        if (obj.Spec.PoolName is { } pool)
            DeviceChecks.Pool(pool, SpecPath.Child("poolName"), errors);
        if (obj.Spec.Limit < 1)
            errors.Invalid(SpecPath.Child("limit"), obj.Spec.Limit, "must be greater than or equal to 1");
        if (obj.Spec.Limit > MostPools)
            errors.Invalid(SpecPath.Child("limit"), obj.Spec.Limit, "must be less than or equal to 1000");
    }

    protected override void ValidateUpdate(ResourcePoolStatusRequest obj, ResourcePoolStatusRequest old, FieldErrorList errors)
    {
        if (!obj.Spec.SemanticEquals(old.Spec))
            errors.Invalid(SpecPath, FieldChecks.JsonValue.Of(obj.Spec.WriteJson), FieldChecks.Immutability);
    }

    protected override void ValidateStatusUpdate(ResourcePoolStatusRequest obj, ResourcePoolStatusRequest old, FieldErrorList errors)
    {
        if (obj.Status is not { } status)
            return;
        if (old.Status is { } before && !status.SemanticEquals(before))
            errors.Invalid(StatusPath, FieldChecks.JsonValue.Of(status.WriteJson), FieldChecks.Immutability);
        if (status.PoolCount is null)
            errors.Required(StatusPath.Child("poolCount"));
        else
            FieldChecks.NonNegative(status.PoolCount.Value, StatusPath, "poolCount", errors);
        if (status.Pools?.Count > MostPools)
            errors.TooMany(StatusPath.Child("pools"), status.Pools.Count, MostPools);
        ConditionChecks.Conditions(status.Conditions, StatusPath.Child("conditions"), errors);
    }
}
