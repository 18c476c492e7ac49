namespace Cybernetes.ApiServer.Tests.Registry;

public sealed class ListTests
{
    private const string Collection = "/api/v1/namespaces/default/configmaps";

    [Fact]
    public async Task List_InPages_IsOfOneRevision()
    {
        await using var server = await ServerFixture.StartAsync();
        foreach (var i in Enumerable.Range(0, 10))
            await server.CreateConfigMapAsync($"c{i}");
        var first = await server.GetAsync($"{Collection}?limit=4");
        await server.CreateConfigMapAsync("c4a");
        await server.SendAsync("DELETE", $"{Collection}/c9");
        var second = await server.GetAsync($"{Collection}?limit=4&continue={first.At("metadata.continue")}");
        var third = await server.GetAsync($"{Collection}?limit=4&continue={second.At("metadata.continue")}");

        Assert.Equal("6", first.At("metadata.remainingItemCount"));
        Assert.Equal(["c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9"], NamesOf(first).Concat(NamesOf(second)).Concat(NamesOf(third)));
        Assert.Equal(first.At("metadata.resourceVersion"), third.At("metadata.resourceVersion"));
        Assert.Null(third.Json["metadata"]!["continue"]);
    }

    [Fact]
    public async Task List_LabelSelector_FillsPages()
    {
        await using var server = await ServerFixture.StartAsync();
        foreach (var i in Enumerable.Range(0, 10))
            await server.CreateConfigMapAsync($"c{i}", $",\"labels\":{{\"odd\":\"{i % 2}\"}}");
        var first = await server.GetAsync($"{Collection}?limit=3&labelSelector=odd%3D1");
        var second = await server.GetAsync($"{Collection}?limit=3&labelSelector=odd%3D1&continue={first.At("metadata.continue")}");

        Assert.Equal(["c1", "c3", "c5"], NamesOf(first));
        Assert.Equal(["c7", "c9"], NamesOf(second));
        Assert.Null(first.Json["metadata"]!["remainingItemCount"]);
    }

    [Theory]
    [InlineData("metadata.name=c1", "c1")]
    [InlineData("metadata.name!=c1", "c0,c2")]
    [InlineData("metadata.namespace=default,metadata.name=c2", "c2")]
    [InlineData("metadata.name=nothing", "")]
    public async Task List_FieldSelector_Selects(string selector, string names)
    {
        await using var server = await ServerFixture.StartAsync();
        foreach (var i in Enumerable.Range(0, 3))
            await server.CreateConfigMapAsync($"c{i}");
        var reply = await server.GetAsync($"{Collection}?fieldSelector={Uri.EscapeDataString(selector)}");

        Assert.Equal(names, string.Join(",", NamesOf(reply)));
    }

    [Fact]
    public async Task List_UnknownField_IsBadRequest()
    {
        await using var server = await ServerFixture.StartAsync();
        var reply = await server.GetAsync($"{Collection}?fieldSelector=spec.x%3D1");

        Assert.Equal(400, reply.Code);
        Assert.Equal("\"spec.x\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"", reply.Message);
    }

    [Fact]
    public async Task List_ExactRevision_SeesThePast()
    {
        await using var server = await ServerFixture.StartAsync();
        var first = await server.CreateConfigMapAsync("one");
        await server.CreateConfigMapAsync("two");
        var reply = await server.GetAsync($"{Collection}?resourceVersion={first.At("metadata.resourceVersion")}&resourceVersionMatch=Exact");

        Assert.Equal(["one"], NamesOf(reply));
    }

    [Theory]
    [InlineData("resourceVersionMatch=Exact", "resourceVersionMatch is forbidden unless resourceVersion is provided")]
    [InlineData("sendInitialEvents=true", "sendInitialEvents is forbidden for list")]
    [InlineData("resourceVersion=abc", "strconv.ParseUint")]
    public async Task List_BadOptions_AreInvalid(string query, string message)
    {
        await using var server = await ServerFixture.StartAsync();
        var reply = await server.GetAsync($"{Collection}?{query}");

        Assert.Equal(422, reply.Code);
        Assert.Contains(message, reply.Message);
    }

    [Fact]
    public async Task List_CompactedPage_GivesAFreshToken()
    {
        await using var server = await ServerFixture.StartAsync();
        foreach (var i in Enumerable.Range(0, 5))
            await server.CreateConfigMapAsync($"c{i}");
        var first = await server.GetAsync($"{Collection}?limit=2");
        await server.CreateConfigMapAsync("c6");
        var status = await server.Store.StatusAsync();
        Assert.Null((await server.Store.CompactAsync(status.Value.Revision)).Error);
        var expired = await server.GetAsync($"{Collection}?limit=2&continue={first.At("metadata.continue")}");
        Assert.Equal(410, expired.Code);
        Assert.Equal("Expired", expired.Reason);
        var rest = await server.GetAsync($"{Collection}?continue={expired.At("metadata.continue")}");

        Assert.Equal(["c2", "c3", "c4", "c6"], NamesOf(rest));
    }

    [Fact]
    public async Task List_AsTable_HasColumnsAndMetadata()
    {
        await using var server = await ServerFixture.StartAsync();
        await server.CreateConfigMapAsync("one");
        var reply = await server.GetAsync(Collection, "application/json;as=Table;v=v1;g=meta.k8s.io,application/json");

        Assert.Equal("Table", reply.At("kind"));
        Assert.Equal("meta.k8s.io/v1", reply.At("apiVersion"));
        Assert.Equal("Name", reply.At("columnDefinitions.0.name"));
        Assert.Equal("one", reply.At("rows.0.cells.0"));
        Assert.Equal("1", reply.At("rows.0.cells.1"));
        Assert.Equal("PartialObjectMetadata", reply.At("rows.0.object.kind"));
    }

    [Fact]
    public async Task List_AsPartialMetadata_LeavesTheDataOut()
    {
        await using var server = await ServerFixture.StartAsync();
        await server.CreateConfigMapAsync("one");
        var reply = await server.GetAsync(Collection, "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io");

        Assert.Equal("PartialObjectMetadataList", reply.At("kind"));
        Assert.Equal("one", reply.At("items.0.metadata.name"));
        Assert.DoesNotContain("\"data\"", reply.Text);
    }

    [Fact]
    public async Task List_AsYaml_IsYaml()
    {
        await using var server = await ServerFixture.StartAsync();
        await server.CreateConfigMapAsync("one");
        var reply = await server.GetAsync(Collection, "application/yaml");

        Assert.Contains("kind: ConfigMapList", reply.Text);
        Assert.Contains("name: one", reply.Text);
    }

    [Fact]
    public async Task List_UnknownMediaType_IsNotAcceptable()
    {
        await using var server = await ServerFixture.StartAsync();
        var reply = await server.GetAsync(Collection, "text/html");

        Assert.Equal(406, reply.Code);
        Assert.Equal("NotAcceptable", reply.Reason);
    }

    private static List<string> NamesOf(Reply reply) =>
        [.. reply.Json["items"]!.AsArray().Select(i => i!["metadata"]!["name"]!.GetValue<string>())];
}
