using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Cybernetes.ApiServer.Tests.Server;

namespace Cybernetes.ApiServer.Tests.Streams;

public sealed class KubeletStreamsTests
{
    [Fact]
    public async Task Log_OfScheduledPod_IsStreamedFromTheKubelet()
    {
        using var authority = new TestCertificates();
        await using var server = await TlsTests.StartAsync(authority);
        await using var kubelet = new FakeKubelet(authority, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/plain\r\n\r\n"
            + "5\r\nline1\r\n6\r\n\nline2\r\n0\r\n\r\n");
        await AddPodAsync(server, kubelet.Port);
        var reply = await server.GetAsync("/api/v1/namespaces/default/pods/web/log?tailLines=5&follow=true");

        Assert.Equal(200, reply.Code);
        Assert.Equal("line1\nline2", reply.Text);
        Assert.StartsWith("GET /containerLogs/default/web/main?follow=true&tailLines=5 HTTP/1.1\r\n", await kubelet.RequestAsync());
    }

    [Theory]
    [InlineData("400 Bad Request", 400, "BadRequest", "container \"main\" in pod \"web\" is waiting to start: ContainerCreating")]
    [InlineData("500 Internal Server Error", 500, "InternalError", "Internal error occurred: container \"main\" in pod \"web\" is waiting to start: ContainerCreating")]
    [InlineData("404 Not Found", 404, "NotFound", "the server could not find the requested resource ( pods web)")]
    public async Task Log_RefusedByTheKubelet_IsAStatus(string answer, int code, string reason, string message)
    {
        using var authority = new TestCertificates();
        await using var server = await TlsTests.StartAsync(authority);
        const string Text = "container \"main\" in pod \"web\" is waiting to start: ContainerCreating";
        await using var kubelet = new FakeKubelet(
            authority, $"HTTP/1.1 {answer}\r\nContent-Type: text/plain\r\nContent-Length: {Text.Length}\r\n\r\n{Text}");
        await AddPodAsync(server, kubelet.Port);
        var reply = await server.GetAsync("/api/v1/namespaces/default/pods/web/log");

        Assert.Equal((code, reason, message), (reply.Code, reply.Reason, reply.Message));
    }

    [Fact]
    public async Task Log_UnknownContainer_IsBadRequest()
    {
        await using var server = await ServerFixture.StartAsync();
        await AddPodAsync(server, 1);
        var reply = await server.GetAsync("/api/v1/namespaces/default/pods/web/log?container=none");

        Assert.Equal(400, reply.Code);
        Assert.Equal("container none is not valid for pod web", reply.Message);
    }

    [Fact]
    public async Task Log_KubeletAway_SaysWhatFailed()
    {
        await using var server = await ServerFixture.StartAsync();
        await AddPodAsync(server, 1);
        var reply = await server.GetAsync("/api/v1/namespaces/default/pods/web/log");

        Assert.Equal(500, reply.Code);
        Assert.StartsWith("Internal error occurred: error dialing backend: dial tcp 127.0.0.1:1:", reply.Message);
    }

    [Fact]
    public async Task Exec_Upgraded_TunnelsBothWays()
    {
        using var authority = new TestCertificates();
        await using var server = await TlsTests.StartAsync(authority);
        await using var kubelet = new FakeKubelet(authority, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"
            + "X-Stream-Protocol-Version: v4.channel.k8s.io\r\n\r\nhello");
        await AddPodAsync(server, kubelet.Port);
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, server.Host.Port);
        await using var tls = new SslStream(socket.GetStream(), false, (_, _, _, _) => true);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "127.0.0.1", ClientCertificates = [authority.Client("CN=jane")],
            ApplicationProtocols = [SslApplicationProtocol.Http11],
        });
        await tls.WriteAsync(Encoding.ASCII.GetBytes("POST /api/v1/namespaces/default/pods/web/exec?command=sh&command=-c&stdin=true&stdout=true&tty=true HTTP/1.1\r\n"
            + "Host: x\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: v4.channel.k8s.io\r\nContent-Length: 0\r\n\r\n"));
        var answer = await ReadUntilAsync(tls, "hello");
        Assert.StartsWith("HTTP/1.1 101 ", answer);
        Assert.Contains("X-Stream-Protocol-Version: v4.channel.k8s.io\r\n", answer);
        await tls.WriteAsync("ping"u8.ToArray());
        Assert.EndsWith("ping", await ReadUntilAsync(tls, "ping"));
        var request = await kubelet.RequestAsync();

        Assert.StartsWith("POST /exec/default/web/main?command=sh&command=-c&input=1&output=1&tty=1 HTTP/1.1\r\n", request);
        Assert.Contains("Upgrade: SPDY/3.1\r\n", request);
    }

    private static async Task<string> ReadUntilAsync(Stream stream, string end)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20), TimeProvider.System);
        var text = new StringBuilder();
        var buffer = new byte[4096];
        while (!text.ToString().EndsWith(end, StringComparison.Ordinal))
        {
            var count = await stream.ReadAsync(buffer, limit.Token);
            if (count == 0)
                throw new EndOfStreamException(text.ToString());
            text.Append(Encoding.ASCII.GetString(buffer, 0, count));
        }
        return text.ToString();
    }

    private static async Task AddPodAsync(ServerFixture server, int kubeletPort)
    {
        await server.SendAsync("POST", "/api/v1/namespaces/default/serviceaccounts", """{"kind":"ServiceAccount","apiVersion":"v1","metadata":{"name":"default"}}""");
        var node = await server.SendAsync("POST", "/api/v1/nodes", """{"kind":"Node","apiVersion":"v1","metadata":{"name":"n1"}}""");
        Assert.Equal(201, node.Code);
        var status = await server.SendAsync("PATCH", "/api/v1/nodes/n1/status",
            "{\"status\":{\"addresses\":[{\"type\":\"InternalIP\",\"address\":\"127.0.0.1\"}],"
            + $"\"daemonEndpoints\":{{\"kubeletEndpoint\":{{\"Port\":{kubeletPort}}}}}}}}}", "application/merge-patch+json");
        Assert.Equal(200, status.Code);
        var pod = await server.SendAsync("POST", "/api/v1/namespaces/default/pods",
            """{"kind":"Pod","apiVersion":"v1","metadata":{"name":"web"},"spec":{"nodeName":"n1","containers":[{"name":"main","image":"x"}]}}""");
        Assert.Equal(201, pod.Code);
    }

    /// <summary>Answers one connection with fixed bytes, then echoes.</summary>
    private sealed class FakeKubelet : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly TaskCompletionSource<string> _request = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Task _serving;

        public FakeKubelet(TestCertificates authority, string answer)
        {
            _listener.Start();
            _serving = ServeAsync(authority, answer);
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public Task<string> RequestAsync() => _request.Task;

        public async ValueTask DisposeAsync()
        {
            _listener.Stop();
            await _serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        private async Task ServeAsync(TestCertificates authority, string answer)
        {
            using var client = await _listener.AcceptTcpClientAsync();
            await using var tls = new SslStream(client.GetStream());
            await tls.AuthenticateAsServerAsync(authority.Server());
            _request.SetResult(await ReadUntilAsync(tls, "\r\n\r\n"));
            await tls.WriteAsync(Encoding.ASCII.GetBytes(answer));
            var buffer = new byte[1024];
            int count;
            while ((count = await tls.ReadAsync(buffer)) > 0)
                await tls.WriteAsync(buffer.AsMemory(0, count));
        }
    }
}
