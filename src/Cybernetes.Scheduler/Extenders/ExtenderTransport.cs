using Cybernetes.Client.Kubeconfig;
using Cybernetes.Client.Transport;
using Cybernetes.Scheduler.Configuration;

namespace Cybernetes.Scheduler.Extenders;

/// <summary>How an extender is reached: whom to trust and what to show it, as with an API server.</summary>
internal static class ExtenderTransport
{
    public static HttpMessageHandler For(ExtenderConfiguration configuration) => new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        SslOptions = HttpsTransport.TlsOptions(new ClusterAccess
        {
            Server = new Uri(configuration.UrlPrefix),
            Authorities = configuration.Authorities,
            SkipVerification = configuration.Insecure,
            ClientCertificate = configuration.ClientCertificate,
        }),
    };
}
