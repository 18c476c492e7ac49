using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Cybernetes.Cluster.Pki;

/// <summary>Makes certificates (RFC 5280) on ECDSA P-256 keys, signed with SHA-256. Touches no file.</summary>
public static class CertificateIssuer
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    // Machines whose clocks run a little behind must accept a certificate that was made just now.
    private static readonly TimeSpan clockSkew = TimeSpan.FromMinutes(5);

    /// <summary>A new key, the caller's.</summary>
    public static ECDsa NewKey() => ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>
    /// A self-signed authority on an existing key. The same key and subject again is a renewal: what it signed stays valid.
    /// </summary>
    public static X509Certificate2 SelfSigned(ECDsa key, string commonName, DateTimeOffset now, TimeSpan lifetime)
    {
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(commonName);
        var request = new CertificateRequest(subject.Build(), key, HashAlgorithmName.SHA256);
        var identifier = new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(
            X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment | X509KeyUsageFlags.KeyCertSign,
            critical: true));
        request.CertificateExtensions.Add(identifier);
        request.CertificateExtensions.Add(Alternative([commonName], []));
        return request.CreateSelfSigned(now - clockSkew, now + lifetime);
    }

    /// <summary>An end certificate; the result holds no private key.</summary>
    public static X509Certificate2 Issue(
        X509Certificate2 authority, ECDsa authorityKey, ECDsa key, LeafRequest leaf, DateTimeOffset now, TimeSpan lifetime)
    {
        var request = new CertificateRequest(leaf.Subject(), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        var purposes = new OidCollection();
        if (leaf.ForServer)
            purposes.Add(new Oid(ServerAuthentication));
        if (leaf.ForClient)
            purposes.Add(new Oid(ClientAuthentication));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(purposes, critical: false));
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, true, false));
        if (leaf.Names.Count > 0 || leaf.Addresses.Count > 0)
            request.CertificateExtensions.Add(Alternative(leaf.Names, leaf.Addresses));

        // No leaf outlives its authority: a chain is valid only while each of its certificates is.
        DateTimeOffset end = now + lifetime;
        DateTimeOffset authorityEnd = authority.NotAfter.ToUniversalTime();
        return request.Create(
            authority.SubjectName,
            X509SignatureGenerator.CreateForECDsa(authorityKey),
            now - clockSkew,
            end < authorityEnd ? end : authorityEnd,
            NewSerialNumber());
    }

    private static X509Extension Alternative(IReadOnlyList<string> names, IReadOnlyList<System.Net.IPAddress> addresses)
    {
        var builder = new SubjectAlternativeNameBuilder();
        foreach (string name in names)
            builder.AddDnsName(name);
        foreach (System.Net.IPAddress address in addresses)
            builder.AddIpAddress(address);
        return builder.Build();
    }

    // RFC 5280, 4.1.2.2: positive, at most 20 octets; random, so that no two certificates of one authority share it.
    private static byte[] NewSerialNumber()
    {
        byte[] serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)(serial[0] & 0x7F | 0x40);
        return serial;
    }
}
