using Cybernetes.ApiServer.Admission;
using Cybernetes.ApiServer.Authentication;
using Cybernetes.ApiServer.Authorization;
using Cybernetes.ApiServer.Health;
using Cybernetes.ApiServer.Metrics;
using Cybernetes.ApiServer.Pipeline;
using Cybernetes.ApiServer.Registry;
using Cybernetes.ApiServer.Streams;
using Cybernetes.ApiServer.Transport;
using Cybernetes.ApiServer.Watch;
using Cybernetes.Foundation.Metrics;
using Cybernetes.Store;
using Microsoft.Extensions.Logging;

namespace Cybernetes.ApiServer.Server;

/// <summary>
/// One API server over a store. Start it with <see cref="StartAsync"/>; parts in the same process enter through
/// <see cref="CreateHandler"/>, all others over TLS. The store is the caller's: dispose the server first.
/// </summary>
public sealed class ApiServerHost : IAsyncDisposable
{
    private readonly WatchHub _hub;
    private readonly WebServer? _web;
    private readonly SystemObjects _systemObjects;
    private readonly HealthChecks _health;
    private int _stopped;

    private ApiServerHost(RegistryServices services, WatchHub hub, WebServer? web, SystemObjects systemObjects, HealthChecks health, MetricRegistry metrics)
    {
        Services = services;
        _hub = hub;
        _web = web;
        _systemObjects = systemObjects;
        _health = health;
        Metrics = metrics;
    }

    /// <summary>The port that is listened on; 0 without sockets.</summary>
    public int Port => _web?.Port ?? 0;

    /// <summary>The server's metrics; other parts of the process may add theirs.</summary>
    public MetricRegistry Metrics { get; }

    internal RegistryServices Services { get; }

    internal InFlightLimiter InFlight { get; private init; } = null!;

    private ProxyConnections? Proxies { get; init; }

    private ServiceRepair? Repair { get; init; }

    /// <summary>Starts a server. When it returns, requests are answered; the system namespaces follow at once in the background.</summary>
    /// <exception cref="InvalidOperationException">The store does not answer.</exception>
    /// <exception cref="ApiEnablementException">The enablement names an API version that there is not.</exception>
    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<ApiServerHost> StartAsync(IStore store, ApiServerOptions options, CancellationToken cancellation = default)
    {
        var tokens = new ServiceAccountTokens(options.ServiceAccountKey, options.ServiceAccountIssuer);
        var kinds = KindServicesOf(options, tokens);
        var catalog = options.Enablement.CatalogOf(BuiltInKinds.All(kinds), options.FeatureGates);
        var logger = options.Loggers.CreateLogger("Cybernetes.ApiServer");
        var hub = new WatchHub(store, options.Time, logger) { GoesOnWithWriter = options.AnswersOnSocketThreads };
        var services = new RegistryServices
        {
            BookmarkPeriod = options.BookmarkPeriod, HostName = options.HostName,
            Store = store, Time = options.Time, Identities = options.Identities, Random = options.Random, Logger = logger, Hub = hub,
            Reads = new(store, hub, options.Time, logger),
            Leases = new(store, options.Time), Gates = options.FeatureGates,
            Authorizer = new AlwaysAllowAuthorizer(),
        };
        var metrics = new MetricRegistry();
        var inFlight = new InFlightLimiter(options.MaxMutatingRequestsInFlight, options.MaxRequestsInFlight);
        var health = new HealthChecks(services);
        ServerMetrics.Register(metrics, services, inFlight);
        services.Admission = new(AdmissionPlugins.Of(options.Admission, services));
        services.Pipeline = new(services, new()
        {
            Authenticators = Authenticators(services, options, tokens, metrics), Paths = PathHandlers.BuiltIn(services, metrics, health, options),
            InFlight = inFlight, Metrics = new(metrics),
        });

        await hub.StartAsync(cancellation);
        services.Serve(catalog);
        var web = options.SecurePort is { } port
            ? new WebServer(new(options.BindAddress, port, options.ServingCertificate, options.AnswersOnSocketThreads), options.Loggers) : null;
        if (web is not null)
            await web.StartAsync(services.Pipeline, cancellation);
        var systemObjects = new SystemObjects(services, options, web?.Port ?? options.SecurePort ?? 6443, health);
        systemObjects.Start();
        var repair = new ServiceRepair(services, options);
        repair.Start();
        return new(services, hub, web, systemObjects, health, metrics) { Proxies = kinds.Proxies, InFlight = inFlight, Repair = repair };
    }

    /// <summary>A transport into the pipeline under a user, without sockets. The handler owns nothing and may be used by many clients.</summary>
    /// <param name="user">User name such as <c>system:kube-scheduler</c>.</param>
    /// <param name="groups">Groups; <c>system:authenticated</c> is added.</param>
    public HttpMessageHandler CreateHandler(string user, params string[] groups) =>
        new InProcessHandler(Services.Pipeline, UserInfo.Authenticated(user, groups));

    /// <summary>Completes when the system namespaces are there and the server is ready.</summary>
    public Task WaitUntilReadyAsync(CancellationToken cancellation = default) => _systemObjects.Done.WaitAsync(cancellation);

    /// <summary>Stops: not ready any more, watches end, requests under way may finish until the token is cancelled.</summary>
    public async Task StopAsync(CancellationToken cancellation = default)
    {
        if (Interlocked.Exchange(ref _stopped, 1) != 0)
            return;
        _health.BeginShutdown();
        await _systemObjects.DisposeAsync();
        if (Repair is not null)
            await Repair.DisposeAsync();
        await _hub.DisposeAsync();
        if (_web is not null)
            await _web.StopAsync(cancellation);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(new CancellationToken(canceled: true));
        if (_web is not null)
            await _web.DisposeAsync();
        Proxies?.Dispose();
    }

    private static KindServices KindServicesOf(ApiServerOptions options, ServiceAccountTokens tokens)
    {
        var kubelets = new KubeletConnections(options.KubeletClientCertificate, options.KubeletAuthorities);
        return new()
        {
            Gates = options.FeatureGates,
            EventTimeToLive = options.EventTimeToLive,
            ServiceAddresses = new(options.ServiceClusterIPRange, options.FirstNodePort, options.LastNodePort, options.Random)
            {
                Secondary = options.SecondaryServiceClusterIPRange,
            },
            Tokens = tokens,
            Kubelets = kubelets,
            Proxies = new(kubelets, options.ProxyConnect),
        };
    }

    private static List<IAuthenticator> Authenticators(
        RegistryServices services, ApiServerOptions options, ServiceAccountTokens tokens, MetricRegistry metrics) =>
    [
        new InProcessAuthenticator(),
        new ClientCertificateAuthenticator(options.ClientAuthorities, options.Time),
        new ServiceAccountTokenAuthenticator(services, tokens, new(services, metrics)),
    ];
}
