using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Cybernetes.Controllers.Certificates;

/// <summary>Signs what was approved, with the cluster's authority (ECDSA or RSA key).</summary>
internal sealed class CertificateSigner : IDisposable
{
    private static readonly TimeSpan s_backdate = TimeSpan.FromMinutes(5);

    private static readonly Dictionary<string, X509KeyUsageFlags> s_keyUsages = new(StringComparer.Ordinal)
    {
        ["signing"] = X509KeyUsageFlags.DigitalSignature, ["digital signature"] = X509KeyUsageFlags.DigitalSignature,
        ["content commitment"] = X509KeyUsageFlags.NonRepudiation, ["key encipherment"] = X509KeyUsageFlags.KeyEncipherment,
        ["key agreement"] = X509KeyUsageFlags.KeyAgreement, ["data encipherment"] = X509KeyUsageFlags.DataEncipherment,
        ["cert sign"] = X509KeyUsageFlags.KeyCertSign, ["crl sign"] = X509KeyUsageFlags.CrlSign,
        ["encipher only"] = X509KeyUsageFlags.EncipherOnly, ["decipher only"] = X509KeyUsageFlags.DecipherOnly,
    };

    private static readonly Dictionary<string, string> s_purposes = new(StringComparer.Ordinal)
    {
        ["any"] = "2.5.29.37.0", ["server auth"] = "1.3.6.1.5.5.7.3.1", ["client auth"] = "1.3.6.1.5.5.7.3.2",
        ["code signing"] = "1.3.6.1.5.5.7.3.3", ["email protection"] = "1.3.6.1.5.5.7.3.4", ["s/mime"] = "1.3.6.1.5.5.7.3.4",
        ["ipsec end system"] = "1.3.6.1.5.5.7.3.5", ["ipsec tunnel"] = "1.3.6.1.5.5.7.3.6", ["ipsec user"] = "1.3.6.1.5.5.7.3.7",
        ["timestamping"] = "1.3.6.1.5.5.7.3.8", ["ocsp signing"] = "1.3.6.1.5.5.7.3.9", ["microsoft sgc"] = "1.3.6.1.4.1.311.10.3.3",
        ["netscape sgc"] = "2.16.840.1.113730.4.1",
    };

    private readonly X509Certificate2 _authority;
    private readonly X509SignatureGenerator _generator;
    private readonly AsymmetricAlgorithm _key;

    /// <param name="certificatePem">The authority's certificate.</param>
    /// <param name="keyPem">Its private key.</param>
    /// <exception cref="CryptographicException">They are not what they should be, or do not belong together.</exception>
    public CertificateSigner(string certificatePem, string keyPem)
    {
        _authority = X509Certificate2.CreateFromPem(certificatePem, keyPem);
        AsymmetricAlgorithm? elliptic = _authority.GetECDsaPrivateKey();
        _key = elliptic ?? _authority.GetRSAPrivateKey() ?? throw new CryptographicException("the signing key is neither ECDSA nor RSA");
        _generator = _key is ECDsa curve ? X509SignatureGenerator.CreateForECDsa(curve)
            : X509SignatureGenerator.CreateForRSA((RSA)_key, RSASignaturePadding.Pkcs1);
    }

    /// <summary>The certificate as PEM. It never outlives the authority.</summary>
    public byte[] Sign(SigningRequest asked, IReadOnlyList<string> usages, TimeSpan lifetime, DateTimeOffset now)
    {
        var request = new CertificateRequest(asked.Request.SubjectName, asked.Request.PublicKey, HashAlgorithmName.SHA256);
        var flags = X509KeyUsageFlags.None;
        var purposes = new OidCollection();
        foreach (var usage in usages)
        {
            if (s_keyUsages.TryGetValue(usage, out var flag))
                flags |= flag;
            else if (s_purposes.TryGetValue(usage, out var purpose))
                purposes.Add(new Oid(purpose));
        }
        if (flags != X509KeyUsageFlags.None)
            request.CertificateExtensions.Add(new X509KeyUsageExtension(flags, critical: true));
        if (purposes.Count > 0)
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(purposes, critical: false));
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_authority, true, false));
        if (asked.Names is { } names)
            request.CertificateExtensions.Add(new X509Extension(names.Oid!, names.RawData, names.Critical));
        var end = now + lifetime;
        DateTimeOffset authorityEnd = _authority.NotAfter.ToUniversalTime();
        using var signed = request.Create(
            _authority.SubjectName, _generator, now - s_backdate, end < authorityEnd ? end : authorityEnd, NewSerialNumber());
        return Encoding.ASCII.GetBytes(signed.ExportCertificatePem() + "\n");
    }

    public void Dispose()
    {
        _key.Dispose();
        _authority.Dispose();
    }

    // RFC 5280, 4.1.2.2: positive and at most 20 octets; chance that nobody can guess, whatever the seed of a test.
    private static byte[] NewSerialNumber()
    {
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x7F) | 0x40);
        return serial;
    }
}
