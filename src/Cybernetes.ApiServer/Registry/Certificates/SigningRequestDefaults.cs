using System.Security.Cryptography.X509Certificates;
using Cybernetes.Objects;
using Cybernetes.Objects.Certificates.V1;

namespace Cybernetes.ApiServer.Registry.Certificates;

/// <summary>What certificates/v1beta1 filled in: usages, and the signer that a request's own words point to.</summary>
internal static class SigningRequestDefaults
{
    private const string KubeletClient = "kubernetes.io/kube-apiserver-client-kubelet";
    private const string KubeletServing = "kubernetes.io/kubelet-serving";
    private const string NodePrefix = "system:node:";
    private const string AlternativeNames = "2.5.29.17";

    public static void ToStored(Objects.Certificates.V1beta1.CertificateSigningRequest served, CertificateSigningRequest stored)
    {
        stored.Spec.Usages ??= ["digital signature", "key encipherment"];
        if (served.Spec.SignerName is null)
            stored.Spec.SignerName = SignerOf(stored.Spec);
        // Objects of the first version may lack a status of their conditions: it was always True.
        foreach (var condition in stored.Status.Conditions.OrEmpty().Where(c => c.Status.Length == 0))
            condition.Status = "True";
    }

    private static string SignerOf(CertificateSigningRequestSpec spec)
    {
        if (PemBlocks.ReadRequest(spec.Request ?? [], out var request) is not null || request is null)
            return SigningRequestValidation.LegacyUnknown;
        var subject = Subject(request.SubjectName);
        var isNode = subject.Organizations.SequenceEqual(["system:nodes"])
            && subject.CommonName.StartsWith(NodePrefix, StringComparison.Ordinal);
        if (!isNode)
            return SigningRequestValidation.LegacyUnknown;
        var hasNames = request.CertificateExtensions.Any(e => e.Oid?.Value == AlternativeNames);
        if (!hasNames && UsagesAre(spec, "client auth"))
            return KubeletClient;
        return hasNames && UsagesAre(spec, "server auth") ? KubeletServing : SigningRequestValidation.LegacyUnknown;
    }

    /// <summary>The usages of a kubelet's certificate, with or without key encipherment.</summary>
    private static bool UsagesAre(CertificateSigningRequestSpec spec, string purpose)
    {
        var usages = spec.Usages.OrEmpty().Order(StringComparer.Ordinal).ToList();
        string[] full = ["digital signature", "key encipherment", purpose];
        string[] lean = ["digital signature", purpose];
        return usages.SequenceEqual(full.Order(StringComparer.Ordinal)) || usages.SequenceEqual(lean.Order(StringComparer.Ordinal));
    }

    private static (string CommonName, List<string> Organizations) Subject(X500DistinguishedName name)
    {
        var common = "";
        var organizations = new List<string>();
        foreach (var part in name.EnumerateRelativeDistinguishedNames().Where(p => !p.HasMultipleElements))
        {
            if (part.GetSingleElementType().Value == "2.5.4.3")
                common = part.GetSingleElementValue() ?? "";
            else if (part.GetSingleElementType().Value == "2.5.4.10")
                organizations.Add(part.GetSingleElementValue() ?? "");
        }
        return (common, organizations);
    }
}
