using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Cybernetes.Store.Etcd;

/// <summary>What TLS to etcd's members needs: whom to believe, and who we are.</summary>
internal sealed class EtcdCertificates
{
    private readonly X509Certificate2Collection _authorities;
    private readonly X509Certificate2? _client;

    private EtcdCertificates(X509Certificate2Collection authorities, X509Certificate2? client) =>
        (_authorities, _client) = (authorities, client);

    /// <summary>Reads the PEM files that the options name.</summary>
    /// <returns>The certificates; or which file cannot be used.</returns>
    public static StoreResult<EtcdCertificates> Load(EtcdStoreOptions options)
    {
        var reading = options.AuthoritiesFile;
        try
        {
            var authorities = new X509Certificate2Collection();
            if (options.AuthoritiesFile.Length > 0)
            {
                authorities.ImportFromPemFile(options.AuthoritiesFile);
                if (authorities.Count == 0)
                    return Unusable(reading, "it holds no certificate");
            }
            reading = options.CertificateFile;
            if (reading.Length == 0)
                return new EtcdCertificates(authorities, null);
            return new EtcdCertificates(authorities, X509Certificate2.CreateFromPemFile(options.CertificateFile, options.KeyFile));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            return Unusable(reading, e.Message);
        }
    }

    /// <summary>For one connection's handler. Without authorities of our own the system's are believed.</summary>
    public SslClientAuthenticationOptions ClientOptions()
    {
        var options = new SslClientAuthenticationOptions { ApplicationProtocols = [SslApplicationProtocol.Http2] };
        if (_client is not null)
            options.ClientCertificateContext = SslStreamCertificateContext.Create(_client, null, offline: true);
        if (_authorities.Count == 0)
            return options;
        options.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        options.CertificateChainPolicy.CustomTrustStore.AddRange(_authorities);
        return options;
    }

    private static StoreError Unusable(string file, string why) =>
        new(StoreErrorKind.Unavailable, $"cannot use the certificates in {file}: {why}");
}
