using System.Text;
using Cybernetes.Objects;
using Cybernetes.Objects.Certificates.V1beta1;

namespace Cybernetes.ApiServer.Registry.Certificates;

/// <summary>Trust anchors for the whole cluster, of one signer or of none (beta, gate ClusterTrustBundle).</summary>
internal sealed class ClusterTrustBundleKind : KindDefinition<ClusterTrustBundle>
{
    private const int MaximumBytes = 1024 * 1024;
    private static readonly FieldPath s_bundle = FieldPath.Of("spec", "trustBundle");

    public override string FeatureGate => "ClusterTrustBundle";

    public override bool AllowUnconditionalUpdate => false;

    public override IReadOnlyList<SelectableField> SelectableFields { get; } = [new("spec.signerName")];

    public override IReadOnlyList<Column<ClusterTrustBundle>> Columns { get; } =
    [
        Column<ClusterTrustBundle>.Name,
        Column<ClusterTrustBundle>.Text("SignerName", "The signer that the anchors are of.", b => b.Spec.SignerName.Length > 0 ? b.Spec.SignerName : "<none>"),
    ];

    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } = [new RenamedVersion<ClusterTrustBundle>("v1alpha1")];

    // The signer, which the name depends on, is seen in Validate.
    public override IReadOnlyList<string> NameProblems(string name) => [];

    protected override void Validate(ClusterTrustBundle obj, FieldErrorList errors)
    {
        CheckName(obj, errors);
        if (obj.Spec.SignerName.Length > 0)
            SignerNames.Check(obj.Spec.SignerName, FieldPath.Of("spec", "signerName"), errors);
        if (Encoding.UTF8.GetByteCount(obj.Spec.TrustBundle) > MaximumBytes)
        {
            errors.TooLong(s_bundle, MaximumBytes);
            return;
        }
        var problem = PemBlocks.ReadCertificates(obj.Spec.TrustBundle, out var certificates);
        if (problem is not null)
            errors.Invalid(s_bundle, "<value omitted>", certificates.Count == 0 && !obj.Spec.TrustBundle.Contains("BEGIN", StringComparison.Ordinal)
                ? "at least one trust anchor must be provided" : problem);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < certificates.Count; i++)
        {
            if (!seen.Add(Convert.ToBase64String(certificates[i])))
                errors.Invalid(s_bundle, "<value omitted>", $"duplicate trust anchor (indices [{i}])");
        }
    }

    protected override void ValidateUpdate(ClusterTrustBundle obj, ClusterTrustBundle old, FieldErrorList errors) =>
        FieldChecks.Immutable(obj.Spec.SignerName, old.Spec.SignerName, FieldPath.Of("spec", "signerName"), errors);

    private static void CheckName(ClusterTrustBundle obj, FieldErrorList errors)
    {
        var (name, signer) = (obj.Metadata.Name, obj.Spec.SignerName);
        if (name.Length == 0)
            return;
        var path = FieldPath.Of("metadata", "name");
        if (signer.Length == 0)
        {
            if (name.Contains(':'))
                errors.Invalid(path, name, "ClusterTrustBundle without signer name must not have \":\" in its name");
            else
                errors.AddInvalid(path, name, Names.Dns1123Subdomain(name));
            return;
        }
        var prefix = signer.Replace('/', ':') + ":";
        if (!name.StartsWith(prefix, StringComparison.Ordinal))
            errors.Invalid(path, name, $"ClusterTrustBundle for signerName {signer} must be named with prefix {prefix}");
        else
            errors.AddInvalid(path, name, Names.Dns1123Subdomain(name[prefix.Length..]));
    }
}
