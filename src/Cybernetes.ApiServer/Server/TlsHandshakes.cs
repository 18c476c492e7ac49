using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Cybernetes.ApiServer.Server;

/// <summary>
/// The options of TLS handshakes. They are made once for a serving certificate: its chain is not built for each connection, and the sessions that
/// clients resume are kept with it. Safe for concurrent use.
/// </summary>
internal sealed class TlsHandshakes(Func<X509Certificate2?> servingCertificate)
{
    private static readonly List<SslApplicationProtocol> s_protocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11];

    // A wrong client certificate is a 401 with a Status, not a broken handshake: the authentication stage verifies it, once for a certificate.
    // So no trust is looked up here, which would cost more than all the rest of the handshake.
    private static readonly X509ChainPolicy s_noTrust = new()
    {
        TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true,
        VerificationFlags = X509VerificationFlags.AllFlags,
    };

    private Made? _made;

    private sealed record Made(X509Certificate2 Certificate, SslServerAuthenticationOptions Options);

    /// <summary>The options for a connection that begins now.</summary>
    /// <exception cref="AuthenticationException">There is no serving certificate.</exception>
    public SslServerAuthenticationOptions Options()
    {
        var certificate = servingCertificate() ?? throw new AuthenticationException("there is no serving certificate");
        var made = Volatile.Read(ref _made);
        if (made is null || !ReferenceEquals(made.Certificate, certificate))
            Volatile.Write(ref _made, made = new(certificate, OptionsOf(certificate)));
        return made.Options;
    }

    private static SslServerAuthenticationOptions OptionsOf(X509Certificate2 certificate) => new()
    {
        ServerCertificateContext = SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true),
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        ApplicationProtocols = s_protocols,
        ClientCertificateRequired = true,
        RemoteCertificateValidationCallback = (_, _, _, _) => true,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        CertificateChainPolicy = s_noTrust,
        AllowTlsResume = true,
        AllowRenegotiation = false,
    };
}
