using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cybernetes.Cli.Flags;
using Cybernetes.Client.Kubeconfig;

namespace Cybernetes.Cli.Commands;

/// <summary>The files that a kubelet's server is given: --tls-cert-file, --tls-private-key-file, --client-ca-file.</summary>
internal static class ServingFiles
{
    /// <exception cref="KubeconfigException">A file cannot be read.</exception>
    public static X509Certificate2 Certificate(string certificate, string key)
    {
        try
        {
            return X509Certificate2.CreateFromPemFile(certificate, key);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new KubeconfigException(
                $"unable to load --tls-cert-file and --tls-private-key-file: {failure.Message}", failure);
        }
    }

    /// <exception cref="KubeconfigException">The file cannot be read.</exception>
    public static X509Certificate2Collection Authorities(string file)
    {
        try
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPemFile(file);
            return authorities;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new KubeconfigException($"unable to load --client-ca-file: {failure.Message}", failure);
        }
    }

    /// <summary>The files' certificate, or another where none is named.</summary>
    /// <exception cref="FlagException">Only one of the two is named.</exception>
    public static X509Certificate2 CertificateOr(string certificate, string key, Func<X509Certificate2> absent)
    {
        if (certificate.Length == 0 != (key.Length == 0))
            throw new FlagException("--tls-cert-file and --tls-private-key-file must be given together");
        return certificate.Length == 0 ? absent() : Certificate(certificate, key);
    }

    public static X509Certificate2Collection AuthoritiesOr(string file, X509Certificate2Collection absent) =>
        file.Length == 0 ? absent : Authorities(file);
}
