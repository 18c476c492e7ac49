using System.Buffers.Binary;
using System.IO.Compression;
using System.Net.Http.Headers;
using Cybernetes.Objects;
using Cybernetes.Wire;

namespace Cybernetes.ApiServer.Tests.Pipeline;

public sealed class ProtobufAnswersTests
{
    private const string Protobuf = "application/vnd.kubernetes.protobuf";
    private const string Collection = "/api/v1/namespaces/default/configmaps";

    [Fact]
    public async Task Object_CreatedFromProtobuf_IsReadBackInEveryFormat()
    {
        await using var server = await ServerFixture.StartAsync();
        var sent = (JsonMap)JsonTree.Parse(
            """{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"one","annotations":{"a":"ü"}},"data":{"k":"v\n"},"binaryData":{"b":"AAEC"}}""");
        var created = await SendAsync(server, "POST", Collection, JsonToProtobuf.Write(sent));
        var json = (JsonMap)JsonTree.Parse((await server.GetAsync($"{Collection}/one")).Text);
        var protobuf = await SendAsync(server, "GET", $"{Collection}/one");

        Assert.True(created.String("kind") == "ConfigMap", created.ToString());
        Assert.Equal("v\n", json.Map("data")!.String("k"));
        Assert.True(json.DeepEquals(protobuf), protobuf.ToString());
        Assert.True(json.DeepEquals(created), created.ToString());
    }

    [Fact]
    public async Task List_AsProtobuf_IsTheListOfJson()
    {
        await using var server = await ServerFixture.StartAsync();
        for (var i = 0; i < 3; i++)
            await server.CreateConfigMapAsync($"c{i}");
        var json = (JsonMap)JsonTree.Parse((await server.GetAsync(Collection + "?limit=2")).Text);
        var protobuf = await SendAsync(server, "GET", Collection + "?limit=2");

        Assert.Equal("ConfigMapList", protobuf.String("kind"));
        Assert.True(json.DeepEquals(protobuf), protobuf.ToString());
    }

    [Theory]
    [InlineData("v1")]
    [InlineData("v1beta1")]
    public async Task List_AsPartialMetadataInProtobuf_HasNoData(string version)
    {
        await using var server = await ServerFixture.StartAsync();
        await server.CreateConfigMapAsync("one");
        var list = await SendAsync(server, "GET", Collection, accept: $"{Protobuf};as=PartialObjectMetadataList;v={version};g=meta.k8s.io");

        Assert.Equal($"meta.k8s.io/{version}", list.String("apiVersion"));
        var item = (JsonMap)list.List("items")!.Single(i => ((JsonMap)i).Map("metadata")!.String("name") == "one");
        Assert.Null(item.Map("data"));
    }

    [Fact]
    public async Task List_Large_IsEncodedAsASmallOne()
    {
        await using var server = await ServerFixture.StartAsync();
        var filler = new string('x', 900_000);
        for (var i = 0; i < 6; i++)
            await server.SendAsync(
                "POST", Collection, $$$"""{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"big{{{i}}}"},"data":{"a":"{{{filler}}}"}}""");
        var list = await SendAsync(server, "GET", Collection);

        Assert.Equal(6, list.List("items")!.Count(i => ((JsonMap)i).Map("data")?.String("a")?.Length == filler.Length));
    }

    [Theory]
    [InlineData(Collection + "/none", "NotFound")]
    [InlineData(Collection + "?labelSelector=%21%21", "BadRequest")]
    [InlineData(Collection + "?resourceVersionMatch=Exact", "Invalid")]
    [InlineData("/apis/none/v1/things", "NotFound")]
    public async Task Failure_AsProtobuf_IsAStatus(string path, string reason)
    {
        await using var server = await ServerFixture.StartAsync();
        var status = await SendAsync(server, "GET", path);

        Assert.Equal(("v1", "Status", reason), (status.String("apiVersion"), status.String("kind"), status.String("reason")));
    }

    [Theory]
    [InlineData("/api", "APIVersions")]
    [InlineData("/apis", "APIGroupList")]
    [InlineData("/apis/apps", "APIGroup")]
    [InlineData("/apis/apps/v1", "APIResourceList")]
    [InlineData("/api/v1", "APIResourceList")]
    public async Task Discovery_AsProtobuf_IsThatOfJson(string path, string kind)
    {
        await using var server = await ServerFixture.StartAsync();
        var json = (JsonMap)JsonTree.Parse((await server.GetAsync(path)).Text);
        var protobuf = await SendAsync(server, "GET", path);

        Assert.Equal(kind, protobuf.String("kind"));
        Assert.Equal(json.List("resources")?.Count, protobuf.List("resources")?.Count);
        Assert.Equal(json.List("groups")?.Count, protobuf.List("groups")?.Count);
    }

    [Fact]
    public async Task Deletion_WithOptionsInProtobuf_KeepsThePreconditions()
    {
        await using var server = await ServerFixture.StartAsync();
        await server.CreateConfigMapAsync("one");
        var options = (JsonMap)JsonTree.Parse("""{"kind":"DeleteOptions","apiVersion":"v1","preconditions":{"uid":"other"}}""");
        var refused = await SendAsync(server, "DELETE", $"{Collection}/one", JsonToProtobuf.Write(options));
        var done = await SendAsync(server, "DELETE", $"{Collection}/one");

        Assert.Equal("Conflict", refused.String("reason"));
        Assert.Equal("Success", done.String("status"));
    }

    [Fact]
    public async Task Scale_AsProtobuf_IsReadAndWritten()
    {
        await using var server = await ServerFixture.StartAsync();
        await server.SendAsync("POST", "/apis/apps/v1/namespaces/default/deployments", """
            {"kind":"Deployment","apiVersion":"apps/v1","metadata":{"name":"web"},"spec":{"replicas":2,"selector":{"matchLabels":{"a":"b"}},
            "template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}}
            """);
        const string path = "/apis/apps/v1/namespaces/default/deployments/web/scale";
        var scale = await SendAsync(server, "GET", path);
        ((JsonMap)scale["spec"])["replicas"] = 5L;
        var changed = await SendAsync(server, "PUT", path, JsonToProtobuf.Write(scale));

        Assert.Equal("5", changed.Map("spec")!.Get("replicas")!.ToString());
    }

    [Fact]
    public async Task Write_ByAClientThatAcceptsNothing_ChangesNothing()
    {
        await using var server = await ServerFixture.StartAsync();
        var reply = await server.SendAsync(
            "POST", Collection, """{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"one"}}""", accept: "text/html");

        Assert.Equal(406, reply.Code);
        Assert.Equal(404, (await server.GetAsync($"{Collection}/one")).Code);
    }

    [Fact]
    public async Task Watch_AsProtobuf_SendsFramesWithLengths()
    {
        await using var server = await ServerFixture.StartAsync();
        await server.CreateConfigMapAsync("one");
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{Collection}?watch=1&allowWatchBookmarks=1&sendInitialEvents=1&resourceVersionMatch=NotOlderThan");
        request.Headers.TryAddWithoutValidation("Accept", $"{Protobuf};stream=watch");
        using var response = await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await using var stream = await response.Content.ReadAsStreamAsync();
        var events = new List<string>();
        while (!events.Contains("BOOKMARK "))
            events.Add(await NextAsync(stream));
        await server.SendAsync("PATCH", $"{Collection}/one", """{"data":{"a":"9"}}""", "application/merge-patch+json");
        events.Add(await NextAsync(stream));

        Assert.Equal("application/vnd.kubernetes.protobuf; stream=watch", response.Content.Headers.ContentType!.ToString());
        Assert.Contains("ADDED one", events);
        Assert.Equal("MODIFIED one", events[^1]);
    }

    [Fact]
    public async Task List_OfMuch_IsCompressedWhereAccepted()
    {
        await using var server = await ServerFixture.StartAsync();
        await server.SendAsync(
            "POST", Collection, $$$"""{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"big"},"data":{"a":"{{{new string('x', 200_000)}}}"}}""");
        foreach (var path in new[] { Collection, $"{Collection}/big" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("gzip"));
            using var response = await server.Client.SendAsync(request);
            Assert.Equal("gzip", response.Content.Headers.ContentEncoding.Single());
            await using var plain = new GZipStream(await response.Content.ReadAsStreamAsync(), CompressionMode.Decompress);
            using var reader = new StreamReader(plain);
            Assert.Contains("\"name\":\"big\"", await reader.ReadToEndAsync());
        }
    }

    private static async Task<string> NextAsync(Stream stream)
    {
        var length = new byte[4];
        await stream.ReadExactlyAsync(length);
        var frame = new byte[BinaryPrimitives.ReadInt32BigEndian(length)];
        await stream.ReadExactlyAsync(frame);
        return Read(frame);
    }

    internal static string Read(byte[] frame)
    {
        string type = "", name = "";
        var reader = new ProtobufReader(frame);
        while (reader.NextField())
        {
            if (reader.Field == 1)
            {
                type = reader.String();
                continue;
            }
            var raw = new ProtobufReader(reader.Bytes());
            raw.NextField();
            name = ProtobufToJson.Read(raw.Bytes()).Map("metadata")!.String("name") ?? "";
        }
        return $"{type} {name}";
    }

    private static async Task<JsonMap> SendAsync(ServerFixture server, string method, string path, byte[]? body = null, string accept = Protobuf)
    {
        using var request = new HttpRequestMessage(new(method), path);
        request.Headers.TryAddWithoutValidation("Accept", accept);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.TryAddWithoutValidation("Content-Type", Protobuf);
        }
        using var response = await server.Client.SendAsync(request);
        Assert.Equal(Protobuf, response.Content.Headers.ContentType!.MediaType);
        return ProtobufToJson.Read(await response.Content.ReadAsByteArrayAsync());
    }
}
