namespace Cybernetes.ApiServer.Tests.Registry.Core;

public sealed class PodResizeTests
{
    private const string Pod = "/api/v1/namespaces/default/pods/web";
    private const string Merge = "application/strategic-merge-patch+json";

    [Fact]
    public async Task Resize_OfProcessorAndMemory_ChangesThemAlone()
    {
        await using var server = await StartAsync();
        var resized = await server.SendAsync("PATCH", Pod + "/resize", """{"metadata":{"labels":{"no":"no"}},"spec":{"containers":[{"name":"c","image":"other","resources":{"requests":{"cpu":"200m"}}}]}}""", Merge);
        Assert.Equal((200, "200m", "i", "2"), (resized.Code, resized.At("spec.containers.0.resources.requests.cpu"), resized.At("spec.containers.0.image"), resized.At("metadata.generation")));
        Assert.DoesNotContain("\"no\"", resized.Text, StringComparison.Ordinal);
        // Only what the subresource may set comes to be owned through it.
        var entries = Assert.IsType<System.Text.Json.Nodes.JsonArray>(resized.Json!["metadata"]!["managedFields"]);
        var entry = Assert.Single(entries, e => e!["subresource"]?.GetValue<string>() == "resize")!;
        Assert.Equal("""{"f:spec":{"f:containers":{"k:{\"name\":\"c\"}":{"f:resources":{"f:requests":{"f:cpu":{}}}}}}}""",
            entry["fieldsV1"]!.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
    }

    [Theory]
    [InlineData("""{"requests":{"cpu":"1","memory":"2Gi"},"limits":{"cpu":"1","memory":"2Gi"}}""", "spec: Invalid value: \"Burstable\": Pod QOS Class may not change as a result of resizing")]
    [InlineData("""{"requests":{"cpu":null}}""", "spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed")]
    [InlineData("""{"requests":{"ephemeral-storage":"1Gi"}}""", "spec: Forbidden: only cpu and memory resources are mutable")]
    public async Task Resize_OfWhatMayNotChange_IsExplained(string resources, string expected)
    {
        await using var server = await StartAsync();
        var refused = await server.SendAsync("PATCH", Pod + "/resize", $$"""{"spec":{"containers":[{"name":"c","resources":{{resources}} }]} }""", Merge);
        Assert.Equal(422, refused.Code);
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resize_OfAnotherContainer_IsExplained()
    {
        await using var server = await StartAsync();
        var pod = (await server.GetAsync(Pod)).Text;
        var refused = await server.SendAsync("PUT", Pod + "/resize", pod.Replace("\"name\":\"c\"", "\"name\":\"d\"", StringComparison.Ordinal));
        Assert.Equal((422, "Pod \"web\" is invalid: spec.containers[0].name: Forbidden: containers may not be renamed or reordered on resize"), (refused.Code, refused.Message));
    }

    [Fact]
    public async Task Update_OfResourcesWithoutResize_IsForbidden()
    {
        await using var server = await StartAsync();
        var refused = await server.SendAsync("PATCH", Pod, """{"spec":{"containers":[{"name":"c","resources":{"requests":{"cpu":"200m"}}}]}}""", Merge);
        Assert.Equal(422, refused.Code);
        Assert.Contains("pod updates may not change fields other than", refused.Message, StringComparison.Ordinal);
    }

    private static async Task<ServerFixture> StartAsync()
    {
        var server = await ServerFixture.StartAsync();
        await server.SendAsync("POST", "/api/v1/namespaces/default/serviceaccounts", """{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"default"}}""");
        var created = await server.SendAsync("POST", "/api/v1/namespaces/default/pods", """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"spec":{"containers":[{"name":"c","image":"i","resources":{"requests":{"cpu":"100m","memory":"1Gi"},"limits":{"memory":"2Gi"}}}]}}""");
        Assert.Equal(201, created.Code);
        return server;
    }
}
