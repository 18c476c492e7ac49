using System.Security.Cryptography;
using System.Text;
using Cybernetes.Client.Transport;
using Cybernetes.Controllers.Certificates;
using Cybernetes.Controllers.Tests.BootstrapTokens;
using Cybernetes.Controllers.Tests.Certificates;
using Cybernetes.Objects;
using Cybernetes.Objects.Certificates.V1;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Rbac.V1;
using Cybernetes.Testing;

namespace Cybernetes.Controllers.Tests.Clusters;

/// <summary>Controllers that keep house, against the real API server.</summary>
public sealed class HousekeepingTests
{
    [Fact]
    public async Task SigningRequest_OfAKubelet_IsApprovedAndSigned()
    {
        var (certificate, key) = CertificateTests.Authority(TimeProvider.System.GetUtcNow());
        await using var cluster = await ControlledCluster.StartAsync(new ControllerManagerOptions { ClusterSigningCertificate = certificate, ClusterSigningKey = key });
        CertificateSigningRequest Request(string name, string signer, string subject) => new()
        {
            Metadata = { Name = name },
            Spec = { SignerName = signer, Request = CertificateTests.Pem(subject), Usages = ["client auth", "digital signature"] },
        };
        await cluster.Client.For<CertificateSigningRequest>().CreateAsync(Request("node", Signers.KubeletClient, "CN=system:node:a, O=system:nodes"));
        await cluster.Client.For<CertificateSigningRequest>().CreateAsync(Request("jane", Signers.ApiServerClient, "CN=jane"));

        var signed = await cluster.UntilAsync<CertificateSigningRequest>(null, all => all.Any(r => r.Status.Certificate is { Length: > 0 }));
        Assert.Equal("AutoApproved", signed.Single(r => r.Metadata.Name == "node").Status.Conditions![0].Reason);
        var jane = signed.Single(r => r.Metadata.Name == "jane");
        Assert.Null(jane.Status.Conditions);

        RequestState.Add(jane, "Approved", "KubectlApprove", "by hand", TimeProvider.System.GetUtcNow());
        await cluster.Client.For<CertificateSigningRequest>().UpdateSubresourceAsync("approval", jane);
        await cluster.UntilAsync<CertificateSigningRequest>(null, all => all.All(r => r.Status.Certificate is { Length: > 0 }));
    }

    [Fact]
    public async Task TokenSecret_OfAnAccount_IsFilledAndGoesWithIt()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await using var cluster = await ControlledCluster.StartAsync(
            new ControllerManagerOptions { RootCertificateAuthority = "authority" },
            new TestClusterOptions { ApiServer = serving => serving with { ServiceAccountKey = key } });
        await cluster.Client.For<ServiceAccount>().CreateAsync(new ServiceAccount { Metadata = { Namespace = "default", Name = "robot" } });
        await cluster.Client.For<Secret>().CreateAsync(new Secret
        {
            Metadata = { Namespace = "default", Name = "robot-token", Annotations = new() { ["kubernetes.io/service-account.name"] = "robot" } },
            Type = "kubernetes.io/service-account-token",
        });

        var secret = (await cluster.UntilAsync<Secret>("default", all => all.Any(s => s.Data.OrEmpty().ContainsKey("token"))))[0];
        Assert.Equal(("default", "authority"), (Encoding.UTF8.GetString(secret.Data!["namespace"]), Encoding.UTF8.GetString(secret.Data["ca.crt"])));
        await cluster.Client.For<ServiceAccount>().DeleteAsync("default", "robot");
        await cluster.UntilAsync<Secret>("default", all => all.Count == 0);
    }

    [Fact]
    public async Task BootstrapTokens_OldAndNew_SignClusterInfoOrExpire()
    {
        await using var cluster = await ControlledCluster.StartAsync(
            new ControllerManagerOptions { Controllers = ["*", "bootstrap-signer-controller", "token-cleaner-controller"] });
        await cluster.Client.For<ConfigMap>().CreateAsync(new ConfigMap
        {
            Metadata = { Namespace = "kube-public", Name = "cluster-info" }, Data = new() { ["kubeconfig"] = "apiVersion: v1" },
        });
        await cluster.Client.For<Secret>().CreateAsync(BootstrapTokenTests.Token());
        await cluster.Client.For<Secret>().CreateAsync(BootstrapTokenTests.Token("old123", "2020-01-01T00:00:00Z"));

        await cluster.UntilAsync<ConfigMap>("kube-public", all => all.Any(m => m.Data.OrEmpty().ContainsKey("jws-kubeconfig-abcdef")));
        await cluster.UntilAsync<Secret>("kube-system", all => all.All(s => s.Metadata.Name != "bootstrap-token-old123"));
        await cluster.Client.For<Secret>().DeleteAsync("kube-system", "bootstrap-token-abcdef");
        await cluster.UntilAsync<ConfigMap>("kube-public", all => all.All(m => m.Data.OrEmpty().Keys.All(k => !k.StartsWith("jws", StringComparison.Ordinal))));
    }

    [Fact]
    public async Task AggregatedRole_PartsChange_Follows()
    {
        await using var cluster = await ControlledCluster.StartAsync();
        await cluster.Client.For<ClusterRole>().CreateAsync(new ClusterRole
        {
            Metadata = { Name = "all" }, AggregationRule = new() { ClusterRoleSelectors = [new() { MatchLabels = new() { ["to-all"] = "true" } }] },
        });
        await cluster.Client.For<ClusterRole>().CreateAsync(new ClusterRole
        {
            Metadata = { Name = "part", Labels = new() { ["to-all"] = "true" } },
            Rules = [new() { APIGroups = [""], Resources = ["pods"], Verbs = ["get"] }],
        });

        await cluster.UntilAsync<ClusterRole>(null, all => all.Any(r => r.Metadata.Name == "all" && r.Rules is [{ Resources: ["pods"] }]));
        await cluster.Client.For<ClusterRole>().DeleteAsync(null, "part");
        await cluster.UntilAsync<ClusterRole>(null, all => all.Any(r => r.Metadata.Name == "all" && r.Rules.OrEmpty().Count == 0));
    }

    [Fact]
    public async Task Owner_OfAnotherNamespace_IsToldAndItsDependentGoes()
    {
        await using var cluster = await ControlledCluster.StartAsync();
        await cluster.Client.For<Namespace>().CreateAsync(new Namespace { Metadata = { Name = "team" } });
        var owner = await cluster.Client.For<ConfigMap>().CreateAsync(new ConfigMap { Metadata = { Namespace = "team", Name = "owner" } });
        await cluster.Client.For<ConfigMap>().CreateAsync(new ConfigMap
        {
            Metadata =
            {
                Namespace = "default", Name = "dependent",
                OwnerReferences = [new() { APIVersion = "v1", Kind = "ConfigMap", Name = "owner", UID = owner.Metadata.UID }],
            },
        });

        await cluster.UntilAsync<ConfigMap>("default", all => all.All(m => m.Metadata.Name != "dependent"));
        await cluster.UntilAsync<Event>("default", all => all.Any(e => e.Reason == "OwnerRefInvalidNamespace" && e.InvolvedObject.Name == "dependent"));
        Assert.NotNull(await cluster.Client.For<ConfigMap>().FindAsync("team", "owner"));
    }
}
