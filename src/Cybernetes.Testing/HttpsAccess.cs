using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Cybernetes.ApiServer.Server;
using Cybernetes.Client.Kubeconfig;
using Cybernetes.Cluster.Pki;
using Cybernetes.Node.Server;
using Cybernetes.Node.Simulated.Fleet;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Testing;

/// <summary>
/// What makes a test's cluster reachable by other clients: an authority, certificates and keys, in memory only. They hold by the machine's clock and by
/// any virtual one of this century.
/// </summary>
internal sealed class HttpsAccess : IDisposable
{
    private const string Name = "test-cluster";
    private static readonly DateTimeOffset s_from = new(2000, 1, 2, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan s_lifetime = TimeSpan.FromDays(36500);
    private readonly ECDsa _authorityKey = CertificateIssuer.NewKey();
    private readonly ECDsa _tokenKey = CertificateIssuer.NewKey();
    private readonly X509Certificate2 _authority;
    private readonly X509Certificate2 _serving;
    private readonly X509Certificate2 _kubelets;
    private readonly (byte[] Certificate, byte[] Key) _admin;

    public HttpsAccess()
    {
        _authority = CertificateIssuer.SelfSigned(_authorityKey, "kubernetes", s_from, s_lifetime);
        _serving = Usable(new()
        {
            CommonName = "kube-apiserver", ForServer = true, Addresses = [IPAddress.Loopback, IPAddress.IPv6Loopback],
            Names = ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"],
        });
        _kubelets = Usable(new() { CommonName = "kube-apiserver-kubelet-client", Organization = "system:masters", ForClient = true });
        using var key = CertificateIssuer.NewKey();
        using var admin = Issue(new() { CommonName = "kubernetes-admin", Organization = "system:masters", ForClient = true }, key);
        _admin = (Encoding.ASCII.GetBytes(admin.ExportCertificatePem()), Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem()));
    }

    public string AuthorityPem => _authority.ExportCertificatePem();

    public ApiServerOptions Secure(ApiServerOptions options, int port) => options with
    {
        SecurePort = port,
        BindAddress = IPAddress.Loopback,
        ServingCertificate = () => _serving,
        ClientAuthorities = Authorities,
        KubeletClientCertificate = () => _kubelets,
        KubeletAuthorities = Authorities,
        ServiceAccountKey = _tokenKey,
    };

    /// <summary>The nodes answer for logs, exec and port-forward too.</summary>
    public FleetOptions Serve(FleetOptions fleet, ILoggerFactory loggers) => fleet with
    {
        Loggers = loggers,
        Server = new KubeletServerOptions
        {
            Address = IPAddress.Loopback, Port = 0, ServerCertificate = () => _serving, ClientAuthorities = Authorities,
            Authorize = static (attributes, _) => ValueTask.FromResult(attributes.User.Groups.Contains("system:masters")),
        },
    };

    public int Port(ApiServerHost server) => server.Port;

    public string Kubeconfig(Uri address) => KubeconfigWriter.Format(Access(address));

    public void WriteKubeconfig(string path, Uri address) => KubeconfigWriter.Write(path, Access(address));

    public void Dispose()
    {
        _authorityKey.Dispose();
        _tokenKey.Dispose();
        _authority.Dispose();
        _serving.Dispose();
        _kubelets.Dispose();
    }

    private X509Certificate2Collection Authorities() => [_authority];

    private KubeconfigAccess Access(Uri address) => new()
    {
        ClusterName = Name, UserName = "kubernetes-admin",
        Cluster = new() { Server = address.GetLeftPart(UriPartial.Authority), CertificateAuthorityData = Encoding.ASCII.GetBytes(AuthorityPem) },
        User = new() { ClientCertificateData = _admin.Certificate, ClientKeyData = _admin.Key },
    };

    private X509Certificate2 Issue(LeafRequest leaf, ECDsa key) =>
        CertificateIssuer.Issue(_authority, _authorityKey, key, leaf, s_from.AddDays(1), s_lifetime);

    // Through PKCS #12: Windows' TLS does not take a key that was never imported.
    private X509Certificate2 Usable(LeafRequest leaf)
    {
        using var key = CertificateIssuer.NewKey();
        using var certificate = Issue(leaf, key);
        using var joined = certificate.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(joined.Export(X509ContentType.Pkcs12), null);
    }
}
