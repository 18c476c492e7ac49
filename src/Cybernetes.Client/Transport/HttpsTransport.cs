using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Cybernetes.Client.Kubeconfig;

namespace Cybernetes.Client.Transport;

/// <summary>
/// The handler that reaches a server by a kubeconfig's access: pinned authorities, client certificate, HTTP/2, proxy,
/// credentials.
/// </summary>
public static class HttpsTransport
{
    /// <returns>The handler and the address that requests must be made to.</returns>
    internal static (HttpMessageHandler Handler, Uri Address) Create(ClusterAccess access, TimeProvider time)
    {
        var sockets = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            EnableMultipleHttp2Connections = true,
            ConnectTimeout = TimeSpan.FromSeconds(30),
            // client-go's pings: a server that went away without a word is noticed after 45 s.
            KeepAlivePingDelay = TimeSpan.FromSeconds(30),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(15),
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            UseProxy = access.Proxy is not null,
            Proxy = access.Proxy is null ? null : new WebProxy(access.Proxy),
            SslOptions = TlsOptions(access),
        };

        return (new CredentialHandler(access, time, sockets), AddressFor(access, sockets));
    }

    /// <summary>Makes the handler verify the server by the access's TLS name, where it has one.</summary>
    /// <returns>The address that requests must be made to.</returns>
    public static Uri AddressFor(ClusterAccess access, SocketsHttpHandler sockets)
    {
        if (access.TlsServerName.Length == 0)
            return access.Server;
        // The handler takes the name for SNI and for the check from the address; so the address carries it, and the dial goes elsewhere.
        sockets.ConnectCallback = (_, cancellation) => DialAsync(access.Server, cancellation);
        return new UriBuilder(access.Server) { Host = access.TlsServerName }.Uri;
    }

    /// <summary>How TLS to the server is made: whom to trust and what to show; host name and protocols are the caller's.</summary>
    public static SslClientAuthenticationOptions TlsOptions(ClusterAccess access)
    {
        var options = new SslClientAuthenticationOptions { CertificateRevocationCheckMode = X509RevocationMode.NoCheck };
        if (access.SkipVerification)
            options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
        else if (access.Authorities.Count > 0)
            options.CertificateChainPolicy = PinnedTo(access.Authorities);
        if (access.ClientCertificate is not null)
        {
            options.ClientCertificateContext = SslStreamCertificateContext.Create(
                access.ClientCertificate, access.ClientIntermediates, offline: true);
        }
        return options;
    }

    private static X509ChainPolicy PinnedTo(X509Certificate2Collection authorities)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(authorities);
        return policy;
    }

    private static async ValueTask<Stream> DialAsync(Uri server, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(server.IdnHost, server.Port, cancellation).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
