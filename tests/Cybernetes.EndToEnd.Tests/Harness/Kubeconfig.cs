using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Cybernetes.EndToEnd.Tests.Harness;

/// <summary>The admin's kubeconfig that a server wrote: its address, its certificate authority and our certificate.</summary>
internal sealed class Kubeconfig
{
    private readonly X509Certificate2Collection _authorities;
    private readonly X509Certificate2 _certificate;

    private Kubeconfig(Uri server, X509Certificate2Collection authorities, X509Certificate2 certificate)
    {
        Server = server;
        _authorities = authorities;
        _certificate = certificate;
    }

    public Uri Server { get; }

    /// <summary>Reads a file with one cluster and one user whose data stands in the file itself.</summary>
    public static Kubeconfig Read(string file)
    {
        var values = new Dictionary<string, string>();
        foreach (var line in File.ReadLines(file))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0)
                values[line[..colon].TrimStart(' ', '-')] = line[(colon + 1)..].Trim().Trim('"');
        }
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPem(Pem("certificate-authority-data"));
        using var certificate = X509Certificate2.CreateFromPem(Pem("client-certificate-data"), Pem("client-key-data"));
        // TLS on some systems wants the key in a store of its own, not in memory.
        var loaded = X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), null);
        return new Kubeconfig(new Uri(values["server"]), authorities, loaded);

        string Pem(string name) => Encoding.ASCII.GetString(Convert.FromBase64String(values[name]));
    }

    /// <summary>A client with the admin's certificate that checks the server's; its connections start on the node when one is given.</summary>
    public HttpClient CreateClient(NodeSpace? node)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            SslOptions = new SslClientAuthenticationOptions
            {
                ClientCertificates = [_certificate],
                LocalCertificateSelectionCallback = (_, _, _, _, _) => _certificate,
                CertificateChainPolicy = Policy(),
            },
        };
        if (node is not null)
            handler.ConnectCallback = (context, cancellation) => node.ConnectAsync(context.DnsEndPoint, cancellation);
        return new HttpClient(handler) { BaseAddress = Server };
    }

    private X509ChainPolicy Policy()
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        policy.CustomTrustStore.AddRange(_authorities);
        return policy;
    }
}
