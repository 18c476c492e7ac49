using Cybernetes.Objects;
using Cybernetes.Objects.Certificates.V1beta1;

namespace Cybernetes.ApiServer.Registry.Certificates;

/// <summary>Requests that nodes make for their pods' certificates (beta, gate PodCertificateRequest).</summary>
internal sealed class PodCertificateRequestKind : KindDefinition<PodCertificateRequest>
{
    private const int DefaultSeconds = 86400;
    private const int LeastSeconds = 3600;
    private const int MostSeconds = 91 * 86400;
    private const int MostSecondsOfOwnSigners = 86400;
    private static readonly FieldPath s_spec = FieldPath.Of("spec");

    public override string FeatureGate => "PodCertificateRequest";

    public override bool HasStatus => true;

    public override bool AllowUnconditionalUpdate => false;

    public override IReadOnlyList<SelectableField> SelectableFields { get; } =
        [new("spec.signerName"), new("spec.podName"), new("spec.nodeName")];

    public override IReadOnlyList<Column<PodCertificateRequest>> Columns { get; } =
    [
        Column<PodCertificateRequest>.Name,
        Column<PodCertificateRequest>.Text("PodName", "The pod it is for.", r => r.Spec.PodName),
        Column<PodCertificateRequest>.Text("ServiceAccountName", "The pod's service account.", r => r.Spec.ServiceAccountName),
        Column<PodCertificateRequest>.Text("NodeName", "The pod's node.", r => r.Spec.NodeName),
        Column<PodCertificateRequest>.Text("SignerName", "Who is to sign.", r => r.Spec.SignerName),
        Column<PodCertificateRequest>.Text("State", "How far it is.", StateText),
        Column<PodCertificateRequest>.Age,
    ];

    protected override void Default(PodCertificateRequest obj) => obj.Spec.MaxExpirationSeconds ??= DefaultSeconds;

    protected override void PrepareForCreate(PodCertificateRequest obj, WriteContext context) => obj.Status = new();

    protected override void PrepareForUpdate(PodCertificateRequest obj, PodCertificateRequest old, WriteContext context) => obj.Status = old.Status;

    protected override void PrepareForStatusUpdate(PodCertificateRequest obj, PodCertificateRequest old, WriteContext context) =>
        obj.Spec = old.Spec;

    protected override void Validate(PodCertificateRequest obj, FieldErrorList errors)
    {
        var spec = obj.Spec;
        SignerNames.Check(spec.SignerName, s_spec.Child("signerName"), errors);
        FieldChecks.Subdomain(spec.PodName, s_spec, "podName", errors);
        Uid(spec.PodUID, "podUID", errors);
        FieldChecks.Subdomain(spec.ServiceAccountName, s_spec, "serviceAccountName", errors);
        Uid(spec.ServiceAccountUID, "serviceAccountUID", errors);
        FieldChecks.Subdomain(spec.NodeName, s_spec, "nodeName", errors);
        Uid(spec.NodeUID, "nodeUID", errors);
        var most = spec.SignerName.StartsWith("kubernetes.io/", StringComparison.Ordinal) ? MostSecondsOfOwnSigners : MostSeconds;
        if (spec.MaxExpirationSeconds is not { } seconds)
            errors.Required(s_spec.Child("maxExpirationSeconds"), "must be set");
        else if (seconds < LeastSeconds || seconds > most)
            errors.Invalid(s_spec.Child("maxExpirationSeconds"), seconds, $"must be in the range [{LeastSeconds}, {most}]");
        var hasStub = spec.StubPKCS10Request is { Length: > 0 };
        if (!hasStub && spec.PKIXPublicKey is not { Length: > 0 })
            errors.Required(s_spec.Child("stubPKCS10Request"), "must be specified");
    }

    protected override void ValidateUpdate(PodCertificateRequest obj, PodCertificateRequest old, FieldErrorList errors)
    {
        if (!obj.Spec.SemanticEquals(old.Spec))
            errors.Invalid(s_spec, null, FieldChecks.Immutability);
    }

    protected override void ValidateStatusUpdate(PodCertificateRequest obj, PodCertificateRequest old, FieldErrorList errors)
    {
        var path = FieldPath.Of("status", "conditions");
        ConditionChecks.Conditions(obj.Status.Conditions, path, errors);
        if (obj.Status.Conditions.OrEmpty().Count(c => c.Type is "Issued" or "Denied" or "Failed") > 1)
            errors.Invalid(path, null, "There may be at most one condition with type \"Issued\", \"Denied\", or \"Failed\"");
        if (old.Status.CertificateChain.Length > 0 && obj.Status.CertificateChain != old.Status.CertificateChain)
            errors.Invalid(FieldPath.Of("status", "certificateChain"), obj.Status.CertificateChain, FieldChecks.Immutability);
        if (obj.Status.CertificateChain.Length > 0 && PemBlocks.ReadCertificates(obj.Status.CertificateChain, out _) is { } problem)
            errors.Invalid(FieldPath.Of("status", "certificateChain"), "<certificate data>", problem);
    }

    private static void Uid(string uid, string field, FieldErrorList errors)
    {
        if (uid.Length == 0)
            errors.Required(s_spec.Child(field), "must be set");
    }

    private static string StateText(PodCertificateRequest request) =>
        request.Status.Conditions.OrEmpty().FirstOrDefault(c => c.Type is "Issued" or "Denied" or "Failed")?.Type ?? "Pending";
}
