using System.Text.Json;
using Cybernetes.Cli.Flags;
using Cybernetes.Controllers;
using Cybernetes.Controllers.CloudProviders;
using Cybernetes.Controllers.VolumeBinding;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Wire;

namespace Cybernetes.Cli.Commands;

/// <summary>The flags of the controllers themselves, by kube-controller-manager's names: one line a flag.</summary>
internal sealed class ControllerManagerFlags
{
    // Each changes the options by what its flag was given.
    private readonly List<Func<ControllerManagerOptions, ControllerManagerOptions>> _changes = [];
    private readonly FlagSet _flags;

    public ControllerManagerFlags(FlagSet flags)
    {
        _flags = flags;
        var defaults = new ControllerManagerOptions();
        Syncs("deployment", "Deployments", defaults.ConcurrentDeploymentSyncs, (o, n) => o with { ConcurrentDeploymentSyncs = n });
        Syncs("replicaset", "Replica sets", defaults.ConcurrentReplicaSetSyncs, (o, n) => o with { ConcurrentReplicaSetSyncs = n });
        Syncs("rc", "Replication controllers", defaults.ConcurrentReplicationControllerSyncs,
            (o, n) => o with { ConcurrentReplicationControllerSyncs = n });
        Syncs("daemonset", "Daemon sets", defaults.ConcurrentDaemonSetSyncs, (o, n) => o with { ConcurrentDaemonSetSyncs = n });
        Syncs("statefulset", "Stateful sets", defaults.ConcurrentStatefulSetSyncs, (o, n) => o with { ConcurrentStatefulSetSyncs = n });
        Syncs("job", "Jobs", defaults.ConcurrentJobSyncs, (o, n) => o with { ConcurrentJobSyncs = n });
        Syncs("cron-job", "Cron jobs", defaults.ConcurrentCronJobSyncs, (o, n) => o with { ConcurrentCronJobSyncs = n });
        Syncs("ttl-after-finished", "Finished jobs", defaults.ConcurrentTtlAfterFinishedSyncs,
            (o, n) => o with { ConcurrentTtlAfterFinishedSyncs = n });
        Syncs("horizontal-pod-autoscaler", "Horizontal pod autoscalers", defaults.ConcurrentAutoscalerSyncs,
            (o, n) => o with { ConcurrentAutoscalerSyncs = n });
        Syncs("endpoint", "Services whose endpoints are", defaults.ConcurrentEndpointSyncs, (o, n) => o with { ConcurrentEndpointSyncs = n });
        Syncs("service-endpoint", "Services whose endpoint slices are", defaults.ConcurrentServiceEndpointSyncs,
            (o, n) => o with { ConcurrentServiceEndpointSyncs = n });
        Syncs("namespace", "Namespaces", defaults.ConcurrentNamespaceSyncs, (o, n) => o with { ConcurrentNamespaceSyncs = n });
        Syncs("gc", "Garbage collector workers: objects", defaults.ConcurrentGarbageCollectorSyncs,
            (o, n) => o with { ConcurrentGarbageCollectorSyncs = n });
        Number("max-endpoints-per-slice", defaults.MaxEndpointsPerSlice, "Endpoints in one slice at most", 1, 1000,
            (o, n) => o with { MaxEndpointsPerSlice = n });
        Number("terminated-pod-gc-threshold", defaults.TerminatedPodThreshold, "Finished pods kept over all; 0 or less keeps all",
            int.MinValue, int.MaxValue, (o, n) => o with { TerminatedPodThreshold = n });
        Number("node-cidr-mask-size", defaults.NodeCidrMaskSize, "Length of a node's range of pod addresses", 1, 32,
            (o, n) => o with { NodeCidrMaskSize = n });
        Span("node-monitor-grace-period", defaults.NodeMonitorGracePeriod, "How long a node may be silent before it counts as lost",
            (o, t) => o with { NodeMonitorGracePeriod = t });
        Span("node-startup-grace-period", defaults.NodeStartupGracePeriod, "How long a new node may be silent before it counts as lost",
            (o, t) => o with { NodeStartupGracePeriod = t });
        Span("node-monitor-period", defaults.NodeMonitorPeriod, "How often nodes are looked at", (o, t) => o with { NodeMonitorPeriod = t });
        Flag<ApiServer.Registry.FeatureGates> features = flags.FeatureGates();
        _changes.Add(o => o with { Features = features.Value.EnabledNames() });
        Autoscaling(defaults);
        Nodes(defaults);
        Others(defaults);
        Volumes(defaults);
        Cloud(defaults);
    }

    /// <summary>The options that the flags give, once they are parsed.</summary>
    public ControllerManagerOptions Options() => _changes.Aggregate(new ControllerManagerOptions(), (options, change) => change(options));

    private void Autoscaling(ControllerManagerOptions defaults)
    {
        Span("horizontal-pod-autoscaler-sync-period", defaults.AutoscalerSyncPeriod, "How often autoscalers look at their metrics",
            (o, t) => o with { AutoscalerSyncPeriod = t });
        Span("horizontal-pod-autoscaler-downscale-stabilization", defaults.AutoscalerDownscaleStabilization,
            "How far back recommendations are looked at before scaling down", (o, t) => o with { AutoscalerDownscaleStabilization = t });
        Span("horizontal-pod-autoscaler-cpu-initialization-period", defaults.AutoscalerCpuInitializationPeriod,
            "How long after its start a pod's CPU samples may be left out", (o, t) => o with { AutoscalerCpuInitializationPeriod = t });
        Span("horizontal-pod-autoscaler-initial-readiness-delay", defaults.AutoscalerInitialReadinessDelay,
            "How long after its start a pod's changes of readiness count as its first", (o, t) => o with { AutoscalerInitialReadinessDelay = t });
        var tolerance = _flags.Text("horizontal-pod-autoscaler-tolerance", "0.1", "Change of the usage ratio that is left alone", "float");
        _changes.Add(o => double.TryParse(tolerance.Value, System.Globalization.CultureInfo.InvariantCulture, out var value) && value >= 0
            ? o with { AutoscalerTolerance = value }
            : throw new FlagException(
                $"invalid argument \"{tolerance.Value}\" for \"--horizontal-pod-autoscaler-tolerance\" flag: must be a number from 0 on"));
    }

    private void Nodes(ControllerManagerOptions defaults)
    {
        Number("node-cidr-mask-size-ipv6", defaults.NodeCidrMaskSizeIPv6, "Length of a node's range of IPv6 pod addresses", 1, 126,
            (o, n) => o with { NodeCidrMaskSizeIPv6 = n });
        Number("large-cluster-size-threshold", defaults.LargeClusterSizeThreshold, "Nodes above which a zone is large", 0, int.MaxValue,
            (o, n) => o with { LargeClusterSizeThreshold = n });
        Share("node-eviction-rate", defaults.NodeEvictionRate, "Nodes a second that are given up in a healthy zone", (o, v) => o with { NodeEvictionRate = v });
        Share("secondary-node-eviction-rate", defaults.SecondaryNodeEvictionRate, "Nodes a second that are given up in a large unhealthy zone",
            (o, v) => o with { SecondaryNodeEvictionRate = v });
        Share("unhealthy-zone-threshold", defaults.UnhealthyZoneThreshold, "The share of nodes not ready that makes a zone unhealthy",
            (o, v) => o with { UnhealthyZoneThreshold = v });
    }

    private void Others(ControllerManagerOptions defaults)
    {
        Syncs("resource-quota", "Quotas", defaults.ConcurrentResourceQuotaSyncs, (o, n) => o with { ConcurrentResourceQuotaSyncs = n });
        Syncs("serviceaccount-token", "Token secrets", defaults.ConcurrentServiceAccountTokenSyncs,
            (o, n) => o with { ConcurrentServiceAccountTokenSyncs = n });
        Syncs("ephemeralvolume", "Pods with ephemeral volumes", defaults.ConcurrentEphemeralVolumeSyncs,
            (o, n) => o with { ConcurrentEphemeralVolumeSyncs = n });
        Syncs("resource-claim", "Pods and claims for devices", defaults.ConcurrentResourceClaimSyncs,
            (o, n) => o with { ConcurrentResourceClaimSyncs = n });
        Number("concurrent-device-taint-eviction-syncs", defaults.ConcurrentDeviceTaintEvictionSyncs,
            "Evictions of pods and statuses of DeviceTaintRules worked on at once", 1, 1000, (o, n) => o with { ConcurrentDeviceTaintEvictionSyncs = n });
        Number("mirroring-concurrent-service-endpoint-syncs", defaults.MirroringConcurrentServiceEndpointSyncs,
            "Endpoints mirrored into slices at once", 1, 50, (o, n) => o with { MirroringConcurrentServiceEndpointSyncs = n });
        Number("mirroring-max-endpoints-per-subset", defaults.MirroringMaxEndpointsPerSubset, "Addresses of a subset that are mirrored at most", 1, 1000,
            (o, n) => o with { MirroringMaxEndpointsPerSubset = n });
        Span("resource-quota-sync-period", defaults.ResourceQuotaSyncPeriod, "How often quotas are counted again",
            (o, t) => o with { ResourceQuotaSyncPeriod = t });
        Span("legacy-service-account-token-clean-up-period", defaults.LegacyServiceAccountTokenCleanUpPeriod,
            "How long a token in a secret may be unused before it is marked as invalid, and invalid before it is deleted",
            (o, t) => t > TimeSpan.Zero ? o with { LegacyServiceAccountTokenCleanUpPeriod = t } : throw new FlagException(
                "invalid argument for \"--legacy-service-account-token-clean-up-period\" flag: must be above zero"));
        Span("cluster-signing-duration", defaults.ClusterSigningDuration, "The longest life of signed certificates",
            (o, t) => o with { ClusterSigningDuration = t });
        File("cluster-signing-cert-file", "The authority that signs certificate signing requests", (o, text) => o with { ClusterSigningCertificate = text });
        File("cluster-signing-key-file", "The authority's private key", (o, text) => o with { ClusterSigningKey = text });
    }

    private void Volumes(ControllerManagerOptions defaults)
    {
        RecyclerSettings nfs = defaults.NfsRecycler, host = defaults.HostPathRecycler;
        Seconds("pv-recycler-minimum-timeout-nfs", nfs.MinimumTimeout, "How long emptying an NFS volume may take at least, in seconds",
            (o, t) => o with { NfsRecycler = o.NfsRecycler with { MinimumTimeout = t } });
        Seconds("pv-recycler-increment-timeout-nfs", nfs.TimeoutPerGibibyte, "How long it may take for each GiB, in seconds",
            (o, t) => o with { NfsRecycler = o.NfsRecycler with { TimeoutPerGibibyte = t } });
        Seconds("pv-recycler-minimum-timeout-hostpath", host.MinimumTimeout, "How long emptying a host path volume may take at least, in seconds",
            (o, t) => o with { HostPathRecycler = o.HostPathRecycler with { MinimumTimeout = t } });
        Seconds("pv-recycler-timeout-increment-hostpath", host.TimeoutPerGibibyte, "How long it may take for each GiB, in seconds",
            (o, t) => o with { HostPathRecycler = o.HostPathRecycler with { TimeoutPerGibibyte = t } });
        Template("pv-recycler-pod-template-filepath-nfs", "The pod that empties an NFS volume, which takes the place of the first of its volumes",
            (o, pod) => o with { NfsRecycler = o.NfsRecycler with { Template = pod } });
        Template("pv-recycler-pod-template-filepath-hostpath", "The pod that empties a host path volume, which takes the place of the first of its volumes",
            (o, pod) => o with { HostPathRecycler = o.HostPathRecycler with { Template = pod } });
        Switch("enable-dynamic-provisioning", defaults.EnableDynamicProvisioning, "Ask provisioners for volumes that are claimed and not there",
            (o, on) => o with { EnableDynamicProvisioning = on });
        Switch("disable-force-detach-on-timeout", false, "Leave a volume with a node that says it has it mounted, however long the node is silent",
            (o, on) => on ? o with { AttachDetachForceAfter = TimeSpan.FromDays(36500) } : o);
    }

    private void Cloud(ControllerManagerOptions defaults)
    {
        Flag<string> name = _flags.Text("cluster-name", defaults.ClusterName, "The cluster's name, for whom it stands on");
        _changes.Add(o => o with { ClusterName = name.Value });
        Flag<string> provider = _flags.Text(
            "cloud-provider", "", "What the cluster stands on: empty for nothing, external where its controllers run elsewhere");
        Flag<string> config = _flags.Text("cloud-config", "", "The provider's configuration", "file");
        _changes.Add(o =>
        {
            if (!CloudProviderCatalog.IsKnown(provider.Value))
                throw new FlagException($"unknown cloud provider \"{provider.Value}\"");
            return config.Value.Length == 0 ? o : throw new FlagException("--cloud-config has no provider to be read by");
        });
        Switch("configure-cloud-routes", defaults.ConfigureCloudRoutes, "Have the provider make routes to the ranges of --allocate-node-cidrs",
            (o, on) => o with { ConfigureCloudRoutes = on });
        Span("route-reconciliation-period", defaults.RouteReconciliationPeriod, "How often the provider's routes are compared",
            (o, t) => o with { RouteReconciliationPeriod = t });
        Syncs("service", "Services with load balancers", defaults.ConcurrentServiceSyncs, (o, n) => o with { ConcurrentServiceSyncs = n });
    }

    private void Switch(string name, bool initial, string help, Func<ControllerManagerOptions, bool, ControllerManagerOptions> change)
    {
        Flag<bool> flag = _flags.Switch(name, initial, help);
        _changes.Add(options => change(options, flag.Value));
    }

    private void Seconds(string name, TimeSpan initial, string help, Func<ControllerManagerOptions, TimeSpan, ControllerManagerOptions> change) =>
        Number(name, (int)initial.TotalSeconds, help, 0, int.MaxValue, (o, n) => change(o, TimeSpan.FromSeconds(n)));

    private void Template(string name, string help, Func<ControllerManagerOptions, Pod, ControllerManagerOptions> change)
    {
        Flag<string> flag = _flags.Text(name, "", help, "file");
        _changes.Add(options => flag.Value.Length == 0 ? options : change(options, ReadPod(name, flag.Value)));
    }

    private static Pod ReadPod(string flag, string path)
    {
        try
        {
            byte[] json = YamlReader.ToJson(System.IO.File.ReadAllBytes(path));
            var reader = new Utf8JsonReader(json, JsonLimits.ReaderOptions);
            var context = new DecodeContext(collectStrict: false);
            context.Reset(json);
            reader.Read();
            Pod pod = Pod.ReadJson(ref reader, context);
            return pod.Spec.Volumes is { Count: > 0 } ? pod : throw new FormatException("the pod has no volume to be replaced");
        }
        catch (Exception failure) when (failure is JsonException or ObjectDecodeException or YamlException or IOException or UnauthorizedAccessException
            or FormatException)
        {
            throw new FlagException($"invalid argument \"{path}\" for \"--{flag}\" flag: {failure.Message}");
        }
    }

    private void Share(string name, double initial, string help, Func<ControllerManagerOptions, double, ControllerManagerOptions> change)
    {
        var flag = _flags.Text(name, initial.ToString(System.Globalization.CultureInfo.InvariantCulture), help, "float");
        _changes.Add(o => double.TryParse(flag.Value, System.Globalization.CultureInfo.InvariantCulture, out var value) && value >= 0
            ? change(o, value)
            : throw new FlagException($"invalid argument \"{flag.Value}\" for \"--{name}\" flag: must be a number from 0 on"));
    }

    private void File(string name, string help, Func<ControllerManagerOptions, string, ControllerManagerOptions> change)
    {
        var flag = _flags.Text(name, "", help, "file");
        _changes.Add(options =>
        {
            try
            {
                return flag.Value.Length == 0 ? options : change(options, System.IO.File.ReadAllText(flag.Value));
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                throw new FlagException($"invalid argument \"{flag.Value}\" for \"--{name}\" flag: {failure.Message}");
            }
        });
    }

    private void Syncs(string name, string what, int initial, Func<ControllerManagerOptions, int, ControllerManagerOptions> change) =>
        Number($"concurrent-{name}-syncs", initial, what + " worked on at once", 1, 1000, change);

    private void Number(
        string name, int initial, string help, int least, int most, Func<ControllerManagerOptions, int, ControllerManagerOptions> change)
    {
        var flag = _flags.Number(name, initial, help, least, most);
        _changes.Add(options => change(options, flag.Value));
    }

    private void Span(string name, TimeSpan initial, string help, Func<ControllerManagerOptions, TimeSpan, ControllerManagerOptions> change)
    {
        var flag = _flags.Duration(name, initial, help);
        _changes.Add(options => change(options, flag.Value));
    }
}
