using System.Security.Cryptography.X509Certificates;
using Cybernetes.Client.Transport;
using Cybernetes.Controllers;
using Cybernetes.Foundation.Metrics;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Cli.Running;

/// <summary>One part of a cluster that is a client of the API server.</summary>
/// <param name="Name">Its name in <c>--disable</c> and in the log.</param>
/// <param name="User">As whom it calls the API server, given the node's name.</param>
/// <param name="Groups">That user's groups.</param>
/// <param name="RunAsync">Runs it until cancelled; an exception is a failure, after which it is run again.</param>
internal sealed record Part(
    string Name,
    Func<string, string> User,
    string[] Groups,
    Func<PartContext, CancellationToken, Task> RunAsync);

/// <summary>What a part is given.</summary>
internal sealed record PartContext
{
    /// <summary>The API server, as the part's own user.</summary>
    public required ApiClient Client { get; init; }

    public required PartSettings Settings { get; init; }
    public required ILoggerFactory Loggers { get; init; }

    /// <summary>The process's metrics; those of <c>cyb server</c> stand on the API server's /metrics.</summary>
    public MetricRegistry Metrics { get; init; } = new();
}

/// <summary>What parts are told, whether by <c>cyb server</c> or by their own command.</summary>
internal sealed record PartSettings
{
    public required string NodeName { get; init; }

    /// <summary>Pod addresses of the whole cluster, as a CIDR; empty when unknown.</summary>
    public string ClusterCidr { get; init; } = "";

    /// <summary>Service addresses, as a CIDR; empty when unknown.</summary>
    public string ServiceCidr { get; init; } = "";

    public bool LeaderElect { get; init; } = true;

    /// <summary>This candidate's name in leader elections.</summary>
    public required string Identity { get; init; }

    /// <summary>How often a leader renews its lease; null: as often as candidates look.</summary>
    public TimeSpan? LeaseRenewPeriod { get; init; }

    /// <summary>The cluster's root certificate as PEM, for kube-root-ca.crt; empty publishes none.</summary>
    public string RootCertificate { get; init; } = "";

    /// <summary>The controllers to run.</summary>
    public IReadOnlyList<string> Controllers { get; init; } = ["*"];

    /// <summary>What the controllers are told beside.</summary>
    public ControllerManagerOptions ControllerManager { get; init; } = new();

    /// <summary>Profiles, plugins and extenders of the scheduler.</summary>
    public Scheduler.Configuration.SchedulerConfiguration Scheduler { get; init; } = new();

    /// <summary>The features that are on for the scheduler.</summary>
    public IReadOnlySet<string> SchedulerFeatures { get; init; } = new HashSet<string>(StringComparer.Ordinal);

    public NodeSettings Node { get; init; } = new();
    public ProxySettings Proxy { get; init; } = new();
}

/// <summary>What the node agent is told beside.</summary>
internal sealed record NodeSettings
{
    /// <summary>The CRI socket: unix:///path.</summary>
    public string RuntimeEndpoint { get; init; } = DefaultRuntimeEndpoint;

    /// <summary>Where volumes and other files of pods are kept.</summary>
    public string RootDirectory { get; init; } = "/var/lib/kubelet";

    public string PodLogsDirectory { get; init; } = "/var/log/pods";

    /// <summary>Where the address plugin remembers which pod has which address.</summary>
    public string AddressDirectory { get; init; } = "/var/lib/cni/networks";

    /// <summary>Where volumes out of this machine's disk are kept; empty: none are made.</summary>
    public string LocalStorageDirectory { get; init; } = "";

    public string NodeIp { get; init; } = "";
    public IReadOnlyList<string> ClusterDns { get; init; } = [];
    public string ClusterDomain { get; init; } = "cluster.local";
    public int Port { get; init; } = 10250;
    public int MaxPods { get; init; } = 110;

    /// <summary>A cloud's controllers look at the node before it takes pods.</summary>
    public bool HasCloudProvider { get; init; }

    /// <summary>Where the runtime looks for network configuration; empty: the pod network is someone else's.</summary>
    public string CniDirectory { get; init; } = "/etc/cni/net.d";

    /// <summary>The serving certificate with its key; null: no server, so no logs, exec and port-forward.</summary>
    public Func<X509Certificate2>? ServingCertificate { get; init; }

    /// <summary>Who signs the certificates of the server's clients.</summary>
    public Func<X509Certificate2Collection> ClientAuthorities { get; init; } = static () => [];

    public const string DefaultRuntimeEndpoint = "unix:///run/containerd/containerd.sock";
}

/// <summary>What the service proxy is told beside.</summary>
internal sealed record ProxySettings
{
    public bool MasqueradeAll { get; init; }
    public IReadOnlyList<string> NodePortAddresses { get; init; } = [];
    public bool LocalhostNodePorts { get; init; } = true;
}
