using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Security.Cryptography.X509Certificates;
using Cybernetes.ApiServer.Pipeline;
using Cybernetes.ApiServer.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Abstractions;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Cybernetes.ApiServer.Server;

/// <summary>
/// Kestrel without a host: no configuration files, no service container for requests, no middleware list. A connection's requests go straight
/// into the pipeline.
/// </summary>
internal sealed class WebServer : IAsyncDisposable
{
    private const int KeepAliveSeconds = 180;
    private const int Backlog = 1024;
    private readonly ServiceProvider _services;
    private readonly IServer _server;

    public WebServer(ServingOptions options, ILoggerFactory loggers)
    {
        var services = new ServiceCollection();
        services.AddSingleton(loggers);
        services.AddSingleton(typeof(ILogger<>), typeof(Logger<>));
        services.AddSingleton<IHostEnvironment>(new NoEnvironment());
        services.AddSingleton<System.Diagnostics.DiagnosticSource>(new System.Diagnostics.DiagnosticListener("Cybernetes.ApiServer"));
        services.AddOptions();
        services.AddMetrics();
        if (OperatingSystem.IsLinux() && options.AnswersOnSocketThreads)
            AddSocketThreads(services, loggers);
        new Registrations(services).UseKestrelCore().UseKestrelHttpsConfiguration();
        // After Kestrel's own set-up, which gives the options their services.
        services.Configure<KestrelServerOptions>(kestrel => Configure(kestrel, options));
        services.Configure<SocketTransportOptions>(Configure);
        _services = services.BuildServiceProvider();
        _server = _services.GetRequiredService<IServer>();
    }

    /// <summary>The port that is listened on, once started.</summary>
    public int Port { get; private set; }

    public async Task StartAsync(RequestPipeline pipeline, CancellationToken cancellation)
    {
        // Its threads and connections are nobody's work: what flows with the caller's does not flow with theirs.
        Task started;
        using (ExecutionContext.SuppressFlow())
            started = Task.Run(() => _server.StartAsync(new Application(pipeline), cancellation), cancellation);
        await started;
        Port = new Uri(_server.Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First()).Port;
    }

    /// <summary>Stops listening and lets requests finish until the token is cancelled.</summary>
    public Task StopAsync(CancellationToken cancellation) => _server.StopAsync(cancellation);

    public ValueTask DisposeAsync()
    {
        _server.Dispose();
        return _services.DisposeAsync();
    }

    private static void Configure(KestrelServerOptions kestrel, ServingOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.AllowSynchronousIO = false;
        kestrel.Limits.MaxRequestBodySize = null; // bounded where the body is read, so that the answer is a Status
        kestrel.Limits.MaxRequestHeadersTotalSize = 128 * 1024;
        kestrel.Limits.MaxRequestLineSize = 64 * 1024;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(32);
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(3);
        kestrel.Limits.MinRequestBodyDataRate = null; // exec and port-forward bodies may be silent for long
        kestrel.Limits.MinResponseDataRate = null; // watches too
        kestrel.Limits.Http2.MaxStreamsPerConnection = 250;
        // Upstream's sizes: nearly every object fits into one frame, and all streams of a connection can send one at a time.
        kestrel.Limits.Http2.MaxFrameSize = 256 * 1024;
        kestrel.Limits.Http2.InitialStreamWindowSize = 256 * 1024;
        kestrel.Limits.Http2.InitialConnectionWindowSize = 16 * 1024 * 1024;
        var handshakes = new TlsHandshakes(options.ServingCertificate);
        kestrel.Listen(options.BindAddress, options.Port, listen =>
        {
            listen.Protocols = HttpProtocols.Http1AndHttp2;
            listen.Use(next => new(SocketOutput.Before(next)));
            listen.UseHttps(new TlsHandshakeCallbackOptions
            {
                OnConnection = _ => new(handshakes.Options()), HandshakeTimeout = TimeSpan.FromSeconds(30),
            });
        });
    }

    private static void Configure(SocketTransportOptions sockets)
    {
        // What arrives is read, decrypted and mostly answered on the thread of the pool that was woken for it: reads wait for nothing, and passing
        // a request on between threads costs more than answering it.
        sockets.UnsafePreferInlineScheduling = true;
        // Watches stand idle by the thousand: no buffer is taken before there is something to put in it.
        sockets.WaitForDataBeforeAllocatingBuffer = true;
        sockets.Backlog = Backlog;
        sockets.CreateBoundListenSocket = Bind;
    }

    // Before Kestrel's own registrations, which leave it in place.
    [SupportedOSPlatform("linux")]
    private static void AddSocketThreads(ServiceCollection services, ILoggerFactory loggers) => services.AddSingleton<IConnectionListenerFactory>(
        all => new PolledListeners(Listen, all.GetRequiredService<IMemoryPoolFactory<byte>>(), loggers.CreateLogger<PolledListeners>()));

    private static Socket Listen(EndPoint endpoint)
    {
        var socket = Bind(endpoint);
        try
        {
            socket.Listen(Backlog);
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }
    }

    private static Socket Bind(EndPoint endpoint)
    {
        var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
        // Accepted connections inherit it: a watcher whose machine is gone is noticed. Upstream's period.
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, KeepAliveSeconds);
        return socket;
    }

    /// <summary>Takes Kestrel's own service registrations, which are only reachable through a host builder's face.</summary>
    private sealed class Registrations(IServiceCollection services) : IWebHostBuilder
    {
        private readonly WebHostBuilderContext _context = new();

#pragma warning disable ASPDEPR008 // the interface asks for it; there is no other face to Kestrel's registrations
        public IWebHost Build() => throw new NotSupportedException("there is no host");
#pragma warning restore ASPDEPR008

        public IWebHostBuilder ConfigureAppConfiguration(Action<WebHostBuilderContext, IConfigurationBuilder> configure) => this;

        public IWebHostBuilder ConfigureServices(Action<IServiceCollection> configure)
        {
            configure(services);
            return this;
        }

        public IWebHostBuilder ConfigureServices(Action<WebHostBuilderContext, IServiceCollection> configure)
        {
            configure(_context, services);
            return this;
        }

        public string? GetSetting(string key) => null;

        public IWebHostBuilder UseSetting(string key, string? value) => this;
    }

    /// <summary>Kestrel's HTTPS registrations ask for one, to find development certificates, which are not used here.</summary>
    private sealed class NoEnvironment : IHostEnvironment
    {
        public string ApplicationName { get; set; } = "cyb";

        public IFileProvider ContentRootFileProvider { get; set; } = new NullFileProvider();

        public string ContentRootPath { get; set; } = AppContext.BaseDirectory;

        public string EnvironmentName { get; set; } = Environments.Production;
    }

    /// <summary>Kestrel's view of the pipeline; the contexts are kept with their connections and used again.</summary>
    private sealed class Application(RequestPipeline pipeline) : IHttpApplication<DefaultHttpContext>
    {
        public DefaultHttpContext CreateContext(IFeatureCollection features)
        {
            if (features is not IHostContextContainer<DefaultHttpContext> kept)
                return new(features);
            if (kept.HostContext is { } context)
                context.Initialize(features);
            else
                kept.HostContext = context = new(features);
            return context;
        }

        public Task ProcessRequestAsync(DefaultHttpContext context) => pipeline.HandleAsync(context);

        public void DisposeContext(DefaultHttpContext context, Exception? exception) => context.Uninitialize();
    }
}

/// <summary>Where and with what the server listens.</summary>
/// <param name="BindAddress">Address to listen on.</param>
/// <param name="Port">Port to listen on; 0 takes a free one.</param>
/// <param name="ServingCertificate">The serving certificate with its key; asked at each handshake, so that it may be renewed.</param>
/// <param name="AnswersOnSocketThreads">Whether the threads that wait for sockets answer themselves (Linux only), or the pool does.</param>
internal sealed record ServingOptions(IPAddress BindAddress, int Port, Func<X509Certificate2?> ServingCertificate, bool AnswersOnSocketThreads);
