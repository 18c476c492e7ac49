using Cybernetes.ApiServer.Server;
using Cybernetes.Controllers;
using Cybernetes.Foundation;
using Cybernetes.Node.Simulated.Fleet;
using Cybernetes.Scheduler.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cybernetes.Testing;

/// <summary>How a test's cluster is set up.</summary>
public sealed record TestClusterOptions
{
    /// <summary>
    /// The clock of every part. Default: a virtual one of the cluster's own, which stands still but when something is waited for or it is advanced;
    /// with <see cref="Https"/> the system's.
    /// </summary>
    public TimeProvider? Time { get; init; }

    /// <summary>Seed of all chance: names, uids, addresses, jitter and faults are the same in every run. Default 1.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>
    /// Whether two runs of the same test with the same <see cref="Seed"/> go the same way to the last resourceVersion, uid, name, event and timestamp, and
    /// every watcher is told in the same order. It takes a process whose thread pool has one thread: in the test project
    /// <c>&lt;ThreadPoolMinThreads&gt;1&lt;/ThreadPoolMinThreads&gt;</c> and <c>&lt;ThreadPoolMaxThreads&gt;1&lt;/ThreadPoolMaxThreads&gt;</c>; nothing in it
    /// may then block a thread of the pool (<c>.Wait()</c>, <c>.Result</c>). Each call of the test begins while the cluster rests, and is answered when it
    /// rests again. Default: it is so in such a process under virtual time without <see cref="Https"/>, and not demanded; elsewhere names, addresses, jitter
    /// and faults are decided by the seed, the order of threads at one moment is not.
    /// </summary>
    public bool Deterministic { get; init; }

    /// <summary>Logs of every part. Default: none.</summary>
    public ILoggerFactory Loggers { get; init; } = NullLoggerFactory.Instance;

    /// <summary>
    /// Whether other clients (kubectl, operators of any language) reach the cluster too, at <see cref="TestCluster.Address"/> on loopback with
    /// <see cref="TestCluster.Kubeconfig"/>. Default: no; then there are no sockets, keys or files.
    /// </summary>
    public bool Https { get; init; }

    /// <summary>The port of HTTPS. Default 0: a free one.</summary>
    public int Port { get; init; }

    /// <summary>As <c>--feature-gates</c>: <c>GenericWorkload=true,…</c>. Default: upstream's defaults.</summary>
    public string FeatureGates { get; init; } = "";

    /// <summary>As <c>--runtime-config</c>: <c>api/alpha=true,…</c>. Default: stable and older versions.</summary>
    public string RuntimeConfig { get; init; } = "";

    /// <summary>
    /// The controllers that run, as <c>--controllers</c> names them (<c>"*"</c>: those on by default). Default: none. Without
    /// <c>serviceaccount-controller</c> pods need no service account.
    /// </summary>
    public IReadOnlyList<string> Controllers { get; init; } = [];

    /// <summary>Whether a scheduler runs. Default: no.</summary>
    public bool Scheduler { get; init; }

    /// <summary>Its configuration. Default: upstream's default profile.</summary>
    public SchedulerConfiguration SchedulerConfiguration { get; init; } = new();

    /// <summary>Whether controllers and scheduler hold leases while they work, as in a cluster of several masters. Default: no.</summary>
    public bool LeaderElection { get; init; }

    /// <summary>
    /// How many simulated nodes there are; they run pods without containers. Default: none. Under virtual time they renew their leases every 20 s where
    /// <c>node-lifecycle-controller</c> is among the controllers, and where nobody looks at heartbeats once an hour. <see cref="Fleet"/> says otherwise.
    /// </summary>
    public int Nodes { get; init; }

    /// <summary>The nodes in detail (shapes, zones, crashes), instead of <see cref="Nodes"/>.</summary>
    public FleetOptions? Fleet { get; init; }

    /// <summary>What goes wrong between the cluster's parts and its API server, by the seed; the test's own clients are spared. Default: nothing.</summary>
    public TestFaults Faults { get; init; } = new();

    /// <summary>
    /// How much longer, in real time, is waited once a virtual clock is through: for work of the test's own that no cluster knows of. Default 5 s.
    /// </summary>
    public TimeSpan RealPatience { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Changes the API server's options last.</summary>
    public Func<ApiServerOptions, ApiServerOptions>? ApiServer { get; init; }

    /// <summary>How often, where hours pass in a moment.</summary>
    internal static TimeSpan Rarely { get; } = TimeSpan.FromHours(1);

    internal TimeProvider ClockOrDefault() => Time ?? (Https ? TimeProvider.System : new VirtualTimeProvider());

    internal bool IsDeterministic => RestLine.IsPossible && !Https && IsQuick;

    /// <exception cref="InvalidOperationException">The cluster shall be deterministic, and this process or the other options do not allow it.</exception>
    internal void DemandDeterminism()
    {
        if (!Deterministic)
            return;
        if (Https)
            throw new InvalidOperationException("a deterministic cluster has no HTTPS: nothing decides when calls come through a socket");
        if (ClockOrDefault() is not VirtualTimeProvider)
            throw new InvalidOperationException("a deterministic cluster's clock is a VirtualTimeProvider: real time never passes twice in the same way");
        if (!RestLine.IsPossible)
        {
            throw new InvalidOperationException(
                $"a deterministic cluster needs a process whose thread pool has one thread; this one's may have {RestLine.PoolThreads}. Put "
                + "<ThreadPoolMinThreads>1</ThreadPoolMinThreads> and <ThreadPoolMaxThreads>1</ThreadPoolMaxThreads> into a PropertyGroup of the test project "
                + "(they go into its runtimeconfig.json), or start the process with the environment variables DOTNET_ThreadPool_ForceMinWorkerThreads=1 and "
                + "DOTNET_ThreadPool_ForceMaxWorkerThreads=1 (where a test host starts it: RunConfiguration/EnvironmentVariables in a .runsettings file).");
        }
    }

    /// <summary>Whether hours pass in a moment: then what happens only so that it happens again and again is made rarer.</summary>
    internal bool IsQuick => ClockOrDefault() is VirtualTimeProvider;

    internal FleetOptions? FleetOrDefault()
    {
        if (Fleet is not null || Nodes == 0)
            return Fleet;
        var fleet = new FleetOptions { Shapes = [new() { Count = Nodes, Name = "node-" }] };
        var areWatched = ControllerManager.Selected(Controllers).Contains("node-lifecycle-controller");
        if (!IsQuick)
            return fleet;
        // A node counts as lost after 50 s: two heartbeats in that will do.
        return areWatched ? fleet with { RenewInterval = fleet.LeaseDuration / 2 } : fleet with { RenewInterval = Rarely, StatusInterval = Rarely };
    }
}
