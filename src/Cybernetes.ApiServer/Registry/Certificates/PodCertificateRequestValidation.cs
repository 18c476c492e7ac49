using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Cybernetes.Objects;
using Cybernetes.Objects.Certificates.V1beta1;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.ApiServer.Registry.Certificates;

/// <summary>Rules of pod certificate requests, in upstream's words (certificates validation, KEP-4317).</summary>
internal static class PodCertificateRequestValidation
{
    private const int MostUidCharacters = 128;
    private const int LeastSeconds = 3600;
    private const int MostSeconds = 91 * 86400;
    private const int MostSecondsOfOwnSigners = 86400;
    private const int MostKeyBytes = 10 * 1024;
    private const int MostChainBytes = 100 * 1024;
    private const string BadKey = "must be a valid PKIX-serialized public key";
    private const string BadProof = "could not verify proof-of-possession signature";
    private const string AtMostOne = "There may be at most one condition with type \"Issued\", \"Denied\", or \"Failed\"";
    private static readonly FieldPath s_spec = FieldPath.Of("spec");
    private static readonly FieldPath s_status = FieldPath.Of("status");
    private static readonly TimeSpan s_refreshMargin = TimeSpan.FromMinutes(10);

    /// <summary>The kinds of conditions that end a request.</summary>
    public static bool IsTerminal(Condition condition) => condition.Type is "Issued" or "Denied" or "Failed";

    public static void ValidateSpec(PodCertificateRequestSpec spec, FieldErrorList errors)
    {
        SignerNames.Check(spec.SignerName, s_spec.Child("signerName"), errors);
        FieldChecks.Subdomain(spec.PodName, s_spec, "podName", errors);
        Uid(spec.PodUID, "podUID", errors);
        FieldChecks.Subdomain(spec.ServiceAccountName, s_spec, "serviceAccountName", errors);
        Uid(spec.ServiceAccountUID, "serviceAccountUID", errors);
        FieldChecks.Subdomain(spec.NodeName, s_spec, "nodeName", errors);
        Uid(spec.NodeUID, "nodeUID", errors);
        if (spec.MaxExpirationSeconds is not { } seconds)
        {
            errors.Required(s_spec.Child("maxExpirationSeconds"), "must be set");
            return;
        }
        var most = spec.SignerName.StartsWith("kubernetes.io/", StringComparison.Ordinal) ? MostSecondsOfOwnSigners : MostSeconds;
        if (seconds < LeastSeconds || seconds > most)
            errors.Invalid(s_spec.Child("maxExpirationSeconds"), seconds, $"must be in the range [{LeastSeconds}, {most}]");
        if (spec.StubPKCS10Request is { Length: > 0 })
            return; // the newer form brings key and proof in one
        if (spec.PKIXPublicKey is { Length: > MostKeyBytes })
            errors.TooLong(s_spec.Child("pkixPublicKey"), MostKeyBytes);
        else if (spec.ProofOfPossession is { Length: > MostKeyBytes })
            errors.TooLong(s_spec.Child("proofOfPossession"), MostKeyBytes);
        else
            Key(spec, errors);
    }

    public static void ValidateStatus(PodCertificateRequest now, PodCertificateRequest old, FieldErrorList errors)
    {
        var before = errors.Count;
        Conditions(now.Status.Conditions ?? [], errors);
        if (errors.Count > before)
            return;
        if (old.Status.Conditions.OrEmpty().Any(IsTerminal))
        {
            if (!now.Status.SemanticEquals(old.Status))
                errors.Invalid(s_status, now.Status, "immutable after PodCertificateRequest is issued, denied, or failed");
        }
        else if (now.Status.Conditions.OrEmpty().FirstOrDefault(IsTerminal) is { } end)
        {
            if (end.Type == "Issued")
                Issued(now, errors);
            else if (!now.Status.SemanticEquals(new() { Conditions = now.Status.Conditions }))
                errors.Invalid(s_status, now.Status, "non-condition status fields must be empty when denying or failing the PodCertificateRequest");
        }
    }

    private static void Uid(string uid, string field, FieldErrorList errors)
    {
        if (uid.Length == 0)
            errors.Invalid(s_spec.Child(field), uid, "must not be empty");
        if (uid.Length > MostUidCharacters)
            errors.TooLong(s_spec.Child(field), MostUidCharacters);
    }

    /// <summary>
    /// The key is of a kind that may be used, and whoever asks has its private part. The proof of other than elliptic keys is left to the signer: .NET
    /// knows neither Ed25519 nor PSS with a salt of the signer's length.
    /// </summary>
    private static void Key(PodCertificateRequestSpec spec, FieldErrorList errors)
    {
        var path = s_spec.Child("pkixPublicKey");
        if (Read(spec.PKIXPublicKey) is not { } key)
        {
            errors.Invalid(path, Convert.ToBase64String(spec.PKIXPublicKey ?? []), BadKey);
            return;
        }
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(spec.PodUID));
        var proof = spec.ProofOfPossession ?? [];
        using var elliptic = key.GetECDsaPublicKey();
        using var rsa = elliptic is null ? key.GetRSAPublicKey() : null;
        if (elliptic is not null)
        {
            if (elliptic.KeySize is not (256 or 384 or 521))
                errors.Invalid(path, $"curve P-{elliptic.KeySize}", "elliptic public keys must use curve P256 or P384");
            else if (!elliptic.VerifyHash(hash, proof, DSASignatureFormat.Rfc3279DerSequence))
                errors.Invalid(s_spec.Child("proofOfPossession"), FieldError.OmittedValue, BadProof);
        }
        else if (rsa is { KeySize: not (3072 or 4096) })
        {
            errors.Invalid(path, $"{rsa.KeySize}-bit modulus", "RSA keys must have modulus size 3072 or 4096");
        }
    }

    private static PublicKey? Read(byte[]? key)
    {
        try
        {
            return key is { Length: > 0 } ? PublicKey.CreateFromSubjectPublicKeyInfo(key, out _) : null;
        }
        catch (CryptographicException)
        {
            return null; // told as an invalid value
        }
    }

    private static void Conditions(List<Condition> conditions, FieldErrorList errors)
    {
        var terminal = 0;
        for (var i = 0; i < conditions.Count; i++)
        {
            // The dot before the bracket is upstream's.
            var path = s_status.Child("conditions", $"[{i}]");
            if (!IsTerminal(conditions[i]))
            {
                errors.NotSupported(path.Child("type"), conditions[i].Type, "Denied", "Failed", "Issued");
                continue;
            }
            if (++terminal > 1)
                errors.Invalid(path.Child("type"), conditions[i].Type, AtMostOne);
            if (conditions[i].Status != "True")
                errors.NotSupported(path.Child("status"), conditions[i].Status, "True");
        }
        ConditionChecks.Conditions(conditions, s_status.Child("conditions"), errors);
    }

    private static void Issued(PodCertificateRequest request, FieldErrorList errors)
    {
        var status = request.Status;
        var path = s_status.Child("certificateChain");
        if (status.CertificateChain.Length > MostChainBytes)
        {
            errors.TooLong(path, MostChainBytes);
            return;
        }
        if (PemBlocks.ReadCertificates(status.CertificateChain, out var chain) is { } problem)
        {
            var isEmpty = chain.Count == 0 && !status.CertificateChain.Contains("-----BEGIN", StringComparison.Ordinal);
            errors.Invalid(path, status.CertificateChain, isEmpty ? "issued certificate chain must contain at least one certificate" : problem);
            return;
        }
        using var leaf = X509CertificateLoader.LoadCertificate(chain[0]);
        var key = request.Spec.PKIXPublicKey;
        if (key is { Length: > 0 } && !leaf.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(key))
        {
            errors.Invalid(path, status.CertificateChain, "leaf certificate was not issued to the requested public key");
            return;
        }
        if (status.NotBefore is not { } start)
            errors.Required(s_status.Child("notBefore"), "must be present and consistent with the issued certificate");
        else if (start != new DateTimeOffset(leaf.NotBefore))
            errors.Invalid(s_status.Child("notBefore"), start, "must be set to the NotBefore time encoded in the leaf certificate");
        if (status.NotAfter is not { } end)
            errors.Required(s_status.Child("notAfter"), "must be present and consistent with the issued certificate");
        else if (end != new DateTimeOffset(leaf.NotAfter))
            errors.Invalid(s_status.Child("notAfter"), end, "must be set to the NotAfter time encoded in the leaf certificate");
        const string range = "must be present and in the range [notbefore+10min, notafter-10min]";
        if (status.BeginRefreshAt is not { } refresh)
            errors.Required(s_status.Child("beginRefreshAt"), range);
        else if (refresh < status.NotBefore + s_refreshMargin || refresh > status.NotAfter - s_refreshMargin)
            errors.Invalid(s_status.Child("beginRefreshAt"), refresh, range);
        var lifetime = leaf.NotAfter - leaf.NotBefore;
        if (lifetime < TimeSpan.FromHours(1))
            errors.Invalid(path, lifetime, "leaf certificate lifetime must be >= 1 hour");
        else if (lifetime > TimeSpan.FromSeconds(request.Spec.MaxExpirationSeconds ?? MostSeconds))
            errors.Invalid(path, lifetime, $"leaf certificate lifetime must be <= spec.maxExpirationSeconds ({request.Spec.MaxExpirationSeconds})");
    }
}
