using Cybernetes.ApiServer.Admission;
using Cybernetes.ApiServer.Registry;
using Cybernetes.ApiServer.Server;
using Cybernetes.Client.Transport;
using Cybernetes.Controllers;
using Cybernetes.Foundation;
using Cybernetes.Node.Simulated.Fleet;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Scheduler;
using Cybernetes.Store;
using Cybernetes.Store.Embedded;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Testing;

/// <summary>
/// A cluster inside a test process: the real API server over a store in memory, reached without sockets (and by HTTPS, where the options say so), and
/// beside it the controllers, the scheduler and the simulated nodes that the options name. Nothing is left behind when it is disposed. Any number may
/// run side by side.
/// </summary>
public sealed partial class TestCluster : IAsyncDisposable
{
    // Of no machine: events bear it, and shall be the same everywhere.
    private const string HostName = "test-cluster";

    private static readonly Uri s_inProcess = new("https://in-process.cybernetes.local");
    private readonly ClusterPulse _pulse;
    private readonly EmbeddedStore _store;
    private readonly TestClusterOptions _options;
    private readonly TimeProvider _clock;
    private readonly HttpsAccess? _https;
    private readonly IDisposable? _settling;
    private readonly List<ApiClient> _clients = [];
    private readonly ClusterParts _parts;
    private NodeFleet? _nodes;
    private volatile TestFaults _faults;

    private TestCluster(ClusterPulse pulse, EmbeddedStore store, ApiServerHost server, HttpsAccess? https, TestClusterOptions options, TimeProvider clock)
    {
        (_pulse, _store, _options, _clock, _https, Server) = (pulse, store, options, clock, https, server);
        _faults = options.Faults == TestFaults.None ? TestFaults.None : options.Faults;
        _parts = new(pulse, clock, Logger("parts"));
        _settling = (clock as VirtualTimeProvider)?.SettleBy(pulse.SettledAsync);
        Client = ClientAs("kubernetes-admin", "system:masters");
    }

    /// <summary>The API server.</summary>
    public ApiServerHost Server { get; }

    /// <summary>A client that may do anything.</summary>
    public ApiClient Client { get; }

    /// <summary>
    /// The clock: <c>await cluster.Time.AdvanceAsync(…)</c> moves the cluster's time on, from one due thing to the next, and each time waits until all
    /// that this set off is done.
    /// </summary>
    /// <exception cref="InvalidOperationException">The cluster runs by another clock than a virtual one.</exception>
    public VirtualTimeProvider Time =>
        _clock as VirtualTimeProvider ?? throw new InvalidOperationException("this cluster's clock is not virtual: set TestClusterOptions.Time");

    /// <summary>Where other clients reach the API server.</summary>
    /// <exception cref="InvalidOperationException">It has no HTTPS.</exception>
    public Uri Address => new($"https://127.0.0.1:{Secured.Port(Server)}");

    /// <summary>A kubeconfig's text, by which <c>kubectl</c> and others may do anything.</summary>
    /// <exception cref="InvalidOperationException">It has no HTTPS.</exception>
    public string Kubeconfig => Secured.Kubeconfig(Address);

    /// <summary>What goes wrong between the parts and the API server from now on.</summary>
    public TestFaults Faults
    {
        get => _faults;
        set => _pulse.Do(() => _faults = value == TestFaults.None ? TestFaults.None : value);
    }

    /// <summary>All that is kept.</summary>
    internal IStore Store => _store;

    private HttpsAccess Secured => _https ?? throw new InvalidOperationException("this cluster has no HTTPS: set TestClusterOptions.Https");

    /// <summary>Starts a cluster; when this returns, the system namespaces are there, and the simulated nodes are Ready.</summary>
    /// <exception cref="ArgumentException">The options name a feature, an API or a controller that there is not.</exception>
    /// <exception cref="InvalidOperationException">It shall be deterministic, and this process or the other options do not allow it.</exception>
    public static async Task<TestCluster> StartAsync(TestClusterOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new();
        options.DemandDeterminism();
        return options.IsDeterministic
            ? await Task.Run(() => StartHereAsync(options, cancellation), cancellation).ConfigureAwait(false)
            : await StartHereAsync(options, cancellation);
    }

    private static async Task<TestCluster> StartHereAsync(TestClusterOptions options, CancellationToken cancellation)
    {
        var clock = options.ClockOrDefault();
        var pulse = new ClusterPulse(options.IsDeterministic);
        pulse.Enter();
        var store = EmbeddedStore.OpenInMemory(clock, random: Chance.Seeded(options.Seed));
        var https = options.Https ? new HttpsAccess() : null;
        TestCluster cluster;
        try
        {
            var serving = Serving(options, clock);
            serving = https?.Secure(serving, options.Port) ?? serving;
            var server = await ApiServerHost.StartAsync(store, options.ApiServer?.Invoke(serving) ?? serving, cancellation);
            await server.WaitUntilReadyAsync(cancellation);
            cluster = new(pulse, store, server, https, options, clock);
        }
        catch
        {
            await store.DisposeAsync();
            https?.Dispose();
            pulse.Dispose();
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
    public ApiClient ClientAs(string user, params string[] groups) => MakeClient(_pulse.Entering(Server.CreateHandler(user, groups)), user);

    /// <summary>
    /// Runs a part of the test's own, such as an operator, as the cluster's parts run: under the injected faults, and waited for when time moves on. Its
    /// failure fails what is waited for next.
    /// </summary>
    /// <param name="name">As which user it calls (with all rights), and how the report names it.</param>
    /// <param name="run">Runs until the token is cancelled, which happens when the cluster is disposed.</param>
    public void Run(string name, Func<ApiClient, CancellationToken, Task> run)
    {
        var client = PartClient(name);
        _pulse.Do(() => _parts.Run(name, token => run(client, token), isRestarted: false));
    }

    /// <summary>A simulated node falls silent for a while, as by a power cut; what ran on it begins anew when it comes back.</summary>
    /// <exception cref="InvalidOperationException">The cluster has no simulated nodes.</exception>
    /// <exception cref="KeyNotFoundException">None of them has that name.</exception>
    public void CrashNode(string name, TimeSpan silence)
    {
        var nodes = _nodes ?? throw new InvalidOperationException("this cluster has no simulated nodes");
        _pulse.Do(() => nodes.Silence(name, silence, restarts: true));
    }

    /// <summary>Writes the kubeconfig to a file that only the user may read.</summary>
    public void WriteKubeconfig(string path) => Secured.WriteKubeconfig(path, Address);

    /// <summary>What the cluster looks like: parts, nodes, objects with their conditions, events.</summary>
    public Task<string> ReportAsync(CancellationToken cancellation = default) => ClusterReport.WriteAsync(Client, _parts, cancellation);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _parts.DisposeAsync();
        _settling?.Dispose();
        foreach (var client in _clients)
            client.Dispose();
        await Server.DisposeAsync();
        await _store.DisposeAsync();
        _https?.Dispose();
        _pulse.Dispose();
    }

    private static ApiServerOptions Serving(TestClusterOptions options, TimeProvider clock)
    {
        // As where an API server is tested alone: what no controller makes or takes off, nobody needs or gets. Those are service accounts, the
        // first taint of nodes, and the finalizers of claims and volumes.
        var controllers = ControllerManager.Selected(options.Controllers);
        List<string> off = [];
        if (!controllers.Contains("serviceaccount-controller"))
            off.Add("ServiceAccount");
        if (!controllers.Contains("node-lifecycle-controller"))
            off.Add("TaintNodesByCondition");
        string[] protection = ["persistentvolumeclaim", "persistentvolume", "volumeattributesclass"];
        if (!Array.TrueForAll(protection, p => controllers.Contains(p + "-protection-controller")))
            off.Add("StorageObjectInUseProtection");
        if (!controllers.Contains("podgroup-protection-controller"))
            off.Add("PodGroupProtection");
        AdmissionSelection.TryCreate([], off, out var admission, out _);
        return new()
        {
            SecurePort = null, Time = clock, Identities = IdentitySource.Seeded(options.Seed), Random = Chance.Seeded(options.Seed),
            HostName = HostName, Loggers = options.Loggers, Admission = admission!,
            // Days shall pass quickly, and nobody deletes system namespaces behind a test's back.
            SystemObjectsPeriod = TestClusterOptions.Rarely, ServiceRepairPeriod = TestClusterOptions.Rarely,
            BookmarkPeriod = clock is VirtualTimeProvider ? TestClusterOptions.Rarely : new ApiServerOptions().BookmarkPeriod,
            FeatureGates = Gates(options),
            Enablement = ApiEnablement.TryParse(options.RuntimeConfig, out var enablement, out var error)
                ? enablement : throw new ArgumentException(error, nameof(options)),
        };
    }

    private static FeatureGates Gates(TestClusterOptions options) => FeatureGates.TryParse(options.FeatureGates, out var gates, out var error)
        ? gates : throw new ArgumentException(error, nameof(options));

    private async Task StartPartsAsync(CancellationToken cancellation)
    {
        if (_options.Controllers.Count > 0)
        {
            var options = new ControllerManagerOptions
            {
                Controllers = _options.Controllers, RootCertificateAuthority = _https?.AuthorityPem ?? "", Features = Gates(_options).EnabledNames(),
            };
            RunPart("kube-controller-manager", (client, token) => new ControllerManager(client, options, Logger("controllers")).RunAsync(token));
        }
        if (_options.Scheduler)
        {
            var options = new SchedulerOptions
            {
                Configuration = _options.SchedulerConfiguration, Features = Gates(_options).EnabledNames(), HostName = HostName,
            };
            RunPart("kube-scheduler", (client, token) => new PodScheduler(client, options, Logger("scheduler")).RunAsync(token));
        }
        if (_options.FleetOrDefault() is { } fleet)
        {
            _nodes = new NodeFleet(PartClient("system:simulated-nodes"), _https?.Serve(fleet, _options.Loggers) ?? fleet, Logger("nodes"));
            _parts.Run("simulated nodes", _nodes.RunAsync, isRestarted: true);
            await PumpAsync(_nodes.Registered, cancellation);
        }
        if (ControllerManager.Selected(_options.Controllers).Contains("serviceaccount-controller"))
            await UntilAsync<ServiceAccount>("default", all => all.Any(a => a.Metadata.Name == "default"), null, cancellation);
    }

    /// <summary>One of the cluster's own parts: as a process that is started anew when it ends, and under a leader's lease where that is wanted.</summary>
    private void RunPart(string name, Func<ApiClient, CancellationToken, Task> run)
    {
        var client = PartClient("system:" + name);
        if (!_options.LeaderElection)
        {
            _parts.Run(name, token => run(client, token), isRestarted: true);
            return;
        }
        var terms = 0;
        _parts.Run(
            name,
            token =>
            {
                var election = new Client.LeaderElection.LeaderElectionOptions { LeaseName = name, Identity = $"{name}-{++terms}" };
                return new Client.LeaderElection.LeaderElector(client, election, Logger(name)).RunFencedAsync(run, token);
            },
            isRestarted: true);
    }

    private ILogger Logger(string name) => _options.Loggers.CreateLogger(name);

    private ApiClient PartClient(string user)
    {
        var counting = _pulse.Counting(Server.CreateHandler(user, "system:masters"));
        var faulty = new FaultHandler(() => _faults, new CallChance(user, _options.Seed).Of, _clock, null, Client) { InnerHandler = counting };
        return MakeClient(faulty, user);
    }

    private ApiClient MakeClient(HttpMessageHandler handler, string user)
    {
        var options = new ApiClientOptions { Time = _clock, Random = Chance.Seeded(_options.Seed), UserAgent = ApiClientOptions.AgentOf(user) };
        // Under faults watches shall end as often as anywhere.
        if (_clock is VirtualTimeProvider && ReferenceEquals(_faults, TestFaults.None))
            options = options with { ShortestWatch = TestClusterOptions.Rarely };
        var client = new ApiClient(handler, s_inProcess, options);
        lock (_clients)
            _clients.Add(client);
        return client;
    }
}
