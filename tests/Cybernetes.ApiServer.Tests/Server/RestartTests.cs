using Cybernetes.ApiServer.Server;
using Cybernetes.Foundation;
using Cybernetes.Store;
using Cybernetes.Store.Embedded;

namespace Cybernetes.ApiServer.Tests.Server;

public sealed class RestartTests
{
    [Fact]
    public async Task Start_OverTheDataOfAnother_IsReadyWithTheSameObjects()
    {
        await using var store = EmbeddedStore.OpenInMemory(TimeProvider.System);
        var options = new ApiServerOptions { SecurePort = null, AdvertiseAddress = System.Net.IPAddress.Parse("192.0.2.7") };
        string before;
        await using (var first = await ApiServerHost.StartAsync(store, options))
        {
            await first.WaitUntilReadyAsync();
            before = await ReadAsync(first, "/api/v1/namespaces/default/services/kubernetes");
        }
        await using var second = await ApiServerHost.StartAsync(store, options);
        await second.WaitUntilReadyAsync().WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);

        Assert.Equal(before, await ReadAsync(second, "/api/v1/namespaces/default/services/kubernetes"));
        Assert.Contains("192.0.2.7", await ReadAsync(second, "/api/v1/namespaces/default/endpoints/kubernetes"));
        Assert.Contains("192.0.2.7", await ReadAsync(second, "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes"));
    }

    [Fact]
    public async Task Create_Event_IsStoredUnderALeaseOfAnHour()
    {
        await using var server = await ServerFixture.StartAsync();
        var reply = await server.SendAsync("POST", "/api/v1/namespaces/default/events",
            """{"kind":"Event","apiVersion":"v1","metadata":{"name":"e"},"involvedObject":{"kind":"Pod","namespace":"default","name":"x"},"reason":"R","type":"Normal"}""");
        Assert.Equal(201, reply.Code);
        var record = (await server.Store.GetAsync("/registry/events/default/e")).Value.Record!;
        var lease = (await server.Store.KeepLeaseAliveAsync(record.Lease)).Value;

        Assert.InRange(lease.TimeToLive, TimeSpan.FromHours(1), TimeSpan.FromMinutes(61));
    }

    [Fact]
    public async Task WatchCache_OldChanges_AreLetGoByAge()
    {
        var time = new VirtualTimeProvider();
        await using var server = await ServerFixture.StartAsync(o => o with { Time = time });
        var start = (await server.GetAsync("/api/v1/namespaces/default/configmaps")).At("metadata.resourceVersion");
        for (var i = 0; i < 400; i++)
            await server.CreateConfigMapAsync($"c{i}");
        using (var young = await WatchReader.OpenAsync(server, $"/api/v1/namespaces/default/configmaps?watch=1&resourceVersion={start}"))
            Assert.Equal("ADDED c0", await young.NextAsync());
        time.Advance(TimeSpan.FromMinutes(6));
        var late = await server.CreateConfigMapAsync("late");
        // A list that asks for this revision waits until the caches have it.
        await server.GetAsync($"/api/v1/namespaces/default/configmaps?limit=1&resourceVersion={late.At("metadata.resourceVersion")}");
        using var old = await WatchReader.OpenAsync(server, $"/api/v1/namespaces/default/configmaps?watch=1&resourceVersion={start}");
        var frame = await old.NextFrameAsync();

        Assert.Equal("ERROR", frame["type"]!.GetValue<string>());
        Assert.StartsWith($"too old resource version: {start} (", frame["object"]!["message"]!.GetValue<string>());
    }

    private static async Task<string> ReadAsync(ApiServerHost host, string path)
    {
        using var client = new HttpClient(host.CreateHandler("admin", "system:masters")) { BaseAddress = new("https://in-process") };
        return await client.GetStringAsync(path);
    }
}
