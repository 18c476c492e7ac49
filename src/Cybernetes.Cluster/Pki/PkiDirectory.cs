using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Cybernetes.Foundation.Files;

namespace Cybernetes.Cluster.Pki;

/// <summary>
/// Keeps pairs of certificate and key in one directory: what is there and good stays, what is missing or near its end is made.
/// The key is
/// always written before its certificate, so that a crash between the two leaves a key without a certificate, which the next
/// start completes.
/// </summary>
internal sealed class PkiDirectory(string directory, double renewWhenLeft, TimeProvider time)
{
    public string PathOf(string file) => Path.Combine(directory, file);

    /// <summary>The authority NAME.crt and NAME.key.</summary>
    /// <exception cref="ClusterPkiException">The certificate is there, but its key is not or does not fit: a new one would orphan
    /// the cluster.</exception>
    public CertificateFiles Authority(string name, string commonName, TimeSpan lifetime)
    {
        string certificatePath = PathOf(name + ".crt");
        string keyPath = PathOf(name + ".key");
        CertificateFiles? existing = CertificateFiles.TryLoad(certificatePath, keyPath);
        if (existing is not null && !IsNearEnd(existing.Certificate))
            return existing;
        if (existing is null && File.Exists(certificatePath))
        {
            throw new ClusterPkiException(
                $"{certificatePath} is there, but {keyPath} is missing or does not belong to it. Put the right key back; "
                + "a new authority would lock out every client of this cluster (to do that on purpose, remove both files)");
        }

        existing?.Dispose();
        using ECDsa key = LoadOrMakeKey(keyPath);
        using X509Certificate2 made = CertificateIssuer.SelfSigned(key, commonName, time.GetUtcNow(), lifetime);
        return Keep(certificatePath, keyPath, made);
    }

    /// <summary>
    /// The end certificate NAME.crt and NAME.key; made anew when it is missing, near its end, another's, or lacks a name asked
    /// for.
    /// </summary>
    public CertificateFiles Leaf(string name, CertificateFiles authority, LeafRequest request, TimeSpan lifetime)
    {
        string certificatePath = PathOf(name + ".crt");
        string keyPath = PathOf(name + ".key");
        CertificateFiles? existing = CertificateFiles.TryLoad(certificatePath, keyPath);
        if (existing is not null && IsGood(existing.Certificate, authority.Certificate, request))
            return existing;

        existing?.Dispose();
        using ECDsa authorityKey = authority.Certificate.GetECDsaPrivateKey()
            ?? throw new ClusterPkiException($"{authority.KeyPath} is not an ECDSA key: only such authorities can sign here yet");
        using ECDsa key = CertificateIssuer.NewKey();
        using X509Certificate2 made = CertificateIssuer.Issue(
            authority.Certificate, authorityKey, key, request, time.GetUtcNow(), lifetime);
        AtomicFile.Write(keyPath, Pem(key.ExportECPrivateKeyPem()), AtomicFile.OwnerOnly);
        return Keep(certificatePath, keyPath, made);
    }

    /// <summary>The key pair sa.key and sa.pub that signs and checks service-account tokens.</summary>
    public (string PrivatePath, string PublicPath) SigningKey(string name)
    {
        string privatePath = PathOf(name + ".key");
        string publicPath = PathOf(name + ".pub");
        if (File.Exists(privatePath) && File.Exists(publicPath))
            return (privatePath, publicPath);
        using ECDsa key = LoadOrMakeKey(privatePath);
        AtomicFile.Write(publicPath, Pem(key.ExportSubjectPublicKeyInfoPem()), AtomicFile.ReadableByAll);
        return (privatePath, publicPath);
    }

    private static CertificateFiles Keep(string certificatePath, string keyPath, X509Certificate2 made)
    {
        AtomicFile.Write(certificatePath, Pem(made.ExportCertificatePem()), AtomicFile.ReadableByAll);
        return CertificateFiles.TryLoad(certificatePath, keyPath)
            ?? throw new ClusterPkiException($"{certificatePath} cannot be read back");
    }

    private static ECDsa LoadOrMakeKey(string path)
    {
        if (!File.Exists(path))
        {
            ECDsa made = CertificateIssuer.NewKey();
            AtomicFile.Write(path, Pem(made.ExportECPrivateKeyPem()), AtomicFile.OwnerOnly);
            return made;
        }

        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(File.ReadAllText(path));
            return key;
        }
        catch (Exception failure) when (failure is CryptographicException or ArgumentException)
        {
            key.Dispose();
            throw new ClusterPkiException($"{path} is not an ECDSA private key in PEM: {failure.Message}", failure);
        }
    }

    private bool IsGood(X509Certificate2 certificate, X509Certificate2 authority, LeafRequest request) =>
        !IsNearEnd(certificate) && request.IsMetBy(certificate) && IsSignedBy(certificate, authority);

    private bool IsNearEnd(X509Certificate2 certificate)
    {
        DateTimeOffset start = certificate.NotBefore.ToUniversalTime();
        DateTimeOffset end = certificate.NotAfter.ToUniversalTime();
        return end - time.GetUtcNow() < (end - start) * renewWhenLeft;
    }

    private bool IsSignedBy(X509Certificate2 certificate, X509Certificate2 authority)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = time.GetUtcNow().UtcDateTime;
        return chain.Build(certificate);
    }

    private static byte[] Pem(string text) => Encoding.ASCII.GetBytes(text + "\n");
}
