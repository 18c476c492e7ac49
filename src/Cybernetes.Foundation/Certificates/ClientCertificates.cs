using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Cybernetes.Foundation.Certificates;

/// <summary>Who a client certificate is about.</summary>
/// <param name="Name">The first common name; never empty.</param>
/// <param name="Organizations">In the order of the subject.</param>
public sealed record CertificateIdentity(string Name, IReadOnlyList<string> Organizations);

/// <summary>Whether a certificate that a TLS client shows is to be believed (RFC 5280).</summary>
public static class ClientCertificates
{
    private const string ClientAuthenticationUsage = "1.3.6.1.5.5.7.3.2";
    private const string CommonName = "2.5.4.3";
    private const string Organization = "2.5.4.10";

    /// <summary>
    /// Whom the certificate is about; null when its chain does not end at one of the authorities, it is not valid at the time or not meant for
    /// client authentication, or names nobody. Nothing is fetched, no revocation is looked up.
    /// </summary>
    public static CertificateIdentity? Verify(X509Certificate2 certificate, X509Certificate2Collection authorities, DateTimeOffset now)
    {
        using var chain = new X509Chain
        {
            ChainPolicy =
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
                VerificationTime = now.UtcDateTime,
                VerificationTimeIgnored = false,
            },
        };
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthenticationUsage));
        if (!chain.Build(certificate))
            return null;
        var names = Values(certificate.SubjectName, CommonName);
        return names is [{ Length: > 0 } name, ..] ? new(name, Values(certificate.SubjectName, Organization)) : null;
    }

    private static List<string> Values(X500DistinguishedName subject, string type)
    {
        var values = new List<string>();
        foreach (var part in subject.EnumerateRelativeDistinguishedNames(reversed: false))
        {
            if (!part.HasMultipleElements)
            {
                if (part.GetSingleElementType().Value == type && part.GetSingleElementValue() is { } value)
                    values.Add(value);
                continue;
            }
            // Go's crypto/x509, which made most certificates of clusters, writes several organisations as one set.
            var set = new AsnReader(part.RawData, AsnEncodingRules.DER).ReadSetOf();
            while (set.HasData)
            {
                var element = set.ReadSequence();
                var isWanted = element.ReadObjectIdentifier() == type;
                var tag = element.PeekTag();
                if (isWanted && tag.TagClass == TagClass.Universal)
                    values.Add(element.ReadCharacterString((UniversalTagNumber)tag.TagValue));
            }
        }
        return values;
    }
}
