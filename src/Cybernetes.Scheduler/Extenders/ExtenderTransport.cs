using System.Security.Cryptography.X509Certificates;
using Cybernetes.Scheduler.Configuration;

namespace Cybernetes.Scheduler.Extenders;

/// <summary>How an extender is reached.</summary>
internal static class ExtenderTransport
{
    public static HttpMessageHandler For(ExtenderConfiguration configuration)
    {
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false };
        if (configuration.Insecure)
            handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        else if (configuration.CertificateAuthorityPem is { Length: > 0 } pem)
        {
            var roots = new X509Certificate2Collection();
            roots.ImportFromPem(pem);
            handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            handler.SslOptions.CertificateChainPolicy.CustomTrustStore.AddRange(roots);
        }
        return handler;
    }
}
