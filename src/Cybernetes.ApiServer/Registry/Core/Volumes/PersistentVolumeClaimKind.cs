using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Volumes;

/// <summary>Claims of persistent volumes.</summary>
internal sealed class PersistentVolumeClaimKind : KindDefinition<PersistentVolumeClaim>
{
    private static readonly FieldPath SpecPath = FieldPath.Of("spec");
    private static readonly FieldPath StatusPath = FieldPath.Of("status");

    private static readonly string[] ResizeStates =
    [
        "ControllerResizeInProgress", "ControllerResizeInfeasible", "NodeResizePending", "NodeResizeInProgress", "NodeResizeInfeasible",
    ];

    public override IReadOnlyList<string> ShortNames => ["pvc"];

    public override bool HasStatus => true;

    public override IReadOnlyList<Column<PersistentVolumeClaim>> Columns { get; } =
    [
        Column<PersistentVolumeClaim>.Name,
        Column<PersistentVolumeClaim>.Text("Status", "Pending, Bound or Lost; Terminating while it goes.", c =>
            c.Metadata.DeletionTimestamp is null ? c.Status.Phase : "Terminating"),
        Column<PersistentVolumeClaim>.Text("Volume", "The volume it is bound to.", c => c.Spec.VolumeName),
        Column<PersistentVolumeClaim>.Text("Capacity", "Size of that volume.", c =>
            c.Spec.VolumeName.Length == 0 ? "" : (c.Status.Capacity?.GetValueOrDefault("storage", Quantity.Zero) ?? Quantity.Zero).ToString()),
        Column<PersistentVolumeClaim>.Text("Access Modes", "How that volume may be mounted.", c =>
            c.Spec.VolumeName.Length == 0 ? "" : VolumeTexts.Short(c.Status.AccessModes)),
        Column<PersistentVolumeClaim>.Text("StorageClass", "The class asked for.", c => VolumeTexts.ClassOf(c.Metadata, c.Spec.StorageClassName)),
        Column<PersistentVolumeClaim>.Text("VolumeAttributesClass", "The class of changeable attributes asked for.", c =>
            c.Spec.VolumeAttributesClassName ?? VolumeTexts.Unset),
        Column<PersistentVolumeClaim>.Age,
        Column<PersistentVolumeClaim>.Text("VolumeMode", "Whether it is a file system or a block device.", c => c.Spec.VolumeMode ?? VolumeTexts.Unset, 1),
    ];

    protected override void Default(PersistentVolumeClaim obj) => ClaimDefaults.Apply(obj);

    protected override void PrepareForCreate(PersistentVolumeClaim obj, WriteContext context)
    {
        obj.Status = new PersistentVolumeClaimStatus { Phase = "Pending" };
        DropDisabled(obj.Spec, null, context);
        // Before dataSourceRef, kinds that nobody knew were dropped; they still are where they stand.
        if (obj.Spec.DataSource is { } source && !IsClaimOrSnapshot(source))
            obj.Spec.DataSource = null;
        SameSources(obj.Spec);
    }

    protected override void PrepareForUpdate(PersistentVolumeClaim obj, PersistentVolumeClaim old, WriteContext context)
    {
        obj.Status = old.Status;
        DropDisabled(obj.Spec, old.Spec, context);
        if (old.Spec.DataSource is null && old.Spec.DataSourceRef is null && obj.Spec.DataSource is { } source && !IsClaimOrSnapshot(source))
            obj.Spec.DataSource = null;
        SameSources(obj.Spec);
    }

    protected override void PrepareForStatusUpdate(PersistentVolumeClaim obj, PersistentVolumeClaim old, WriteContext context) => obj.Spec = old.Spec;

    protected override void ValidateCreate(PersistentVolumeClaim obj, FieldErrorList errors) =>
        ClaimSpecValidation.Validate(obj.Spec, SpecPath, errors);

    protected override void ValidateUpdate(PersistentVolumeClaim obj, PersistentVolumeClaim old, FieldErrorList errors)
    {
        var named = old.Spec.DataSource?.APIGroup is not null || old.Spec.DataSourceRef?.APIGroup is not null;
        ClaimSpecValidation.Validate(obj.Spec, SpecPath, errors, named);
        ClaimChange.Validate(obj, old, errors);
    }

    protected override void ValidateStatusUpdate(PersistentVolumeClaim obj, PersistentVolumeClaim old, FieldErrorList errors)
    {
        var status = obj.Status;
        foreach (var name in JsonWrite.SortedKeys(status.Capacity ?? []))
            PersistentVolumeValidation.BasicAmount(status.Capacity![name], StatusPath.Child("capacity").Key(name), errors);
        var states = StatusPath.Child("allocatedResourceStatus");
        foreach (var name in JsonWrite.SortedKeys(status.AllocatedResourceStatuses ?? []))
        {
            ResourceKey(name, states, errors);
            if (!ResizeStates.Contains(status.AllocatedResourceStatuses![name]))
                errors.NotSupported(states, name, [.. ResizeStates.Order(StringComparer.Ordinal)]);
        }
        var allocated = StatusPath.Child("allocatedResources");
        foreach (var name in JsonWrite.SortedKeys(status.AllocatedResources ?? []))
        {
            if (ResourceKey(name, allocated, errors))
                PersistentVolumeValidation.BasicAmount(status.AllocatedResources![name], allocated.Key(name), errors);
        }
    }

    protected override void Warn(PersistentVolumeClaim obj, PersistentVolumeClaim? old, WriteContext context)
    {
        if (obj.Metadata.Annotations?.ContainsKey(VolumeTexts.BetaClass) == true)
            context.Warn($"metadata.annotations[{VolumeTexts.BetaClass}]: deprecated since v1.8; use \"storageClassName\" attribute instead");
        if (obj.Spec.Resources.Requests?.TryGetValue("storage", out var size) == true && !size.IsWhole)
            context.Warn($"spec.resources.requests[storage]: fractional byte value {GoText.Quote(size.ToString())} is invalid, must be an integer");
    }

    private static bool ResourceKey(string name, FieldPath path, FieldErrorList errors)
    {
        var before = errors.Count;
        errors.AddInvalid(path, name, Names.QualifiedName(name));
        if (errors.Count == before && Pods.ResourceFacts.IsNative(name) && name != "storage")
            errors.NotSupported(path, name, "storage");
        return errors.Count == before;
    }

    private static void DropDisabled(PersistentVolumeClaimSpec spec, PersistentVolumeClaimSpec? old, WriteContext context)
    {
        if (context.Gates.IsEnabled("CrossNamespaceVolumeDataSource") || old?.DataSourceRef?.Namespace is not null)
            return;
        if (spec.DataSourceRef is { } reference)
            reference.Namespace = null;
    }

    private static bool IsClaimOrSnapshot(TypedLocalObjectReference source) => (source.Kind, source.APIGroup ?? "") is
        ("PersistentVolumeClaim", "") or ("VolumeSnapshot", "snapshot.storage.k8s.io");

    /// <summary>The older field and the newer one say the same; the one that is missing is made from the other.</summary>
    private static void SameSources(PersistentVolumeClaimSpec spec)
    {
        if (spec.DataSourceRef is { Namespace.Length: > 0 })
            return;
        if (spec is { DataSource: { } source, DataSourceRef: null })
            spec.DataSourceRef = new() { APIGroup = source.APIGroup, Kind = source.Kind, Name = source.Name };
        else if (spec is { DataSource: null, DataSourceRef: { } reference })
            spec.DataSource = new() { APIGroup = reference.APIGroup, Kind = reference.Kind, Name = reference.Name };
    }
}
