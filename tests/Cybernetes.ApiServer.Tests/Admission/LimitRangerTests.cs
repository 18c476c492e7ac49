namespace Cybernetes.ApiServer.Tests.Admission;

public sealed class LimitRangerTests
{
    private const string Pods = "/api/v1/namespaces/default/pods";
    internal const string Account = """{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"default"}}""";

    [Fact]
    public async Task Pod_WithoutResources_GetsTheDefaults()
    {
        await using var server = await StartAsync("""{"type":"Container","default":{"cpu":"500m"},"defaultRequest":{"cpu":"200m","memory":"1Mi"}}""");
        var pod = await server.SendAsync("POST", Pods, Pod("{}"));
        Assert.Equal(201, pod.Code);
        Assert.Equal("LimitRanger plugin set: cpu, memory request for container c; cpu limit for container c", pod.Json["metadata"]!["annotations"]!["kubernetes.io/limit-ranger"]!.GetValue<string>());
        Assert.Equal("""{"limits":{"cpu":"500m"},"requests":{"cpu":"200m","memory":"1Mi"}}""", pod.At("spec.containers.0.resources"));
    }

    [Theory]
    [InlineData("""{"type":"Container","max":{"cpu":"1"}}""", """{"limits":{"cpu":"2"}}""", "maximum cpu usage per Container is 1, but limit is 2")]
    [InlineData("""{"type":"Container","min":{"cpu":"1"}}""", """{"requests":{"cpu":"500m"}}""", "minimum cpu usage per Container is 1, but request is 500m")]
    [InlineData("""{"type":"Pod","max":{"memory":"1Gi"}}""", """{}""", "maximum memory usage per Pod is 1Gi.  No limit is specified")]
    [InlineData("""{"type":"Pod","min":{"memory":"1Gi"},"max":{"cpu":"1"}}""", """{"limits":{"cpu":"2"}}""", "[minimum memory usage per Pod is 1Gi.  No request is specified, maximum cpu usage per Pod is 1, but limit is 2]")]
    [InlineData("""{"type":"Container","maxLimitRequestRatio":{"cpu":"2"}}""", """{"limits":{"cpu":"3"},"requests":{"cpu":"1"}}""", "cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000")]
    public async Task Pod_OutOfBounds_IsForbidden(string limits, string resources, string expected)
    {
        await using var server = await StartAsync(limits);
        var pod = await server.SendAsync("POST", Pods, Pod(resources));
        Assert.Equal(403, pod.Code);
        Assert.Equal($"pods \"p\" is forbidden: {expected}", pod.Message);
    }

    [Fact]
    public async Task Claim_TooLarge_IsForbidden()
    {
        await using var server = await StartAsync("""{"type":"PersistentVolumeClaim","max":{"storage":"1Gi"}}""");
        var claim = await server.SendAsync("POST", "/api/v1/namespaces/default/persistentvolumeclaims",
            """{"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"c"},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"2Gi"}}}}""");
        Assert.Equal("persistentvolumeclaims \"c\" is forbidden: maximum storage usage per PersistentVolumeClaim is 1Gi, but request is 2Gi", claim.Message);
    }

    internal static string Pod(string resources, string name = "p") =>
        """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"NAME"},"spec":{"containers":[{"name":"c","image":"i","resources":RES}]}}"""
            .Replace("NAME", name, StringComparison.Ordinal).Replace("RES", resources, StringComparison.Ordinal);

    internal static async Task<ServerFixture> StartWithAccountAsync()
    {
        var server = await ServerFixture.StartAsync();
        Assert.Equal(201, (await server.SendAsync("POST", "/api/v1/namespaces/default/serviceaccounts", Account)).Code);
        return server;
    }

    private static async Task<ServerFixture> StartAsync(string limits)
    {
        var server = await StartWithAccountAsync();
        var range = await server.SendAsync("POST", "/api/v1/namespaces/default/limitranges",
            """{"apiVersion":"v1","kind":"LimitRange","metadata":{"name":"l"},"spec":{"limits":[ITEM]}}""".Replace("ITEM", limits, StringComparison.Ordinal));
        Assert.Equal(201, range.Code);
        return server;
    }
}
