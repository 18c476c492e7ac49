using Cybernetes.ApiServer.Authentication;
using Cybernetes.ApiServer.Transport;

namespace Cybernetes.ApiServer.Tests.Server;

public sealed class ServerPathsTests
{
    [Theory]
    [InlineData("/livez")]
    [InlineData("/readyz")]
    [InlineData("/healthz")]
    [InlineData("/livez/ping")]
    public async Task Health_WhenWell_IsOk(string path)
    {
        await using var server = await ServerFixture.StartAsync();
        var reply = await server.GetAsync(path);

        Assert.Equal(200, reply.Code);
        Assert.Equal("ok", reply.Text);
    }

    [Fact]
    public async Task Health_Verbose_ListsTheChecks()
    {
        await using var server = await ServerFixture.StartAsync();
        var reply = await server.GetAsync("/readyz?verbose&exclude=log&exclude=nothing");

        Assert.StartsWith("[+]ping ok\n[+]log excluded: ok\n[+]etcd ok\n", reply.Text);
        Assert.Contains("[+]poststarthook/start-system-namespaces-controller ok\n", reply.Text);
        Assert.EndsWith("warn: some health checks cannot be excluded: no matches for \"nothing\"\nreadyz check passed\n", reply.Text);
    }

    [Fact]
    public async Task Health_WhenStopping_IsNotReadyButAlive()
    {
        await using var server = await ServerFixture.StartAsync();
        await server.Host.StopAsync();

        Assert.Equal(200, (await server.GetAsync("/livez")).Code);
        var ready = await server.GetAsync("/readyz");
        Assert.Equal(500, ready.Code);
        Assert.Contains("[-]shutdown failed: reason withheld\n", ready.Text);
    }

    [Fact]
    public async Task Version_Get_IsOfKubernetes136()
    {
        await using var server = await ServerFixture.StartAsync();
        var reply = await server.GetAsync("/version");

        Assert.Equal("1", reply.At("major"));
        Assert.Equal("36", reply.At("minor"));
        Assert.StartsWith("v1.36.0+cybernetes.", reply.At("gitVersion"));
    }

    [Fact]
    public async Task Metrics_AfterRequests_CountThem()
    {
        await using var server = await ServerFixture.StartAsync();
        await server.CreateConfigMapAsync("one");
        var reply = await server.GetAsync("/metrics");

        Assert.Contains("apiserver_request_total{code=\"201\",component=\"apiserver\",dry_run=\"\",group=\"\",resource=\"configmaps\","
            + "scope=\"namespace\",subresource=\"\",verb=\"POST\",version=\"v1\"} 2\n", reply.Text);
        Assert.Contains("apiserver_resource_objects{group=\"\",resource=\"configmaps\"} 2\n", reply.Text);
    }

    [Fact]
    public async Task SystemNamespaces_AfterStart_AreActive()
    {
        await using var server = await ServerFixture.StartAsync();
        foreach (var name in (string[])["default", "kube-system", "kube-public", "kube-node-lease"])
            Assert.Equal("Active", (await server.GetAsync($"/api/v1/namespaces/{name}")).At("status.phase"));
    }

    [Theory]
    [InlineData("/version", 200, "")]
    [InlineData("/livez", 200, "")]
    [InlineData("/metrics", 403, "forbidden: User \"system:anonymous\" cannot get path \"/metrics\"")]
    [InlineData("/api/v1/namespaces/default/configmaps", 403,
        "configmaps is forbidden: User \"system:anonymous\" cannot list resource \"configmaps\" in API group \"\" in the namespace \"default\"")]
    [InlineData("/api/v1/namespaces", 403,
        "namespaces is forbidden: User \"system:anonymous\" cannot list resource \"namespaces\" in API group \"\" at the cluster scope")]
    [InlineData("/api/v1/namespaces/default/configmaps/x", 403,
        "configmaps \"x\" is forbidden: User \"system:anonymous\" cannot get resource \"configmaps\" in API group \"\" in the namespace \"default\"")]
    public async Task Anonymous_AnyPath_SeesHealthAndVersionOnly(string path, int code, string message)
    {
        await using var server = await ServerFixture.StartAsync();
        using var client = new HttpClient(new InProcessHandler(server.Host.Services.Pipeline, UserInfo.Anonymous)) { BaseAddress = new("https://x") };
        using var response = await client.GetAsync(path);

        Assert.Equal(code, (int)response.StatusCode);
        if (message.Length > 0)
            Assert.Equal(message, new Reply(response.StatusCode, await response.Content.ReadAsStringAsync(), []).Message);
    }

    [Fact]
    public async Task Answer_OfAnyRequest_BearsAuditId()
    {
        await using var server = await ServerFixture.StartAsync();
        using var response = await server.Client.GetAsync("/api/v1/namespaces/default/configmaps/none");

        Assert.Equal(404, (int)response.StatusCode);
        Assert.Equal(36, response.Headers.GetValues("Audit-Id").Single().Length);
    }

    [Fact]
    public async Task Impersonation_WithoutUser_IsRefused()
    {
        await using var server = await ServerFixture.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/namespaces");
        request.Headers.Add("Impersonate-Group", "x");
        using var response = await server.Client.SendAsync(request);

        Assert.Equal(500, (int)response.StatusCode);
    }
}
