using System.Security.Cryptography.X509Certificates;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Scheduler.Plugins.NodeResources;

namespace Cybernetes.Scheduler.Configuration;

/// <summary>A KubeSchedulerConfiguration, read and checked. Its defaults are upstream's.</summary>
public sealed record SchedulerConfiguration
{
    /// <summary>v1, v1beta3 or v1beta2: older versions have other default weights.</summary>
    public string Version { get; init; } = "v1";

    /// <summary>How long a pod waits after its first failed attempt. Default 1 s.</summary>
    public TimeSpan PodInitialBackoff { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest such wait. Default 10 s.</summary>
    public TimeSpan PodMaxBackoff { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Accepted and passed over: all nodes are scored always.</summary>
    public int PercentageOfNodesToScore { get; init; }

    /// <summary>Whether to stand for election; null leaves it to the flag.</summary>
    public bool? LeaderElect { get; init; }

    /// <summary>The lease of the election. Default kube-scheduler.</summary>
    public string LeaseName { get; init; } = "kube-scheduler";

    /// <summary>The lease's namespace. Default kube-system.</summary>
    public string LeaseNamespace { get; init; } = "kube-system";

    /// <summary>How long others wait after the last renewal they saw. Default 15 s.</summary>
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a leader tries to renew. Below the lease's duration; default 10 s.</summary>
    public TimeSpan RenewDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The time between tries. Below the renewal's deadline by a fifth; default 2 s.</summary>
    public TimeSpan RetryPeriod { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The kubeconfig that the configuration names; empty: none.</summary>
    public string Kubeconfig { get; init; } = "";

    internal IReadOnlyList<ProfileConfiguration> Profiles { get; init; } = [new()];

    internal IReadOnlyList<ExtenderConfiguration> Extenders { get; init; } = [];

    /// <summary>The names of its profiles: the pods that it schedules.</summary>
    public IReadOnlyList<string> SchedulerNames => [.. Profiles.Select(p => p.SchedulerName)];

    /// <summary>Reads a configuration file's text.</summary>
    /// <param name="yaml">YAML or JSON.</param>
    /// <param name="source">Its name in errors.</param>
    /// <exception cref="SchedulerConfigurationException">It is no valid configuration; the message names line and field.</exception>
    public static SchedulerConfiguration Parse(string yaml, string source = "configuration") => ConfigurationReader.Read(yaml, source);
}

/// <summary>A configuration that cannot be used; the message names file, line and field.</summary>
public sealed class SchedulerConfigurationException(string message) : Exception(message);

/// <summary>One profile: a scheduler name, and how its plugins differ from the default ones.</summary>
internal sealed record ProfileConfiguration
{
    public string SchedulerName { get; init; } = "default-scheduler";

    /// <summary>By extension point, <c>multiPoint</c> among them.</summary>
    public IReadOnlyDictionary<string, PluginSet> Plugins { get; init; } = new Dictionary<string, PluginSet>();

    public PluginArguments Arguments { get; init; } = new();
}

/// <summary>What is turned on and off at one extension point; "*" turns all defaults off.</summary>
internal sealed record PluginSet(IReadOnlyList<(string Name, int Weight)> Enabled, IReadOnlyList<string> Disabled);

/// <summary>The plugins' arguments, with upstream's defaults.</summary>
internal sealed record PluginArguments
{
    public ScoringStrategy FitStrategy { get; init; } = ScoringStrategy.Default;
    public IReadOnlyList<string> FitIgnored { get; init; } = [];
    public IReadOnlyList<WeightedResource> BalancedResources { get; init; } = ScoringStrategy.CpuAndMemory;
    public NodeAffinity? AddedAffinity { get; init; }
    public int HardPodAffinityWeight { get; init; } = 1;
    public bool IgnorePreferredTermsOfExistingPods { get; init; }
    public IReadOnlyList<TopologySpreadConstraint>? DefaultConstraints { get; init; }
    public int MinCandidateNodesPercentage { get; init; } = 10;
    public int MinCandidateNodesAbsolute { get; init; } = 100;
    public TimeSpan BindTimeout { get; init; } = TimeSpan.FromSeconds(600);
    public TimeSpan DeviceFilterTimeout { get; init; } = TimeSpan.FromSeconds(10);
    public TimeSpan DeviceBindingTimeout { get; init; } = TimeSpan.FromSeconds(600);
}

/// <summary>One extender.</summary>
internal sealed record ExtenderConfiguration
{
    public string UrlPrefix { get; init; } = "";
    public string FilterVerb { get; init; } = "";
    public string PreemptVerb { get; init; } = "";
    public string PrioritizeVerb { get; init; } = "";
    public string BindVerb { get; init; } = "";
    public int Weight { get; init; } = 1;
    public bool NodeCacheCapable { get; init; }
    public bool Ignorable { get; init; }
    public TimeSpan HttpTimeout { get; init; } = TimeSpan.FromSeconds(5);
    public bool Insecure { get; init; }

    /// <summary>The name that its certificate must bear; empty: that in the URL.</summary>
    public string TlsServerName { get; init; } = "";

    public X509Certificate2Collection Authorities { get; init; } = [];
    public X509Certificate2? ClientCertificate { get; init; }
    public IReadOnlyList<string> ManagedResources { get; init; } = [];

    /// <summary>Those of the managed resources that NodeResourcesFit does not look at: the extender counts them.</summary>
    public IReadOnlyList<string> IgnoredByScheduler { get; init; } = [];
}
