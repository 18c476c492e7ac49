using Cybernetes.ApiServer.Admission;

namespace Cybernetes.ApiServer.Tests.Admission;

public sealed class DefaultClassTests
{
    private const string Claims = "/api/v1/namespaces/default/persistentvolumeclaims";
    private const string Classes = "/apis/storage.k8s.io/v1/storageclasses";

    [Fact]
    public async Task Claim_WithoutClass_GetsTheDefaultOne()
    {
        await using var server = await ServerFixture.StartAsync();
        Assert.Equal("", (await CreateClaimAsync(server, "before", "")).At("spec.storageClassName"));
        await CreateClassAsync(server, "plain", "{}");
        await CreateClassAsync(server, "usual", """{"storageclass.kubernetes.io/is-default-class":"true"}""");
        Assert.Equal("usual", (await CreateClaimAsync(server, "a", "")).At("spec.storageClassName"));
        Assert.Equal("", (await CreateClaimAsync(server, "b", ""","storageClassName":"" """)).At("spec.storageClassName"));
    }

    [Fact]
    public async Task Claim_Grows_OnlyWhenBoundAndAllowed()
    {
        await using var server = await ServerFixture.StartAsync();
        await CreateClassAsync(server, "usual", """{"storageclass.kubernetes.io/is-default-class":"true"}""");
        await CreateClaimAsync(server, "c", "");
        const string larger = """{"spec":{"resources":{"requests":{"storage":"2Gi"}}}}""";
        const string merge = "application/merge-patch+json";
        Assert.Equal(422, (await server.SendAsync("PATCH", Claims + "/c", larger, merge)).Code);
        Assert.Equal(200, (await server.SendAsync("PATCH", Claims + "/c/status", """{"status":{"phase":"Bound","capacity":{"storage":"1Gi"}}}""", merge)).Code);
        var refused = await server.SendAsync("PATCH", Claims + "/c", larger, merge);
        Assert.Equal(
            "persistentvolumeclaims \"c\" is forbidden: only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize",
            refused.Message);
        Assert.Equal(200, (await server.SendAsync("PATCH", Classes + "/usual", """{"allowVolumeExpansion":true}""", merge)).Code);
        Assert.Equal(200, (await server.SendAsync("PATCH", Claims + "/c", larger, merge)).Code);
    }

    [Fact]
    public async Task Ingress_WithoutClass_GetsTheDefaultOne()
    {
        await using var server = await ServerFixture.StartAsync();
        var made = await server.SendAsync("POST", "/apis/networking.k8s.io/v1/ingressclasses",
            """{"apiVersion":"networking.k8s.io/v1","kind":"IngressClass","metadata":{"name":"n","annotations":{"ingressclass.kubernetes.io/is-default-class":"true"}},"spec":{"controller":"a.io/b"}}""");
        Assert.Equal(201, made.Code);
        const string json = """{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"i"META},"spec":{"defaultBackend":{"service":{"name":"s","port":{"number":80}}}}}""";
        const string path = "/apis/networking.k8s.io/v1/namespaces/default/ingresses";
        Assert.Equal("n", (await server.SendAsync("POST", path, json.Replace("META", "", StringComparison.Ordinal))).At("spec.ingressClassName"));
        var annotated = await server.SendAsync("POST", path,
            json.Replace("\"i\"META", "\"j\",\"annotations\":{\"kubernetes.io/ingress.class\":\"old\"}", StringComparison.Ordinal));
        Assert.Equal("", annotated.At("spec.ingressClassName"));
    }

    [Fact]
    public async Task Pod_OfARuntimeClass_GetsItsOverheadAndPlace()
    {
        await using var server = await LimitRangerTests.StartWithAccountAsync();
        const string pods = "/api/v1/namespaces/default/pods";
        var pod = LimitRangerTests.Pod("{}").Replace("\"spec\":{", "\"spec\":{\"runtimeClassName\":\"vm\",", StringComparison.Ordinal);
        Assert.Equal("pods \"p\" is forbidden: pod rejected: RuntimeClass \"vm\" not found", (await server.SendAsync("POST", pods, pod)).Message);
        Assert.Equal(201, (await server.SendAsync("POST", "/apis/node.k8s.io/v1/runtimeclasses",
            """{"apiVersion":"node.k8s.io/v1","kind":"RuntimeClass","metadata":{"name":"vm"},"handler":"kata","overhead":{"podFixed":{"cpu":"250m"}},"scheduling":{"nodeSelector":{"vm":"yes"}}}""")).Code);
        var created = await server.SendAsync("POST", pods, pod);
        Assert.Equal("""{"cpu":"250m"}""", created.At("spec.overhead"));
        Assert.Equal("yes", created.At("spec.nodeSelector.vm"));
    }

    [Theory]
    [InlineData("LimitRangr", "", "enable-admission-plugins plugin \"LimitRangr\" is unknown")]
    [InlineData("", "Nothing", "disable-admission-plugins plugin \"Nothing\" is unknown")]
    [InlineData("LimitRanger", "LimitRanger", "[LimitRanger] in enable-admission-plugins and disable-admission-plugins overlapped")]
    [InlineData("AlwaysPullImages", "", "enable-admission-plugins plugin \"AlwaysPullImages\" is not part of this server yet")]
    public void Selection_OfUnknownPlugins_Explains(string enabled, string disabled, string expected)
    {
        Assert.False(AdmissionSelection.TryCreate(List(enabled), List(disabled), out _, out var error));
        Assert.Equal(expected, error);
    }

    [Fact]
    public async Task Selection_WithoutAPlugin_LeavesItOut()
    {
        Assert.True(AdmissionSelection.TryCreate(["Priority"], ["DefaultStorageClass", "PodSecurity"], out var selection, out _));
        await using var server = await ServerFixture.StartAsync(o => o with { Admission = selection });
        await CreateClassAsync(server, "usual", """{"storageclass.kubernetes.io/is-default-class":"true"}""");
        Assert.Equal("", (await CreateClaimAsync(server, "a", "")).At("spec.storageClassName"));
    }

    private static string[] List(string names) => names.Length == 0 ? [] : names.Split(',');

    private static async Task CreateClassAsync(ServerFixture server, string name, string annotations)
    {
        var json = """{"apiVersion":"storage.k8s.io/v1","kind":"StorageClass","metadata":{"name":"NAME","annotations":ANN},"provisioner":"p.io/p"}"""
            .Replace("NAME", name, StringComparison.Ordinal).Replace("ANN", annotations, StringComparison.Ordinal);
        Assert.Equal(201, (await server.SendAsync("POST", Classes, json)).Code);
    }

    private static Task<Reply> CreateClaimAsync(ServerFixture server, string name, string more) => server.SendAsync("POST", Claims,
        """{"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"NAME"},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}MORE}}"""
            .Replace("NAME", name, StringComparison.Ordinal).Replace("MORE", more, StringComparison.Ordinal));
}
