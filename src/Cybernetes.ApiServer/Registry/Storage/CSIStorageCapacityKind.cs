using Cybernetes.Objects;
using Cybernetes.Objects.Storage.V1;

namespace Cybernetes.ApiServer.Registry.Storage;

/// <summary>How much storage a driver has left, by class and part of the cluster.</summary>
internal sealed class CSIStorageCapacityKind : KindDefinition<CSIStorageCapacity>
{
    public override bool AllowUnconditionalUpdate => false;

    public override IReadOnlyList<Column<CSIStorageCapacity>> Columns { get; } =
    [
        Column<CSIStorageCapacity>.Name,
        Column<CSIStorageCapacity>.Text("StorageClassName", "The class.", c => c.StorageClassName),
        Column<CSIStorageCapacity>.Text("Capacity", "How much is left.", c => c.Capacity?.ToString() ?? "<unset>"),
    ];

    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
    [
        new RenamedVersion<CSIStorageCapacity>("v1beta1")
        {
            IsOlder = true,
            DeprecationWarning = "storage.k8s.io/v1beta1 CSIStorageCapacity is deprecated in v1.24+, unavailable in v1.27+; "
                + "use storage.k8s.io/v1 CSIStorageCapacity",
        },
        new RenamedVersion<CSIStorageCapacity>("v1alpha1")
        {
            IsOlder = true,
            DeprecationWarning = "storage.k8s.io/v1alpha1 CSIStorageCapacity is deprecated in v1.21+, unavailable in v1.24+; "
                + "use storage.k8s.io/v1beta1 CSIStorageCapacity",
        },
    ];

    protected override void ValidateCreate(CSIStorageCapacity obj, FieldErrorList errors)
    {
        FieldChecks.Selector(obj.NodeTopology, FieldPath.Of("nodeTopology"), errors);
        errors.AddInvalid(FieldPath.Of("storageClassName"), obj.StorageClassName, Names.Dns1123Subdomain(obj.StorageClassName));
        if (obj.Capacity is { Sign: < 0 } capacity)
            errors.Invalid(FieldPath.Of("capacity"), capacity.ToString(), FieldRules.NotNegative);
    }

    protected override void ValidateUpdate(CSIStorageCapacity obj, CSIStorageCapacity old, FieldErrorList errors)
    {
        var same = obj.NodeTopology is null ? old.NodeTopology is null : obj.NodeTopology.SemanticEquals(old.NodeTopology);
        if (!same)
            errors.Invalid(FieldPath.Of("nodeTopology"), (object?)obj.NodeTopology ?? "null", FieldChecks.Immutability);
        FieldChecks.Immutable(obj.StorageClassName, old.StorageClassName, FieldPath.Of("storageClassName"), errors);
    }
}
