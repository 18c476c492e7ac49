using Cybernetes.Objects;
using Cybernetes.Objects.ApiServerInternal.V1alpha1;
using StorageVersionObject = Cybernetes.Objects.ApiServerInternal.V1alpha1.StorageVersion;

namespace Cybernetes.ApiServer.Registry.ApiServerInternal;

/// <summary>Which API server stores a resource in which version (alpha, gate StorageVersionAPI).</summary>
internal sealed class StorageVersionKind : KindDefinition<StorageVersionObject>
{
    public override string FeatureGate => "StorageVersionAPI";

    public override bool HasStatus => true;

    // Upstream's strategy of this kind says nothing of it.
    public override IReadOnlyList<string> FieldsKeptOnWrite => [];

    public override IReadOnlyList<string> FieldsKeptOnStatusWrite => [];

    public override IReadOnlyList<Column<StorageVersionObject>> Columns { get; } =
    [
        Column<StorageVersionObject>.Name,
        Column<StorageVersionObject>.Text("CommonEncodingVersion", "The version that all servers store.", s => s.Status.CommonEncodingVersion ?? "<unset>"),
        Column<StorageVersionObject>.Text("StorageVersions", "What each server stores.", s => string.Join(',',
            s.Status.StorageVersions.OrEmpty().Select(v => $"{v.APIServerID}={v.EncodingVersion}"))),
        Column<StorageVersionObject>.Age,
    ];

    protected override void PrepareForCreate(StorageVersionObject obj, WriteContext context) => obj.Status = new();

    protected override void PrepareForUpdate(StorageVersionObject obj, StorageVersionObject old, WriteContext context) => obj.Status = old.Status;

    protected override void PrepareForStatusUpdate(StorageVersionObject obj, StorageVersionObject old, WriteContext context)
    {
        obj.Spec = old.Spec;
        MetadataRules.ResetForStatus(obj.Metadata, old.Metadata);
    }

    public override IReadOnlyList<string> NameProblems(string name)
    {
        // <group>.<resource>; the core group is spelled out.
        var problems = Names.Dns1123Subdomain(name);
        return problems.Count > 0 || name.Contains('.') ? problems : ["name must be in the form of <group>.<resource>"];
    }

    protected override void ValidateStatusUpdate(StorageVersionObject obj, StorageVersionObject old, FieldErrorList errors)
    {
        var versions = obj.Status.StorageVersions.OrEmpty();
        for (var i = 0; i < versions.Count; i++)
        {
            var path = FieldPath.Of("status", "storageVersions").Index(i);
            var version = versions[i];
            FieldChecks.Subdomain(version.APIServerID, path, "apiServerID", errors);
            if (versions.Take(i).Any(v => v.APIServerID == version.APIServerID))
                errors.Duplicate(path.Child("apiServerID"), version.APIServerID);
            if (!version.DecodableVersions.OrEmpty().Contains(version.EncodingVersion))
                errors.Invalid(path, version.EncodingVersion, $"decodableVersions must include encodingVersion {version.EncodingVersion}");
        }
        var encodings = versions.Select(v => v.EncodingVersion).Distinct().ToList();
        var common = FieldPath.Of("status", "commonEncodingVersion");
        if (encodings.Count == 1 && obj.Status.CommonEncodingVersion != encodings[0])
            errors.Invalid(common, obj.Status.CommonEncodingVersion, $"should be {encodings[0]}");
        else if (encodings.Count != 1 && obj.Status.CommonEncodingVersion is { } given)
            errors.Invalid(common, given, "should be nil if servers do not agree on the same encoding version, or if there is no server");
    }
}
