using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Cybernetes.Client.Kubeconfig;

/// <summary>
/// Everything needed to reach one API server as one user: the resolved form of a kubeconfig's context. Files are read when this
/// is made,
/// but for <see cref="TokenFile"/>, which is read again as it rotates.
/// </summary>
public sealed record ClusterAccess
{
    public required Uri Server { get; init; }

    /// <summary>The trusted roots; empty means the system's.</summary>
    public X509Certificate2Collection Authorities { get; init; } = [];

    public bool SkipVerification { get; init; }
    public string TlsServerName { get; init; } = "";

    /// <summary>The proxy to go through (http, https or socks5), or null.</summary>
    public Uri? Proxy { get; init; }

    /// <summary>The client's certificate with its private key, or null.</summary>
    public X509Certificate2? ClientCertificate { get; init; }

    /// <summary>The certificates between the client's own and its root, sent along.</summary>
    public X509Certificate2Collection ClientIntermediates { get; init; } = [];

    public string Token { get; init; } = "";
    public string TokenFile { get; init; } = "";
    public string Username { get; init; } = "";
    public string Password { get; init; } = "";
    public string ActAs { get; init; } = "";
    public string ActAsUid { get; init; } = "";
    public IReadOnlyList<string> ActAsGroups { get; init; } = [];
    public IReadOnlyDictionary<string, IReadOnlyList<string>> ActAsExtra { get; init; } =
        new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>The namespace meant when none is given.</summary>
    public string Namespace { get; init; } = "default";

    internal static ClusterAccess From(
        KubeconfigCluster cluster, string clusterName, KubeconfigUser user, string userName, string defaultNamespace)
    {
        CheckUser(user, userName);
        byte[]? authorities = cluster.CertificateAuthorityData
            ?? ReadFile(cluster.CertificateAuthority, "certificate-authority", clusterName);
        if (authorities is not null && cluster.InsecureSkipTlsVerify)
            throw new KubeconfigException(
                $"cluster \"{clusterName}\": certificate-authority and insecure-skip-tls-verify exclude each other");

        byte[]? certificate = user.ClientCertificateData ?? ReadFile(user.ClientCertificate, "client-certificate", userName);
        byte[]? key = user.ClientKeyData ?? ReadFile(user.ClientKey, "client-key", userName);
        if (certificate is null != key is null)
            throw new KubeconfigException($"user \"{userName}\": client-certificate and client-key must be given together");

        return new ClusterAccess
        {
            Server = ServerAddress(cluster, clusterName),
            Authorities = authorities is null
                ? []
                : ParseBundle(authorities, $"cluster \"{clusterName}\": certificate-authority"),
            SkipVerification = cluster.InsecureSkipTlsVerify,
            TlsServerName = cluster.TlsServerName,
            Proxy = ProxyAddress(cluster, clusterName),
            ClientCertificate = certificate is null ? null : ParsePair(certificate, key!, userName),
            ClientIntermediates = certificate is null ? [] : Intermediates(certificate, userName),
            Token = user.TokenFile.Length > 0 ? "" : user.Token,
            TokenFile = user.TokenFile,
            Username = user.Username,
            Password = user.Password,
            ActAs = user.ActAs,
            ActAsUid = user.ActAsUid,
            ActAsGroups = user.ActAsGroups,
            ActAsExtra = user.ActAsExtra,
            Namespace = defaultNamespace.Length > 0 ? defaultNamespace : "default",
        };
    }

    /// <summary>The certificates of a PEM bundle.</summary>
    /// <exception cref="KubeconfigException">There is none in it; <paramref name="what"/> starts the message.</exception>
    internal static X509Certificate2Collection ParseBundle(byte[] pem, string what)
    {
        var result = new X509Certificate2Collection();
        try
        {
            result.ImportFromPem(Encoding.ASCII.GetString(pem));
        }
        catch (CryptographicException failure)
        {
            throw new KubeconfigException($"{what}: {failure.Message}", failure);
        }
        if (result.Count == 0)
            throw new KubeconfigException($"{what}: no PEM certificate in it");
        return result;
    }

    private static void CheckUser(KubeconfigUser user, string userName)
    {
        if (user.ExecCommand.Length > 0)
        {
            throw new KubeconfigException(
                $"user \"{userName}\": exec credential plugins (command \"{user.ExecCommand}\") are not supported yet; "
                + "use a client certificate or a token");
        }
        if (user.AuthProvider.Length > 0)
            throw new KubeconfigException($"user \"{userName}\": no Auth Provider found for name \"{user.AuthProvider}\"");
        bool hasToken = user.Token.Length > 0 || user.TokenFile.Length > 0;
        if (hasToken && user.Username.Length > 0)
            throw new KubeconfigException(
                $"user \"{userName}\": more than one authentication method found; allow only one of: token, basicAuth");
        bool impersonatesMore = user.ActAsUid.Length > 0 || user.ActAsGroups.Count > 0 || user.ActAsExtra.Count > 0;
        if (user.ActAs.Length == 0 && impersonatesMore)
            throw new KubeconfigException(
                $"user \"{userName}\": requesting uid, groups or user-extra without impersonating a user");
    }

    private static Uri ServerAddress(KubeconfigCluster cluster, string clusterName)
    {
        if (cluster.Server.Length == 0)
            throw new KubeconfigException($"cluster \"{clusterName}\" has no server defined");
        string text = cluster.Server.Contains("://", StringComparison.Ordinal) ? cluster.Server : "https://" + cluster.Server;
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? server) || server.Scheme is not ("https" or "http"))
            throw new KubeconfigException(
                $"cluster \"{clusterName}\": server \"{cluster.Server}\" is not an http or https address");
        return server;
    }

    private static Uri? ProxyAddress(KubeconfigCluster cluster, string clusterName)
    {
        if (cluster.ProxyUrl.Length == 0)
            return null;
        bool isAddress = Uri.TryCreate(cluster.ProxyUrl, UriKind.Absolute, out Uri? proxy);
        if (!isAddress || proxy!.Scheme is not ("http" or "https" or "socks5"))
        {
            throw new KubeconfigException(
                $"cluster \"{clusterName}\": proxy-url \"{cluster.ProxyUrl}\" must be an http, https or socks5 address");
        }
        if (cluster.TlsServerName.Length > 0)
            throw new KubeconfigException($"cluster \"{clusterName}\": proxy-url together with tls-server-name is not supported");
        return proxy;
    }

    private static byte[]? ReadFile(string path, string field, string entry)
    {
        if (path.Length == 0)
            return null;
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new KubeconfigException($"\"{entry}\": unable to read {field} {path}: {failure.Message}", failure);
        }
    }

    private static X509Certificate2 ParsePair(byte[] certificate, byte[] key, string userName)
    {
        try
        {
            var pair = X509Certificate2.CreateFromPem(Encoding.ASCII.GetString(certificate), Encoding.ASCII.GetString(key));
            if (!OperatingSystem.IsWindows())
                return pair;
            // Windows' TLS cannot use a key that lives only in memory; a round trip through PKCS#12 gives it a place.
            using (pair)
                return X509CertificateLoader.LoadPkcs12(pair.Export(X509ContentType.Pkcs12), null);
        }
        catch (Exception failure) when (failure is CryptographicException or ArgumentException)
        {
            throw new KubeconfigException($"user \"{userName}\": client certificate and key: {failure.Message}", failure);
        }
    }

    private static X509Certificate2Collection Intermediates(byte[] certificate, string userName)
    {
        X509Certificate2Collection all = ParseBundle(certificate, $"user \"{userName}\": client-certificate");
        all.RemoveAt(0);
        return all;
    }
}
