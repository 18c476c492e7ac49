using System.Net.Http.Headers;
using System.Text;
using Cybernetes.ApiServer.Registry;
using Cybernetes.Objects.Schema;
using Cybernetes.Wire;

namespace Cybernetes.ApiServer.Tests.Registry.Conversion;

/// <summary>
/// Every kind through the whole server: its sample goes in as JSON, YAML and protobuf, is read in each served version and format, and goes in again
/// through each version.
/// </summary>
public sealed class SampleTests
{
    private const string Json = "application/json";
    private const string Yaml = "application/yaml";
    private const string Protobuf = "application/vnd.kubernetes.protobuf";

    // What the server decides, whatever was sent.
    private static readonly string[] s_ownMetadata =
        ["uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "name", "selfLink", "finalizers"];

    // Names that are addresses, of which there can be one only.
    private static readonly string[] s_fixedNames = ["IPAddress", "Binding"];

    [Fact]
    public async Task ServedKinds_All_HaveASample()
    {
        await using var server = await EverythingServer.StartAsync();
        var have = Samples.All.Select(s => $"{s.String("apiVersion")} {s.String("kind")}").ToHashSet(StringComparer.Ordinal);
        var missing = server.Host.Services.Catalog.Kinds
            .Where(k => k.Plural != "componentstatuses" && !k.Served.Any(v => have.Contains($"{v.APIVersion} {v.Kind}")))
            .Select(k => $"{k.Served[0].APIVersion} {k.Kind}").ToList();

        Assert.True(missing.Count == 0, "add to tests/Cybernetes.ApiServer.Tests/Samples/samples.yaml:\n" + string.Join('\n', missing));
    }

    [Fact]
    public async Task EverySample_InEveryFormatAndVersion_IsTakenAndReadBack()
    {
        await using var server = await EverythingServer.StartAsync();
        await server.SendAsync("POST", "/api/v1/namespaces/default/serviceaccounts", """{"metadata":{"name":"default"}}""");
        var wrong = new List<string>();
        foreach (var sample in Samples.All)
        {
            var (group, version) = Split(sample.String("apiVersion")!);
            if (server.Host.Services.Catalog.FindKind(group, version, sample.String("kind")!) is { } served)
                await new SampleTrip(server, served, wrong).RunAsync(sample);
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    private static (string Group, string Version) Split(string apiVersion)
    {
        var slash = apiVersion.IndexOf('/');
        return slash < 0 ? ("", apiVersion) : (apiVersion[..slash], apiVersion[(slash + 1)..]);
    }

    private sealed class SampleTrip(ServerFixture server, ServedKind served, List<string> wrong)
    {
        private readonly KindDefinition _kind = served.Kind;
        private int _number;

        public async Task RunAsync(JsonMap sample)
        {
            foreach (var format in _kind.SpeaksProtobuf ? new[] { Json, Yaml, Protobuf } : [Json, Yaml])
            {
                var body = await NamedAsync(sample);
                if (await PostAsync(served.Version, body, format) is not { } created || _kind is IAnsweredKind)
                    continue;
                Compare($"sent as {format}", served.Version, body, created);
                foreach (var version in _kind.Served)
                    await ReadAsync(version, body);
            }
            if (_kind is not IAnsweredKind)
                await ThroughOtherVersionsAsync(sample);
        }

        /// <summary>Each format of one version says the same.</summary>
        private async Task ReadAsync(ServedVersion version, JsonMap body)
        {
            var path = PathOf(version, body, isCollection: false);
            var json = await GetAsync(path, Json);
            if (json is null)
                return;
            if (json.String("apiVersion") != version.APIVersion || json.String("kind") != version.Kind)
                Say(version, $"bears the type {json.String("apiVersion")} {json.String("kind")}");
            foreach (var format in _kind.SpeaksProtobuf ? new[] { Yaml, Protobuf } : [Yaml])
            {
                if (await GetAsync(path, format) is { } other)
                    Compare($"read as {format}", version, json, other);
            }
        }

        /// <summary>What a version shows, sent through that version, gives what was stored in the first place.</summary>
        private async Task ThroughOtherVersionsAsync(JsonMap sample)
        {
            var first = await NamedAsync(sample);
            if (await PostAsync(served.Version, first, Json) is null)
                return;
            var storage = _kind.Served.First(v => v.IsStorage);
            var before = await GetAsync(PathOf(storage, first, isCollection: false), Json);
            foreach (var version in _kind.Served.Where(v => !v.IsStorage))
            {
                var shown = await GetAsync(PathOf(version, first, isCollection: false), Json);
                if (shown is null || before is null)
                    continue;
                var again = await NamedAsync(WithoutOwn(shown));
                if (await PostAsync(version, again, Json) is null || await GetAsync(PathOf(storage, again, isCollection: false), Json) is not { } after)
                    continue;
                Compare($"stored through {version.APIVersion}", storage, before, after);
                if (s_fixedNames.Contains(_kind.Kind))
                    await PostAsync(served.Version, first = await NamedAsync(sample), Json);
            }
        }

        private void Compare(string how, ServedVersion version, JsonMap expected, JsonMap actual)
        {
            if (version.Facts is not { } facts)
                return;
            foreach (var path in FactsDifference.Lost(WithoutOwn(expected), actual, facts)
                .Where(p => !p.StartsWith("status", StringComparison.Ordinal) && !ConversionLosses.IsKnown(version, "invented " + p)))
                Say(version, $"{how}: differs in {path}");
        }

        private async Task<JsonMap> NamedAsync(JsonMap sample)
        {
            var body = (JsonMap)sample.DeepClone();
            if (_kind is IAnsweredKind && _kind.Kind != "Binding")
                return body;
            var metadata = body.Map("metadata") ?? [];
            body["metadata"] = metadata;
            if (sample.Map("metadata")?.String("name") is null)
                metadata["name"] = Samples.All.First(s => s.String("kind") == _kind.Kind).Map("metadata")!.String("name")!;
            var name = metadata.String("name")!;
            if (_kind.Kind == "Binding")
                await NewPodAsync(name);
            else if (s_fixedNames.Contains(_kind.Kind))
                await server.SendAsync("DELETE", PathOf(served.Version, body, isCollection: false));
            else
                metadata["name"] = $"{name}-{++_number}";
            return body;
        }

        private async Task NewPodAsync(string name)
        {
            await server.SendAsync("DELETE", $"/api/v1/namespaces/default/pods/{name}?gracePeriodSeconds=0");
            await server.SendAsync("POST", "/api/v1/namespaces/default/pods",
                $$$"""{"metadata":{"name":"{{{name}}}"},"spec":{"containers":[{"name":"c","image":"i"}]}}""");
        }

        private static JsonMap WithoutOwn(JsonMap obj)
        {
            var copy = (JsonMap)obj.DeepClone();
            copy.Remove("status");
            if (copy.Map("metadata") is { } metadata)
                Array.ForEach(s_ownMetadata, field => metadata.Remove(field));
            return copy;
        }

        private string PathOf(ServedVersion version, JsonMap body, bool isCollection)
        {
            var root = version.Group.Length == 0 ? "/api/" + version.Version : "/apis/" + version.APIVersion;
            var space = _kind.Namespaced ? "/namespaces/" + (body.Map("metadata")?.String("namespace") ?? "default") : "";
            return $"{root}{space}/{_kind.Plural}{(isCollection ? "" : "/" + body.Map("metadata")!.String("name"))}";
        }

        private async Task<JsonMap?> PostAsync(ServedVersion version, JsonMap body, string format)
        {
            var sent = (JsonMap)body.DeepClone();
            sent["apiVersion"] = version.APIVersion;
            sent["kind"] = version.Kind;
            using var request = new HttpRequestMessage(HttpMethod.Post, PathOf(version, sent, isCollection: true) + "?fieldValidation=Strict");
            request.Content = new ByteArrayContent(Bytes(sent, format));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(format);
            using var response = await server.Client.SendAsync(request);
            var text = await response.Content.ReadAsStringAsync();
            if ((int)response.StatusCode == 201)
                return (JsonMap)JsonTree.Parse(text);
            Say(version, $"POST as {format}: {text.Trim()}");
            return null;
        }

        private static byte[] Bytes(JsonMap body, string format) => format switch
        {
            Json => body.ToUtf8(),
            Yaml => Encoding.UTF8.GetBytes(YamlWriter.Write(body)),
            _ => JsonToProtobuf.Write(body),
        };

        private async Task<JsonMap?> GetAsync(string path, string format)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.Accept.ParseAdd(format);
            using var response = await server.Client.SendAsync(request);
            var bytes = await response.Content.ReadAsByteArrayAsync();
            if (!response.IsSuccessStatusCode)
            {
                wrong.Add($"GET {path} as {format}: {Encoding.UTF8.GetString(bytes).Trim()}");
                return null;
            }
            return format switch
            {
                Json => (JsonMap)JsonTree.Parse(bytes),
                Yaml => (JsonMap)YamlReader.ReadFirst(bytes),
                _ => ProtobufToJson.Read(bytes),
            };
        }

        private void Say(ServedVersion version, string what) => wrong.Add($"{version.APIVersion} {version.Kind}: {what}");
    }
}
