using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cybernetes.Client.Kubeconfig;
using Cybernetes.Cluster.Pki;
using Cybernetes.Foundation;

namespace Cybernetes.Cluster.Tests.Pki;

public sealed class ClusterPkiTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("pki").FullName;
    private readonly VirtualTimeProvider _time = new();

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Ensure_EmptyDirectory_MakesChainsThatVerify()
    {
        using ClusterPki pki = Ensure();
        string server = "1.3.6.1.5.5.7.3.1";
        string client = "1.3.6.1.5.5.7.3.2";
        AssertChain(pki.ApiServer, pki.Authority, server, "CN=kube-apiserver");
        AssertChain(pki.KubeletServing, pki.Authority, server, "O=system:nodes, CN=system:node:node1");
        AssertChain(pki.KubeletClient, pki.Authority, client, "O=system:nodes, CN=system:node:node1");
        AssertChain(pki.Admin, pki.Authority, client, "O=system:masters, CN=kubernetes-admin");
        AssertChain(pki.ApiServerKubeletClient, pki.Authority, client, "O=system:masters, CN=kube-apiserver-kubelet-client");
        AssertChain(pki.ControllerManager, pki.Authority, client, "CN=system:kube-controller-manager");
        AssertChain(pki.Scheduler, pki.Authority, client, "CN=system:kube-scheduler");
        AssertChain(pki.Proxy, pki.Authority, client, "CN=system:kube-proxy");
        AssertChain(pki.FrontProxyClient, pki.FrontProxyAuthority, client, "CN=front-proxy-client");
        Assert.False(Verify(pki.FrontProxyClient.Certificate, pki.Authority.Certificate, client));
    }

    [Theory]
    [InlineData("kubernetes", true)]
    [InlineData("kubernetes.default", true)]
    [InlineData("kubernetes.default.svc", true)]
    [InlineData("kubernetes.default.svc.cluster.local", true)]
    [InlineData("localhost", true)]
    [InlineData("node1", true)]
    [InlineData("balancer.example", true)]
    [InlineData("10.96.0.1", true)]
    [InlineData("127.0.0.1", true)]
    [InlineData("::1", true)]
    [InlineData("192.0.2.7", true)]
    [InlineData("192.0.2.8", false)]
    [InlineData("example.org", false)]
    public void ApiServerCertificate_Names_CoverEveryWayIn(string name, bool expected)
    {
        using ClusterPki pki = Ensure();
        Assert.Equal(expected, pki.ApiServer.Certificate.MatchesHostname(name));
    }

    [Fact]
    public void Ensure_Again_KeepsEveryFile()
    {
        Ensure().Dispose();
        Dictionary<string, string> before = Contents();
        Assert.Equal(24, before.Count);
        _time.Advance(TimeSpan.FromDays(200));
        Ensure().Dispose();
        Assert.Equal(before, Contents());
    }

    [Fact]
    public void Ensure_NearTheEnd_RenewsLeavesAndKeepsAuthorities()
    {
        Ensure().Dispose();
        Dictionary<string, string> before = Contents();
        _time.Advance(TimeSpan.FromDays(300));
        using ClusterPki pki = Ensure();
        Dictionary<string, string> after = Contents();
        string[] kept = [.. before.Where(file => after[file.Key] == file.Value).Select(file => file.Key).Order()];
        Assert.Equal(["ca.crt", "ca.key", "front-proxy-ca.crt", "front-proxy-ca.key", "sa.key", "sa.pub"], kept);
        Assert.True(pki.ApiServer.Certificate.NotAfter.ToUniversalTime() > _time.GetUtcNow().AddDays(364));
    }

    [Fact]
    public void Ensure_AuthorityNearItsEnd_IsRenewedOnItsKeyAndOldLeavesStayValid()
    {
        using ClusterPki old = Ensure();
        _time.Advance(TimeSpan.FromDays(3000));
        using ClusterPki renewed = Ensure();
        Assert.NotEqual(old.Authority.Certificate.SerialNumber, renewed.Authority.Certificate.SerialNumber);
        Assert.Equal(old.Authority.KeyPem, renewed.Authority.KeyPem);
        AssertChain(renewed.ApiServer, renewed.Authority, "1.3.6.1.5.5.7.3.1", "CN=kube-apiserver");
        // Who still holds the old authority trusts what the renewed one signed.
        Assert.True(Verify(renewed.ApiServer.Certificate, old.Authority.Certificate, "1.3.6.1.5.5.7.3.1"));
    }

    [Fact]
    public void Ensure_NewAddress_ReissuesOnlyTheServingCertificates()
    {
        Ensure().Dispose();
        Dictionary<string, string> before = Contents();
        using ClusterPki pki = Ensure(
            options => options with { Addresses = [.. options.Addresses, IPAddress.Parse("192.0.2.8")] });
        Dictionary<string, string> after = Contents();
        string[] changed = [.. before.Where(file => after[file.Key] != file.Value).Select(file => file.Key).Order()];
        Assert.Equal(["apiserver.crt", "apiserver.key", "kubelet.crt", "kubelet.key"], changed);
        Assert.True(pki.ApiServer.Certificate.MatchesHostname("192.0.2.8"));
    }

    [Theory]
    [InlineData("apiserver.crt")]
    [InlineData("apiserver.key")]
    [InlineData("sa.pub")]
    public void Ensure_CrashLeftAFileOut_CompletesIt(string missing)
    {
        Ensure().Dispose();
        Dictionary<string, string> before = Contents();
        File.Delete(Path.Combine(_directory, missing));
        using ClusterPki pki = Ensure();
        AssertChain(pki.ApiServer, pki.Authority, "1.3.6.1.5.5.7.3.1", "CN=kube-apiserver");
        Assert.Equal(before["sa.key"], Contents()["sa.key"]);
        Assert.Equal(before["sa.pub"], Contents()["sa.pub"]);
    }

    [Fact]
    public void Ensure_CrashBeforeTheAuthorityCertificate_UsesItsKey()
    {
        Ensure().Dispose();
        string key = Contents()["ca.key"];
        File.Delete(Path.Combine(_directory, "ca.crt"));
        using ClusterPki pki = Ensure();
        Assert.Equal(key, Contents()["ca.key"]);
        AssertChain(pki.Admin, pki.Authority, "1.3.6.1.5.5.7.3.2", "O=system:masters, CN=kubernetes-admin");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("front-proxy-ca.key")]
    [InlineData("garbage")]
    public void Ensure_AuthorityKeyLostOrWrong_RefusesAndTouchesNothing(string? replacement)
    {
        Ensure().Dispose();
        string keyPath = Path.Combine(_directory, "ca.key");
        if (replacement is null)
            File.Delete(keyPath);
        else if (replacement == "garbage")
            File.WriteAllText(keyPath, replacement);
        else
            File.Copy(Path.Combine(_directory, replacement), keyPath, overwrite: true);
        Dictionary<string, string> before = Contents();
        ClusterPkiException failure = Assert.Throws<ClusterPkiException>(() => Ensure());
        Assert.Contains("ca.key", failure.Message);
        Assert.Equal(before, Contents());
    }

    [Fact]
    public void Ensure_Keys_AreForTheOwnerOnly()
    {
        if (OperatingSystem.IsWindows())
            return;
        Ensure().Dispose();
        foreach (string path in Directory.GetFiles(_directory, "*.key"))
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.Empty(Directory.GetFiles(_directory, "*.tmp"));
    }

    [Fact]
    public void ServiceAccountKeys_MadeOnce_BelongTogether()
    {
        using ClusterPki pki = Ensure();
        using var signer = ECDsa.Create();
        signer.ImportFromPem(File.ReadAllText(pki.ServiceAccountKeyPath));
        using var checker = ECDsa.Create();
        checker.ImportFromPem(File.ReadAllText(pki.ServiceAccountPublicKeyPath));
        byte[] signature = signer.SignData("token"u8, HashAlgorithmName.SHA256);
        Assert.True(checker.VerifyData("token"u8, signature, HashAlgorithmName.SHA256));
        Assert.Equal(256, signer.KeySize);
    }

    [Fact]
    public void Kubeconfigs_EachComponent_ResolvesToItsIdentity()
    {
        using ClusterPki pki = Ensure();
        string directory = Path.Combine(_directory, "conf");
        ComponentKubeconfigs.Write(directory, new Uri("https://127.0.0.1:6443"), pki, "node1");
        var expected = new Dictionary<string, string>
        {
            ["admin.conf"] = "O=system:masters, CN=kubernetes-admin",
            ["controller-manager.conf"] = "CN=system:kube-controller-manager",
            ["scheduler.conf"] = "CN=system:kube-scheduler",
            ["kubelet.conf"] = "O=system:nodes, CN=system:node:node1",
            ["kube-proxy.conf"] = "CN=system:kube-proxy",
        };
        foreach ((string file, string subject) in expected)
        {
            ClusterAccess access = KubeconfigFile.Load(Path.Combine(directory, file)).Resolve();
            Assert.Equal(subject, access.ClientCertificate!.Subject);
            Assert.True(access.ClientCertificate.HasPrivateKey);
            Assert.Equal(pki.Authority.Certificate.Thumbprint, Assert.Single(access.Authorities).Thumbprint);
            Assert.Equal("https://127.0.0.1:6443/", access.Server.ToString());
        }
    }

    private ClusterPki Ensure(Func<ClusterPkiOptions, ClusterPkiOptions>? change = null)
    {
        var options = new ClusterPkiOptions
        {
            Directory = _directory,
            NodeName = "node1",
            ServiceAddress = IPAddress.Parse("10.96.0.1"),
            Addresses = [IPAddress.Any, IPAddress.Parse("192.0.2.7")],
            ExtraNames = ["balancer.example"],
        };
        return ClusterPki.Ensure(change?.Invoke(options) ?? options, _time);
    }

    private Dictionary<string, string> Contents() =>
        Directory.GetFiles(_directory).ToDictionary(path => Path.GetFileName(path), File.ReadAllText);

    private void AssertChain(CertificateFiles leaf, CertificateFiles authority, string purpose, string subject)
    {
        Assert.Equal(subject, leaf.Certificate.Subject);
        Assert.True(leaf.Certificate.HasPrivateKey);
        Assert.True(Verify(leaf.Certificate, authority.Certificate, purpose), subject);
        Assert.Equal(purpose, Assert.Single(
            leaf.Certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().Single().EnhancedKeyUsages.Cast<Oid>()).Value);
    }

    private bool Verify(X509Certificate2 leaf, X509Certificate2 authority, string purpose)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationTime = _time.GetUtcNow().UtcDateTime;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(purpose));
        return chain.Build(leaf);
    }
}
