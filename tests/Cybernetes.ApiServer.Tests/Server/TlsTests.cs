using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Cybernetes.ApiServer.Server;

namespace Cybernetes.ApiServer.Tests.Server;

public sealed class TlsTests
{
    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Request_WithClientCertificate_IsThatUser(string version)
    {
        using var authority = new TestCertificates();
        await using var server = await StartAsync(authority);
        using var client = ClientOf(server, authority, authority.Client("CN=jane, O=dev, O=ops"), version);
        using var denied = await client.GetAsync("/api/v1/namespaces/default/configmaps");
        using var metrics = await client.GetAsync("/metrics");

        Assert.Equal(200, (int)denied.StatusCode);
        Assert.Equal(200, (int)metrics.StatusCode);
        Assert.Equal(new Version(version), metrics.Version);
    }

    [Fact]
    public async Task Request_WithoutCertificate_IsAnonymous()
    {
        using var authority = new TestCertificates();
        await using var server = await StartAsync(authority);
        using var client = ClientOf(server, authority, null);

        Assert.Equal(200, (int)(await client.GetAsync("/version")).StatusCode);
        Assert.Equal(403, (int)(await client.GetAsync("/metrics")).StatusCode);
    }

    [Fact]
    public async Task Request_WithForeignCertificate_IsUnauthorized()
    {
        using var authority = new TestCertificates();
        using var other = new TestCertificates("other-ca");
        await using var server = await StartAsync(authority);
        using var client = ClientOf(server, authority, other.Client("CN=jane"));
        using var response = await client.GetAsync("/version");

        Assert.Equal(401, (int)response.StatusCode);
        Assert.Equal("Unauthorized", new Reply(response.StatusCode, await response.Content.ReadAsStringAsync(), []).Reason);
    }

    [Fact]
    public async Task Request_WithUnknownToken_IsUnauthorized()
    {
        using var authority = new TestCertificates();
        await using var server = await StartAsync(authority);
        using var client = ClientOf(server, authority, null);
        client.DefaultRequestHeaders.Add("Authorization", "Bearer nonsense");

        Assert.Equal(401, (int)(await client.GetAsync("/version")).StatusCode);
    }

    [Fact]
    public async Task Watch_OverTls_Streams()
    {
        using var authority = new TestCertificates();
        await using var server = await StartAsync(authority);
        using var client = ClientOf(server, authority, authority.Client("CN=jane"));
        using var response = await client.GetAsync("/api/v1/namespaces?watch=1", HttpCompletionOption.ResponseHeadersRead);
        using var watch = new WatchReader(response, new StreamReader(await response.Content.ReadAsStreamAsync()));
        for (var i = 0; i < 4; i++)
            Assert.StartsWith("ADDED", await watch.NextAsync());
        await server.SendAsync("POST", "/api/v1/namespaces", """{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"new"}}""");

        Assert.Equal("ADDED new", await watch.NextAsync());
    }

    internal static Task<ServerFixture> StartAsync(TestCertificates authority, Func<ApiServerOptions, ApiServerOptions>? configure = null)
    {
        var certificate = authority.Server();
        X509Certificate2Collection trusted = [authority.Authority];
        return ServerFixture.StartAsync(o => (configure?.Invoke(o) ?? o) with
        {
            SecurePort = 0,
            BindAddress = IPAddress.Loopback,
            ServingCertificate = () => certificate,
            ClientAuthorities = () => trusted,
        });
    }

    private static HttpClient ClientOf(ServerFixture server, TestCertificates authority, X509Certificate2? certificate, string version = "2.0")
    {
        var handler = new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null && shown.Issuer == authority.Authority.Subject,
                LocalCertificateSelectionCallback = certificate is null ? null : (_, _, _, _, _) => certificate,
            },
        };
        return new HttpClient(handler)
        {
            BaseAddress = new($"https://127.0.0.1:{server.Host.Port}"), DefaultRequestVersion = new(version),
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
    }
}
