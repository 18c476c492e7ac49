using System.Net;
using System.Text.Json.Nodes;
using Cybernetes.Foundation;
using Cybernetes.Store;

namespace Cybernetes.ApiServer.Tests.Server;

/// <summary>What others do to the records of services' addresses and ports is mended.</summary>
public sealed class ServiceRepairTests
{
    private const string Addresses = "/apis/networking.k8s.io/v1/ipaddresses";
    private const string Services = "/api/v1/namespaces/default/services";

    [Fact]
    public async Task IPAddress_DeletedByHand_IsMadeAgainWithAnEvent()
    {
        await using var server = await ServerFixture.StartAsync();
        var address = (await CreateAsync(server, "web")).At("spec.clusterIP");
        var uid = (await server.GetAsync($"{Addresses}/{address}")).At("metadata.uid");
        Assert.Equal(200, (await server.SendAsync("DELETE", $"{Addresses}/{address}")).Code);

        var again = await UntilAsync(() => server.GetAsync($"{Addresses}/{address}"), r => r.Code == 200);
        Assert.NotEqual(uid, again.At("metadata.uid"));
        Assert.Equal(("web", "ipallocator.k8s.io"),
            (again.At("spec.parentRef.name"), again.Json["metadata"]!["labels"]!["ipaddress.kubernetes.io/managed-by"]!.GetValue<string>()));
        Assert.Equal($"Cluster IP [IPv4]: {address} is not allocated; repairing", await EventAsync(server, "ClusterIPNotAllocated", "web"));
    }

    [Fact]
    public async Task IPAddress_WithoutItsLabels_GetsThemBack()
    {
        await using var server = await ServerFixture.StartAsync();
        var address = (await CreateAsync(server, "web")).At("spec.clusterIP");
        Assert.Equal(200, (await server.SendAsync("PATCH", $"{Addresses}/{address}", """{"metadata":{"labels":null}}""", "application/merge-patch+json")).Code);

        await UntilAsync(() => server.GetAsync($"{Addresses}/{address}"), r => r.Code == 200 && r.Json["metadata"]!["labels"] is not null);
    }

    [Fact]
    public async Task Records_LostOrLeaked_AreMendedAtTheNextLooks()
    {
        var time = new VirtualTimeProvider();
        await using var server = await ServerFixture.StartAsync(o => o with { Time = time });
        var port = (await CreateAsync(server, "web", """{"type":"NodePort","ports":[{"port":80}]}""")).At("spec.ports.0.nodePort");
        // The store is changed behind the server's back, as by a restored backup of some keys.
        await server.Store.TransactAsync(Transaction.Of(new DeleteOperation($"/registry/ranges/servicenodeports/{port}")));
        await server.Store.PutAsync("/registry/ranges/servicenodeports/30001", "{}"u8.ToArray());
        Assert.Equal(201, (await server.SendAsync("POST", Addresses, """
            {"apiVersion":"networking.k8s.io/v1","kind":"IPAddress",
            "metadata":{"name":"10.96.7.7","labels":{"ipaddress.kubernetes.io/ip-family":"IPv4","ipaddress.kubernetes.io/managed-by":"ipallocator.k8s.io"}},
            "spec":{"parentRef":{"resource":"services","namespace":"default","name":"gone"}}}
            """)).Code);

        var told = await EventAsync(server, "PortNotAllocated", "web", time);
        Assert.Equal($"Port {port} is not allocated; repairing", told);
        Assert.Equal("IPAddress: 10.96.7.7 for Service default/gone appears to have leaked: cleaning up",
            await EventAsync(server, "IPAddressNotAllocated", "10.96.7.7", time));
        Assert.Equal(404, (await server.GetAsync($"{Addresses}/10.96.7.7")).Code);
        await UntilAsync(async () => await server.Store.GetAsync("/registry/ranges/servicenodeports/30001"),
            r => r.TryGet(out var found, out _) && found.Record is null, time);
        Assert.Equal(422, (await server.SendAsync("POST", Services, Service("second", $$"""{"type":"NodePort","ports":[{"port":80,"nodePort":{{port}}}]}"""))).Code);
    }

    [Fact]
    public async Task Service_OutOfEveryRange_IsToldOfOnce()
    {
        var time = new VirtualTimeProvider();
        await using var server = await ServerFixture.StartAsync(o => o with { Time = time });
        await CreateAsync(server, "web");
        var key = "/registry/services/specs/default/web";
        Assert.True((await server.Store.GetAsync(key)).TryGet(out var found, out _));
        var moved = JsonNode.Parse(found.Record!.Value.Span)!;
        (moved["spec"]!["clusterIP"], moved["spec"]!["clusterIPs"]) = ("10.1.2.3", new JsonArray("10.1.2.3"));
        await server.Store.PutAsync(key, System.Text.Encoding.UTF8.GetBytes(moved.ToJsonString()));

        Assert.Equal("Cluster IP [IPv4]: 10.1.2.3 is not within any configured Service CIDR; please recreate service",
            await EventAsync(server, "ClusterIPOutOfRange", "web", time));
        // The address that it had is given back meanwhile, some looks later: there were several looks.
        await EventAsync(server, "IPAddressWrongReference", "", time);
        Assert.Single(await EventsAsync(server, "ClusterIPOutOfRange"));
    }

    [Fact]
    public async Task Service_WhenTheRangeIsFull_GetsOneOfAFurtherReadyRange()
    {
        await using var server = await ServerFixture.StartAsync(o => o with { ServiceClusterIPRange = IPNetwork.Parse("10.5.0.0/30") });
        await CreateAsync(server, "last");
        Assert.Equal(500, (await server.SendAsync("POST", Services, Service("more"))).Code);
        const string ranges = "/apis/networking.k8s.io/v1/servicecidrs";
        Assert.Equal(201, (await server.SendAsync("POST", ranges, Range)).Code);
        Assert.Equal(500, (await server.SendAsync("POST", Services, Service("more"))).Code);
        Assert.Equal(422, (await server.SendAsync("POST", Services, Service("fixed", """{"clusterIP":"10.6.0.9","ports":[{"port":80}]}"""))).Code);

        await server.SendAsync("PATCH", ranges + "/more/status", """
            {"status":{"conditions":[{"type":"Ready","status":"True","reason":"","message":"","lastTransitionTime":"2026-01-01T00:00:00Z"}]}}
            """, "application/merge-patch+json");
        Assert.StartsWith("10.6.0.", (await CreateAsync(server, "more")).At("spec.clusterIP"), StringComparison.Ordinal);
        Assert.Equal("10.6.0.9", (await CreateAsync(server, "fixed", """{"clusterIP":"10.6.0.9","ports":[{"port":80}]}""")).At("spec.clusterIP"));
        Assert.Equal(422, (await server.SendAsync("POST", Services, Service("ends", """{"clusterIP":"10.6.0.0","ports":[{"port":80}]}"""))).Code);

        // One that is being deleted gives nothing more.
        await server.SendAsync("PATCH", ranges + "/more", """{"metadata":{"finalizers":["example.com/kept"]}}""", "application/merge-patch+json");
        await server.SendAsync("DELETE", ranges + "/more");
        Assert.Equal(500, (await server.SendAsync("POST", Services, Service("late"))).Code);
    }

    private const string Range = """
        {"apiVersion":"networking.k8s.io/v1","kind":"ServiceCIDR","metadata":{"name":"more"},"spec":{"cidrs":["10.6.0.0/24"]}}
        """;

    private static string Service(string name, string spec = """{"ports":[{"port":80}]}""") =>
        $$$"""{"apiVersion":"v1","kind":"Service","metadata":{"name":"{{{name}}}"},"spec":{{{spec}}}}""";

    private static async Task<Reply> CreateAsync(ServerFixture server, string name, string spec = """{"ports":[{"port":80}]}""")
    {
        var reply = await server.SendAsync("POST", Services, Service(name, spec));
        Assert.Equal(201, reply.Code);
        return reply;
    }

    private static async Task<string> EventAsync(ServerFixture server, string reason, string about, VirtualTimeProvider? time = null)
    {
        var found = await UntilAsync(() => EventsAsync(server, reason), e => e.Count > 0, time);
        if (about.Length > 0)
            Assert.Equal(about, found[0]["involvedObject"]!["name"]!.GetValue<string>());
        return found[0]["message"]!.GetValue<string>();
    }

    private static async Task<List<JsonNode>> EventsAsync(ServerFixture server, string reason) =>
        [.. (await server.GetAsync("/api/v1/namespaces/default/events")).Json["items"]!.AsArray().Select(e => e!)
            .Where(e => e["reason"]!.GetValue<string>() == reason)];

    /// <summary>Asks again until it holds, while time, where it is a test's own, goes on.</summary>
    private static async Task<T> UntilAsync<T>(Func<Task<T>> ask, Func<T, bool> holds, VirtualTimeProvider? time = null)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1), TimeProvider.System);
        while (true)
        {
            var answer = await ask();
            if (holds(answer))
                return answer;
            time?.Advance(TimeSpan.FromSeconds(30));
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, patience.Token);
        }
    }
}
