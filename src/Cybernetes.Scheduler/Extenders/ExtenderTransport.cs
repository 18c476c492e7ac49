using Cybernetes.Client.Kubeconfig;
using Cybernetes.Client.Transport;
using Cybernetes.Scheduler.Configuration;

namespace Cybernetes.Scheduler.Extenders;

/// <summary>How an extender is reached: whom to trust and what to show it, as with an API server.</summary>
internal static class ExtenderTransport
{
    /// <returns>The handler, and the address that takes the place of the configuration's.</returns>
    public static (HttpMessageHandler Handler, Uri Address) For(ExtenderConfiguration configuration)
    {
        var access = new ClusterAccess
        {
            Server = new Uri(configuration.UrlPrefix),
            Authorities = configuration.Authorities,
            SkipVerification = configuration.Insecure,
            ClientCertificate = configuration.ClientCertificate,
            TlsServerName = configuration.TlsServerName,
        };
        // A proxy would be asked for the name that the certificate bears, not for the extender.
        var sockets = new SocketsHttpHandler
        {
            AllowAutoRedirect = false, SslOptions = HttpsTransport.TlsOptions(access), UseProxy = configuration.TlsServerName.Length == 0,
        };
        return (sockets, HttpsTransport.AddressFor(access, sockets));
    }
}
