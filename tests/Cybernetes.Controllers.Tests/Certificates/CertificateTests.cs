using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Cybernetes.Controllers.Certificates;
using Cybernetes.Objects.Certificates.V1;

namespace Cybernetes.Controllers.Tests.Certificates;

/// <summary>Requests, who approves them, and what is signed.</summary>
public sealed class CertificateTests
{
    internal static byte[] Pem(string subject, Action<SubjectAlternativeNameBuilder>? names = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        if (names is not null)
        {
            var builder = new SubjectAlternativeNameBuilder();
            names(builder);
            request.CertificateExtensions.Add(builder.Build());
        }
        return Encoding.ASCII.GetBytes(request.CreateSigningRequestPem());
    }

    internal static (string Certificate, string Key) Authority(DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=kubernetes", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(30));
        return (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    private static CertificateSigningRequest Request(string signer, byte[] pem, params string[] usages) => new()
    {
        Metadata = { Name = "r", CreationTimestamp = Make.Start },
        Spec = { SignerName = signer, Request = pem, Usages = [.. usages], Username = "system:node:a" },
    };

    public static TheoryData<string, string, string, string, string?> Refusals { get; } = new()
    {
        { Signers.KubeletClient, "CN=system:node:a, O=system:nodes", "", "client auth,digital signature", null },
        { Signers.KubeletClient, "CN=system:node:a, O=system:nodes", "", "client auth,digital signature,key encipherment", null },
        { Signers.KubeletClient, "CN=system:node:a, O=system:masters", "", "client auth,digital signature", "subject organization is not system:nodes" },
        { Signers.KubeletClient, "CN=a, O=system:nodes", "", "client auth,digital signature", "subject common name does not begin with system:node: " },
        { Signers.KubeletClient, "CN=system:node:a, O=system:nodes", "dns", "client auth,digital signature", "DNS subjectAltNames are not allowed" },
        { Signers.KubeletClient, "CN=system:node:a, O=system:nodes", "", "server auth,digital signature",
            "usages did not match [digital signature client auth] or [key encipherment digital signature client auth]" },
        { Signers.KubeletServing, "CN=system:node:a, O=system:nodes", "dns", "server auth,digital signature", null },
        { Signers.KubeletServing, "CN=system:node:a, O=system:nodes", "", "server auth,digital signature", "DNS or IP subjectAltName is required" },
        { Signers.KubeletServing, "CN=system:node:a, O=system:nodes", "uri", "server auth,digital signature", "email and URI subjectAltNames are not allowed" },
        { Signers.ApiServerClient, "CN=jane", "", "client auth", null },
        { Signers.ApiServerClient, "CN=jane", "", "server auth", "client auth usage is required" },
        { Signers.LegacyUnknown, "CN=anything", "uri", "server auth", null },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public void Refusal_BySigner_IsUpstreams(string signer, string subject, string names, string usages, string? refusal)
    {
        var pem = Pem(subject, names.Length == 0 ? null : n =>
        {
            n.AddDnsName("a.example.com");
            if (names == "uri")
                n.AddUri(new Uri("spiffe://a"));
        });

        Assert.Equal(refusal, Signers.Refusal(signer, SigningRequest.Read(Request(signer, pem))!, usages.Split(',')));
    }

    [Theory]
    [InlineData("CN=system:node:a, O=system:nodes", "selfnodeclient,nodeclient")]
    [InlineData("CN=system:node:b, O=system:nodes", "nodeclient")]
    [InlineData("CN=jane", "")]
    public void Recognize_NodeClients_ByPermission(string subject, string subresources)
    {
        var request = Request(Signers.KubeletClient, Pem(subject), "client auth", "digital signature");

        var recognized = CertificateApprovingController.Recognize(request, SigningRequest.Read(request)!);

        Assert.Equal(subresources, string.Join(',', recognized.Select(r => r.Subresource)));
    }

    [Fact]
    public void Sign_Approved_GivesAChainThatHolds()
    {
        var (certificate, key) = Authority(Make.Start);
        using var signer = new CertificateSigner(certificate, key);
        var request = Request(Signers.KubeletServing, Pem("CN=system:node:a, O=system:nodes", n => n.AddIpAddress(IPAddress.Loopback)));

        var pem = signer.Sign(SigningRequest.Read(request)!, ["server auth", "digital signature"], TimeSpan.FromDays(365), Make.Start);

        using var signed = X509Certificate2.CreateFromPem(Encoding.ASCII.GetString(pem));
        using var authority = X509Certificate2.CreateFromPem(certificate);
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationTime = Make.Start.UtcDateTime;
        Assert.True(chain.Build(signed), string.Join(", ", chain.ChainStatus.Select(s => s.StatusInformation)));
        Assert.Equal(authority.NotAfter, signed.NotAfter);
        Assert.Contains("127.0.0.1", signed.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single().EnumerateIPAddresses().Select(a => a.ToString()));
        Assert.Equal("1.3.6.1.5.5.7.3.1", signed.Extensions.OfType<X509EnhancedKeyUsageExtension>().Single().EnhancedKeyUsages[0].Value);
    }

    [Theory]
    [InlineData("", 24 * 60)]
    [InlineData("Approved", 90)]
    [InlineData("Denied", 90)]
    public void EndsAt_ByState_IsUpstreams(string condition, int minutes)
    {
        var request = Request(Signers.ApiServerClient, []);
        if (condition.Length > 0)
            RequestState.Add(request, condition, "", "", Make.Start.AddMinutes(30));

        Assert.Equal(Make.Start.AddMinutes(minutes), CertificateCleanerController.EndsAt(request));
    }
}
