using Cybernetes.ApiServer.Registry;
using Cybernetes.ApiServer.Server;
using Cybernetes.Client.Transport;
using Cybernetes.Controllers;
using Cybernetes.Foundation;
using Cybernetes.Node.Simulated.Fleet;
using Cybernetes.Objects;
using Cybernetes.Scheduler;
using Cybernetes.Scheduler.Configuration;
using Cybernetes.Store.Embedded;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cybernetes.Testing;

/// <summary>How a test's cluster is set up.</summary>
public sealed record TestClusterOptions
{
    /// <summary>The clock of every part. Default: the system's; a virtual one makes days pass in moments.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Seed of all chance: names, uids, addresses and jitter are the same in every run. Default 1.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Logs of every part. Default: none.</summary>
    public ILoggerFactory Loggers { get; init; } = NullLoggerFactory.Instance;

    /// <summary>As <c>--feature-gates</c>: <c>GenericWorkload=true,…</c>. Default: upstream's defaults.</summary>
    public string FeatureGates { get; init; } = "";

    /// <summary>As <c>--runtime-config</c>: <c>api/alpha=true,…</c>. Default: stable and older versions.</summary>
    public string RuntimeConfig { get; init; } = "";

    /// <summary>The controllers that run, as <c>--controllers</c> names them (<c>"*"</c>: those on by default). Default: none.</summary>
    public IReadOnlyList<string> Controllers { get; init; } = [];

    /// <summary>Whether a scheduler runs. Default: no.</summary>
    public bool Scheduler { get; init; }

    /// <summary>Its configuration. Default: upstream's default profile.</summary>
    public SchedulerConfiguration SchedulerConfiguration { get; init; } = new();

    /// <summary>How many simulated nodes there are; they run pods without containers. Default: none.</summary>
    public int Nodes { get; init; }

    /// <summary>The nodes in detail (shapes, zones, crashes), instead of <see cref="Nodes"/>.</summary>
    public FleetOptions? Fleet { get; init; }

    /// <summary>What goes wrong between the cluster's parts and its API server, by the seed; the test's own clients are spared. Default: nothing.</summary>
    public TestFaults Faults { get; init; } = new();

    /// <summary>Changes the API server's options last.</summary>
    public Func<ApiServerOptions, ApiServerOptions>? ApiServer { get; init; }
}

/// <summary>
/// A cluster inside a test process: the real API server over a store in memory, reached without sockets, and beside it the controllers, the
/// scheduler and the simulated nodes that the options name. Nothing is left behind when it is disposed. Any number may run side by side.
/// </summary>
public sealed class TestCluster : IAsyncDisposable
{
    private static readonly Uri InProcess = new("https://in-process.cybernetes.local");
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_glance = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_blink = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan s_realPatience = TimeSpan.FromSeconds(10);
    private readonly PartActivity _activity = new();
    private readonly EmbeddedStore _store;
    private readonly TestClusterOptions _options;
    private readonly List<ApiClient> _clients = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _parts = [];

    private TestCluster(EmbeddedStore store, ApiServerHost server, TestClusterOptions options)
    {
        _store = store;
        _options = options;
        Server = server;
        Client = ClientAs("kubernetes-admin", "system:masters");
    }

    /// <summary>The API server.</summary>
    public ApiServerHost Server { get; }

    /// <summary>A client that may do anything.</summary>
    public ApiClient Client { get; }

    /// <summary>The clock, where the options gave a virtual one: <c>await cluster.Time.AdvanceAsync(…)</c> runs everything that is due.</summary>
    /// <exception cref="InvalidOperationException">The cluster runs by another clock.</exception>
    public VirtualTimeProvider Time =>
        _options.Time as VirtualTimeProvider ?? throw new InvalidOperationException("this cluster's clock is not virtual: set TestClusterOptions.Time");

    /// <summary>Starts a cluster; when this returns, the system namespaces are there, and the simulated nodes are Ready.</summary>
    public static async Task<TestCluster> StartAsync(TestClusterOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new();
        var store = EmbeddedStore.OpenInMemory(options.Time, random: Chance.Seeded(options.Seed));
        TestCluster cluster;
        try
        {
            var serving = new ApiServerOptions
            {
                SecurePort = null, Time = options.Time, Identities = IdentitySource.Seeded(options.Seed),
                Random = Chance.Seeded(options.Seed), Loggers = options.Loggers,
                FeatureGates = FeatureGates.TryParse(options.FeatureGates, out var gates, out var error)
                    ? gates : throw new ArgumentException(error, nameof(options)),
                Enablement = ApiEnablement.TryParse(options.RuntimeConfig, out var enablement, out error)
                    ? enablement : throw new ArgumentException(error, nameof(options)),
            };
            var server = await ApiServerHost.StartAsync(store, options.ApiServer?.Invoke(serving) ?? serving, cancellation);
            await server.WaitUntilReadyAsync(cancellation);
            cluster = new(store, server, options);
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
        try
        {
            await cluster.StartPartsAsync(cancellation);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>A client under a user; it is disposed with the cluster.</summary>
    public ApiClient ClientAs(string user, params string[] groups) => MakeClient(Server.CreateHandler(user, groups), user);

    /// <summary>
    /// Waits until the objects of a kind are as a predicate wants them, and gives them. A virtual clock is moved on meanwhile, from one due thing to
    /// the next.
    /// </summary>
    /// <param name="ns">The namespace; null for all, and for kinds without one.</param>
    /// <param name="holds">Looks at all objects of the kind there.</param>
    /// <param name="within">How long at most, by the cluster's clock. Default: one minute.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <exception cref="TestClusterTimeoutException">It did not come to that; the message tells what the cluster looks like.</exception>
    public async Task<IReadOnlyList<T>> UntilAsync<T>(
        string? ns, Func<IReadOnlyList<T>, bool> holds, TimeSpan? within = null, CancellationToken cancellation = default)
        where T : class, IKubernetesObject<T>
    {
        var deadline = _options.Time.GetUtcNow() + (within ?? s_patience);
        var realStart = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var list = await Client.For<T>().ListAllAsync(ns, null, cancellation);
            if (holds(list.Items))
                return list.Items;
            var left = deadline - _options.Time.GetUtcNow();
            // A virtual clock may be through while the machine, being busy elsewhere, has not done the work of that time yet.
            if (left <= TimeSpan.Zero && (_options.Time == TimeProvider.System || TimeProvider.System.GetElapsedTime(realStart) > s_realPatience))
                throw new TestClusterTimeoutException(await ClusterReport.WriteAsync(Client, list.Items, within ?? s_patience, cancellation));
            if (_options.Time is VirtualTimeProvider clock && left > TimeSpan.Zero)
            {
                await QuietAsync(cancellation);
                var due = clock.NextDue is { } next && next > clock.GetUtcNow() ? next - clock.GetUtcNow() : s_glance;
                await clock.AdvanceAsync(due < left ? due : left);
            }
            else
                await Task.Delay(s_glance, TimeProvider.System, cancellation);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_parts).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var client in _clients)
            client.Dispose();
        await Server.DisposeAsync();
        await _store.DisposeAsync();
        _stop.Dispose();
    }

    private async Task StartPartsAsync(CancellationToken cancellation)
    {
        if (_options.Controllers.Count > 0)
        {
            var manager = new ControllerManager(
                PartClient("system:kube-controller-manager"), new ControllerManagerOptions { Controllers = _options.Controllers }, Logger("controllers"));
            Run(manager.RunAsync);
        }
        if (_options.Scheduler)
        {
            var options = new SchedulerOptions { Configuration = _options.SchedulerConfiguration };
            Run(new PodScheduler(PartClient("system:kube-scheduler"), options, Logger("scheduler")).RunAsync);
        }
        var fleet = _options.Fleet ?? (_options.Nodes > 0 ? new FleetOptions { Shapes = [new() { Count = _options.Nodes, Name = "node-" }] } : null);
        if (fleet is null)
            return;
        var nodes = new NodeFleet(PartClient("system:simulated-nodes"), fleet, Logger("nodes"));
        Run(nodes.RunAsync);
        await nodes.Registered.WaitAsync(cancellation);
    }

    /// <summary>Waits until no part asks the API server anything: what was due at this moment is done.</summary>
    private async Task QuietAsync(CancellationToken cancellation)
    {
        for (var calm = 0; calm < 2;)
        {
            var before = _activity.Begun;
            await Task.Delay(s_blink, TimeProvider.System, cancellation);
            calm = _activity.InFlight == 0 && _activity.Begun == before ? calm + 1 : 0;
        }
    }

    private void Run(Func<CancellationToken, Task> part) => _parts.Add(Task.Run(() => part(_stop.Token)));

    private ILogger Logger(string name) => _options.Loggers.CreateLogger(name);

    private ApiClient PartClient(string user)
    {
        HttpMessageHandler handler = new ActivityHandler(_activity) { InnerHandler = Server.CreateHandler(user, "system:masters") };
        if (!_options.Faults.IsNone)
            handler = new FaultHandler(_options.Faults, Chance.Seeded(_options.Seed), _options.Time) { InnerHandler = handler };
        return MakeClient(handler, user);
    }

    private ApiClient MakeClient(HttpMessageHandler handler, string user)
    {
        var options = new ApiClientOptions { Time = _options.Time, Random = Chance.Seeded(_options.Seed), UserAgent = ApiClientOptions.AgentOf(user) };
        var client = new ApiClient(handler, InProcess, options);
        lock (_clients)
            _clients.Add(client);
        return client;
    }
}
