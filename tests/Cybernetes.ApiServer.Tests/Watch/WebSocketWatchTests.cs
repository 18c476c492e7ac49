using System.Net.Security;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Cybernetes.ApiServer.Tests.Pipeline;
using Cybernetes.ApiServer.Tests.Server;

namespace Cybernetes.ApiServer.Tests.Watch;

public sealed class WebSocketWatchTests
{
    private const string Path = "/api/v1/namespaces/default/configmaps";

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Watch_OverWebSocket_SendsTextMessages(string version)
    {
        using var authority = new TestCertificates();
        await using var server = await TlsTests.StartAsync(authority);
        await server.CreateConfigMapAsync("one");
        using var client = await ConnectAsync(server, authority, $"{Path}?watch=1", o => o.HttpVersion = new(version));
        Assert.Equal("Text ADDED one", await NextAsync(client));
        await server.CreateConfigMapAsync("two");

        Assert.Equal("Text ADDED two", await NextAsync(client));
        await client.CloseAsync(WebSocketCloseStatus.NormalClosure, "", CancellationToken.None);
        Assert.Equal(WebSocketState.Closed, client.State);
    }

    [Fact]
    public async Task Watch_OverWebSocketInProtobuf_SendsBinaryMessages()
    {
        using var authority = new TestCertificates();
        await using var server = await TlsTests.StartAsync(authority);
        await server.CreateConfigMapAsync("one");
        using var client = await ConnectAsync(
            server, authority, $"{Path}?watch=1", o => o.SetRequestHeader("Accept", "application/vnd.kubernetes.protobuf;stream=watch"));

        Assert.Equal("Binary ADDED one", await NextAsync(client));
    }

    [Fact]
    public async Task Watch_WithASubprotocol_AgreesOnIt()
    {
        using var authority = new TestCertificates();
        await using var server = await TlsTests.StartAsync(authority);
        using var client = await ConnectAsync(server, authority, $"{Path}?watch=1&timeoutSeconds=1", o => o.AddSubProtocol("binary.k8s.io"));

        Assert.Equal("binary.k8s.io", client.SubProtocol);
    }

    [Fact]
    public async Task Watch_EndedByItsTimeout_ClosesTheSocket()
    {
        using var authority = new TestCertificates();
        await using var server = await TlsTests.StartAsync(authority);
        using var client = await ConnectAsync(server, authority, $"{Path}?watch=1&timeoutSeconds=1&resourceVersion=1", _ => { });

        Assert.Equal("Close", await NextAsync(client));
    }

    [Fact]
    public async Task Watch_WithABearerSubprotocol_IsAuthenticatedByIt()
    {
        using var authority = new TestCertificates();
        await using var server = await TlsTests.StartAsync(authority);
        var bearer = "base64url.bearer.authorization.k8s.io." + Convert.ToBase64String("nonsense"u8).TrimEnd('=');
        var refused = await Assert.ThrowsAsync<WebSocketException>(() => ConnectAsync(server, authority, $"{Path}?watch=1", o =>
        {
            o.AddSubProtocol(bearer);
            o.AddSubProtocol("binary.k8s.io");
        }, anonymous: true));

        Assert.Contains("401", refused.Message);
    }

    private static async Task<ClientWebSocket> ConnectAsync(
        ServerFixture server, TestCertificates authority, string path, Action<ClientWebSocketOptions> configure, bool anonymous = false)
    {
        var client = new ClientWebSocket();
        var certificate = authority.Client("CN=jane");
        client.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        configure(client.Options);
        using var http = new HttpMessageInvoker(new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, _, _, _) => true,
                LocalCertificateSelectionCallback = anonymous ? null : (_, _, _, _, _) => certificate,
            },
        });
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20), TimeProvider.System);
        await client.ConnectAsync(new Uri($"wss://127.0.0.1:{server.Host.Port}{path}"), http, limit.Token);
        return client;
    }

    private static async Task<string> NextAsync(ClientWebSocket client)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20), TimeProvider.System);
        var buffer = new byte[64 * 1024];
        var count = 0;
        while (true)
        {
            var part = await client.ReceiveAsync(buffer.AsMemory(count), limit.Token);
            count += part.Count;
            if (part.MessageType == WebSocketMessageType.Close)
                return "Close";
            if (!part.EndOfMessage)
                continue;
            if (part.MessageType == WebSocketMessageType.Binary)
                return "Binary " + ProtobufAnswersTests.Read(buffer[..count]);
            var frame = JsonNode.Parse(Encoding.UTF8.GetString(buffer, 0, count))!;
            return $"Text {frame["type"]} {frame["object"]!["metadata"]!["name"]}";
        }
    }
}
