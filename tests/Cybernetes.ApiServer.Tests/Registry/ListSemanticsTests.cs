using System.Text;

namespace Cybernetes.ApiServer.Tests.Registry;

public sealed class ListSemanticsTests
{
    private const string Collection = "/api/v1/namespaces/default/configmaps";

    [Theory]
    [InlineData("#", "continue key is not valid: illegal base64 data at input byte 0")]
    [InlineData("abcde", "continue key is not valid: illegal base64 data at input byte 4")]
    [InlineData("{", "continue key is not valid: unexpected end of JSON input", true)]
    [InlineData("{}", "continue key is not valid: server does not recognize this encoded version", true)]
    [InlineData("""{"v":"meta.k8s.io/v1","start":"a"}""",
        "continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)", true)]
    [InlineData("""{"v":"meta.k8s.io/v1","rv":1}""", "continue key is not valid: encoded start key empty (version meta.k8s.io/v1)", true)]
    [InlineData("""{"v":"meta.k8s.io/v1","rv":1,"start":"../secrets/x"}""", "continue key is not valid: ../secrets/x", true)]
    [InlineData("""{"v":"meta.k8s.io/v1","rv":"1","start":"a"}""",
        "continue key is not valid: json: cannot unmarshal string into Go struct field continueToken.rv of type int64", true)]
    public async Task Continue_Malformed_IsABadRequest(string token, string message, bool encode = false)
    {
        await using var server = await ServerFixture.StartAsync();
        if (encode)
            token = Convert.ToBase64String(Encoding.UTF8.GetBytes(token)).TrimEnd('=').Replace('+', '-').Replace('/', '_');
        var reply = await server.GetAsync($"{Collection}?continue={Uri.EscapeDataString(token)}");

        Assert.Equal((400, "invalid continue token: " + message), (reply.Code, reply.Message));
    }

    [Fact]
    public async Task Continue_WithARevision_IsABadRequest()
    {
        await using var server = await ServerFixture.StartAsync();
        await server.CreateConfigMapAsync("a");
        await server.CreateConfigMapAsync("b");
        var first = await server.GetAsync($"{Collection}?limit=1");
        var reply = await server.GetAsync($"{Collection}?limit=1&resourceVersion=5&continue={first.At("metadata.continue")}");

        Assert.Equal("specifying resource version is not allowed when using continue", reply.Message);
    }

    [Fact]
    public async Task Pages_AreOfOneRevision_AndCountWhatRemains()
    {
        await using var server = await ServerFixture.StartAsync();
        foreach (var name in new[] { "a", "b", "c", "d" })
            await server.CreateConfigMapAsync(name);
        var first = await server.GetAsync($"{Collection}?limit=2");
        await server.SendAsync("DELETE", $"{Collection}/d");
        await server.CreateConfigMapAsync("e");
        var second = await server.GetAsync($"{Collection}?limit=2&continue={first.At("metadata.continue")}");

        Assert.Equal(("2", ""), (first.At("metadata.remainingItemCount"), second.At("metadata.remainingItemCount")));
        Assert.Equal(first.At("metadata.resourceVersion"), second.At("metadata.resourceVersion"));
        Assert.Equal(["c", "d"], second.Json["items"]!.AsArray().Select(i => i!["metadata"]!["name"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Pages_OfASelector_DoNotCountWhatRemains()
    {
        await using var server = await ServerFixture.StartAsync();
        foreach (var name in new[] { "a", "b", "c" })
            await server.CreateConfigMapAsync(name, ",\"labels\":{\"x\":\"1\"}");
        var page = await server.GetAsync($"{Collection}?limit=1&labelSelector=x");

        Assert.NotEqual("", page.At("metadata.continue"));
        Assert.DoesNotContain("remainingItemCount", page.Text);
    }

    [Fact]
    public async Task List_AtAnyRevision_KnowsNoPages()
    {
        await using var server = await ServerFixture.StartAsync();
        await server.CreateConfigMapAsync("a");
        await server.CreateConfigMapAsync("b");
        var reply = await server.GetAsync($"{Collection}?limit=1&resourceVersion=0");

        Assert.Equal(2, reply.Json["items"]!.AsArray().Count);
    }

    [Fact]
    public async Task Items_OfATypedList_DoNotSayWhatTheyAre()
    {
        await using var server = await ServerFixture.StartAsync();
        await server.CreateConfigMapAsync("a");
        var item = (await server.GetAsync(Collection)).Json["items"]![0]!.AsObject();

        Assert.Equal("metadata", item.First().Key);
    }

    [Fact]
    public async Task Selector_OfAnotherName_ThanThePaths_IsABadRequest()
    {
        await using var server = await ServerFixture.StartAsync();
        var reply = await server.GetAsync($"{Collection}/a?watch=1&fieldSelector=metadata.name%3Db");

        Assert.Equal((400, "fieldSelector metadata.name doesn't match requested name"), (reply.Code, reply.Message));
    }

    [Theory]
    [InlineData("sendInitialEvents=true", "resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan")]
    [InlineData("resourceVersionMatch=NotOlderThan",
        "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided")]
    [InlineData("sendInitialEvents=true&resourceVersionMatch=Exact",
        "resourceVersionMatch: Unsupported value: \"Exact\": supported values: \"NotOlderThan\"")]
    public async Task Watch_BadOptions_AreInvalid(string query, string message)
    {
        await using var server = await ServerFixture.StartAsync();
        var reply = await server.GetAsync($"{Collection}?watch=1&{query}");

        Assert.Equal(422, reply.Code);
        Assert.Contains(message, reply.Message);
    }

    [Fact]
    public async Task Table_WithUnknownIncludeObject_IsABadRequest()
    {
        await using var server = await ServerFixture.StartAsync();
        var reply = await server.GetAsync($"{Collection}?includeObject=All", "application/json;as=Table;v=v1;g=meta.k8s.io");

        Assert.Equal(
            "Unable to convert to Table as requested: includeObject: Invalid value: \"All\": must be 'Metadata', 'Object', 'None', or empty", reply.Message);
    }

    [Theory]
    [InlineData(Collection, "PartialObjectMetadata", "you requested PartialObjectMetadata, but the requested object is a list (*v1.ConfigMapList)")]
    [InlineData(Collection + "/kube-root-ca.crt", "PartialObjectMetadataList",
        "you requested PartialObjectMetadataList, but the requested object is not a list (*v1.ConfigMap)")]
    public async Task Partial_OfTheWrongSort_IsNotAcceptable(string path, string form, string message)
    {
        await using var server = await ServerFixture.StartAsync();
        await server.CreateConfigMapAsync("kube-root-ca.crt");
        var reply = await server.GetAsync(path, $"application/json;as={form};v=v1;g=meta.k8s.io");

        Assert.Equal((406, message), (reply.Code, reply.Message));
    }
}
