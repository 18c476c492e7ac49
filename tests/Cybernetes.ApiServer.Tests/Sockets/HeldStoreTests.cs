using System.Net;
using Cybernetes.ApiServer.Server;
using Cybernetes.ApiServer.Tests.Server;
using Cybernetes.ApiServer.Tests.Watch;
using Cybernetes.Store;
using Cybernetes.Store.Embedded;

namespace Cybernetes.ApiServer.Tests.Sockets;

/// <summary>Threads that answer themselves, over a store whose disk hangs.</summary>
public sealed class HeldStoreTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Reads_WhileWritesHoldTheirThreads_AreAnswered()
    {
        const int Writers = 8;
        using var authority = new TestCertificates();
        using var gate = new ManualResetEventSlim();
        using var entered = new CountdownEvent(Writers);
        await using var inner = EmbeddedStore.OpenInMemory(TimeProvider.System);
        var store = new RemoteStore(inner)
        {
            Writing = asked =>
            {
                if (!asked.Then.Any(o => o is PutOperation { Key: var key } && key.Contains("/held-", StringComparison.Ordinal)))
                    return;
                entered.Signal();
                gate.Wait(Cancellation);
            },
        };
        var certificate = authority.Server();
        await using var host = await ApiServerHost.StartAsync(store, new ApiServerOptions
        {
            SecurePort = 0, BindAddress = IPAddress.Loopback, ServingCertificate = () => certificate, ClientAuthorities = () => [authority.Authority],
            AnswersOnSocketThreads = true,
        });
        await host.WaitUntilReadyAsync(Cancellation);
        var clients = Enumerable.Range(0, Writers + 1).Select(_ => TlsTests.ClientOf(host.Port, authority, authority.Client("CN=jane"), "1.1")).ToList();
        try
        {
            // Their connections are there, and were answered once.
            foreach (var client in clients)
                Assert.Equal(200, (int)(await client.GetAsync("/version", Cancellation)).StatusCode);
            var writes = clients.Take(Writers).Select((client, i) => PostAsync(client, $"held-{i}")).ToList();
            await Task.Run(() => entered.Wait(Cancellation), Cancellation);

            using var other = TlsTests.ClientOf(host.Port, authority, authority.Client("CN=jane"), "1.1");
            foreach (var free in new[] { clients[^1], other })
                Assert.Equal(200, (int)(await free.GetAsync("/api/v1/namespaces/default", Cancellation)).StatusCode);
            Assert.DoesNotContain(writes, w => w.IsCompleted);

            gate.Set();
            Assert.All(await Task.WhenAll(writes), code => Assert.Equal(HttpStatusCode.Created, code));
        }
        finally
        {
            gate.Set();
            clients.ForEach(c => c.Dispose());
        }
    }

    private static async Task<HttpStatusCode> PostAsync(HttpClient client, string name)
    {
        using var content = new StringContent(
            $$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{{name}}}"}}""", System.Text.Encoding.UTF8, "application/json");
        using var answer = await client.PostAsync("/api/v1/namespaces/default/configmaps", content, Cancellation);
        return answer.StatusCode;
    }
}
