using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Cybernetes.ApiServer.Tests.Server;

namespace Cybernetes.ApiServer.Tests.Streams;

public sealed class ProxyTests
{
    private const string Pods = "/api/v1/namespaces/default/pods/";
    private const string Services = "/api/v1/namespaces/default/services/";
    private const string Hello = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";

    [Theory]
    [InlineData(Pods + "web/proxy/", "10.0.0.7:8080", "GET / HTTP/1.1")]
    [InlineData(Pods + "web:9000/proxy/a/b/", "10.0.0.7:9000", "GET /a/b/ HTTP/1.1")]
    [InlineData(Pods + "http:web:9000/proxy/a//./b%20c?q=1&q=%2F", "10.0.0.7:9000", "GET /a/b%20c?q=1&q=%2F HTTP/1.1")]
    [InlineData(Pods + "web/proxy/api/v1/proxy/x", "10.0.0.7:8080", "GET /api/v1/proxy/x HTTP/1.1")]
    [InlineData(Services + "web:80/proxy/", "10.0.0.7:8080", "GET / HTTP/1.1")]
    [InlineData(Services + "web:http/proxy/x", "10.0.0.7:8080", "GET /x HTTP/1.1")]
    [InlineData("/api/v1/nodes/n1:9100/proxy/metrics", "10.0.0.2:9100", "GET /metrics HTTP/1.1")]
    public async Task Get_OfPodServiceOrNode_GoesToTheRightPlace(string path, string place, string line)
    {
        await using var backend = new FakeBackend(Hello);
        await using var server = await StartAsync(backend);
        var reply = await server.GetAsync(path);

        Assert.Equal((200, "hello"), (reply.Code, reply.Text));
        Assert.Equal(place, Assert.Single(backend.Asked));
        Assert.StartsWith(line + "\r\n", Assert.Single(backend.Requests));
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("PATCH")]
    [InlineData("DELETE")]
    [InlineData("OPTIONS")]
    public async Task AnyMethod_WithBody_IsPassedOn(string method)
    {
        await using var backend = new FakeBackend("HTTP/1.1 418 I'm a teapot\r\nX-Own: 1\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        await using var server = await StartAsync(backend);
        using var request = new HttpRequestMessage(new(method), Pods + "web/proxy/form") { Content = new StringContent("a=1", Encoding.UTF8, "text/x-own") };
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer secret");
        request.Headers.TryAddWithoutValidation("X-Mine", "yes");
        using var response = await server.Client.SendAsync(request);
        var sent = Assert.Single(backend.Requests);

        Assert.Equal(418, (int)response.StatusCode);
        Assert.Equal("1", Assert.Single(response.Headers.GetValues("X-Own")));
        Assert.False(response.Headers.Contains("Access-Control-Allow-Origin"));
        Assert.StartsWith($"{method} /form HTTP/1.1\r\n", sent);
        Assert.Contains("a=1", sent);
        Assert.Contains("Content-Type: text/x-own", sent);
        Assert.Contains("X-Mine: yes\r\n", sent);
        Assert.Contains($"X-Forwarded-Uri: {Pods}web/proxy/form\r\n", sent);
        Assert.DoesNotContain("secret", sent);
    }

    [Fact]
    public async Task Get_WithoutSlash_IsRedirectedToIt()
    {
        await using var backend = new FakeBackend(Hello);
        await using var server = await StartAsync(backend);
        using var response = await server.Client.GetAsync(Services + "web:80/proxy?a=b");

        Assert.Equal(301, (int)response.StatusCode);
        Assert.Equal(Services + "web:80/proxy/?a=b", Assert.Single(response.Headers.GetValues("Location")));
        Assert.Empty(backend.Asked);
    }

    [Theory]
    [InlineData("/login", Pods + "web/proxy/login")]
    [InlineData("http://10.0.0.7:8080/login?x=1", Pods + "web/proxy/login?x=1")]
    [InlineData("next", "next")]
    [InlineData("https://elsewhere.example/login", "https://elsewhere.example/login")]
    [InlineData(Pods + "web/proxy/there", Pods + "web/proxy/there")]
    public async Task Redirection_OfTheBackend_LeadsThroughTheProxy(string location, string expected)
    {
        await using var backend = new FakeBackend($"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        await using var server = await StartAsync(backend);
        using var response = await server.Client.GetAsync(Pods + "web/proxy/start");

        Assert.Equal(302, (int)response.StatusCode);
        Assert.Equal(expected, Assert.Single(response.Headers.GetValues("Location")));
    }

    [Fact]
    public async Task Page_WithLinks_HasThemRewritten()
    {
        const string Page = "<html><!-- <a href=\"/c\"> --><a class=x href=\"/a\">/a</a><img src='/i.png'><script src=/s.js>\"<a href='/t'>\"</script>"
            + "<form action=\"post\"><p title=\"/no\">caf\u00e9</p></html>";
        const string Root = Pods + "web/proxy";
        await using var backend = new FakeBackend(
            $"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=iso-8859-1\r\nContent-Length: {Page.Length}\r\nConnection: close\r\n\r\n{Page}");
        await using var server = await StartAsync(backend);
        var bytes = await server.Client.GetByteArrayAsync(Pods + "web/proxy/page");

        Assert.Equal(
            $"<html><!-- <a href=\"/c\"> --><a class=x href=\"{Root}/a\">/a</a><img src='{Root}/i.png'><script src={Root}/s.js>\"<a href='/t'>\"</script>"
                + "<form action=\"post\"><p title=\"/no\">caf\u00e9</p></html>", Encoding.Latin1.GetString(bytes));
    }

    [Theory]
    [InlineData(Services + "web:81/proxy/", 503, "no service port 81 found for service \"web\"")]
    [InlineData(Services + "web:none/proxy/", 503, "no endpoints available for service \"web:none\"")]
    [InlineData(Services + "empty:80/proxy/", 503, "no endpoints available for service \"empty\"")]
    [InlineData(Services + "foreign:80/proxy/", 503, "no endpoints available for service \"foreign:80\"")]
    [InlineData(Services + "none/proxy/", 404, "endpoints \"none\" not found")]
    [InlineData(Services + "ftp:web:80/proxy/", 400, "invalid service request \"ftp:web:80\"")]
    [InlineData(Pods + "none/proxy/", 404, "pods \"none\" not found")]
    [InlineData(Pods + "a:b:c:d/proxy/", 400, "invalid pod request \"a:b:c:d\"")]
    [InlineData(Pods + "homeless/proxy/", 400, "address not allowed")]
    [InlineData("/api/v1/nodes/none/proxy/", 404, "nodes \"none\" not found")]
    public async Task Get_OfNoPlace_SaysWhy(string path, int code, string message)
    {
        await using var backend = new FakeBackend(Hello);
        await using var server = await StartAsync(backend);
        var reply = await server.GetAsync(path);

        Assert.Equal((code, message), (reply.Code, reply.Message));
        Assert.Empty(backend.Asked);
    }

    [Fact]
    public async Task Get_BackendAway_IsUnavailable()
    {
        await using var backend = new FakeBackend(null);
        await using var server = await StartAsync(backend);
        var reply = await server.GetAsync(Pods + "web/proxy/");

        Assert.Equal((503, "ServiceUnavailable"), (reply.Code, reply.Reason));
        Assert.Equal("error trying to reach service: dial tcp 10.0.0.7:8080: connect: connection refused", reply.Message);
    }

    [Fact]
    public async Task Upgrade_ToAWebSocket_TunnelsBothWays()
    {
        using var authority = new TestCertificates();
        await using var backend = new FakeBackend("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n");
        await using var server = await TlsTests.StartAsync(authority, options => options with { ProxyConnect = backend.ConnectAsync });
        await AddObjectsAsync(server);
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, server.Host.Port);
        await using var tls = new SslStream(socket.GetStream(), false, (_, _, _, _) => true);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "127.0.0.1", ClientCertificates = [authority.Client("CN=jane")], ApplicationProtocols = [SslApplicationProtocol.Http11],
        });
        await tls.WriteAsync(Encoding.ASCII.GetBytes($"GET {Services}web:80/proxy/socket?a=1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
            + "Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"));
        var answer = await ReadUntilAsync(tls, "\r\n\r\n");
        await tls.WriteAsync("ping"u8.ToArray());
        var echo = await ReadUntilAsync(tls, "ping");
        var sent = Assert.Single(backend.Requests);

        Assert.StartsWith("HTTP/1.1 101 ", answer);
        Assert.Contains("Sec-WebSocket-Accept: x\r\n", answer);
        Assert.Equal("ping", echo);
        Assert.StartsWith("GET /socket?a=1 HTTP/1.1\r\n", sent);
        Assert.Contains("Upgrade: websocket\r\n", sent);
        Assert.Contains("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", sent);
    }

    [Fact]
    public async Task Discovery_OfTheCoreGroup_ListsTheProxies()
    {
        await using var server = await ServerFixture.StartAsync();
        var resources = (await server.GetAsync("/api/v1")).Json["resources"]!.AsArray()
            .Where(resource => resource!["name"]!.GetValue<string>().EndsWith("/proxy", StringComparison.Ordinal))
            .Select(resource => $"{resource!["name"]} {resource["kind"]} {string.Join(',', resource["verbs"]!.AsArray())}");

        Assert.Equal(
            [
                "nodes/proxy NodeProxyOptions create,delete,get,patch,update",
                "pods/proxy PodProxyOptions create,delete,get,patch,update",
                "services/proxy ServiceProxyOptions create,delete,get,patch,update",
            ], resources.Order(StringComparer.Ordinal));
    }

    private static async Task<ServerFixture> StartAsync(FakeBackend backend)
    {
        var server = await ServerFixture.StartAsync(options => options with { ProxyConnect = backend.ConnectAsync });
        await AddObjectsAsync(server);
        return server;
    }

    private static async Task AddObjectsAsync(ServerFixture server)
    {
        const string Namespaced = "/api/v1/namespaces/default/";
        await CreateAsync(server, Namespaced + "serviceaccounts", """{"metadata":{"name":"default"}}""");
        await CreateAsync(server, "/api/v1/nodes", """{"metadata":{"name":"n1"}}""");
        await StatusAsync(server, "/api/v1/nodes/n1", """{"status":{"addresses":[{"type":"InternalIP","address":"10.0.0.2"}]}}""");
        foreach (var name in (string[])["web", "homeless"])
        {
            await CreateAsync(server, Namespaced + "pods",
                $$$"""{"metadata":{"name":"{{{name}}}"},"spec":{"nodeName":"n1","containers":[{"name":"main","image":"x","ports":[{"containerPort":8080}]}]}}""");
        }
        await StatusAsync(server, Pods + "web", """{"status":{"podIP":"10.0.0.7"}}""");
        await StatusAsync(server, Pods + "homeless", """{"status":{"podIP":"127.0.0.1"}}""");
        foreach (var name in (string[])["web", "empty", "foreign"])
            await CreateAsync(server, Namespaced + "services", $$$"""{"metadata":{"name":"{{{name}}}"},"spec":{"ports":[{"name":"http","port":80,"targetPort":8080}]}}""");
        const string Ports = """ "ports":[{"name":"http","port":8080}]""";
        await CreateAsync(server, Namespaced + "endpoints", """{"metadata":{"name":"web"},"subsets":[{"addresses":[{"ip":"10.0.0.7","targetRef":{"kind":"Pod","namespace":"default","name":"web"}}],""" + Ports + "}]}");
        await CreateAsync(server, Namespaced + "endpoints", """{"metadata":{"name":"empty"}}""");
        await CreateAsync(server, Namespaced + "endpoints", """{"metadata":{"name":"foreign"},"subsets":[{"addresses":[{"ip":"10.0.0.9"}],""" + Ports + "}]}");
    }

    private static async Task CreateAsync(ServerFixture server, string path, string body)
    {
        var reply = await server.SendAsync("POST", path, body);
        Assert.True(reply.Code == 201, reply.Text);
    }

    private static async Task StatusAsync(ServerFixture server, string path, string body)
    {
        var reply = await server.SendAsync("PATCH", path + "/status", body, "application/merge-patch+json");
        Assert.True(reply.Code == 200, reply.Text);
    }

    private static async Task<string> ReadUntilAsync(Stream stream, string end)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20), TimeProvider.System);
        var text = new StringBuilder();
        var buffer = new byte[1];
        while (!text.ToString().EndsWith(end, StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(buffer, limit.Token) == 0)
                throw new EndOfStreamException(text.ToString());
            text.Append((char)buffer[0]);
        }
        return text.ToString();
    }
}
