using System.Net;
using Cybernetes.ApiServer.Server;
using Cybernetes.Foundation;
using Cybernetes.Store;
using Cybernetes.Store.Embedded;

namespace Cybernetes.ApiServer.Tests.Watch;

/// <summary>Servers over a store that is elsewhere, and servers that follow one another.</summary>
public sealed class SharedStoreTests
{
    private const string Collection = "/api/v1/namespaces/default/configmaps";

    [Fact]
    public async Task List_ThroughAnotherServer_SeesWhatWasJustWritten()
    {
        await using var memory = EmbeddedStore.OpenInMemory(TimeProvider.System);
        await using var first = await StartAsync(new RemoteStore(memory));
        var remote = new RemoteStore(memory);
        await using var second = await StartAsync(remote);
        using var writer = ClientOf(first);
        using var reader = ClientOf(second);
        await reader.GetStringAsync(Collection);
        var ranges = remote.Ranges;
        for (var i = 0; i < 50; i++)
        {
            await CreateAsync(writer, $"c{i}");
            Assert.Contains($"\"name\":\"c{i}\"", await reader.GetStringAsync(Collection));
            Assert.Contains($"\"name\":\"c{i}\"", await reader.GetStringAsync($"{Collection}?labelSelector=n%3Dc{i}"));
        }

        Assert.Equal(ranges, remote.Ranges);
    }

    [Fact]
    public async Task Get_OfAnyOrAKnownRevision_IsAnsweredFromTheMirror()
    {
        await using var memory = EmbeddedStore.OpenInMemory(TimeProvider.System);
        await using var first = await StartAsync(new RemoteStore(memory));
        var remote = new RemoteStore(memory);
        await using var second = await StartAsync(remote);
        using var writer = ClientOf(first);
        using var reader = ClientOf(second);
        await CreateAsync(writer, "c1");
        var made = new Reply(HttpStatusCode.OK, await reader.GetStringAsync($"{Collection}/c1"), []).At("metadata.resourceVersion");

        // The server itself asks the store now and then: it is asked which keys were.
        remote.Watched = key => key.EndsWith("/c1", StringComparison.Ordinal) || key.EndsWith("/none", StringComparison.Ordinal);
        Assert.Contains("\"name\":\"c1\"", await reader.GetStringAsync($"{Collection}/c1?resourceVersion={made}"));
        Assert.Contains("\"name\":\"c1\"", await reader.GetStringAsync($"{Collection}/c1?resourceVersion=0"));
        Assert.Equal(HttpStatusCode.NotFound, (await reader.GetAsync($"{Collection}/none?resourceVersion=0")).StatusCode);
        Assert.Equal(0, remote.Gets);
        Assert.Contains("\"name\":\"c1\"", await reader.GetStringAsync($"{Collection}/c1"));
        Assert.Equal(1, remote.Gets);
    }

    [Fact]
    public async Task Pages_OfAMirror_AreOfOneRevision()
    {
        await using var memory = EmbeddedStore.OpenInMemory(TimeProvider.System);
        await using var server = await StartAsync(new RemoteStore(memory));
        using var client = ClientOf(server);
        for (var i = 0; i < 6; i++)
            await CreateAsync(client, $"c{i}");
        var first = new Reply(HttpStatusCode.OK, await client.GetStringAsync($"{Collection}?limit=3"), []);
        await client.DeleteAsync($"{Collection}/c4");
        await CreateAsync(client, "c9");
        var second = new Reply(HttpStatusCode.OK, await client.GetStringAsync($"{Collection}?limit=10&continue={first.At("metadata.continue")}"), []);

        Assert.Equal(["c3", "c4", "c5"], second.Json["items"]!.AsArray().Select(i => i!["metadata"]!["name"]!.GetValue<string>()));
        Assert.Equal(first.At("metadata.resourceVersion"), second.At("metadata.resourceVersion"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Watch_GoingOnAfterARestart_SeesEachChangeOnce(bool remote)
    {
        await using var memory = EmbeddedStore.OpenInMemory(TimeProvider.System);
        IStore store = remote ? new RemoteStore(memory) : memory;
        var seen = new List<string>();
        string last;
        await using (var first = await StartAsync(store))
        {
            using var client = ClientOf(first);
            last = new Reply(HttpStatusCode.OK, await client.GetStringAsync(Collection), []).At("metadata.resourceVersion");
            for (var i = 0; i < 10; i++)
                await CreateAsync(client, $"c{i}");
            // The client sees some of it before the server goes.
            last = await ReadAsync(client, last, 4, seen);
        }
        await using (var between = await StartAsync(store))
        {
            using var client = ClientOf(between);
            for (var i = 10; i < 20; i++)
                await CreateAsync(client, $"c{i}");
            await client.DeleteAsync($"{Collection}/c0");
        }
        await using var second = await StartAsync(store);
        using var again = ClientOf(second);
        await ReadAsync(again, last, 17, seen);

        Assert.Equal([.. Enumerable.Range(0, 20).Select(i => $"ADDED c{i}"), "DELETED c0"], seen);
    }

    private static async Task<string> ReadAsync(HttpClient client, string after, int count, List<string> seen)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{Collection}?watch=1&resourceVersion={after}");
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20), TimeProvider.System);
        for (var i = 0; i < count; i++)
        {
            var frame = new Reply(HttpStatusCode.OK, (await reader.ReadLineAsync(limit.Token))!, []);
            seen.Add($"{frame.At("type")} {frame.At("object.metadata.name")}");
            after = frame.At("object.metadata.resourceVersion");
        }
        return after;
    }

    private static async Task CreateAsync(HttpClient client, string name)
    {
        using var body = new StringContent(
            $$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{{name}}}","labels":{"n":"{{{name}}}"} } }""", null, "application/json");
        using var response = await client.PostAsync(Collection, body);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
    }

    private static async Task<ApiServerHost> StartAsync(IStore store)
    {
        var host = await ApiServerHost.StartAsync(store, new ApiServerOptions { SecurePort = null, Identities = IdentitySource.Seeded(1) });
        await host.WaitUntilReadyAsync();
        return host;
    }

    private static HttpClient ClientOf(ApiServerHost host) =>
        new(host.CreateHandler("admin", "system:masters")) { BaseAddress = new("https://in-process") };
}
