using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Cybernetes.Cluster.Pki;

/// <summary>A certificate with its private key, and the two files that hold them.</summary>
public sealed class CertificateFiles : IDisposable
{
    public required string CertificatePath { get; init; }
    public required string KeyPath { get; init; }

    /// <summary>With its private key. Owned by this object.</summary>
    public required X509Certificate2 Certificate { get; init; }

    public required byte[] CertificatePem { get; init; }
    public required byte[] KeyPem { get; init; }

    public void Dispose() => Certificate.Dispose();

    /// <summary>Reads a pair; null when a file is missing, unreadable as PEM, or when the two do not belong together.</summary>
    internal static CertificateFiles? TryLoad(string certificatePath, string keyPath)
    {
        if (!File.Exists(certificatePath) || !File.Exists(keyPath))
            return null;
        byte[] certificatePem = File.ReadAllBytes(certificatePath);
        byte[] keyPem = File.ReadAllBytes(keyPath);
        try
        {
            return new CertificateFiles
            {
                CertificatePath = certificatePath,
                KeyPath = keyPath,
                Certificate = X509Certificate2.CreateFromPem(
                    Encoding.ASCII.GetString(certificatePem), Encoding.ASCII.GetString(keyPem)),
                CertificatePem = certificatePem,
                KeyPem = keyPem,
            };
        }
        catch (Exception failure) when (failure is CryptographicException or ArgumentException)
        {
            return null;
        }
    }
}
