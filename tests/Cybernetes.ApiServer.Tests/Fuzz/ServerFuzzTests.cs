using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Cybernetes.Objects.Schema;
using Cybernetes.Wire;
using Cybernetes.Wire.Tests;

namespace Cybernetes.ApiServer.Tests.Fuzz;

/// <summary>Whatever a client sends, the server answers: with what was asked for, or with a Status of the client's own fault; never with a 500.</summary>
public sealed class ServerFuzzTests
{
    private const string Protobuf = "application/vnd.kubernetes.protobuf";

    private static readonly (PatchForm Form, string Media)[] s_patches =
    [
        (PatchForm.Json, "application/json-patch+json"), (PatchForm.Merge, "application/merge-patch+json"),
        (PatchForm.Strategic, "application/strategic-merge-patch+json"), (PatchForm.Apply, "application/apply-patch+yaml"),
    ];

    private static readonly string[] s_accepts =
    [
        "application/json", Protobuf, "application/yaml", "*/*", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json", "text/html",
        $"{Protobuf};as=PartialObjectMetadata;v=v1;g=meta.k8s.io", "application/json;as=PartialObjectMetadataList;v=v1beta1;g=meta.k8s.io", ";;,=;q=x", "a/b;q=0",
    ];

    [Fact]
    public async Task Writes_OfAnything_AreAnsweredByAStatus()
    {
        await using var server = await StartAsync();
        var kinds = Kinds(server);
        await FuzzRun.CasesAsync(async source =>
        {
            var kind = source.Pick(kinds);
            var facts = SchemaFacts.FindKind(kind.Version.Group, kind.Version.Version, kind.Version.Kind);
            var basis = source.Object(facts);
            Name(basis, kind, source.Pick(["a", "b", "A!", "c"]));
            var (media, body) = source.Random.Next(3) switch
            {
                0 => ("application/json", source.Json(basis)),
                1 => ("application/yaml", source.Yaml(basis)),
                _ => (Protobuf, source.Protobuf(basis)),
            };
            if (source.OneIn(15))
                media = source.Pick(["application/cbor", "text/plain", "", "application/json; charset", ";;"]);
            var path = CollectionOf(kind);
            if (source.OneIn(2))
                await SendAsync(server, source, "POST", path + Query(source), media, body);
            else
                await SendAsync(server, source, source.Pick(["PUT", "DELETE", "POST"]), path + "/" + source.Pick(["a", "b", "none"]) + Query(source), media, body);
        });
    }

    [Fact]
    public async Task Patches_OfAnything_AreAnsweredByAStatus()
    {
        await using var server = await StartAsync();
        var kinds = Kinds(server).Where(k => k.Version.IsStorage)
            .Where(k => k.Kind.Plural is "pods" or "deployments" or "services" or "configmaps" or "nodes" or "secrets").ToList();
        foreach (var kind in kinds)
        {
            var reply = await server.SendAsync("POST", CollectionOf(kind), Sample(kind.Version.Kind));
            Assert.True(reply.Code is 201 or 409, reply.Text);
        }
        await FuzzRun.CasesAsync(async source =>
        {
            var kind = source.Pick(kinds);
            var path = $"{CollectionOf(kind)}/sample";
            var current = (JsonMap)JsonTree.Parse((await server.GetAsync(path)).Text);
            if (current.String("kind") == "Status")
                return; // a patch before deleted it
            if (source.OneIn(3))
                current = source.Object(SchemaFacts.FindKind(kind.Version.Group, kind.Version.Version, kind.Version.Kind));
            var (form, media) = source.Pick(s_patches);
            var patch = new PatchSource(source, current).Of(form);
            if (source.OneIn(10))
                path += "/" + source.Pick(["status", "scale", "none"]);
            await SendAsync(server, source, "PATCH", path + Query(source), media, Encoding.UTF8.GetBytes(patch));
        });
    }

    [Fact]
    public async Task Queries_OfAnything_AreAnsweredByAStatus()
    {
        await using var server = await ServerFixture.StartAsync();
        for (var i = 0; i < 5; i++)
            await server.CreateConfigMapAsync($"c{i}");
        var token = (await server.GetAsync("/api/v1/namespaces/default/configmaps?limit=2")).At("metadata.continue");
        var kinds = Kinds(server);
        await FuzzRun.CasesAsync(async source =>
        {
            var query = new List<string>();
            for (var n = source.Random.Next(1, 5); n > 0; n--)
            {
                var name = source.Pick(["limit", "continue", "resourceVersion", "resourceVersionMatch", "labelSelector", "fieldSelector", "sendInitialEvents",
                    "allowWatchBookmarks", "timeoutSeconds", "includeObject", "pretty", "watch", "fieldManager", "dryRun", "x"]);
                query.Add($"{name}={Uri.EscapeDataString(ValueOf(source, name, token))}");
            }
            var path = source.OneIn(4) ? CollectionOf(source.Pick(kinds)) : "/api/v1/namespaces/default/configmaps";
            if (source.OneIn(10))
                path = source.Pick(["/", "/api", "/apis", "/apis/apps", "/apis//", "/api/v1/%00", "/apis/apps/v1/namespaces/%2e%2e/deployments", "/openapi/v3/x", "/watch"]);
            await SendAsync(server, source, source.Pick(["GET", "GET", "GET", "DELETE"]), $"{path}?{string.Join('&', query)}", "", null);
        });
    }

    private static async Task<ServerFixture> StartAsync()
    {
        var server = await ServerFixture.StartAsync();
        // Pods are refused without one; its controller does not run here.
        await server.SendAsync("POST", "/api/v1/namespaces/default/serviceaccounts", """{"kind":"ServiceAccount","apiVersion":"v1","metadata":{"name":"default"}}""");
        return server;
    }

    private static string ValueOf(FuzzSource source, string name, string token) => name switch
    {
        "continue" when !source.OneIn(4) => Encoding.Latin1.GetString(source.Mutate(Encoding.ASCII.GetBytes(token))),
        "labelSelector" or "fieldSelector" => source.Selector(),
        "timeoutSeconds" => source.Pick(["1", "x", "-1", "0x1"]),
        _ => source.Pick(["", "0", "1", "2", "-1", "99999999999999999999", "9223372036854775807", "x", "true", "Exact", "NotOlderThan", "All", "Metadata", "é\0"]),
    };

    private static string Query(FuzzSource source)
    {
        if (source.OneIn(2))
            return "";
        var text = source.Pick(["dryRun=All", "dryRun=x", "fieldValidation=Strict", "fieldValidation=Ignore", "fieldValidation=z", "fieldManager=m", "force=true",
            "propagationPolicy=Foreground", "gracePeriodSeconds=-5", "gracePeriodSeconds=x", "fieldManager=" + new string('m', 200), "fieldManager=%00"]);
        return "?" + text;
    }

    private static async Task SendAsync(ServerFixture server, FuzzSource source, string method, string path, string media, byte[]? body)
    {
        var shown = source.Shown;
        using var request = new HttpRequestMessage(new(method), path);
        var accept = source.OneIn(2) ? "application/json" : source.Pick(s_accepts);
        request.Headers.TryAddWithoutValidation("Accept", accept);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            if (media.Length > 0)
                request.Content.Headers.TryAddWithoutValidation("Content-Type", media);
        }
        using var response = await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var code = (int)response.StatusCode;
        var isWatch = code == 200 && path.Contains("watch=", StringComparison.Ordinal) && method == "GET";
        var answer = isWatch ? [] : await response.Content.ReadAsByteArrayAsync();
        source.Seen($"{method} {path} ({media}; accept {accept})\n{shown}");
        Assert.True(code is < 500 or 504, $"{code}: {Encoding.UTF8.GetString(answer)}");
        if (code < 400)
            return;
        var status = StatusOf(response.Content.Headers.ContentType, answer);
        Assert.Equal(("Status", "Failure", code.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            (status.String("kind"), status.String("status"), status.Get("code")?.ToString()));
        Assert.NotEqual("", status.String("message") ?? "");
    }

    private static JsonMap StatusOf(MediaTypeHeaderValue? type, byte[] answer) => type?.MediaType switch
    {
        Protobuf => ProtobufToJson.Read(answer),
        "application/yaml" => (JsonMap)YamlReader.ReadFirst(answer),
        "application/json" => JsonTree.ParseMap(answer),
        _ => throw new JsonException($"a failure of type {type}: {Encoding.UTF8.GetString(answer)}"),
    };

    private static List<Cybernetes.ApiServer.Registry.ServedKind> Kinds(ServerFixture server) =>
        [.. server.Host.Services.Catalog.Served.Where(s => SchemaFacts.FindKind(s.Version.Group, s.Version.Version, s.Version.Kind) is not null)
            .OrderBy(s => s.Version.APIVersion + s.Kind.Plural, StringComparer.Ordinal)];

    private static string CollectionOf(Cybernetes.ApiServer.Registry.ServedKind served)
    {
        var root = served.Version.Group.Length == 0 ? "/api/" : "/apis/";
        return root + served.Version.APIVersion + (served.Kind.Namespaced ? "/namespaces/default/" : "/") + served.Kind.Plural;
    }

    private static void Name(JsonMap obj, Cybernetes.ApiServer.Registry.ServedKind kind, string name)
    {
        var metadata = obj.Map("metadata") ?? [];
        metadata["name"] = name;
        metadata.Remove("resourceVersion");
        metadata.Remove("uid");
        metadata.Remove("deletionTimestamp");
        if (kind.Kind.Namespaced)
            metadata["namespace"] = "default";
        else
            metadata.Remove("namespace");
        obj["metadata"] = metadata;
    }

    private static string Sample(string kind)
    {
        const string pod = """{"containers":[{"name":"c","image":"i","ports":[{"containerPort":80}],"env":[{"name":"A","value":"b"}]}]}""";
        var rest = kind switch
        {
            "Pod" => $",\"spec\":{pod}",
            "Deployment" => ",\"spec\":{\"selector\":{\"matchLabels\":{\"a\":\"b\"}},\"template\":{\"metadata\":{\"labels\":{\"a\":\"b\"}},\"spec\":" + pod + "}}",
            "Service" => ",\"spec\":{\"ports\":[{\"port\":80}]}",
            _ => "",
        };
        var version = kind == "Deployment" ? "apps/v1" : "v1";
        return $"{{\"apiVersion\":\"{version}\",\"kind\":\"{kind}\",\"metadata\":{{\"name\":\"sample\"}}{rest}}}";
    }
}
