using System.Security.Cryptography;

namespace Cybernetes.ApiServer.Tests.Registry;

public sealed class PodSubresourcesTests
{
    private const string Pods = "/api/v1/namespaces/default/pods";

    [Fact]
    public async Task Binding_Twice_IsRefusedTheSecondTime()
    {
        await using var server = await StartAsync();
        await CreatePodAsync(server, "web");
        var first = await BindAsync(server, "web", "n1");
        var pod = await server.GetAsync($"{Pods}/web");
        var second = await BindAsync(server, "web", "n2");

        Assert.Equal(201, first.Code);
        Assert.Equal("Success", first.At("status"));
        Assert.Equal("n1", pod.At("spec.nodeName"));
        Assert.Contains("\"type\":\"PodScheduled\",\"status\":\"True\"", pod.Text.Replace("\"observedGeneration\":1,", ""));
        Assert.Equal(409, second.Code);
        Assert.Equal("Operation cannot be fulfilled on pods/binding \"web\": pod web is already assigned to node \"n1\"", second.Message);
    }

    [Fact]
    public async Task Delete_RunningPod_WaitsForTheKubelet()
    {
        await using var server = await StartAsync();
        await CreatePodAsync(server, "web");
        await BindAsync(server, "web", "n1");
        var marked = await server.SendAsync("DELETE", $"{Pods}/web");
        Assert.Equal("30", marked.At("metadata.deletionGracePeriodSeconds"));
        var shorter = await server.SendAsync("DELETE", $"{Pods}/web?gracePeriodSeconds=5");
        Assert.Equal("5", shorter.At("metadata.deletionGracePeriodSeconds"));
        var gone = await server.SendAsync("DELETE", $"{Pods}/web", """{"gracePeriodSeconds":0}""");

        Assert.Equal(200, gone.Code);
        Assert.Equal(404, (await server.GetAsync($"{Pods}/web")).Code);
    }

    [Fact]
    public async Task Delete_UnscheduledPod_GoesAtOnce()
    {
        await using var server = await StartAsync();
        await CreatePodAsync(server, "web");
        await server.SendAsync("DELETE", $"{Pods}/web");

        Assert.Equal(404, (await server.GetAsync($"{Pods}/web")).Code);
    }

    [Fact]
    public async Task Eviction_OfAPod_DeletesIt()
    {
        await using var server = await StartAsync();
        await CreatePodAsync(server, "web");
        var reply = await server.SendAsync("POST", $"{Pods}/web/eviction", """{"kind":"Eviction","apiVersion":"policy/v1","metadata":{"name":"web"}}""");

        Assert.Equal(201, reply.Code);
        Assert.Equal(404, (await server.GetAsync($"{Pods}/web")).Code);
    }

    [Fact]
    public async Task Create_Pod_MountsTheServiceAccountToken()
    {
        await using var server = await StartAsync();
        var pod = await CreatePodAsync(server, "web");

        Assert.Equal("default", pod.At("spec.serviceAccountName"));
        Assert.Equal("default", pod.At("spec.serviceAccount"));
        Assert.Matches("^kube-api-access-[a-z0-9]{5}$", pod.At("spec.volumes.0.name"));
        Assert.Equal("3607", pod.At("spec.volumes.0.projected.sources.0.serviceAccountToken.expirationSeconds"));
        Assert.Equal("/var/run/secrets/kubernetes.io/serviceaccount", pod.At("spec.containers.0.volumeMounts.0.mountPath"));
        Assert.Equal("0", pod.At("spec.priority"));
        Assert.Equal("300", pod.At("spec.tolerations.0.tolerationSeconds"));
    }

    [Fact]
    public async Task Create_PodOfUnknownAccount_IsForbidden()
    {
        await using var server = await StartAsync();
        var reply = await server.SendAsync("POST", Pods,
            """{"kind":"Pod","apiVersion":"v1","metadata":{"name":"web"},"spec":{"serviceAccountName":"none","containers":[{"name":"a","image":"x"}]}}""");

        Assert.Equal(403, reply.Code);
        Assert.Equal("pods \"web\" is forbidden: error looking up service account default/none: serviceaccount \"none\" not found", reply.Message);
    }

    [Fact]
    public async Task Token_BoundToAPod_AuthenticatesWhileThePodLives()
    {
        await using var server = await StartAsync();
        await CreatePodAsync(server, "web");
        var uid = (await server.GetAsync($"{Pods}/web")).At("metadata.uid");
        var reply = await server.SendAsync("POST", "/api/v1/namespaces/default/serviceaccounts/default/token",
            "{\"kind\":\"TokenRequest\",\"apiVersion\":\"authentication.k8s.io/v1\",\"spec\":{\"expirationSeconds\":3607,"
            + $"\"boundObjectRef\":{{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"name\":\"web\",\"uid\":\"{uid}\"}}}}}}");
        Assert.Equal(201, reply.Code);
        var token = reply.At("status.token");
        Assert.Equal(200, await AskAsync(server, token));
        await server.SendAsync("DELETE", $"{Pods}/web");

        Assert.Equal(401, await AskAsync(server, token));
        Assert.Equal(401, await AskAsync(server, token + "x"));
    }

    [Fact]
    public async Task Token_OfTooShortLife_IsInvalid()
    {
        await using var server = await StartAsync();
        var reply = await server.SendAsync("POST", "/api/v1/namespaces/default/serviceaccounts/default/token",
            """{"kind":"TokenRequest","apiVersion":"authentication.k8s.io/v1","spec":{"expirationSeconds":5}}""");

        Assert.Equal(422, reply.Code);
        Assert.Contains("spec.expirationSeconds: Invalid value: 5: may not specify a duration less than 10 minutes", reply.Message);
    }

    private static async Task<int> AskAsync(ServerFixture server, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "https://x/api/v1/namespaces");
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        using var client = new HttpMessageInvoker(new TokenOnlyHandler(server));
        using var response = await client.SendAsync(request, CancellationToken.None);
        return (int)response.StatusCode;
    }

    /// <summary>Enters the pipeline without an identity, as a socket would.</summary>
    private sealed class TokenOnlyHandler(ServerFixture server) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var exchange = new Cybernetes.ApiServer.Transport.InProcessExchange(request, Stream.Null, null);
            exchange.Run(server.Host.Services.Pipeline);
            await exchange.HeadersSent;
            return exchange.ToResponse(request);
        }
    }

    private static async Task<ServerFixture> StartAsync()
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var server = await ServerFixture.StartAsync(o => o with { ServiceAccountKey = key });
        await server.SendAsync("POST", "/api/v1/namespaces/default/serviceaccounts", """{"kind":"ServiceAccount","apiVersion":"v1","metadata":{"name":"default"}}""");
        return server;
    }

    private static async Task<Reply> CreatePodAsync(ServerFixture server, string name)
    {
        var reply = await server.SendAsync("POST", Pods,
            $$$"""{"kind":"Pod","apiVersion":"v1","metadata":{"name":"{{{name}}}"},"spec":{"containers":[{"name":"a","image":"x"}]}}""");
        Assert.Equal(201, reply.Code);
        return reply;
    }

    private static Task<Reply> BindAsync(ServerFixture server, string pod, string node) => server.SendAsync("POST", $"{Pods}/{pod}/binding",
        $"{{\"kind\":\"Binding\",\"apiVersion\":\"v1\",\"metadata\":{{\"name\":\"{pod}\"}},\"target\":{{\"kind\":\"Node\",\"name\":\"{node}\"}}}}");
}
