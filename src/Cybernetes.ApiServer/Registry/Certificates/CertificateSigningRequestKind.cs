using Cybernetes.Objects;
using Cybernetes.Objects.Certificates.V1;

namespace Cybernetes.ApiServer.Registry.Certificates;

/// <summary>Certificate signing requests: who asks is written down by the server, and only the subresources approve and sign.</summary>
internal sealed class CertificateSigningRequestKind : KindDefinition<CertificateSigningRequest>
{
    public override IReadOnlyList<string> ShortNames => ["csr"];

    public override bool HasStatus => true;

    public override IReadOnlyList<string> FieldsKeptOnStatusWrite => ["spec", "status.conditions"];

    public override IReadOnlyList<Subresource> Subresources { get; } =
        [new PartSubresource("approval", "certificates.k8s.io", "CertificateSigningRequest", new ApprovalStrategy())];

    public override IReadOnlyList<SelectableField> SelectableFields { get; } = [new("spec.signerName")];

    public override IReadOnlyList<Column<CertificateSigningRequest>> Columns { get; } =
    [
        Column<CertificateSigningRequest>.Name,
        Column<CertificateSigningRequest>.Age,
        Column<CertificateSigningRequest>.Text("SignerName", "Who is to sign.", c => c.Spec.SignerName.Length > 0 ? c.Spec.SignerName : "<none>"),
        Column<CertificateSigningRequest>.Text("Requestor", "Who asked.", c => c.Spec.Username),
        Column<CertificateSigningRequest>.Text("RequestedDuration", "How long it shall be valid.", c =>
            c.Spec.ExpirationSeconds is { } seconds ? HumanDuration.Text(TimeSpan.FromSeconds(seconds)) : "<none>"),
        Column<CertificateSigningRequest>.Text("Condition", "How far it is.", ConditionText),
    ];

    protected override IReadOnlyList<ServedVersion> OtherVersions { get; } =
    [
        new ReshapedVersion<Objects.Certificates.V1beta1.CertificateSigningRequest, CertificateSigningRequest>(SigningRequestDefaults.ToStored)
        {
            IsOlder = true,
            DeprecationWarning = "certificates.k8s.io/v1beta1 CertificateSigningRequest is deprecated in v1.19+, unavailable in v1.22+; "
                + "use certificates.k8s.io/v1 CertificateSigningRequest",
        },
    ];

    protected override void PrepareForCreate(CertificateSigningRequest obj, WriteContext context)
    {
        obj.Spec.Username = context.User.Name;
        obj.Spec.UID = context.User.Uid;
        obj.Spec.Groups = [.. context.User.Groups];
        obj.Spec.Extra = context.User.Extra.Count == 0
            ? null : context.User.Extra.ToDictionary(e => e.Key, e => e.Value.ToList(), StringComparer.Ordinal);
        // Nobody creates a request that is approved already.
        obj.Status = new();
    }

    protected override void PrepareForUpdate(CertificateSigningRequest obj, CertificateSigningRequest old, WriteContext context)
    {
        obj.Spec = old.Spec;
        obj.Status = old.Status;
    }

    protected override void PrepareForStatusUpdate(CertificateSigningRequest obj, CertificateSigningRequest old, WriteContext context)
    {
        obj.Spec = old.Spec;
        StampConditions(obj, old, context.Now);
    }

    // An update keeps spec and status: what was stored, by whatever version, stays valid.
    protected override void ValidateCreate(CertificateSigningRequest obj, FieldErrorList errors) =>
        SigningRequestValidation.Validate(obj, obj.APIVersion.EndsWith("/v1beta1", StringComparison.Ordinal), errors);

    protected override void ValidateStatusUpdate(CertificateSigningRequest obj, CertificateSigningRequest old, FieldErrorList errors) =>
        SigningRequestValidation.ValidateStatus(obj, old, maySign: true, mayApprove: false, errors);

    /// <summary>Fills in the times that a client left out.</summary>
    internal static void StampConditions(CertificateSigningRequest obj, CertificateSigningRequest old, DateTimeOffset now)
    {
        var moment = KubernetesTime.TruncateToSecond(now);
        foreach (var condition in obj.Status.Conditions.OrEmpty())
        {
            condition.LastUpdateTime ??= moment;
            if (condition.LastTransitionTime is not null)
                continue;
            var before = old.Status.Conditions.OrEmpty().FirstOrDefault(c => c.Type == condition.Type);
            condition.LastTransitionTime = before?.Status == condition.Status && before.LastTransitionTime is { } since ? since : moment;
        }
    }

    private static string ConditionText(CertificateSigningRequest csr)
    {
        var types = csr.Status.Conditions.OrEmpty().Select(c => c.Type).ToList();
        var text = types.Contains("Denied") ? "Denied" : types.Contains("Approved") ? "Approved" : "Pending";
        if (types.Contains("Failed"))
            text += ",Failed";
        return csr.Status.Certificate is { Length: > 0 } ? text + ",Issued" : text;
    }
}
