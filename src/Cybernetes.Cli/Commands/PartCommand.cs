using Cybernetes.Cli.Flags;
using Cybernetes.Cli.Running;
using Cybernetes.Client.Kubeconfig;
using Cybernetes.Client.Transport;
using Cybernetes.Cluster.Serving;
using Cybernetes.Scheduler.Configuration;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Cli.Commands;

/// <summary>Runs one part alone, against an API server named by a kubeconfig.</summary>
internal abstract class PartCommand : DaemonCommand
{
    private readonly Part _part;
    private readonly Flag<string> _kubeconfig;

    protected PartCommand(Part part)
    {
        _part = part;
        _kubeconfig = Flags.Text(
            "kubeconfig",
            "",
            "The kubeconfig that leads to the API server; by default that of $KUBECONFIG, or ~/.kube/config",
            "file");
    }

    public override string Description => Summary + ".";

    protected abstract PartSettings Settings();

    /// <summary>Opens the part's own port, where it has one.</summary>
    /// <exception cref="ControlPlaneException">The port cannot be had.</exception>
    protected virtual Task<IAsyncDisposable?> ServeAsync(PartContext context, CancellationToken stop) => Task.FromResult<IAsyncDisposable?>(null);

    protected override async Task RunAsync(ILoggerFactory loggers, CancellationToken stop)
    {
        PartSettings settings = Settings();
        IReadOnlyList<string> paths = KubeconfigFile.DefaultPaths(_kubeconfig.Value, Environment.GetEnvironmentVariable);
        ClusterAccess access = KubeconfigFile.LoadMerged(paths).Resolve();
        using ApiClient client = ApiClient.Connect(access);
        var context = new PartContext { Client = client, Settings = settings, Loggers = loggers };
        await using IAsyncDisposable? port = await ServeAsync(context, stop).ConfigureAwait(false);
        Ready(loggers);
        await PartRunner.RunAsync(_part, context, stop).ConfigureAwait(false);
    }

    /// <summary>A name for leader elections that no other process has: the machine's and a random part, as upstream's.</summary>
    protected static string NewIdentity() =>
        $"{ServingFlags.DefaultNodeName()}_{Foundation.IdentitySource.System.NewUuidText()}";
}

/// <summary><c>cyb scheduler</c>.</summary>
internal sealed class SchedulerCommand : PartCommand
{
    private readonly Flag<bool> _leaderElect;
    private readonly Flag<string> _config;
    private readonly Flag<ApiServer.Registry.FeatureGates> _features;
    private readonly DiagnosticsFlags _port;

    public SchedulerCommand()
        : base(Parts.Scheduler)
    {
        _leaderElect = Flags.Switch("leader-elect", true, "Stand for election before scheduling; needed when several run");
        _config = Flags.Text("config", "", "A KubeSchedulerConfiguration: profiles, plugins, extenders", "file");
        _features = Flags.FeatureGates();
        _port = new DiagnosticsFlags(Flags, 10259);
    }

    protected override Task<IAsyncDisposable?> ServeAsync(PartContext context, CancellationToken stop) =>
        _port.ServeAsync(context, ComponentConfiguration.Of(context.Settings.Scheduler, _leaderElect.Value), stop);

    public override string Name => "scheduler";

    public override string Summary => "Run the scheduler only";

    public override string Examples => """
        # Beside an API server that runs alone
        cyb scheduler --kubeconfig /var/lib/cybernetes/scheduler.conf
        """;

    protected override PartSettings Settings() => new()
    {
        NodeName = ServingFlags.DefaultNodeName(),
        Identity = NewIdentity(),
        LeaderElect = _leaderElect.Value,
        Scheduler = SchedulerConfigurationFile.ReadFlag(_config),
        SchedulerFeatures = _features.Value.EnabledNames(),
    };
}

/// <summary><c>cyb proxy</c>.</summary>
internal sealed class ProxyCommand : PartCommand
{
    private readonly Flag<string> _nodeName;
    private readonly Flag<string> _clusterCidr;
    private readonly Flag<string> _serviceRange;
    private readonly Flag<bool> _masqueradeAll;
    private readonly Flag<bool> _localhost;
    private readonly Flag<IReadOnlyList<string>> _addresses;

    public ProxyCommand()
        : base(Parts.Proxy)
    {
        _nodeName = Flags.Text("hostname-override", ServingFlags.DefaultNodeName(), "The name of this machine's node", "name");
        _clusterCidr = Flags.Text(
            "cluster-cidr", "", "The CIDR of all pods' addresses; traffic from elsewhere is masqueraded", "cidr");
        _serviceRange = Flags.Text(
            "service-cluster-ip-range", "", "The CIDR of services; addresses without rules are rejected", "cidr");
        _masqueradeAll = Flags.Switch("masquerade-all", false, "Masquerade all traffic to service addresses");
        _localhost = Flags.Switch("iptables-localhost-nodeports", true, "Let node ports answer on loopback");
        _addresses = Flags.List(
            "nodeport-addresses", [], "CIDRs of the node's addresses that answer node ports; by default all", "cidrs");
    }

    public override string Name => "proxy";

    public override string Summary => "Run the service proxy (iptables) only; needs root";

    public override string Examples => """
        # On a node
        cyb proxy --kubeconfig /var/lib/cybernetes/kube-proxy.conf --cluster-cidr 10.244.0.0/16
        """;

    protected override PartSettings Settings() => new()
    {
        NodeName = _nodeName.Value,
        Identity = NewIdentity(),
        ClusterCidr = _clusterCidr.Value,
        ServiceCidr = _serviceRange.Value,
        Proxy = new ProxySettings
        {
            MasqueradeAll = _masqueradeAll.Value,
            LocalhostNodePorts = _localhost.Value,
            NodePortAddresses = _addresses.Value,
        },
    };
}
