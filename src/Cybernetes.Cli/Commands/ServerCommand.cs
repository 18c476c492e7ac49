using System.Security.Cryptography.X509Certificates;
using Cybernetes.Cli.Flags;
using Cybernetes.Cli.Running;
using Cybernetes.Cluster.Pki;
using Cybernetes.Cluster.Serving;
using Cybernetes.Foundation;
using Cybernetes.Scheduler.Configuration;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Cli.Commands;

/// <summary><c>cyb server</c>: every part of a cluster in one process.</summary>
internal sealed class ServerCommand : DaemonCommand
{
    private readonly ServingFlags _serving;
    private readonly Flag<string> _clusterCidr;
    private readonly Flag<string> _runtime;
    private readonly Flag<string> _cniDirectory;
    private readonly Flag<string> _podLogs;
    private readonly Flag<string> _nodeIp;
    private readonly Flag<IReadOnlyList<string>> _clusterDns;
    private readonly Flag<string> _clusterDomain;
    private readonly Flag<IReadOnlyList<string>> _disable;
    private readonly Flag<bool> _leaderElect;
    private readonly Flag<string> _localStorage;
    private readonly Flag<string> _schedulerConfig;

    public ServerCommand()
    {
        _serving = new ServingFlags(Flags);
        _clusterCidr = Flags.Text("cluster-cidr", "10.244.0.0/16", "The CIDR from which nodes get their pods' addresses", "cidr");
        _runtime = Flags.Text(
            "container-runtime-endpoint",
            NodeSettings.DefaultRuntimeEndpoint,
            "The socket of the container runtime (CRI)", "unix://path");
        _cniDirectory = Flags.Text(
            "cni-conf-dir",
            "/etc/cni/net.d",
            "Where the container runtime looks for the pod network's configuration", "directory");
        _podLogs = Flags.Text(
            "pod-logs-dir", "", "Where containers' log files are kept; by default in the data directory", "directory");
        _nodeIp = Flags.Text("node-ip", "", "The node's address; by default that of the default route's interface", "ip");
        _clusterDns = Flags.List(
            "cluster-dns", [], "Addresses of the cluster's DNS servers; by default pods use the machine's", "ips");
        _clusterDomain = Flags.Text("cluster-domain", "cluster.local", "The DNS domain of the cluster", "domain");
        _localStorage = Flags.Text(
            "default-local-storage-path",
            "",
            "Where volumes of the default storage class are kept; by default in the data directory", "directory");
        _schedulerConfig = Flags.Text(
            "scheduler-config", "", "A KubeSchedulerConfiguration: profiles, plugins, extenders", "file");
        _disable = Flags.Choices("disable", [.. Parts.All.Select(part => part.Name)], "Parts not to run");
        _leaderElect = Flags.Switch(
            "leader-elect", true, "Whether scheduler and controllers stand for election before they work");
    }

    public override string Name => "server";

    public override string Summary =>
        "Run a whole cluster in one process: API server, store, scheduler, controllers, node agent, proxy";

    public override string Description =>
        Summary + ".\nCertificates and kubeconfigs are made at the first start and renewed in time.";

    public override string Examples => """
        # A cluster on this machine (root, containerd); the access goes into the usual file
        cyb server --write-kubeconfig ~/.kube/config
        # Only API server, scheduler and controllers: needs no root and no containers
        cyb server --disable node,proxy --data-dir /tmp/cluster --secure-port 7443
        """;

    protected override async Task RunAsync(ILoggerFactory loggers, CancellationToken stop)
    {
        ControlPlaneOptions options = _serving.ToOptions(loggers);
        ServingFlags.Cidr("cluster-cidr", _clusterCidr.Value);
        SchedulerConfiguration scheduler = SchedulerConfigurationFile.ReadFlag(_schedulerConfig);
        await using ControlPlane plane = await ControlPlane.StartAsync(options, stop).ConfigureAwait(false);
        await plane.WaitUntilReadyAsync(stop).ConfigureAwait(false);
        Ready(loggers);

        PartSettings settings = SettingsFor(plane, options) with { Scheduler = scheduler };
        using var partsStop = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Task[] running = [.. Parts.All.Where(part => !_disable.Value.Contains(part.Name))
            .Select(part => RunPartAsync(part, plane, settings, loggers, partsStop.Token))];
        await Task.Delay(
            Timeout.InfiniteTimeSpan, TimeProvider.System, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // Parts first: they hand back leases and write their last events while the API server still answers.
        await Task.WhenAll(running).ConfigureAwait(false);
    }

    private static async Task RunPartAsync(
        Part part, ControlPlane plane, PartSettings settings, ILoggerFactory loggers, CancellationToken stop)
    {
        using Client.Transport.ApiClient client = plane.ClientAs(part.User(settings.NodeName), part.Groups);
        await PartRunner.RunAsync(
            part, new PartContext { Client = client, Settings = settings, Loggers = loggers, Metrics = plane.Metrics }, stop).ConfigureAwait(false);
    }

    private PartSettings SettingsFor(ControlPlane plane, ControlPlaneOptions options)
    {
        ClusterPki pki = plane.Certificates;
        return new PartSettings
        {
            NodeName = options.NodeName,
            ClusterCidr = _clusterCidr.Value,
            ServiceCidr = _serving.ServiceRange,
            LeaderElect = _leaderElect.Value,
            // Stable over restarts where the store's lock lets only one such server run: after a crash it need not wait for its
            // own lease. Others that share an etcd may bear the same name.
            Identity = options.Etcd is null ? options.NodeName : $"{options.NodeName}_{IdentitySource.System.NewUuidText()}",
            // No network lies between this leader and its lease. The write of every two seconds is most of what an idle server would do.
            LeaseRenewPeriod = options.Etcd is null ? TimeSpan.FromSeconds(4) : null,
            // Those for joining machines are off upstream unless named, as kubeadm names them.
            Controllers = ["*", "bootstrap-signer-controller", "token-cleaner-controller"],
            SchedulerFeatures = options.FeatureGates.EnabledNames(),
            ControllerManager = new Controllers.ControllerManagerOptions
            {
                Features = options.FeatureGates.EnabledNames(),
                ClusterSigningCertificate = System.Text.Encoding.ASCII.GetString(pki.Authority.CertificatePem),
                ClusterSigningKey = System.Text.Encoding.ASCII.GetString(pki.Authority.KeyPem),
            },
            RootCertificate = System.Text.Encoding.ASCII.GetString(pki.Authority.CertificatePem),
            Node = new NodeSettings
            {
                RuntimeEndpoint = _runtime.Value,
                CniDirectory = _cniDirectory.Value,
                // Below the data directory, so that several clusters can live on a machine and removing one leaves nothing.
                RootDirectory = Path.Combine(options.DataDirectory, "kubelet"),
                PodLogsDirectory = _podLogs.Value.Length > 0 ? _podLogs.Value : Path.Combine(options.DataDirectory, "pod-logs"),
                AddressDirectory = Path.Combine(options.DataDirectory, "cni", "networks"),
                LocalStorageDirectory = _localStorage.Value.Length > 0
                    ? Path.GetFullPath(_localStorage.Value)
                    : Path.Combine(options.DataDirectory, "local-volumes"),
                NodeIp = _nodeIp.Value,
                ClusterDns = _clusterDns.Value,
                ClusterDomain = _clusterDomain.Value,
                ServingCertificate = () => plane.Certificates.KubeletServing.Certificate,
                ClientAuthorities = () => new X509Certificate2Collection(plane.Certificates.Authority.Certificate),
            },
        };
    }
}
