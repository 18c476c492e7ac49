using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Cybernetes.ApiServer.Tests;

/// <summary>An authority and what it signs, for tests over TLS.</summary>
internal sealed class TestCertificates : IDisposable
{
    private static readonly DateTimeOffset From = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset To = new(2080, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public TestCertificates(string name = "test-ca")
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.DigitalSignature, true));
        Authority = request.CreateSelfSigned(From, To);
    }

    public X509Certificate2 Authority { get; }

    public X509Certificate2 Server() => Issue("CN=server", "1.3.6.1.5.5.7.3.1");

    public X509Certificate2 Client(string subject) => Issue(subject, "1.3.6.1.5.5.7.3.2");

    public void Dispose() => Authority.Dispose();

    private X509Certificate2 Issue(string subject, string usage)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using var issued = request.Create(Authority, From.AddDays(1), To.AddDays(-1), RandomNumberGenerator.GetBytes(8));
        using var joined = issued.CopyWithPrivateKey(key);
        // A key that lives in memory only cannot serve TLS on every platform: it goes through PKCS#12 once.
        return X509CertificateLoader.LoadPkcs12(joined.Export(X509ContentType.Pkcs12), null);
    }
}
