using System.Net;
using System.Net.WebSockets;
using System.Text;
using Cybernetes.Node.Server.Streaming;

namespace Cybernetes.Node.Tests.Server;

public sealed class KubeletServerTests : IAsyncLifetime
{
    private KubeletServerFixture _fixture = null!;

    public async ValueTask InitializeAsync() => _fixture = await KubeletServerFixture.StartAsync();

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    [Fact]
    public async Task Request_NoCertificate_IsUnauthorized()
    {
        using var client = _fixture.Client(null);

        using var response = await client.GetAsync("/pods");

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("Unauthorized", await response.Content.ReadAsStringAsync());
        Assert.Empty(_fixture.Asked);
    }

    [Fact]
    public async Task Request_CertificateOfAnotherAuthority_IsUnauthorized()
    {
        using var client = _fixture.Client(_fixture.ForeignCertificate);

        using var response = await client.GetAsync("/pods");

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Fact]
    public async Task Request_GoodCertificate_IsItsUserWithAllGroups()
    {
        using var client = _fixture.Client(_fixture.ClientCertificate);

        Assert.Equal("{\"kind\":\"PodList\"}", await client.GetStringAsync("/pods"));

        var asked = Assert.Single(_fixture.Asked);
        Assert.Equal("apiserver", asked.User.Name);
        Assert.Equal(["ops", "system:masters"], asked.User.Groups.Order());
        Assert.Equal(("get", "/pods"), (asked.Verb, asked.Path));
        Assert.Equal(["pods", "proxy"], asked.Subresources);
    }

    [Theory]
    [InlineData("good", HttpStatusCode.OK)]
    [InlineData("bad", HttpStatusCode.Unauthorized)]
    public async Task Request_BearerToken_IsReviewed(string token, HttpStatusCode expected)
    {
        using var client = _fixture.Client(null);
        client.DefaultRequestHeaders.Add("Authorization", $"Bearer {token}");

        using var response = await client.GetAsync("/metrics/resource");

        Assert.Equal(expected, response.StatusCode);
    }

    [Fact]
    public async Task Request_NotAllowed_IsForbiddenInUpstreamsWords()
    {
        _fixture.Allows = false;
        using var client = _fixture.Client(_fixture.ClientCertificate);

        using var response = await client.GetAsync("/stats/summary");

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Equal(
            "Forbidden (user=apiserver, verb=get, resource=nodes, subresource(s)=[stats])\n",
            await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("/metrics", "page_Kubelet 1\n")]
    [InlineData("/metrics/cadvisor", "page_Cadvisor 1\n")]
    public async Task Metrics_Pages_AreTheDelegates(string path, string expected)
    {
        using var client = _fixture.Client(_fixture.ClientCertificate);

        Assert.Equal(expected, await client.GetStringAsync(path));
    }

    [Theory]
    [InlineData("/nothing", 404)]
    [InlineData("/stats/summary", 500)]
    [InlineData("/containerLogs/default/web/main?tailLines=x", 400)]
    [InlineData("/containerLogs/default/web/main?tailLines=-1", 422)]
    [InlineData("/containerLogs/default/web/main?sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z", 422)]
    [InlineData("/containerLogs/default/web/main", 400)]
    [InlineData("/exec/default/web/main?command=x&output=1", 400)]
    [InlineData("/exec/default/web/main?command=x", 400)]
    public async Task Request_Bad_GetsItsStatus(string path, int status)
    {
        using var client = _fixture.Client(_fixture.ClientCertificate);

        using var response = await client.GetAsync(path);

        Assert.Equal(status, (int)response.StatusCode);
    }

    [Fact]
    public async Task Logs_FollowOfEndedContainer_GivesAllAndEnds()
    {
        await File.WriteAllTextAsync(_fixture.Log, "2026-01-01T00:00:00Z stdout F a\n2026-01-01T00:00:01Z stdout F b\n");
        using var client = _fixture.Client(_fixture.ClientCertificate);

        Assert.Equal("b\n", await client.GetStringAsync("/containerLogs/default/web/main?follow=true&tailLines=1"));
    }

    [Fact]
    public async Task Health_WithAndWithoutFault_SaysSoOnBothPorts()
    {
        using var client = _fixture.Client(_fixture.ClientCertificate);
        using var plain = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_fixture.Server.HealthzPort}") };
        Assert.Equal("ok", await client.GetStringAsync("/healthz"));
        Assert.Equal("ok", await plain.GetStringAsync("/healthz"));

        _fixture.SyncLoopFault = "stuck";

        using var response = await plain.GetAsync("/healthz");
        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Contains("[-]syncloop failed", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await plain.GetAsync("/pods")).StatusCode);
    }

    [Fact]
    public async Task Exec_Version5WithStdin_EndsInputAndGivesStatus()
    {
        const string Path = "/exec/default/web/main?command=cat&input=1&output=1&error=1";
        using var socket = await _fixture.OpenWebSocketAsync(Path, "v5.channel.k8s.io");
        await socket.SendAsync("\0hello "u8.ToArray(), WebSocketMessageType.Binary, true, CancellationToken.None);
        await socket.SendAsync("\0world"u8.ToArray(), WebSocketMessageType.Binary, true, CancellationToken.None);
        await socket.SendAsync(new byte[] { 255, 0 }, WebSocketMessageType.Binary, true, CancellationToken.None);

        Assert.Equal(["1:", "1:hello world", "3:{\"metadata\":{},\"status\":\"Success\"}"], await ReadAllAsync(socket));
    }

    [Fact]
    public async Task Exec_Version4ExitCode_IsInTheStatus()
    {
        const string Path = "/exec/default/web/uid-1/main?command=sh&command=-c&command=exit%207&error=1";
        using var socket = await _fixture.OpenWebSocketAsync(Path, "v4.channel.k8s.io");

        var messages = await ReadAllAsync(socket);

        Assert.Equal("2:", messages[0]);
        Assert.Contains("\"causes\":[{\"reason\":\"ExitCode\",\"message\":\"7\"}]", messages[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exec_UnknownPod_IsRefusedBeforeTheUpgrade()
    {
        var (head, stream) = await _fixture.UpgradeAsync(
            "POST", "/exec/default/other/main?command=cat&output=1", "Upgrade: SPDY/3.1", "Content-Length: 0");
        await using (stream)
            Assert.StartsWith("HTTP/1.1 404 Not Found", head, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exec_Spdy_CarriesStreamsAndStatus()
    {
        var (head, stream) = await _fixture.UpgradeAsync(
            "POST",
            "/exec/default/web/main?command=cat&input=1&output=1",
            "Upgrade: SPDY/3.1",
            "X-Stream-Protocol-Version: v4.channel.k8s.io",
            "X-Stream-Protocol-Version: v3.channel.k8s.io",
            "Content-Length: 0");
        Assert.Contains("X-Stream-Protocol-Version: v4.channel.k8s.io", head, StringComparison.Ordinal);
        await using var connection = new SpdyConnection(stream, isServer: false);
        var running = connection.RunAsync(CancellationToken.None);
        var error = await OpenAsync(connection, "error");
        var stdin = await OpenAsync(connection, "stdin");
        var stdout = await OpenAsync(connection, "stdout");
        await stdin.WriteAsync("over spdy"u8.ToArray());
        await stdin.FinishAsync(CancellationToken.None);

        Assert.Equal("over spdy", await new StreamReader(stdout).ReadToEndAsync());
        Assert.Equal("{\"metadata\":{},\"status\":\"Success\"}", await new StreamReader(error).ReadToEndAsync());
        await running;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task PortForward_SpdyPlainOrInWebSocket_ReachesThePod(bool isInWebSocket)
    {
        Stream transport;
        if (isInWebSocket)
        {
            transport = new WebSocketByteStream(
                await _fixture.OpenWebSocketAsync("/portForward/default/web", "SPDY/3.1+portforward.k8s.io"));
        }
        else
        {
            (_, transport) = await _fixture.UpgradeAsync(
                "POST",
                "/portForward/default/web",
                "Upgrade: SPDY/3.1",
                "X-Stream-Protocol-Version: portforward.k8s.io",
                "Content-Length: 0");
        }

        await using var connection = new SpdyConnection(transport, isServer: false);
        var running = connection.RunAsync(CancellationToken.None);
        var error = await connection.OpenStreamAsync(
            [new("streamtype", "error"), new("port", "80"), new("requestid", "0")], CancellationToken.None);
        await error.FinishAsync(CancellationToken.None);
        var data = await connection.OpenStreamAsync(
            [new("streamtype", "data"), new("port", "80"), new("requestid", "0")], CancellationToken.None);
        await data.WriteAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray());

        Assert.EndsWith("web:80\n", await new StreamReader(data).ReadToEndAsync(), StringComparison.Ordinal);
        Assert.Equal("", await new StreamReader(error).ReadToEndAsync());
        Assert.False(running.IsFaulted);
    }

    private static Task<SpdyStream> OpenAsync(SpdyConnection connection, string type) =>
        connection.OpenStreamAsync([new("streamtype", type)], CancellationToken.None);

    /// <summary>Each message as "channel:text", until the server closes.</summary>
    private static async Task<List<string>> ReadAllAsync(WebSocket socket)
    {
        var messages = new List<string>();
        var buffer = new byte[4096];
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer, CancellationToken.None);
            if (part.MessageType == WebSocketMessageType.Close)
            {
                Assert.Equal(WebSocketCloseStatus.NormalClosure, part.CloseStatus);
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
                return messages;
            }

            messages.Add($"{buffer[0]}:{Encoding.UTF8.GetString(buffer, 1, part.Count - 1)}");
        }
    }
}
