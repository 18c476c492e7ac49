using System.Net;
using Cybernetes.ApiServer.Tests.Server;

namespace Cybernetes.ApiServer.Tests.Watch;

/// <summary>Tests that look at the whole process's memory: nothing else runs beside them.</summary>
[CollectionDefinition(nameof(Quiet), DisableParallelization = true)]
public sealed class Quiet;

[Collection(nameof(Quiet))]
public sealed class IdleWatchersTests
{
    private const string Watch = "/api/v1/namespaces/default/configmaps?watch=1&resourceVersion=1&fieldSelector=metadata.name%3Dtold";
    private const int Watchers = 5000;
    private const int StreamsPerConnection = 250;

    // The server's stream, request and place in the cache, and this client's half of it as well: 12 KB are usual.
    private const int MostBytesEach = 32 * 1024;

    [Fact]
    public async Task Watchers_ThousandsIdleOverHttp2_TakeLittleAndAreAllTold()
    {
        using var authority = new TestCertificates();
        await using var server = await TlsTests.StartAsync(authority);
        using var client = ClientOf(server, authority);
        var readers = new List<WatchReader>();
        // What the first connection brings with it once is no watcher's.
        await OpenAsync(client, readers, StreamsPerConnection);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        await OpenAsync(client, readers, Watchers - StreamsPerConnection);
        var each = (GC.GetTotalMemory(forceFullCollection: true) - before) / (Watchers - StreamsPerConnection);

        TestContext.Current.TestOutputHelper?.WriteLine($"{each} bytes for each watcher, both ends");
        Assert.InRange(each, 0, MostBytesEach);
        Assert.Equal(Watchers, server.Host.Services.Hub.CacheOf(server.Host.Services.Catalog.FindStored("", "configmaps")!).Watchers);
        await server.CreateConfigMapAsync("told");
        foreach (var reader in readers)
            Assert.Equal("ADDED told", await reader.NextAsync(patienceSeconds: 180));
        readers.ForEach(r => r.Dispose());
    }

    private static async Task OpenAsync(HttpClient client, List<WatchReader> readers, int count)
    {
        const int AtOnce = 50;
        for (var opened = 0; opened < count; opened += AtOnce)
        {
            var some = Enumerable.Range(0, Math.Min(AtOnce, count - opened)).Select(async _ =>
            {
                var answer = await client.GetAsync(Watch, HttpCompletionOption.ResponseHeadersRead);
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
                Assert.Equal(HttpVersion.Version20, answer.Version);
                return new WatchReader(answer, new StreamReader(await answer.Content.ReadAsStreamAsync(), bufferSize: 128));
            });
            readers.AddRange(await Task.WhenAll(some));
        }
    }

    private static HttpClient ClientOf(ServerFixture server, TestCertificates authority)
    {
        var certificate = authority.Client("CN=jane, O=system:masters");
        var handler = new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = true,
            SslOptions = new()
            {
                RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null && shown.Issuer == authority.Authority.Subject,
                LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate,
            },
        };
        return new(handler)
        {
            BaseAddress = new($"https://127.0.0.1:{server.Host.Port}"), DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact, Timeout = TimeSpan.FromMinutes(5),
        };
    }
}
