using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cybernetes.Cli.Running;
using Cybernetes.Client.Transport;
using Cybernetes.Cluster.Pki;
using Cybernetes.Cluster.Serving;
using Cybernetes.Objects.Authentication.V1;
using Cybernetes.Objects.Core.V1;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cybernetes.Cli.Tests.Running;

/// <summary>The port of a controller manager that runs alone.</summary>
public sealed class DiagnosticsServerTests : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("port").FullName;
    private readonly CancellationTokenSource _guard = new(TimeSpan.FromMinutes(2), TimeProvider.System);
    private readonly X509Certificate2 _certificate = DiagnosticsServer.NewCertificate(TimeProvider.System);
    private ControlPlane _plane = null!;
    private ApiClient _client = null!;
    private DiagnosticsServer _server = null!;
    private HttpClient _http = null!;

    public async ValueTask InitializeAsync()
    {
        var options = new ControlPlaneOptions
        {
            DataDirectory = _directory, NodeName = "node1", BindAddress = IPAddress.Loopback, SecurePort = 0, Loggers = NullLoggerFactory.Instance,
        };
        _plane = await ControlPlane.StartAsync(options, _guard.Token);
        await _plane.WaitUntilReadyAsync(_guard.Token);
        _client = _plane.ClientAs("system:kube-controller-manager");
        var context = new PartContext
        {
            Client = _client, Settings = new PartSettings { NodeName = "node1", Identity = "test" }, Loggers = NullLoggerFactory.Instance,
        };
        context.Metrics.Counter("probe_total", "A probe.").Increment();
        var serving = new DiagnosticsOptions
        {
            Address = new(IPAddress.Loopback, 0), Certificate = _certificate, Configuration = """{"kubecontrollermanager.config.k8s.io":{}}""",
            ClientAuthorities = [_plane.Certificates.Authority.Certificate],
        };
        _server = await DiagnosticsServer.StartAsync(serving, context, _guard.Token);
        _http = Client();
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _server.DisposeAsync();
        _client.Dispose();
        await _plane.DisposeAsync();
        _certificate.Dispose();
        _guard.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Paths_ByWhoAsks_AnswerOrRefuse()
    {
        foreach (string health in new[] { "/healthz", "/livez", "/readyz" })
            Assert.Equal((HttpStatusCode.OK, "ok"), await AskAsync(health));
        (HttpStatusCode code, string text) = await AskAsync("/metrics");
        Assert.Equal(HttpStatusCode.Forbidden, code);
        Assert.Contains("forbidden: User \\\"system:anonymous\\\" cannot get path \\\"/metrics\\\"", text);
        Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync("/metrics", "nobody's")).Code);

        await _client.For<ServiceAccount>().CreateAsync(
            new ServiceAccount { Metadata = { Namespace = "default", Name = "prometheus" } }, cancellation: _guard.Token);
        TokenRequest made = await _client.CreateTokenAsync("default", "prometheus", new TokenRequest(), _guard.Token);
        (code, text) = await AskAsync("/metrics", made.Status.Token);
        Assert.Equal(HttpStatusCode.OK, code);
        Assert.Contains("probe_total 1", text);
        Assert.Equal(HttpStatusCode.NotFound, (await AskAsync("/nothing", made.Status.Token)).Code);
    }

    [Fact]
    public async Task Client_WithACertificate_IsWhomItNames()
    {
        using (var http = Client(_plane.Certificates.Admin.Certificate))
        {
            (HttpStatusCode code, string text) = await AskAsync("/configz", http: http);
            Assert.Equal((HttpStatusCode.OK, """{"kubecontrollermanager.config.k8s.io":{}}"""), (code, text));
            Assert.Equal(HttpStatusCode.OK, (await AskAsync("/metrics", http: http)).Code);
        }
        using ECDsa key = CertificateIssuer.NewKey();
        using X509Certificate2 other = CertificateIssuer.SelfSigned(key, "other", TimeProvider.System.GetUtcNow(), TimeSpan.FromDays(1));
        using var stranger = Client(other);
        Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync("/configz", http: stranger)).Code);
        // What everyone may see is seen by whoever shows anything.
        Assert.Equal(HttpStatusCode.OK, (await AskAsync("/healthz", http: stranger)).Code);
    }

    [Fact]
    public async Task Start_OnATakenPort_IsToldPlainly()
    {
        var context = new PartContext
        {
            Client = _client, Settings = new PartSettings { NodeName = "node1", Identity = "test" }, Loggers = NullLoggerFactory.Instance,
        };
        var failure = await Assert.ThrowsAsync<ControlPlaneException>(() =>
            DiagnosticsServer.StartAsync(
            new() { Address = new(IPAddress.Loopback, _server.Port), Certificate = _certificate }, context, _guard.Token));
        Assert.StartsWith($"failed to listen on 127.0.0.1:{_server.Port}", failure.Message, StringComparison.Ordinal);
    }

    private HttpClient Client(X509Certificate2? shown = null)
    {
        var handler = new SocketsHttpHandler
        {
            SslOptions =
            {
                RemoteCertificateValidationCallback = (_, server, _, _) => server!.GetCertHashString() == _certificate.GetCertHashString(),
                ClientCertificates = shown is null ? null : [shown],
            },
        };
        // Whoever asks, it is shown: the server names no authorities of its own to choose by.
        if (shown is not null)
            handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => shown;
        return new HttpClient(handler) { BaseAddress = new Uri($"https://127.0.0.1:{_server.Port}") };
    }

    private async Task<(HttpStatusCode Code, string Text)> AskAsync(string path, string? token = null, HttpClient? http = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using HttpResponseMessage response = await (http ?? _http).SendAsync(request, _guard.Token);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(_guard.Token));
    }
}
