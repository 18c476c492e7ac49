using System.Text;
using Cybernetes.ApiServer.Registry.Core.Pods;
using Cybernetes.Objects;
using Cybernetes.Objects.Storage.V1;

namespace Cybernetes.ApiServer.Registry.Storage;

/// <summary>The CSI drivers of a node.</summary>
internal sealed class CSINodeKind : KindDefinition<CSINode>
{
    private const int MaximumNodeIdBytes = 256;
    private static readonly FieldPath DriversPath = FieldPath.Of("spec", "drivers");

    public override bool AllowUnconditionalUpdate => false;

    public override IReadOnlyList<Column<CSINode>> Columns { get; } =
    [
        Column<CSINode>.Name,
        Column<CSINode>.Number("Drivers", "How many drivers the node has.", n => n.Spec.Drivers?.Count ?? 0),
        Column<CSINode>.Age,
    ];

    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
    [
        new RenamedVersion<CSINode>("v1beta1")
        {
            IsOlder = true,
            DeprecationWarning = "storage.k8s.io/v1beta1 CSINode is deprecated in v1.17+, unavailable in v1.22+; use storage.k8s.io/v1 CSINode",
        },
    ];

    protected override void Validate(CSINode obj, FieldErrorList errors)
    {
        var drivers = obj.Spec.Drivers.OrEmpty();
        for (var i = 0; i < drivers.Count; i++)
        {
            Driver(drivers[i], DriversPath.Index(i), errors);
            if (drivers.Take(i).Any(d => d.Name == drivers[i].Name))
                errors.Duplicate(DriversPath.Index(i).Child("name"), drivers[i].Name);
            Keys(drivers[i].TopologyKeys.OrEmpty(), DriversPath.Index(i), errors);
        }
    }

    protected override void ValidateUpdate(CSINode obj, CSINode old, FieldErrorList errors)
    {
        foreach (var before in old.Spec.Drivers.OrEmpty())
        {
            foreach (var now in obj.Spec.Drivers.OrEmpty().Where(d => d.Name == before.Name))
            {
                var (fresh, kept) = (now.DeepClone(), before.DeepClone());
                fresh.Allocatable = kept.Allocatable = null;
                if (!fresh.SemanticEquals(kept))
                    errors.Invalid(DriversPath, GoNamedJson.Of(fresh, "storage/v1.CSINodeDriver"), FieldChecks.Immutability);
            }
        }
    }

    private static void Driver(CSINodeDriver driver, FieldPath path, FieldErrorList errors)
    {
        VolumeValidation.CsiDriverName(driver.Name, path.Child("name"), errors);
        if (driver.NodeID.Length == 0)
            errors.Required(path.Child("nodeID"));
        if (Encoding.UTF8.GetByteCount(driver.NodeID) > MaximumNodeIdBytes)
            errors.Invalid(path.Child("nodeID"), driver.NodeID, $"must be {MaximumNodeIdBytes} characters or less");
        if (driver.Allocatable?.Count is { } count)
            FieldChecks.NonNegative(count, path.Child("allocatable"), "count", errors);
    }

    private static void Keys(IReadOnlyList<string> keys, FieldPath path, FieldErrorList errors)
    {
        for (var i = 0; i < keys.Count; i++)
        {
            if (keys[i].Length == 0)
                errors.Required(path);
            if (keys.Take(i).Contains(keys[i]))
                errors.Duplicate(path, keys[i]);
            errors.AddInvalid(path, keys[i], Names.QualifiedName(keys[i]));
        }
    }
}
