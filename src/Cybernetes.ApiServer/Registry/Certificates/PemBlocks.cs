using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Cybernetes.ApiServer.Registry.Certificates;

/// <summary>What stands in PEM text, and what is wrong with it.</summary>
internal static class PemBlocks
{
    /// <summary>The certification request in a PEM block.</summary>
    /// <returns>The problem, or null.</returns>
    public static string? ReadRequest(byte[] pem, out CertificateRequest? request)
    {
        request = null;
        var text = Encoding.Latin1.GetString(pem);
        if (!PemEncoding.TryFind(text, out var fields) || text[fields.Label] != "CERTIFICATE REQUEST")
            return "PEM block type must be CERTIFICATE REQUEST";
        try
        {
            request = CertificateRequest.LoadSigningRequest(
                Convert.FromBase64String(text[fields.Base64Data]), HashAlgorithmName.SHA256,
                CertificateRequestLoadOptions.SkipSignatureValidation | CertificateRequestLoadOptions.UnsafeLoadCertificateExtensions,
                RSASignaturePadding.Pkcs1);
            return null;
        }
        catch (Exception e) when (e is CryptographicException or FormatException or NotSupportedException)
        {
            return "x509: malformed certificate request: " + e.Message;
        }
    }

    /// <summary>The certificates of a bundle; nothing but certificates may stand there.</summary>
    /// <returns>The problem, or null.</returns>
    public static string? ReadCertificates(string text, out List<byte[]> certificates)
    {
        certificates = [];
        var rest = text.AsSpan();
        while (PemEncoding.TryFind(rest, out var fields))
        {
            var label = rest[fields.Label];
            if (label is not "CERTIFICATE")
                return $"only CERTIFICATE PEM blocks are allowed, found \"{label}\"";
            try
            {
                var der = new byte[fields.DecodedDataLength];
                if (!Convert.TryFromBase64Chars(rest[fields.Base64Data], der, out _))
                    return "found a PEM block with malformed base64";
                using var certificate = X509CertificateLoader.LoadCertificate(der);
                certificates.Add(der);
            }
            catch (CryptographicException e)
            {
                return e.Message;
            }
            rest = rest[fields.Location.End..];
        }
        return certificates.Count == 0 ? "must contain at least one CERTIFICATE PEM block" : null;
    }
}
