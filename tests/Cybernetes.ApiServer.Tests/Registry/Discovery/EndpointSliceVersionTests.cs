namespace Cybernetes.ApiServer.Tests.Registry.Discovery;

public sealed class EndpointSliceVersionTests
{
    [Fact]
    public async Task OlderVersion_Topology_BecomesZoneAndBack()
    {
        await using var server = await ServerFixture.StartAsync();
        const string old = "/apis/discovery.k8s.io/v1beta1/namespaces/default/endpointslices";
        const string slice = """
            {"metadata":{"name":"x"},"addressType":"IPv4","endpoints":[
            {"addresses":["10.0.0.1"],"topology":{"topology.kubernetes.io/zone":"z","rack":"r"},"nodeName":"n"},
            {"addresses":["10.0.0.2"],"topology":{"topology.kubernetes.io/zone":"z"}}]}
            """;
        Assert.Equal(201, (await server.SendAsync("POST", old, slice)).Code);
        var stored = await server.GetAsync("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/x");
        var served = await server.GetAsync(old + "/x");

        Assert.Equal("z", stored.At("endpoints.0.zone"));
        Assert.Equal("""{"rack":"r"}""", stored.At("endpoints.0.deprecatedTopology"));
        Assert.Equal("n", stored.At("endpoints.0.nodeName"));
        Assert.Equal("", stored.Json["endpoints"]![1]!["deprecatedTopology"]?.ToJsonString() ?? "");
        Assert.Equal("z", served.Json["endpoints"]![0]!["topology"]!["topology.kubernetes.io/zone"]!.GetValue<string>());
        Assert.Equal("r", served.Json["endpoints"]![0]!["topology"]!["rack"]!.GetValue<string>());
    }
}
