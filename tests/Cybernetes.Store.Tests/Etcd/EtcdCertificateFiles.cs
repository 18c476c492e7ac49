using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Cybernetes.Store.Tests.Etcd;

/// <summary>An authority, a member's certificate and a client's, as files.</summary>
internal sealed record EtcdCertificateFiles(string Authority, string Certificate, string Key, IReadOnlyList<string> MemberArguments)
{
    public static EtcdCertificateFiles Make(string folder)
    {
        Directory.CreateDirectory(folder);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=etcd-ca", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        using var authority = request.CreateSelfSigned(now.AddHours(-1), now.AddDays(1));
        var authorityFile = Path.Combine(folder, "ca.crt");
        File.WriteAllText(authorityFile, authority.ExportCertificatePem());
        var (server, serverKey) = Issue(folder, "server", authority, now);
        var (client, clientKey) = Issue(folder, "client", authority, now);
        return new EtcdCertificateFiles(
            authorityFile, client, clientKey,
            ["--cert-file", server, "--key-file", serverKey, "--trusted-ca-file", authorityFile, "--client-cert-auth"]);
    }

    private static (string Certificate, string Key) Issue(string folder, string name, X509Certificate2 authority, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new("1.3.6.1.5.5.7.3.1"), new("1.3.6.1.5.5.7.3.2")], false));
        using var issued = request.Create(authority, now.AddHours(-1), now.AddHours(12), RandomNumberGenerator.GetBytes(8));
        var (certificateFile, keyFile) = (Path.Combine(folder, $"{name}.crt"), Path.Combine(folder, $"{name}.key"));
        File.WriteAllText(certificateFile, issued.ExportCertificatePem());
        File.WriteAllText(keyFile, key.ExportPkcs8PrivateKeyPem());
        return (certificateFile, keyFile);
    }
}
