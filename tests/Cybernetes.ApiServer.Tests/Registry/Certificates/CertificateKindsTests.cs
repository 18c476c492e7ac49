using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Cybernetes.ApiServer.Registry;
using Cybernetes.ApiServer.Registry.Certificates;

namespace Cybernetes.ApiServer.Tests.Registry.Certificates;

public sealed class CertificateKindsTests
{
    private const string Path = "/apis/certificates.k8s.io/v1/certificatesigningrequests";
    private const string OldPath = "/apis/certificates.k8s.io/v1beta1/certificatesigningrequests";
    private static readonly string s_request = Request("CN=someone");

    [Theory]
    [InlineData("""{"spec":{"request":"eA==","signerName":"example.com/s","usages":["client auth"]}}""", """spec.request: Invalid value: "eA==": PEM block type must be CERTIFICATE REQUEST""")]
    [InlineData("""{"spec":{"request":"REQ","signerName":"example.com/s"}}""", "spec.usages: Required value")]
    [InlineData("""{"spec":{"request":"REQ","signerName":"example.com/s","usages":["client auth","client auth"]}}""", """spec.usages[1]: Duplicate value: "client auth" """)]
    [InlineData("""{"spec":{"request":"REQ","signerName":"signer","usages":["client auth"]}}""", """spec.signerName: Invalid value: "signer": must be a fully qualified domain and path of the form 'example.com/signer-name'""")]
    [InlineData("""{"spec":{"request":"REQ","signerName":"kubernetes.io/legacy-unknown","usages":["client auth"]}}""", """spec.signerName: Invalid value: "kubernetes.io/legacy-unknown": the legacy signerName is not allowed via this API version""")]
    [InlineData("""{"spec":{"request":"REQ","signerName":"example.com/s","usages":["client auth"],"expirationSeconds":5}}""", "spec.expirationSeconds: Invalid value: 5: may not specify a duration less than 600 seconds (10 minutes)")]
    public void Create_Bad_Explains(string json, string expected) => Assert.Equal(
        [expected.Trim()],
        KindBench.CreateErrors(new CertificateSigningRequestKind(), json.Replace("REQ", s_request).Insert(1, """ "metadata":{"name":"x"},""")));

    [Fact]
    public async Task Requests_FromAskingToIssuing_GoTheirWay()
    {
        await using var server = await ServerFixture.StartAsync();
        var created = await server.SendAsync("POST", Path, Body("""
            "username":"forged","signerName":"example.com/s","usages":["client auth"]
            """).Replace("\"spec\"", "\"status\":{\"conditions\":[{\"type\":\"Approved\",\"status\":\"True\"}]},\"spec\""));
        Assert.Equal(201, created.Code);
        Assert.Equal("admin", created.At("spec.username"));
        Assert.Equal("{}", created.At("status"));

        const string condition = """{"status":{"conditions":[{"type":"Approved","status":"True","reason":"R"}]}}""";
        var merge = "application/merge-patch+json";
        var early = await server.SendAsync("PATCH", Path + "/x/status", condition, merge);
        Assert.Equal(422, early.Code);
        Assert.Contains("status.conditions: Forbidden: updates may not add a condition of type \"Approved\"", early.Message);
        var approved = await server.SendAsync("PATCH", Path + "/x/approval", condition, merge);
        Assert.Equal(200, approved.Code);
        Assert.NotEqual("", approved.At("status.conditions.0.lastTransitionTime"));
        var undone = await server.SendAsync("PATCH", Path + "/x/approval", """{"status":{"conditions":[]}}""", merge);
        Assert.Contains("updates may not remove a condition of type \"Approved\"", undone.Message);
        var issued = await server.SendAsync("PATCH", Path + "/x/status", $$$"""{"status":{"certificate":"{{{Certificate()}}}"}}""", merge);
        Assert.Equal(200, issued.Code);
        var table = await server.GetAsync(Path + "/x", "application/json;as=Table;g=meta.k8s.io;v=v1");
        Assert.Equal("Approved,Issued", table.At("rows.0.cells.5"));
    }

    [Theory]
    [InlineData("CN=someone", "", "kubernetes.io/legacy-unknown")]
    [InlineData("CN=system:node:n1, O=system:nodes", ",\"client auth\"", "kubernetes.io/kube-apiserver-client-kubelet")]
    public async Task OlderVersion_WithoutSigner_FindsOne(string subject, string usage, string expected)
    {
        await using var server = await ServerFixture.StartAsync();
        var usages = usage.Length == 0 ? "" : $",\"usages\":[\"digital signature\"{usage}]";
        var reply = await server.SendAsync("POST", OldPath,
            $$$"""{"metadata":{"name":"x"},"spec":{"request":"{{{Request(subject)}}}"{{{usages}}}}}""");

        Assert.Equal(201, reply.Code);
        Assert.Equal(expected, reply.At("spec.signerName"));
        Assert.Equal(expected, (await server.GetAsync(Path + "/x")).At("spec.signerName"));
        Assert.Contains("certificates.k8s.io/v1beta1 CertificateSigningRequest is deprecated in v1.19+", Assert.Single(reply.Warnings));
    }

    [Theory]
    [InlineData("a:b", "", "metadata.name: Invalid value: \"a:b\": ClusterTrustBundle without signer name must not have \":\" in its name")]
    [InlineData("a", "example.com/s", "metadata.name: Invalid value: \"a\": ClusterTrustBundle for signerName example.com/s must be named with prefix example.com:s:")]
    public void ClusterTrustBundle_Name_FollowsItsSigner(string name, string signer, string expected) => Assert.Contains(
        expected, KindBench.CreateErrors(new ClusterTrustBundleKind(),
            $$$"""{"metadata":{"name":"{{{name}}}"},"spec":{"signerName":"{{{signer}}}","trustBundle":""}}"""));

    [Fact]
    public void ClusterTrustBundle_Good_IsAccepted() => Assert.Empty(KindBench.CreateErrors(new ClusterTrustBundleKind(),
        $$$"""{"metadata":{"name":"example.com:s:a"},"spec":{"signerName":"example.com/s","trustBundle":"{{{CertificateText()}}}"}}"""));

    private static string Body(string spec) =>
        $$$"""{"metadata":{"name":"x"},"spec":{"request":"{{{s_request}}}",{{{spec}}}}}""";

    private static string Request(string subject)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        return Convert.ToBase64String(Encoding.ASCII.GetBytes(request.CreateSigningRequestPem()));
    }

    // As it stands inside a JSON string.
    private static string CertificateText() => Encoding.ASCII.GetString(Convert.FromBase64String(Certificate())).Replace("\n", "\\n");

    private static string Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=x", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(KindBench.Now, KindBench.Now.AddDays(1));
        return Convert.ToBase64String(Encoding.ASCII.GetBytes(certificate.ExportCertificatePem()));
    }
}
