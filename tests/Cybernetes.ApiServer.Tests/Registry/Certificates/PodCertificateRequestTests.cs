using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Cybernetes.ApiServer.Registry.Certificates;

namespace Cybernetes.ApiServer.Tests.Registry.Certificates;

public sealed class PodCertificateRequestTests
{
    private const string Uid = "0d3c5f0a-6c58-4e0f-9a3c-6b1f8f1d2e3a";
    private static readonly ECDsa s_key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    [Fact]
    public void Create_WithKeyAndProof_IsFine() => Assert.Empty(KindBench.CreateErrors(new PodCertificateRequestKind(), Request()));

    [Fact]
    public void Create_WithNothing_SaysWhatUpstreamSays() => Assert.Equal(
    [
        "spec.signerName: Required value",
        "spec.podName: Invalid value: \"\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end "
            + "with an alphanumeric character (e.g. 'example.com', regex used for validation is "
            + "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
        "spec.podUID: Invalid value: \"\": must not be empty",
    ],
        KindBench.CreateErrors(new PodCertificateRequestKind(), """{"metadata":{"name":"x"},"spec":{}}""").Take(3));

    [Theory]
    [InlineData("\"maxExpirationSeconds\":10", "spec.maxExpirationSeconds: Invalid value: 10: must be in the range [3600, 7862400]")]
    [InlineData("\"pkixPublicKey\":\"eA==\"", "spec.pkixPublicKey: Invalid value: \"eA==\": must be a valid PKIX-serialized public key")]
    [InlineData("\"proofOfPossession\":\"eA==\"", "spec.proofOfPossession: Invalid value: could not verify proof-of-possession signature")]
    public void Create_Bad_Explains(string field, string expected) =>
        Assert.Equal([expected], KindBench.CreateErrors(new PodCertificateRequestKind(), Request(field)));

    [Theory]
    [InlineData("""{"type":"Issued","status":"False"}""", "status.conditions.[0].status: Unsupported value: \"False\": supported values: \"True\"")]
    [InlineData("""{"type":"Other","status":"True"}""", "status.conditions.[0].type: Unsupported value: \"Other\": supported values: \"Denied\", \"Failed\", \"Issued\"")]
    public void Status_BadCondition_Explains(string condition, string expected) =>
        Assert.Contains(expected, KindBench.StatusErrors(new PodCertificateRequestKind(), Request(), WithStatus($"\"conditions\":[{condition}]")));

    [Fact]
    public void Status_DeniedWithAChain_IsRefused() => Assert.EndsWith(
        "non-condition status fields must be empty when denying or failing the PodCertificateRequest",
        Assert.Single(KindBench.StatusErrors(new PodCertificateRequestKind(), Request(), WithStatus($"{Condition("Denied")},\"certificateChain\":\"x\""))));

    [Fact]
    public void Status_AfterItsEnd_IsImmutable() => Assert.EndsWith(
        "immutable after PodCertificateRequest is issued, denied, or failed",
        Assert.Single(KindBench.StatusErrors(
            new PodCertificateRequestKind(), WithStatus(Condition("Denied")), WithStatus($"{Condition("Denied")},\"certificateChain\":\"x\""))));

    [Fact]
    public void Status_Issued_HoldsTheChainAgainstRequestAndTimes()
    {
        var start = new DateTimeOffset(2026, 1, 2, 3, 0, 0, TimeSpan.Zero);
        using var leaf = new CertificateRequest("CN=x", s_key, HashAlgorithmName.SHA256).CreateSelfSigned(start, start.AddHours(4));
        var chain = leaf.ExportCertificatePem().ReplaceLineEndings("\\n");
        string Status(string after, string refresh) => WithStatus(
            $"{Condition("Issued")},\"certificateChain\":\"{chain}\",\"notBefore\":\"2026-01-02T03:00:00Z\",\"notAfter\":\"{after}\",\"beginRefreshAt\":\"{refresh}\"");
        Assert.Empty(KindBench.StatusErrors(new PodCertificateRequestKind(), Request(), Status("2026-01-02T07:00:00Z", "2026-01-02T05:00:00Z")));
        Assert.Equal(
            [
                "status.notAfter: Invalid value: \"2026-01-02T08:00:00Z\": must be set to the NotAfter time encoded in the leaf certificate",
                "status.beginRefreshAt: Invalid value: \"2026-01-02T03:05:00Z\": must be present and in the range [notbefore+10min, notafter-10min]",
            ],
            KindBench.StatusErrors(new PodCertificateRequestKind(), Request(), Status("2026-01-02T08:00:00Z", "2026-01-02T03:05:00Z")));
    }

    private static string Condition(string type) => $$"""
        "conditions":[{"type":"{{type}}","status":"True","reason":"R","lastTransitionTime":"2026-01-02T03:04:05Z"}]
        """;

    private static string WithStatus(string status) => Request().Insert(1, $$"""
        "status":{{{status}}},
        """);

    /// <summary>A good request, with one field as it is given instead.</summary>
    private static string Request(string field = "")
    {
        var proof = s_key.SignData(Encoding.UTF8.GetBytes(Uid), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        string[] fields =
        [
            "\"signerName\":\"example.com/s\"", "\"podName\":\"p\"", $"\"podUID\":\"{Uid}\"", "\"serviceAccountName\":\"default\"",
            "\"serviceAccountUID\":\"u\"", "\"nodeName\":\"n\"", "\"nodeUID\":\"v\"",
            $"\"pkixPublicKey\":\"{Convert.ToBase64String(s_key.ExportSubjectPublicKeyInfo())}\"", $"\"proofOfPossession\":\"{Convert.ToBase64String(proof)}\"",
        ];
        var others = fields.Where(f => field.Length == 0 || f.Split(':')[0] != field.Split(':')[0]);
        return $$$"""{"metadata":{"name":"x"},"spec":{{{{string.Join(',', field.Length == 0 ? others : others.Append(field))}}}}}""";
    }
}
