using System.IO.Compression;
using System.Net;
using System.Text.Json.Nodes;
using Cybernetes.Wire;

namespace Cybernetes.ApiServer.Tests.Server;

public sealed class DocumentsTests
{
    private const string AggregatedForm = ";g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

    [Fact]
    public async Task V3_ByItsHash_IsImmutable()
    {
        await using var server = await ServerFixture.StartAsync();
        var url = (await server.GetAsync("/openapi/v3")).Json["paths"]!["apis/apps/v1"]!["serverRelativeURL"]!.GetValue<string>();
        using var response = await server.Client.GetAsync(url);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("public, immutable", response.Headers.GetValues("Cache-Control").Single());
        Assert.Contains(response.Headers.ETag!.Tag.Trim('"'), url);
        Assert.NotNull(JsonNode.Parse(await response.Content.ReadAsStringAsync())!["components"]!["schemas"]!["io.k8s.api.apps.v1.Deployment"]);
    }

    [Fact]
    public async Task V3_ByAnOldHash_LeadsToTheNew()
    {
        await using var server = await ServerFixture.StartAsync();
        using var response = await server.Client.GetAsync("/openapi/v3/api/v1?hash=OLD");

        Assert.Equal(HttpStatusCode.MovedPermanently, response.StatusCode);
        Assert.StartsWith("/openapi/v3/api/v1?hash=", response.Headers.Location!.OriginalString);
    }

    [Theory]
    [InlineData("/openapi/v2", "application/json")]
    [InlineData("/openapi/v2", "application/com.github.proto-openapi.spec.v2@v1.0+protobuf")]
    [InlineData("/openapi/v3/api/v1", "application/json")]
    [InlineData("/openapi/v3/apis/apps/v1", "application/com.github.proto-openapi.spec.v3@v1.0+protobuf")]
    [InlineData("/apis", "application/json" + AggregatedForm)]
    [InlineData("/api", "application/vnd.kubernetes.protobuf" + AggregatedForm)]
    public async Task Document_AskedForAgainByItsTag_IsNotSentAgain(string path, string accept)
    {
        await using var server = await ServerFixture.StartAsync();
        using var first = await SendAsync(server, path, accept);
        using var second = await SendAsync(server, path, accept, first.Headers.GetValues("ETag").Single());

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.NotModified), (first.StatusCode, second.StatusCode));
        Assert.NotEmpty(await first.Content.ReadAsByteArrayAsync());
        Assert.Empty(await second.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task V2_Packed_IsTheSameDocument()
    {
        await using var server = await ServerFixture.StartAsync();
        using var plain = await SendAsync(server, "/openapi/v2", "application/json");
        using var packed = await SendAsync(server, "/openapi/v2", "application/json", encoding: "gzip");
        await using var unpacked = new GZipStream(await packed.Content.ReadAsStreamAsync(), CompressionMode.Decompress);
        using var reader = new StreamReader(unpacked);

        Assert.Equal(await plain.Content.ReadAsStringAsync(), await reader.ReadToEndAsync());
    }

    [Fact]
    public async Task References_OfAllDocuments_LeadSomewhere()
    {
        await using var server = await ServerFixture.StartAsync();
        var paths = JsonNode.Parse((await server.GetAsync("/openapi/v3")).Text)!["paths"]!.AsObject().Select(p => "/openapi/v3/" + p.Key);
        foreach (var path in paths.Prepend("/openapi/v2"))
        {
            var document = JsonNode.Parse((await server.GetAsync(path)).Text)!;
            var definitions = (document["definitions"] ?? document["components"]!["schemas"])!.AsObject();
            var missing = References(document).Select(r => r[(r.LastIndexOf('/') + 1)..]).Distinct().Where(r => !definitions.ContainsKey(r));
            Assert.True(!missing.Any(), $"{path}: {string.Join(", ", missing)}");
        }
    }

    [Fact]
    public async Task V3_OfEveryKind_HasASchemaByItsName()
    {
        await using var server = await ServerFixture.StartAsync();
        foreach (var group in server.Host.Services.Catalog.Served.GroupBy(s => s.Version.APIVersion))
        {
            var path = group.Key.Contains('/') ? $"/openapi/v3/apis/{group.Key}" : $"/openapi/v3/api/{group.Key}";
            var schemas = JsonNode.Parse((await server.GetAsync(path)).Text)!["components"]!["schemas"]!.AsObject();
            var named = schemas.SelectMany(s => s.Value!["x-kubernetes-group-version-kind"]?.AsArray() ?? []).Select(k => k!["kind"]!.GetValue<string>()).ToHashSet();
            var missing = group.Select(s => s.Version.Kind).Where(k => !named.Contains(k));
            Assert.True(!missing.Any(), $"{path}: {string.Join(", ", missing)}");
        }
    }

    [Fact]
    public async Task Aggregated_AsProtobuf_NamesTheSameResources()
    {
        await using var server = await ServerFixture.StartAsync();
        using var json = await SendAsync(server, "/apis", "application/json" + AggregatedForm);
        using var protobuf = await SendAsync(server, "/apis", $"application/vnd.kubernetes.protobuf{AggregatedForm},application/json");
        var read = ProtobufToJson.Read(await protobuf.Content.ReadAsByteArrayAsync());

        Assert.Contains("as=APIGroupDiscoveryList", protobuf.Content.Headers.ContentType!.ToString());
        Assert.Equal(JsonNode.Parse(await json.Content.ReadAsStringAsync())!["items"]!.AsArray().Count, read.List("items")!.Count);
    }

    private static IEnumerable<string> References(JsonNode? node) => node switch
    {
        JsonObject map => map.SelectMany(m => m is { Key: "$ref", Value: JsonValue value } ? [value.GetValue<string>()] : References(m.Value)),
        JsonArray list => list.SelectMany(References),
        _ => [],
    };

    private static Task<HttpResponseMessage> SendAsync(ServerFixture server, string path, string accept, string tag = "", string encoding = "")
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("Accept", accept);
        if (tag.Length > 0)
            request.Headers.TryAddWithoutValidation("If-None-Match", tag);
        if (encoding.Length > 0)
            request.Headers.TryAddWithoutValidation("Accept-Encoding", encoding);
        return server.Client.SendAsync(request);
    }
}
