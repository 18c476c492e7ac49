using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cybernetes.ApiServer.Server;
using Cybernetes.Foundation;
using Cybernetes.Store.Embedded;

namespace Cybernetes.ApiServer.Tests;

/// <summary>A server over a store in memory, and a client in the same process.</summary>
internal sealed class ServerFixture : IAsyncDisposable
{
    private readonly EmbeddedStore _store;

    private ServerFixture(EmbeddedStore store, ApiServerHost host)
    {
        _store = store;
        Host = host;
        Client = ClientOf("admin", "system:masters");
    }

    public ApiServerHost Host { get; }

    public EmbeddedStore Store => _store;

    /// <summary>A client of group system:masters.</summary>
    public HttpClient Client { get; }

    public static async Task<ServerFixture> StartAsync(Func<ApiServerOptions, ApiServerOptions>? configure = null)
    {
        var store = EmbeddedStore.OpenInMemory(TimeProvider.System);
        var options = new ApiServerOptions { SecurePort = null, Identities = IdentitySource.Seeded(1), Random = Chance.Seeded(1) };
        var host = await ApiServerHost.StartAsync(store, configure?.Invoke(options) ?? options);
        await host.WaitUntilReadyAsync();
        return new(store, host);
    }

    public HttpClient ClientOf(string user, params string[] groups) =>
        new(Host.CreateHandler(user, groups)) { BaseAddress = new("https://in-process") };

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Host.DisposeAsync();
        await _store.DisposeAsync();
    }

    /// <summary>Sends a request and reads the JSON answer.</summary>
    public async Task<Reply> SendAsync(string method, string path, string? body = null, string contentType = "application/json", string? accept = null)
    {
        using var request = new HttpRequestMessage(new(method), path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        }
        if (accept is not null)
            request.Headers.TryAddWithoutValidation("Accept", accept);
        using var response = await Client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        var warnings = response.Headers.TryGetValues("Warning", out var values) ? values.ToList() : [];
        return new(response.StatusCode, text, warnings);
    }

    public Task<Reply> GetAsync(string path, string? accept = null) => SendAsync("GET", path, accept: accept);

    public async Task<Reply> CreateConfigMapAsync(string name, string extra = "", string ns = "default") => await SendAsync(
        "POST", $"/api/v1/namespaces/{ns}/configmaps", $$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{{name}}}"{{{extra}}}},"data":{"a":"1"}}""");
}

/// <summary>An answer.</summary>
internal sealed record Reply(HttpStatusCode Status, string Text, List<string> Warnings)
{
    public int Code => (int)Status;

    public JsonNode Json => JsonNode.Parse(Text) ?? throw new JsonException("null");

    public string Message => Json["message"]!.GetValue<string>();

    public string Reason => Json["reason"]!.GetValue<string>();

    /// <summary>Text at a dotted path.</summary>
    public string At(string path)
    {
        var node = Json;
        foreach (var part in path.Split('.'))
            node = int.TryParse(part, out var index) ? node![index] : node![part];
        return node is null ? "" : node is JsonValue value && value.TryGetValue<string>(out var text) ? text : node.ToJsonString();
    }
}

/// <summary>Reads a watch frame by frame.</summary>
internal sealed class WatchReader(HttpResponseMessage response, StreamReader reader) : IDisposable
{
    public static async Task<WatchReader> OpenAsync(ServerFixture server, string path, string? accept = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (accept is not null)
            request.Headers.TryAddWithoutValidation("Accept", accept);
        var response = await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return new(response, new StreamReader(await response.Content.ReadAsStreamAsync()));
    }

    /// <summary>The next frame as <c>TYPE name</c>.</summary>
    public async Task<string> NextAsync(int patienceSeconds = 20)
    {
        var frame = await NextFrameAsync(patienceSeconds);
        return $"{frame["type"]} {frame["object"]!["metadata"]?["name"]}".Trim();
    }

    public async Task<JsonNode> NextFrameAsync(int patienceSeconds = 20)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(patienceSeconds), TimeProvider.System);
        var line = await reader.ReadLineAsync(limit.Token) ?? throw new EndOfStreamException("the watch ended");
        return JsonNode.Parse(line)!;
    }

    public async Task<string?> LastLineAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20), TimeProvider.System);
        return await reader.ReadLineAsync(limit.Token);
    }

    public void Dispose()
    {
        reader.Dispose();
        response.Dispose();
    }
}
