namespace Cybernetes.ApiServer.Tests.Registry;

public sealed class ServiceAddressesTests
{
    private const string Services = "/api/v1/namespaces/default/services";

    [Fact]
    public async Task Kubernetes_Service_HasTheFirstAddress()
    {
        await using var server = await ServerFixture.StartAsync();
        var reply = await server.GetAsync($"{Services}/kubernetes");

        Assert.Equal("10.96.0.1", reply.At("spec.clusterIP"));
        Assert.Equal("443", reply.At("spec.ports.0.port"));
    }

    [Fact]
    public async Task Create_WithoutAddress_GetsOneOfTheRange()
    {
        await using var server = await ServerFixture.StartAsync();
        var first = await CreateAsync(server, "a", "");
        var second = await CreateAsync(server, "b", "");

        Assert.StartsWith("10.", first.At("spec.clusterIP"));
        Assert.NotEqual(first.At("spec.clusterIP"), second.At("spec.clusterIP"));
        Assert.Equal($"[\"{first.At("spec.clusterIP")}\"]", first.At("spec.clusterIPs"));
        Assert.Equal("[\"IPv4\"]", first.At("spec.ipFamilies"));
        Assert.Equal("SingleStack", first.At("spec.ipFamilyPolicy"));
    }

    [Theory]
    [InlineData("10.96.0.1", "provided IP is already allocated")]
    [InlineData("10.1.2.3", "provided IP is not in the valid range. The range of valid IPs is 10.96.0.0/12")]
    public async Task Create_WithWrongAddress_IsInvalid(string address, string problem)
    {
        await using var server = await ServerFixture.StartAsync();
        var reply = await CreateAsync(server, "a", $"\"clusterIP\":\"{address}\",");

        Assert.Equal(422, reply.Code);
        Assert.Contains($"spec.clusterIPs: Invalid value: [\"{address}\"]: failed to allocate IP {address}: {problem}", reply.Message);
        Assert.Equal("spec.clusterIPs", reply.At("details.causes.0.field"));
    }

    [Fact]
    public async Task Delete_Service_FreesItsAddressAndPort()
    {
        await using var server = await ServerFixture.StartAsync();
        var fixedSpec = "\"type\":\"NodePort\",\"clusterIP\":\"10.96.0.99\",";
        Assert.Equal(201, (await CreateAsync(server, "a", fixedSpec, 30080)).Code);
        var taken = await CreateAsync(server, "b", "\"type\":\"NodePort\",", 30080);
        await server.SendAsync("DELETE", $"{Services}/a");
        var again = await CreateAsync(server, "b", fixedSpec, 30080);

        Assert.Equal(422, taken.Code);
        Assert.Contains("spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated", taken.Message);
        Assert.Equal(201, again.Code);
    }

    [Fact]
    public async Task Create_PortOutsideTheRange_IsInvalid()
    {
        await using var server = await ServerFixture.StartAsync();
        var reply = await CreateAsync(server, "a", "\"type\":\"NodePort\",", 80);

        Assert.Equal(422, reply.Code);
        Assert.Contains("spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767",
            reply.Message);
    }

    [Fact]
    public async Task Update_WithoutAllocatedValues_KeepsThem()
    {
        await using var server = await ServerFixture.StartAsync();
        var created = await CreateAsync(server, "a", "\"type\":\"NodePort\",");
        var version = created.At("metadata.resourceVersion");
        var updated = await server.SendAsync("PUT", $"{Services}/a", "{\"kind\":\"Service\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"a\","
            + $"\"resourceVersion\":\"{version}\"}},\"spec\":{{\"type\":\"NodePort\",\"selector\":{{\"x\":\"y\"}},\"ports\":[{{\"port\":80}}]}}}}");

        Assert.Equal(200, updated.Code);
        Assert.Equal(created.At("spec.clusterIP"), updated.At("spec.clusterIP"));
        Assert.Equal(created.At("spec.ports.0.nodePort"), updated.At("spec.ports.0.nodePort"));
    }

    [Fact]
    public async Task Update_ToExternalName_FreesTheAddress()
    {
        await using var server = await ServerFixture.StartAsync();
        await CreateAsync(server, "a", "\"clusterIP\":\"10.96.0.50\",");
        var patched = await server.SendAsync("PATCH", $"{Services}/a",
            """{"spec":{"type":"ExternalName","externalName":"example.com","clusterIP":null,"clusterIPs":null}}""", "application/merge-patch+json");
        var next = await CreateAsync(server, "b", "\"clusterIP\":\"10.96.0.50\",");

        Assert.Equal(200, patched.Code);
        Assert.Equal(201, next.Code);
    }

    [Fact]
    public async Task Create_ManyAtOnce_GivesNoAddressTwice()
    {
        await using var server = await ServerFixture.StartAsync(o => o with { ServiceClusterIPRange = System.Net.IPNetwork.Parse("10.50.0.0/27") });
        var replies = await Task.WhenAll(Enumerable.Range(0, 29).Select(i => CreateAsync(server, $"s{i}", "")));
        var addresses = replies.Select(r => r.At("spec.clusterIP")).ToList();
        var full = await CreateAsync(server, "full", "");

        Assert.All(replies, r => Assert.Equal(201, r.Code));
        Assert.Equal(29, addresses.Distinct().Count());
        Assert.Equal(500, full.Code);
        Assert.Contains("range is full", full.Message);
    }

    [Fact]
    public async Task Create_Headless_TakesNoAddress()
    {
        await using var server = await ServerFixture.StartAsync();
        var reply = await CreateAsync(server, "a", "\"clusterIP\":\"None\",");

        Assert.Equal(201, reply.Code);
        Assert.Equal("None", reply.At("spec.clusterIP"));
    }

    private static Task<Reply> CreateAsync(ServerFixture server, string name, string spec, int nodePort = 0) => server.SendAsync("POST", Services,
        $"{{\"kind\":\"Service\",\"apiVersion\":\"v1\",\"metadata\":{{\"name\":\"{name}\"}},\"spec\":{{{spec}\"selector\":{{\"a\":\"b\"}},"
        + $"\"ports\":[{{\"port\":80{(nodePort > 0 ? $",\"nodePort\":{nodePort}" : "")}}}]}}}}");
}
