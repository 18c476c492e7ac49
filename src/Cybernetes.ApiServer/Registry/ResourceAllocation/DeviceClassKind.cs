using Cybernetes.ApiServer.Registry.Core.Pods;
using Cybernetes.Objects;
using Cybernetes.Objects.Resource.V1;

namespace Cybernetes.ApiServer.Registry.ResourceAllocation;

/// <summary>Classes of devices that claims name.</summary>
internal sealed class DeviceClassKind : KindDefinition<DeviceClass>
{
    private static readonly FieldPath SpecPath = FieldPath.Of("spec");

    public override IReadOnlyList<Column<DeviceClass>> Columns { get; } = [Column<DeviceClass>.Name, Column<DeviceClass>.Age];

    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
    [
        new RenamedVersion<DeviceClass>("v1beta2")
        {
            DeprecationWarning = "resource.k8s.io/v1beta2 DeviceClass is deprecated in v1.36+, unavailable in v1.39+",
        },
        new RenamedVersion<DeviceClass>("v1beta1")
        {
            DeprecationWarning = "resource.k8s.io/v1beta1 DeviceClass is deprecated in v1.35+, unavailable in v1.38+",
        },
    ];

    protected override void PrepareForCreate(DeviceClass obj, WriteContext context)
    {
        obj.Metadata.Generation = 1;
        if (!context.Gates.IsEnabled("DRAExtendedResource"))
            obj.Spec.ExtendedResourceName = null;
    }

    protected override void PrepareForUpdate(DeviceClass obj, DeviceClass old, WriteContext context)
    {
        if (!context.Gates.IsEnabled("DRAExtendedResource") && old.Spec.ExtendedResourceName is null)
            obj.Spec.ExtendedResourceName = null;
        Generations.Count(obj.Metadata, old.Metadata, !obj.Spec.SemanticEquals(old.Spec));
    }

    protected override void Validate(DeviceClass obj, FieldErrorList errors)
    {
        DeviceChecks.Selectors(obj.Spec.Selectors, SpecPath.Child("selectors"), errors);
        DeviceChecks.Each(obj.Spec.Config, DeviceChecks.MostConfigurations, SpecPath.Child("config"), errors, (config, at) =>
            DeviceChecks.Opaque(config.Opaque, at, errors));
        if (obj.Spec.ExtendedResourceName is { } name && !ResourceFacts.IsExtended(name))
            errors.Invalid(SpecPath.Child("extendedResourceName"), name, "must be a valid extended resource name");
    }
}
