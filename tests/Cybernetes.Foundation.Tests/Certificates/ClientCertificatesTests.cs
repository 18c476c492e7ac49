using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cybernetes.Foundation.Certificates;

namespace Cybernetes.Foundation.Tests.Certificates;

public sealed class ClientCertificatesTests : IDisposable
{
    private static readonly DateTimeOffset s_now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly ECDsa _authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _authority;

    public ClientCertificatesTests()
    {
        var request = new CertificateRequest("CN=authority", _authorityKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        _authority = request.CreateSelfSigned(s_now.AddDays(-1), s_now.AddDays(100));
    }

    public void Dispose()
    {
        _authority.Dispose();
        _authorityKey.Dispose();
    }

    [Theory]
    [InlineData("1.3.6.1.5.5.7.3.2", 0, true)]
    // For servers only; not valid any more.
    [InlineData("1.3.6.1.5.5.7.3.1", 0, false)]
    [InlineData("1.3.6.1.5.5.7.3.2", 11, false)]
    public void Certificate_ByItsPurposeAndTime_IsBelievedOrNot(string purpose, int days, bool isBelieved)
    {
        using var certificate = Issue(new X500DistinguishedName("O=one, CN=jane"), purpose);
        var found = ClientCertificates.Verify(certificate, [_authority], s_now.AddDays(days));
        Assert.Equal(isBelieved ? "jane" : null, found?.Name);
        Assert.Null(ClientCertificates.Verify(certificate, [], s_now));
    }

    [Fact]
    public void Organizations_InOneSetAsGoWritesThem_AreAllFound()
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSetOf())
            {
                foreach (var organization in new[] { "system:masters", "team" })
                    Write(writer, "2.5.4.10", organization);
            }
            using (writer.PushSetOf())
                Write(writer, "2.5.4.3", "jane");
        }
        using var certificate = Issue(new X500DistinguishedName(writer.Encode()), "1.3.6.1.5.5.7.3.2");
        var found = ClientCertificates.Verify(certificate, [_authority], s_now)!;
        Assert.Equal("jane", found.Name);
        Assert.Equal(["system:masters", "team"], found.Organizations.Order(StringComparer.Ordinal));
    }

    private static void Write(AsnWriter writer, string type, string value)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(type);
            writer.WriteCharacterString(UniversalTagNumber.UTF8String, value);
        }
    }

    private X509Certificate2 Issue(X500DistinguishedName subject, string purpose)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(purpose)], false));
        return request.Create(_authority, s_now.AddDays(-1), s_now.AddDays(10), [1]);
    }
}
