using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Cybernetes.Objects;
using Cybernetes.Objects.Certificates.V1;

namespace Cybernetes.Controllers.Certificates;

/// <summary>What a certificate signing request asks for: the parts of its PKCS #10 that the signers look at.</summary>
internal sealed record SigningRequest
{
    private const string AlternativeNames = "2.5.29.17";

    public required string CommonName { get; init; }
    public required IReadOnlyList<string> Organizations { get; init; }
    public IReadOnlyList<string> DnsNames { get; init; } = [];
    public IReadOnlyList<string> Addresses { get; init; } = [];

    /// <summary>It names mail addresses, URIs or other things beside.</summary>
    public bool HasOtherNames { get; init; }

    /// <summary>The request itself, with its public key.</summary>
    public required CertificateRequest Request { get; init; }

    /// <summary>The extension with its alternative names, as it was sent.</summary>
    public X509Extension? Names { get; init; }

    /// <returns>Null when it cannot be read; the API server lets none of those in.</returns>
    public static SigningRequest? Read(CertificateSigningRequest value)
    {
        try
        {
            var request = CertificateRequest.LoadSigningRequestPem(
                Encoding.ASCII.GetString(value.Spec.Request ?? []), HashAlgorithmName.SHA256, CertificateRequestLoadOptions.UnsafeLoadCertificateExtensions,
                RSASignaturePadding.Pkcs1);
            var subject = request.SubjectName.EnumerateRelativeDistinguishedNames(reversed: false).Where(n => !n.HasMultipleElements).ToList();
            var extension = request.CertificateExtensions.FirstOrDefault(e => e.Oid?.Value == AlternativeNames);
            var names = extension is null ? null : new X509SubjectAlternativeNameExtension(extension.RawData);
            var dns = names?.EnumerateDnsNames().ToList() ?? [];
            var addresses = names?.EnumerateIPAddresses().Select(a => a.ToString()).ToList() ?? [];
            return new()
            {
                CommonName = subject.FirstOrDefault(n => n.GetSingleElementType().Value == "2.5.4.3")?.GetSingleElementValue() ?? "",
                Organizations = [.. subject.Where(n => n.GetSingleElementType().Value == "2.5.4.10").Select(n => n.GetSingleElementValue() ?? "")],
                DnsNames = dns,
                Addresses = addresses,
                HasOtherNames = extension is not null && CountOf(extension.RawData) > dns.Count + addresses.Count,
                Request = request,
                Names = extension,
            };
        }
        catch (Exception failure) when (failure is CryptographicException or ArgumentException)
        {
            return null;
        }
    }

    private static int CountOf(byte[] names)
    {
        var sequence = new System.Formats.Asn1.AsnReader(names, System.Formats.Asn1.AsnEncodingRules.DER).ReadSequence();
        var count = 0;
        for (; sequence.HasData; count++)
            sequence.ReadEncodedValue();
        return count;
    }
}

/// <summary>Which requests each of the built-in signers takes. Pure. Source: Kubernetes reference, "Certificates and CertificateSigningRequests".</summary>
internal static class Signers
{
    public const string ApiServerClient = "kubernetes.io/kube-apiserver-client";
    public const string KubeletClient = "kubernetes.io/kube-apiserver-client-kubelet";
    public const string KubeletServing = "kubernetes.io/kubelet-serving";
    public const string LegacyUnknown = "kubernetes.io/legacy-unknown";

    private const string NodePrefix = "system:node:";

    public static bool IsKnown(string signer) => signer is ApiServerClient or KubeletClient or KubeletServing or LegacyUnknown;

    /// <summary>Why the signer does not sign; null when it does.</summary>
    public static string? Refusal(string signer, SigningRequest request, IReadOnlyList<string> usages) => signer switch
    {
        KubeletClient => KubeletClientRefusal(request, usages),
        KubeletServing => KubeletServingRefusal(request, usages),
        ApiServerClient => !usages.Contains("client auth") ? "client auth usage is required"
            : usages.Any(u => u is not ("client auth" or "digital signature" or "key encipherment"))
                ? "usages did not match [client auth digital signature key encipherment]" : null,
        _ => null,
    };

    public static string? KubeletClientRefusal(SigningRequest request, IReadOnlyList<string> usages)
    {
        if (NodeRefusal(request) is { } refusal)
            return refusal;
        if (request.DnsNames.Count > 0)
            return "DNS subjectAltNames are not allowed";
        if (request.Addresses.Count > 0)
            return "IP subjectAltNames are not allowed";
        return request.HasOtherNames ? "email and URI subjectAltNames are not allowed" : UsageRefusal(usages, "client auth");
    }

    private static string? KubeletServingRefusal(SigningRequest request, IReadOnlyList<string> usages)
    {
        if (NodeRefusal(request) is { } refusal)
            return refusal;
        if (request.DnsNames.Count + request.Addresses.Count == 0)
            return "DNS or IP subjectAltName is required";
        return request.HasOtherNames ? "email and URI subjectAltNames are not allowed" : UsageRefusal(usages, "server auth");
    }

    private static string? NodeRefusal(SigningRequest request)
    {
        if (request.Organizations is not ["system:nodes"])
            return "subject organization is not system:nodes";
        return request.CommonName.StartsWith(NodePrefix, StringComparison.Ordinal) ? null : "subject common name does not begin with system:node: ";
    }

    /// <summary>Keys of elliptic curves need no key encipherment; others may have it.</summary>
    private static string? UsageRefusal(IReadOnlyList<string> usages, string purpose)
    {
        var given = usages.Where(u => u != "key encipherment").Order(StringComparer.Ordinal);
        string[] wanted = [purpose, "digital signature"];
        return given.SequenceEqual(wanted.Order(StringComparer.Ordinal)) ? null
            : $"usages did not match [digital signature {purpose}] or [key encipherment digital signature {purpose}]";
    }
}
