using Cybernetes.Node.Server;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Node.Agent;

/// <summary>The node agent's settings. Names and defaults are upstream's kubelet's where it has the setting.</summary>
public sealed record NodeAgentOptions
{
    /// <summary>--hostname-override: the name of the Node object.</summary>
    public required string NodeName { get; init; }

    /// <summary>--node-ip: one address, or two with a comma. Default empty: the address of the default route's
    /// interface.</summary>
    public string NodeIp { get; init; } = "";

    /// <summary>
    /// --cloud-provider=external: the cloud's controllers tell the node's addresses. Until they have, the agent tells those of --node-ip, or none.
    /// </summary>
    public bool HasExternalCloudProvider { get; init; }

    /// <summary>--root-dir. Default /var/lib/kubelet.</summary>
    public string RootDirectory { get; init; } = "/var/lib/kubelet";

    /// <summary>podLogsDir. Default /var/log/pods, where log collectors look.</summary>
    public string PodLogsDirectory { get; init; } = "/var/log/pods";

    /// <summary>--cluster-dns: what pods ask for names. Default none: pods use the node's resolv.conf.</summary>
    public IReadOnlyList<string> ClusterDns { get; init; } = [];

    /// <summary>--cluster-domain. Default cluster.local.</summary>
    public string ClusterDomain { get; init; } = "cluster.local";

    /// <summary>--resolv-conf. Default /etc/resolv.conf.</summary>
    public string ResolvConf { get; init; } = "/etc/resolv.conf";

    /// <summary>--max-pods. Default 110.</summary>
    public int MaxPods { get; init; } = 110;

    /// <summary>--register-node. Default true; else someone else makes the Node object.</summary>
    public bool RegisterNode { get; init; } = true;

    /// <summary>--node-labels, set at registration.</summary>
    public IReadOnlyDictionary<string, string> NodeLabels { get; init; } = new Dictionary<string, string>();

    /// <summary>--register-with-taints.</summary>
    public IReadOnlyList<Taint> RegisterWithTaints { get; init; } = [];

    /// <summary>--provider-id.</summary>
    public string ProviderId { get; init; } = "";

    /// <summary>Shown as the node's kubeletVersion.</summary>
    public string Version { get; init; } = "v1.36.0";

    /// <summary>--sync-frequency: how often a pod is looked at although nothing happened, and its volumes refreshed. Default 1
    /// min.</summary>
    public TimeSpan SyncFrequency { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>--node-status-update-frequency: how often the node's status is computed. Default 10 s.</summary>
    public TimeSpan NodeStatusUpdateFrequency { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>nodeStatusReportFrequency: how often it is written although nothing changed. Default 5 min.</summary>
    public TimeSpan NodeStatusReportFrequency { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>nodeLeaseDurationSeconds; the lease is renewed four times in it. Default 40 s.</summary>
    public TimeSpan NodeLeaseDuration { get; init; } = TimeSpan.FromSeconds(40);

    /// <summary>--serialize-image-pulls: one at a time. Default true.</summary>
    public bool SerializeImagePulls { get; init; } = true;

    /// <summary>containerLogMaxSize in bytes. Default 10 MiB.</summary>
    public long ContainerLogMaxBytes { get; init; } = 10 * 1024 * 1024;

    /// <summary>containerLogMaxFiles, the one written to included. Range: 2 and more. Default 5.</summary>
    public int ContainerLogMaxFiles { get; init; } = 5;

    /// <summary>How often leftovers are looked for. Default 1 min.</summary>
    public TimeSpan HousekeepingPeriod { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Whether pods have files, mounts and cgroups on this machine. Default true; false for a simulated runtime, of which many
    /// run on
    /// one machine of any kind.
    /// </summary>
    public bool HasContainers { get; init; } = true;

    /// <summary>The HTTPS server's settings; null for none (logs, exec and port-forward then do not work).</summary>
    public KubeletServerOptions? Server { get; init; }
}
