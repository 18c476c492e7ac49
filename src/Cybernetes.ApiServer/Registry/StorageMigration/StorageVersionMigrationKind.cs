using Cybernetes.Objects;
using Cybernetes.Objects.StorageMigration.V1beta1;

namespace Cybernetes.ApiServer.Registry.StorageMigration;

/// <summary>Asks that all objects of a resource be stored anew (beta, gate StorageVersionMigrator).</summary>
internal sealed class StorageVersionMigrationKind : KindDefinition<StorageVersionMigration>
{
    private static readonly FieldPath s_resource = FieldPath.Of("spec", "resource");

    public override string FeatureGate => "StorageVersionMigrator";

    public override bool HasStatus => true;

    public override IReadOnlyList<Column<StorageVersionMigration>> Columns { get; } =
    [
        Column<StorageVersionMigration>.Name,
        Column<StorageVersionMigration>.Text("Resource", "What is stored anew.", m =>
            m.Spec.Resource.Group.Length == 0 ? m.Spec.Resource.Resource : $"{m.Spec.Resource.Resource}.{m.Spec.Resource.Group}"),
        Column<StorageVersionMigration>.Age,
    ];

    protected override void PrepareForCreate(StorageVersionMigration obj, WriteContext context)
    {
        obj.Status = new();
        obj.Metadata.Generation = 1;
    }

    protected override void PrepareForUpdate(StorageVersionMigration obj, StorageVersionMigration old, WriteContext context)
    {
        obj.Status = old.Status;
        Generations.Count(obj.Metadata, old.Metadata, !obj.Spec.SemanticEquals(old.Spec));
    }

    protected override void PrepareForStatusUpdate(StorageVersionMigration obj, StorageVersionMigration old, WriteContext context) =>
        obj.Spec = old.Spec;

    protected override void Validate(StorageVersionMigration obj, FieldErrorList errors)
    {
        if (obj.Spec.Resource.Group.Length > 0)
            FieldChecks.Subdomain(obj.Spec.Resource.Group, s_resource, "group", errors);
        if (obj.Spec.Resource.Resource.Length == 0)
            errors.Required(s_resource.Child("resource"), "resource is required");
        else
            FieldChecks.DnsLabel(obj.Spec.Resource.Resource, s_resource, "resource", errors);
    }

    protected override void ValidateUpdate(StorageVersionMigration obj, StorageVersionMigration old, FieldErrorList errors)
    {
        if (!obj.Spec.SemanticEquals(old.Spec))
            errors.Invalid(FieldPath.Of("spec"), FieldChecks.JsonValue.Of(obj.Spec.WriteJson), FieldChecks.Immutability);
    }

    protected override void ValidateStatusUpdate(StorageVersionMigration obj, StorageVersionMigration old, FieldErrorList errors)
    {
        var conditions = FieldPath.Of("status", "conditions");
        ConditionChecks.Conditions(obj.Status.Conditions, conditions, errors);
        bool Is(string type) => obj.Status.Conditions.OrEmpty().Any(c => c.Type == type && c.Status == "True");
        bool Was(string type) => old.Status.Conditions.OrEmpty().Any(c => c.Type == type && c.Status == "True");
        if (Is("Succeeded") && Is("Failed"))
            errors.Invalid(conditions, null, "Both success and failed conditions cannot be true at the same time");
        if (Is("Succeeded") && Is("Running"))
            errors.Invalid(conditions, null, "Running condition cannot be true when success condition is true");
        if (Was("Succeeded") && !Is("Succeeded"))
            errors.Invalid(conditions, null, "Success condition cannot be set to false once it is true");
        if (Was("Failed") && !Is("Failed"))
            errors.Invalid(conditions, null, "Failed condition cannot be set to false once it is true");
        if (old.Status.ResourceVersion.Length > 0 && obj.Status.ResourceVersion != old.Status.ResourceVersion)
            errors.Invalid(FieldPath.Of("status", "resourceVersion"), obj.Status.ResourceVersion, "resourceVersion cannot be updated");
    }
}
