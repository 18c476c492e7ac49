using System.Text;
using Cybernetes.Objects;
using Cybernetes.Objects.Certificates.V1;

namespace Cybernetes.ApiServer.Registry.Certificates;

/// <summary>Checks of certificate signing requests. What the first version let through stays valid where it was before.</summary>
internal static class SigningRequestValidation
{
    public const string LegacyUnknown = "kubernetes.io/legacy-unknown";
    private const int LeastSeconds = 600;

    private static readonly string[] s_usages =
    [
        "any", "cert sign", "client auth", "code signing", "content commitment", "crl sign", "data encipherment", "decipher only",
        "digital signature", "email protection", "encipher only", "ipsec end system", "ipsec tunnel", "ipsec user", "key agreement",
        "key encipherment", "microsoft sgc", "netscape sgc", "ocsp signing", "s/mime", "server auth", "signing", "timestamping",
    ];

    private static readonly FieldPath s_spec = FieldPath.Of("spec");
    private static readonly FieldPath s_conditions = FieldPath.Of("status", "conditions");
    private static readonly FieldPath s_certificate = FieldPath.Of("status", "certificate");

    /// <param name="csr">The request.</param>
    /// <param name="isLegacy">Sent through v1beta1, or stored with such a signer already.</param>
    /// <param name="errors">Where complaints go.</param>
    public static void Validate(CertificateSigningRequest csr, bool isLegacy, FieldErrorList errors)
    {
        if (PemBlocks.ReadRequest(csr.Spec.Request ?? [], out _) is { } problem)
            errors.Invalid(s_spec.Child("request"), Convert.ToBase64String(csr.Spec.Request ?? []), problem);
        Usages(csr.Spec.Usages ?? [], isLegacy, errors);
        if (!isLegacy && csr.Spec.SignerName == LegacyUnknown)
            errors.Invalid(s_spec.Child("signerName"), csr.Spec.SignerName, "the legacy signerName is not allowed via this API version");
        else
            SignerNames.Check(csr.Spec.SignerName, s_spec.Child("signerName"), errors);
        if (csr.Spec.ExpirationSeconds is < LeastSeconds and var seconds)
            errors.Invalid(s_spec.Child("expirationSeconds"), seconds, "may not specify a duration less than 600 seconds (10 minutes)");
        Conditions(csr.Status.Conditions, isLegacy, errors);
    }

    /// <summary>What the status and approval subresources check.</summary>
    /// <param name="csr">The new state.</param>
    /// <param name="old">The state before.</param>
    /// <param name="maySign">Whether this way may set the certificate.</param>
    /// <param name="mayApprove">Whether this way may set Approved and Denied.</param>
    /// <param name="errors">Where complaints go.</param>
    public static void ValidateStatus(
        CertificateSigningRequest csr, CertificateSigningRequest old, bool maySign, bool mayApprove, FieldErrorList errors)
    {
        Conditions(csr.Status.Conditions, false, errors);
        var certificate = csr.Status.Certificate ?? [];
        if (certificate.Length > 0 && PemBlocks.ReadCertificates(Encoding.Latin1.GetString(certificate), out _) is { } problem)
            errors.Invalid(s_certificate, "<certificate data>", problem);
        foreach (var type in old.Status.Conditions.OrEmpty().Select(c => c.Type).Where(t => t is "Approved" or "Denied" or "Failed").Distinct())
        {
            if (csr.Status.Conditions.OrEmpty().All(c => c.Type != type))
                errors.Forbidden(s_conditions, $"updates may not remove a condition of type \"{type}\"");
        }
        foreach (var type in mayApprove ? [] : new[] { "Approved", "Denied" })
        {
            var (now, before) = (Find(csr, type), Find(old, type));
            if (now is not null && before is null)
                errors.Forbidden(s_conditions, $"updates may not add a condition of type \"{type}\"");
            else if (now is not null && before is not null && !now.SemanticEquals(before))
                errors.Forbidden(s_conditions, $"updates may not modify a condition of type \"{type}\"");
        }
        var previous = old.Status.Certificate ?? [];
        if (certificate.AsSpan().SequenceEqual(previous))
            return;
        if (!maySign)
            errors.Forbidden(s_certificate, "updates may not set certificate content");
        else if (previous.Length > 0)
            errors.Forbidden(s_certificate, "updates may not modify existing certificate content");
    }

    private static CertificateSigningRequestCondition? Find(CertificateSigningRequest csr, string type) =>
        csr.Status.Conditions.OrEmpty().FirstOrDefault(c => c.Type == type);

    private static void Usages(List<string> usages, bool isLegacy, FieldErrorList errors)
    {
        if (usages.Count == 0)
            errors.Required(s_spec.Child("usages"));
        if (isLegacy)
            return;
        for (var i = 0; i < usages.Count; i++)
        {
            if (!s_usages.Contains(usages[i]))
                errors.NotSupported(s_spec.Child("usages").Index(i), usages[i], s_usages);
        }
        for (var i = 0; i < usages.Count; i++)
        {
            if (usages.IndexOf(usages[i]) < i)
                errors.Duplicate(s_spec.Child("usages").Index(i), usages[i]);
        }
    }

    private static void Conditions(List<CertificateSigningRequestCondition>? conditions, bool isLegacy, FieldErrorList errors)
    {
        for (var i = 0; i < (conditions?.Count ?? 0); i++)
        {
            var condition = conditions![i];
            var path = s_conditions.Index(i);
            if (!isLegacy && condition.Type.Length == 0)
                errors.Required(path.Child("type"));
            var isKnown = condition.Type is "Approved" or "Denied" or "Failed";
            var opposite = condition.Type switch { "Approved" => "Denied", "Denied" => "Approved", _ => "" };
            if (opposite.Length > 0 && conditions.Take(i).Any(c => c.Type == opposite))
                errors.Invalid(path.Child("type"), condition.Type, "Approved and Denied conditions are mutually exclusive");
            if (condition.Status.Length == 0)
                errors.Required(path.Child("status"));
            else if (isKnown && condition.Status != "True")
                errors.NotSupported(path.Child("status"), condition.Status, "True");
            else if (condition.Status is not ("True" or "False" or "Unknown"))
                errors.NotSupported(path.Child("status"), condition.Status, "False", "True", "Unknown");
            if (conditions.FindIndex(c => c.Type == condition.Type) < i)
                errors.Duplicate(path.Child("type"), condition.Type);
        }
    }
}
