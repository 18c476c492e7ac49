using Cybernetes.Objects;
using Cybernetes.Objects.Resource.V1beta2;

namespace Cybernetes.ApiServer.Registry.ResourceAllocation;

/// <summary>Taints that an administrator gives to devices.</summary>
internal sealed class DeviceTaintRuleKind : KindDefinition<DeviceTaintRule>
{
    private const int MostConditions = 8;
    private static readonly FieldPath SpecPath = FieldPath.Of("spec");

    public override bool HasStatus => true;

    public override IReadOnlyList<string> FieldsKeptOnStatusWrite => ["metadata", "spec"];

    public override IReadOnlyList<Column<DeviceTaintRule>> Columns { get; } = [Column<DeviceTaintRule>.Name, Column<DeviceTaintRule>.Age];

    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
    [
        new RenamedVersion<DeviceTaintRule>("v1alpha3")
        {
            DeprecationWarning = "resource.k8s.io/v1alpha3 DeviceTaintRule is deprecated in v1.36+, unavailable in v1.39+",
        },
    ];

    protected override void PrepareForCreate(DeviceTaintRule obj, WriteContext context)
    {
        obj.Metadata.Generation = 1;
        obj.Status = new();
        obj.Spec.Taint.TimeAdded ??= KubernetesTime.TruncateToSecond(context.Now);
    }

    protected override void PrepareForUpdate(DeviceTaintRule obj, DeviceTaintRule old, WriteContext context)
    {
        obj.Status = old.Status;
        // Another effect is another taint: its time begins now unless the client says when.
        if (obj.Spec.Taint.Effect != old.Spec.Taint.Effect && obj.Spec.Taint.TimeAdded == old.Spec.Taint.TimeAdded)
            obj.Spec.Taint.TimeAdded = KubernetesTime.TruncateToSecond(context.Now);
        obj.Spec.Taint.TimeAdded ??= old.Spec.Taint.TimeAdded;
        Generations.Count(obj.Metadata, old.Metadata, !obj.Spec.SemanticEquals(old.Spec));
    }

    protected override void PrepareForStatusUpdate(DeviceTaintRule obj, DeviceTaintRule old, WriteContext context)
    {
        obj.Spec = old.Spec;
        MetadataRules.ResetForStatus(obj.Metadata, old.Metadata);
    }

    protected override void ValidateCreate(DeviceTaintRule obj, FieldErrorList errors) => Check(obj.Spec, null, errors);

    protected override void ValidateUpdate(DeviceTaintRule obj, DeviceTaintRule old, FieldErrorList errors) => Check(obj.Spec, old.Spec, errors);

    protected override void ValidateStatusUpdate(DeviceTaintRule obj, DeviceTaintRule old, FieldErrorList errors)
    {
        var path = FieldPath.Of("status", "conditions");
        ConditionChecks.Conditions(obj.Status.Conditions, path, errors);
        if (obj.Status.Conditions?.Count > MostConditions)
            errors.TooMany(path, obj.Status.Conditions.Count, MostConditions);
    }

    private static void Check(DeviceTaintRuleSpec spec, DeviceTaintRuleSpec? old, FieldErrorList errors)
    {
        var path = SpecPath.Child("deviceSelector");
        if (spec.DeviceSelector?.Driver is { } driver)
            DeviceChecks.Driver(driver, path.Child("driver"), errors);
        if (spec.DeviceSelector?.Pool is { } pool)
            DeviceChecks.Pool(pool, path.Child("pool"), errors);
        if (spec.DeviceSelector?.Device is { } device)
            DeviceChecks.Label(device, path.Child("device"), errors);
        var taint = spec.Taint;
        DeviceChecks.Taint(taint.Key, taint.Value, taint.Effect, old?.Taint.Effect, SpecPath.Child("taint"), errors);
    }
}
