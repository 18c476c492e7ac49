namespace Cybernetes.ApiServer.Tests.Registry;

/// <summary>The kinds behind the real pipeline: what a client sees.</summary>
public sealed class KindsOverHttpTests
{
    private const string Pods = "/api/v1/namespaces/default/pods";
    private const string PlainPod = """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"}]}}""";

    [Fact]
    public async Task Create_BadPod_ListsEveryCause()
    {
        await using var server = await StartAsync();
        var reply = await server.SendAsync("POST", Pods, """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"P"},"spec":{"restartPolicy":"X","containers":[{"name":"c"}]}}""");
        Assert.Equal(422, reply.Code);
        Assert.StartsWith("Pod \"P\" is invalid: [metadata.name: Invalid value: \"P\": a lowercase RFC 1123 subdomain must consist", reply.Message, StringComparison.Ordinal);
        Assert.Equal(
            ["metadata.name", "spec.containers[0].image", "spec.restartPolicy"],
            reply.Json["details"]!["causes"]!.AsArray().Select(c => c!["field"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Create_DoubtfulPod_Warns()
    {
        await using var server = await StartAsync();
        var reply = await server.SendAsync(
            "POST", Pods, """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i","env":[{"name":"A"},{"name":"A"}]}]}}""");
        Assert.Equal(201, reply.Code);
        Assert.Contains("spec.containers[0].env[1]: hides previous definition of", Assert.Single(reply.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Patch_EphemeralContainers_AddsOneAndKeepsIt()
    {
        await using var server = await StartAsync();
        Assert.Equal(201, (await server.SendAsync("POST", Pods, PlainPod)).Code);
        const string Strategic = "application/strategic-merge-patch+json";
        var added = await server.SendAsync(
            "PATCH", Pods + "/p/ephemeralcontainers", """{"spec":{"ephemeralContainers":[{"name":"debug","image":"busybox"}]}}""", Strategic);
        Assert.Equal(200, added.Code);
        Assert.Equal(2, added.Json["metadata"]!["generation"]!.GetValue<int>());
        var changed = await server.SendAsync(
            "PATCH", Pods + "/p/ephemeralcontainers", """{"spec":{"ephemeralContainers":[{"name":"debug","image":"other"}]}}""", Strategic);
        Assert.Equal(422, changed.Code);
        Assert.Contains("existing ephemeral containers \"debug\" may not be changed", changed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Event_WrittenInOneGroup_IsReadInTheOther()
    {
        await using var server = await StartAsync();
        var written = await server.SendAsync(
            "POST", "/apis/events.k8s.io/v1/namespaces/default/events",
            """
            {"apiVersion":"events.k8s.io/v1","kind":"Event","metadata":{"name":"e"},"eventTime":"2026-01-02T03:04:05.000006Z","reportingController":"a.b/c",
             "reportingInstance":"i","action":"Act","reason":"Why","type":"Normal","note":"text","regarding":{"kind":"Pod","name":"p","namespace":"default"}}
            """);
        Assert.Equal(201, written.Code);
        var read = await server.GetAsync("/api/v1/namespaces/default/events?fieldSelector=involvedObject.name%3Dp,reason%3DWhy");
        var item = Assert.Single(read.Json["items"]!.AsArray());
        Assert.Equal("text", item!["message"]!.GetValue<string>());
    }

    [Fact]
    public async Task Service_OfTypeNodePort_GetsAddressAndPort()
    {
        await using var server = await StartAsync();
        var reply = await server.SendAsync(
            "POST", "/api/v1/namespaces/default/services",
            """{"apiVersion":"v1","kind":"Service","metadata":{"name":"s"},"spec":{"type":"NodePort","ports":[{"port":80}],"selector":{"a":"b"}}}""");
        Assert.Equal(201, reply.Code);
        Assert.StartsWith("10.", reply.Json["spec"]!["clusterIP"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.InRange(reply.Json["spec"]!["ports"]![0]!["nodePort"]!.GetValue<int>(), 30000, 32767);
        Assert.Equal("SingleStack", reply.Json["spec"]!["ipFamilyPolicy"]!.GetValue<string>());
    }

    [Fact]
    public async Task Status_OfDeployment_LeavesTheSpecAlone()
    {
        await using var server = await StartAsync();
        const string Path = "/apis/apps/v1/namespaces/default/deployments";
        Assert.Equal(201, (await server.SendAsync(
            "POST", Path,
            """{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d"},"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}}""")).Code);
        var reply = await server.SendAsync(
            "PATCH", Path + "/d/status", """{"spec":{"replicas":9},"status":{"replicas":1,"observedGeneration":1}}""", "application/merge-patch+json");
        Assert.Equal(200, reply.Code);
        Assert.Equal(1, reply.Json["spec"]!["replicas"]!.GetValue<int>());
        Assert.Equal(1, reply.Json["status"]!["replicas"]!.GetValue<int>());
    }

    /// <summary>Pods need their service account; no controller runs here that would make it.</summary>
    private static async Task<ServerFixture> StartAsync()
    {
        var server = await ServerFixture.StartAsync();
        await server.SendAsync("POST", "/api/v1/namespaces/default/serviceaccounts", """{"kind":"ServiceAccount","apiVersion":"v1","metadata":{"name":"default"}}""");
        return server;
    }
}
