using Cybernetes.Objects;
using Cybernetes.Objects.Resource.V1;
using V1beta1 = Cybernetes.Objects.Resource.V1beta1;

namespace Cybernetes.ApiServer.Registry.ResourceAllocation;

/// <summary>What devices a driver offers, in slices of a pool.</summary>
internal sealed class ResourceSliceKind : KindDefinition<ResourceSlice>
{
    public override IReadOnlyList<SelectableField> SelectableFields { get; } = [new("spec.nodeName"), new("spec.driver")];

    public override IReadOnlyList<Column<ResourceSlice>> Columns { get; } =
    [
        Column<ResourceSlice>.Name,
        Column<ResourceSlice>.Text("Node", "The node whose devices these are.", s => s.Spec.NodeName ?? ""),
        Column<ResourceSlice>.Text("Driver", "The driver.", s => s.Spec.Driver),
        Column<ResourceSlice>.Text("Pool", "The pool.", s => s.Spec.Pool.Name),
        Column<ResourceSlice>.Age,
    ];

    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
    [
        new RenamedVersion<ResourceSlice>("v1beta2")
        {
            DeprecationWarning = "resource.k8s.io/v1beta2 ResourceSlice is deprecated in v1.36+, unavailable in v1.39+",
        },
        new ReshapedVersion<V1beta1.ResourceSlice, ResourceSlice>(ToStored, FromStored)
        {
            DeprecationWarning = "resource.k8s.io/v1beta1 ResourceSlice is deprecated in v1.35+, unavailable in v1.38+",
        },
    ];

    protected override void PrepareForCreate(ResourceSlice obj, WriteContext context)
    {
        obj.Metadata.Generation = 1;
        DisabledDeviceFields.Drop(obj.Spec, null, context.Gates);
        StampTaints(obj, context);
    }

    protected override void PrepareForUpdate(ResourceSlice obj, ResourceSlice old, WriteContext context)
    {
        DisabledDeviceFields.Drop(obj.Spec, old.Spec, context.Gates);
        StampTaints(obj, context);
        Generations.Count(obj.Metadata, old.Metadata, !obj.Spec.SemanticEquals(old.Spec));
    }

    protected override void ValidateCreate(ResourceSlice obj, FieldErrorList errors) => SliceChecks.Validate(obj.Spec, null, errors);

    protected override void ValidateUpdate(ResourceSlice obj, ResourceSlice old, FieldErrorList errors) =>
        SliceChecks.Validate(obj.Spec, old.Spec, errors);

    // A taint's time is when it came to be known, as upstream's default has it.
    private static void StampTaints(ResourceSlice obj, WriteContext context)
    {
        foreach (var taint in obj.Spec.Devices.OrEmpty().SelectMany(d => d.Taints.OrEmpty()))
            taint.TimeAdded ??= KubernetesTime.TruncateToSecond(context.Now);
    }

    // v1beta1 has a device's properties in "basic".
    private static void ToStored(V1beta1.ResourceSlice served, ResourceSlice stored)
    {
        for (var i = 0; i < (served.Spec.Devices?.Count ?? 0); i++)
        {
            if (served.Spec.Devices![i].Basic is not { } basic)
                continue;
            stored.Spec.Devices![i] = FieldCarry.Over<V1beta1.BasicDevice, Device>(basic);
            stored.Spec.Devices[i].Name = served.Spec.Devices[i].Name;
        }
    }

    private static void FromStored(ResourceSlice stored, V1beta1.ResourceSlice served)
    {
        for (var i = 0; i < (stored.Spec.Devices?.Count ?? 0); i++)
            served.Spec.Devices![i].Basic = FieldCarry.Over<Device, V1beta1.BasicDevice>(stored.Spec.Devices![i]);
    }
}
