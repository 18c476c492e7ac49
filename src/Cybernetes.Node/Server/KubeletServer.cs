using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Cybernetes.Node.Runtime;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Node.Server;

/// <summary>
/// The kubelet's HTTPS server: pods, logs, exec, attach, port-forward, health, metrics and statistics. The API server is its main
/// client.
/// </summary>
public sealed class KubeletServer : IAsyncDisposable
{
    private readonly WebApplication _application;

    private KubeletServer(WebApplication application) => _application = application;

    /// <summary>The port that HTTPS is served on.</summary>
    public int Port { get; private set; }

    /// <summary>The port that plain /healthz is served on, or null.</summary>
    public int? HealthzPort { get; private set; }

    /// <summary>Starts to serve; stopped by disposing.</summary>
    /// <exception cref="IOException">The address is in use.</exception>
    public static async Task<KubeletServer> StartAsync(
        KubeletServerOptions options, IKubeletPods pods, ICommandRuntime runtime, TimeProvider time, ILoggerFactory loggers,
        CancellationToken cancellation)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(loggers);

        // The process decides when it ends, not this server.
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => Configure(kestrel, options));
        var application = builder.Build();
        var pipeline = new KubeletPipeline(options, pods, runtime, time, loggers.CreateLogger("Cybernetes.Node.Server"));
        application.Run(pipeline.HandleAsync);
        var server = new KubeletServer(application);
        try
        {
            // Its threads and connections are nobody's work: what flows with the caller's does not flow with theirs.
            Task started;
            using (ExecutionContext.SuppressFlow())
                started = Task.Run(() => application.StartAsync(cancellation), cancellation);
            await started.ConfigureAwait(false);
        }
        catch
        {
            await application.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        server.FindPorts();
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        // Long requests (exec, logs -f) would hold an orderly stop: they are cut.
        using var now = new CancellationTokenSource();
        await now.CancelAsync().ConfigureAwait(false);
        await _application.StopAsync(now.Token).ConfigureAwait(false);
        await _application.DisposeAsync().ConfigureAwait(false);
    }

    private static void Configure(KestrelServerOptions kestrel, KubeletServerOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = 1024 * 1024;

        // A client may read a log as slowly as it likes.
        kestrel.Limits.MinResponseDataRate = null;
        kestrel.Limits.MinRequestBodyDataRate = null;
        kestrel.Listen(options.Address, options.Port, listen =>
        {
            listen.Protocols = HttpProtocols.Http1AndHttp2;
            listen.UseHttps(https => ConfigureTls(https, options));
        });
        if (options.HealthzPort is { } port)
            kestrel.Listen(IPAddress.Loopback, port);
    }

    private static void ConfigureTls(HttpsConnectionAdapterOptions https, KubeletServerOptions options)
    {
        https.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
        https.ServerCertificateSelector = (_, _) => options.ServerCertificate();

        // Any certificate may connect; KubeletAuthentication decides what it is worth, so that a bad one gets 401 and not a
        // broken handshake.
        https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
        https.ClientCertificateValidation = (_, _, _) => true;
        https.OnAuthenticate = (_, tls) => tls.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
    }

    private void FindPorts()
    {
        var features = _application.Services.GetRequiredService<IServer>().Features;
        var addresses = features.Get<IServerAddressesFeature>()?.Addresses ?? [];
        foreach (var address in addresses)
        {
            var uri = BindingAddress.Parse(address);
            if (uri.Scheme == Uri.UriSchemeHttps)
                Port = uri.Port;
            else
                HealthzPort = uri.Port;
        }
    }

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
