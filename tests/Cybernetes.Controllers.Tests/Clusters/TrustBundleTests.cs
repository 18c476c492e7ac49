using System.Security.Cryptography;
using System.Text;
using Cybernetes.Controllers.Certificates;
using Cybernetes.Controllers.Tests.Certificates;
using Cybernetes.Foundation;
using Cybernetes.Objects.Certificates.V1beta1;
using Cybernetes.Testing;

namespace Cybernetes.Controllers.Tests.Clusters;

/// <summary>Trust bundles and requests for pods' certificates, against the real API server (beta, off by default).</summary>
public sealed class TrustBundleTests
{
    private const string Published = "kube-apiserver-serving-clustertrustbundle-publisher-controller";

    [Fact]
    public async Task Bundle_OfTheServersAuthority_IsPublishedAndOlderOnesGo()
    {
        var (certificates, _) = CertificateTests.Authority(TimeProvider.System.GetUtcNow());
        var (others, _) = CertificateTests.Authority(TimeProvider.System.GetUtcNow());
        await using var cluster = await ControlledCluster.StartAsync(
            new ControllerManagerOptions
            {
                Controllers = ["serviceaccount-controller", Published], RootCertificateAuthority = certificates,
                Features = new HashSet<string>(["ClusterTrustBundle"], StringComparer.Ordinal),
            },
            new TestClusterOptions { FeatureGates = "ClusterTrustBundle=true", RuntimeConfig = "certificates.k8s.io/v1beta1=true" });
        var name = TrustBundlePublisher.BundleName(certificates);
        Assert.Matches("^kubernetes.io:kube-apiserver-serving:[0-9a-f]{24}$", name);
        await cluster.UntilAsync<ClusterTrustBundle>(null, all => all is [var one] && one.Metadata.Name == name && one.Spec.TrustBundle == certificates);

        await cluster.Client.For<ClusterTrustBundle>().CreateAsync(new()
        {
            Metadata = { Name = TrustBundlePublisher.BundleName(others) },
            Spec = { SignerName = "kubernetes.io/kube-apiserver-serving", TrustBundle = others },
        });
        await cluster.UntilAsync<ClusterTrustBundle>(null, all => all is [var one] && one.Metadata.Name == name);
        // One that somebody takes away comes again.
        await cluster.Client.For<ClusterTrustBundle>().DeleteAsync(null, name);
        await cluster.UntilAsync<ClusterTrustBundle>(null, all => all is [var one] && one.Metadata.Name == name);
    }

    [Fact]
    public async Task PodCertificateRequest_ThatIsOld_IsDeleted()
    {
        await using var cluster = await TestCluster.StartAsync(new()
        {
            Time = new VirtualTimeProvider(), Controllers = ["podcertificaterequest-cleaner-controller"], FeatureGates = "PodCertificateRequest=true",
            RuntimeConfig = "certificates.k8s.io/v1beta1=true",
        });
        const string uid = "0d3c5f0a-6c58-4e0f-9a3c-6b1f8f1d2e3a";
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await cluster.Client.For<PodCertificateRequest>().CreateAsync(new()
        {
            Metadata = { Namespace = "default", Name = "old" },
            Spec =
            {
                SignerName = "example.com/s", PodName = "web", PodUID = uid, ServiceAccountName = "default", ServiceAccountUID = uid, NodeName = "node-1",
                NodeUID = uid, PKIXPublicKey = key.ExportSubjectPublicKeyInfo(),
                ProofOfPossession = key.SignData(Encoding.UTF8.GetBytes(uid), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence),
            },
        });
        await cluster.Time.AdvanceAsync(TimeSpan.FromMinutes(14));
        Assert.NotNull(await cluster.Client.For<PodCertificateRequest>().FindAsync("default", "old"));
        await cluster.UntilGoneAsync<PodCertificateRequest>("default", "old", TimeSpan.FromMinutes(5));
    }
}
