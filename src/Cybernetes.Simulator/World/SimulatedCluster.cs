using Cybernetes.Client.Transport;
using Cybernetes.Controllers;
using Cybernetes.Foundation;
using Cybernetes.Node.Simulated.Fleet;
using Cybernetes.Scheduler;
using Cybernetes.Simulator.Running;
using Cybernetes.Store.Embedded;

namespace Cybernetes.Simulator.World;

/// <summary>
/// A whole cluster under virtual time: one store, an API server over it, two controller managers and two schedulers of which one each leads, and
/// simulated nodes.
/// </summary>
internal sealed class SimulatedCluster : IAsyncDisposable
{
    private static readonly Uri s_address = new("https://in-process.cybernetes.local");
    private readonly List<ApiClient> _clients = [];
    private readonly List<string> _violations = [];
    private readonly EmbeddedStore _store;

    public SimulatedCluster(int seed, int nodes, SimulationOptions options, TextWriter? output)
    {
        (Seed, Options) = (seed, options);
        Trace = new(Time, output);
        _store = EmbeddedStore.OpenInMemory(Time, random: Chance.Seeded(seed));
        Server = new(_store, Time, seed, new PartLoggers(this));
        Model = new(_store, Trace);
        Fleet = new()
        {
            Shapes = [new() { Count = nodes, Name = "node-", Zones = ["a", "b", "c"], Capacity = NodeCapacity }],
            StartDelay = TimeSpan.FromSeconds(1), Seed = seed,
        };
        var manager = new ControllerManagerOptions();
        foreach (var twin in new[] { "a", "b" })
        {
            Controllers.Add(new(new("controllers-" + twin, "system:kube-controller-manager", "kube-controller-manager",
                (client, logger, stop) => new ControllerManager(client, manager, logger).RunAsync(stop)), this));
            Schedulers.Add(new(new("scheduler-" + twin, "system:kube-scheduler", "kube-scheduler",
                (client, logger, stop) => new PodScheduler(client, new(), logger).RunAsync(stop)), this));
        }
        Nodes = new(new("nodes", "system:simulated-nodes", null, (client, logger, stop) => (Running = new(client, Fleet, logger)).RunAsync(stop)), this);
    }

    /// <summary>What each node has.</summary>
    public static IReadOnlyDictionary<string, string> NodeCapacity { get; } = new Dictionary<string, string>
    {
        ["cpu"] = "4", ["memory"] = "8Gi", ["ephemeral-storage"] = "100Gi", ["pods"] = "24",
    };

    public int Seed { get; }

    /// <summary>How this life is lived.</summary>
    public SimulationOptions Options { get; }

    public VirtualTimeProvider Time { get; } = new();

    public Trace Trace { get; }

    public FaultDial Faults { get; } = new();

    public ServerDoor Server { get; }

    public ClusterModel Model { get; }

    public FleetOptions Fleet { get; }

    public NodeFleet Running { get; private set; } = null!;

    public List<SimulatedPart> Controllers { get; } = [];

    public List<SimulatedPart> Schedulers { get; } = [];

    /// <summary>All nodes' agents.</summary>
    public SimulatedPart Nodes { get; }

    public IEnumerable<SimulatedPart> Parts => [.. Controllers, .. Schedulers, Nodes];

    /// <summary>What was found wrong.</summary>
    public IReadOnlyList<string> Violations => _violations;

    /// <summary>Starts everything; the nodes are registered afterwards.</summary>
    public async Task StartAsync()
    {
        Model.Start();
        await Server.StartAsync().ConfigureAwait(false);
        foreach (var part in Parts)
            part.Start();
    }

    /// <summary>A client without faults; it fails while the API server is away.</summary>
    public ApiClient ClientOf(string user)
    {
        var client = new ApiClient(
            Server.HandlerFor(user), s_address, new() { Time = Time, Random = Chance.Seeded(Seed + user.Sum(c => c * 17)), UserAgent = user });
        _clients.Add(client);
        return client;
    }

    /// <summary>A client with a transport of the caller's choice over the door.</summary>
    public ApiClient ClientOver(HttpMessageHandler transport, int chance)
    {
        var client = new ApiClient(transport, s_address, new() { Time = Time, Random = Chance.Seeded(chance) });
        _clients.Add(client);
        return client;
    }

    /// <summary>Something is wrong: the run fails.</summary>
    public void Violate(string what)
    {
        _violations.Add(what);
        Trace.Write("WRONG", what);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var part in Parts)
            part.Kill();
        await Task.WhenAll(Parts.Select(p => p.WhenEnded())).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var client in _clients)
            client.Dispose();
        await Server.DisposeAsync().ConfigureAwait(false);
        await Model.DisposeAsync().ConfigureAwait(false);
        await _store.DisposeAsync().ConfigureAwait(false);
        Trace.Dispose();
    }
}
