using System.Text.Json.Nodes;
using Cybernetes.Cli.Flags;
using Cybernetes.Cli.Running;
using Cybernetes.Controllers;
using Cybernetes.Controllers.VolumeBinding;
using Cybernetes.Scheduler.Configuration;

namespace Cybernetes.Cli.Commands;

/// <summary>
/// What /configz tells: the settings in effect, under the names of upstream's component configurations. Settings that are not here to be set are
/// left out.
/// </summary>
internal static class ComponentConfiguration
{
    public static string Of(PartSettings settings)
    {
        ControllerManagerOptions o = settings.ControllerManager;
        return new JsonObject
        {
            ["kubecontrollermanager.config.k8s.io"] = new JsonObject
            {
                ["Generic"] = new JsonObject
                {
                    ["LeaderElection"] = Election(settings.LeaderElect, new() { LeaseName = "kube-controller-manager", Identity = settings.Identity }),
                    ["Controllers"] = Texts(settings.Controllers),
                },
                ["KubeCloudShared"] = new JsonObject
                {
                    ["ClusterName"] = o.ClusterName, ["ClusterCIDR"] = settings.ClusterCidr, ["AllocateNodeCIDRs"] = settings.ClusterCidr.Length > 0,
                    ["ConfigureCloudRoutes"] = o.ConfigureCloudRoutes, ["NodeMonitorPeriod"] = Text(o.NodeMonitorPeriod),
                    ["RouteReconciliationPeriod"] = Text(o.RouteReconciliationPeriod),
                },
                ["ServiceController"] = Syncs("ConcurrentServiceSyncs", o.ConcurrentServiceSyncs),
                ["AttachDetachController"] = new JsonObject { ["DisableForceDetachOnTimeout"] = o.AttachDetachForceAfter > TimeSpan.FromDays(365) },
                ["CSRSigningController"] = new JsonObject { ["ClusterSigningDuration"] = Text(o.ClusterSigningDuration) },
                ["DaemonSetController"] = Syncs("ConcurrentDaemonSetSyncs", o.ConcurrentDaemonSetSyncs),
                ["DeploymentController"] = Syncs("ConcurrentDeploymentSyncs", o.ConcurrentDeploymentSyncs),
                ["DeviceTaintEvictionController"] = Syncs("ConcurrentSyncs", o.ConcurrentDeviceTaintEvictionSyncs),
                ["StatefulSetController"] = Syncs("ConcurrentStatefulSetSyncs", o.ConcurrentStatefulSetSyncs),
                ["EndpointController"] = Syncs("ConcurrentEndpointSyncs", o.ConcurrentEndpointSyncs),
                ["EndpointSliceController"] = new JsonObject
                {
                    ["ConcurrentServiceEndpointSyncs"] = o.ConcurrentServiceEndpointSyncs, ["MaxEndpointsPerSlice"] = o.MaxEndpointsPerSlice,
                },
                ["EndpointSliceMirroringController"] = new JsonObject
                {
                    ["MirroringConcurrentServiceEndpointSyncs"] = o.MirroringConcurrentServiceEndpointSyncs,
                    ["MirroringMaxEndpointsPerSubset"] = o.MirroringMaxEndpointsPerSubset,
                },
                ["EphemeralVolumeController"] = Syncs("ConcurrentEphemeralVolumeSyncs", o.ConcurrentEphemeralVolumeSyncs),
                ["GarbageCollectorController"] = new JsonObject
                {
                    ["EnableGarbageCollector"] = !settings.Controllers.Contains("-garbage-collector-controller"),
                    ["ConcurrentGCSyncs"] = o.ConcurrentGarbageCollectorSyncs,
                },
                ["HPAController"] = Autoscaling(o),
                ["JobController"] = Syncs("ConcurrentJobSyncs", o.ConcurrentJobSyncs),
                ["CronJobController"] = Syncs("ConcurrentCronJobSyncs", o.ConcurrentCronJobSyncs),
                ["LegacySATokenCleaner"] = new JsonObject { ["CleanUpPeriod"] = Text(o.LegacyServiceAccountTokenCleanUpPeriod) },
                ["NamespaceController"] = Syncs("ConcurrentNamespaceSyncs", o.ConcurrentNamespaceSyncs),
                ["NodeIPAMController"] = new JsonObject
                {
                    ["NodeCIDRMaskSizeIPv4"] = o.NodeCidrMaskSize, ["NodeCIDRMaskSizeIPv6"] = o.NodeCidrMaskSizeIPv6,
                },
                ["NodeLifecycleController"] = Nodes(o),
                ["PersistentVolumeBinderController"] = Volumes(o),
                ["PodGCController"] = Syncs("TerminatedPodGCThreshold", o.TerminatedPodThreshold),
                ["ReplicaSetController"] = Syncs("ConcurrentRSSyncs", o.ConcurrentReplicaSetSyncs),
                ["ReplicationController"] = Syncs("ConcurrentRCSyncs", o.ConcurrentReplicationControllerSyncs),
                ["ResourceClaimController"] = Syncs("ConcurrentSyncs", o.ConcurrentResourceClaimSyncs),
                ["ResourceQuotaController"] = new JsonObject
                {
                    ["ResourceQuotaSyncPeriod"] = Text(o.ResourceQuotaSyncPeriod), ["ConcurrentResourceQuotaSyncs"] = o.ConcurrentResourceQuotaSyncs,
                },
                ["SAController"] = Syncs("ConcurrentSATokenSyncs", o.ConcurrentServiceAccountTokenSyncs),
                ["TTLAfterFinishedController"] = Syncs("ConcurrentTTLSyncs", o.ConcurrentTtlAfterFinishedSyncs),
            },
        }.ToJsonString();
    }

    public static string Of(SchedulerConfiguration configuration, bool leaderElect) => new JsonObject
    {
        ["componentconfig"] = new JsonObject
        {
            ["LeaderElection"] = Election(configuration.LeaderElect ?? leaderElect, new()
            {
                LeaseName = configuration.LeaseName, LeaseNamespace = configuration.LeaseNamespace, LeaseDuration = configuration.LeaseDuration,
                RenewDeadline = configuration.RenewDeadline, RetryPeriod = configuration.RetryPeriod, Identity = "",
            }),
            ["PercentageOfNodesToScore"] = configuration.PercentageOfNodesToScore,
            ["PodInitialBackoffSeconds"] = (long)configuration.PodInitialBackoff.TotalSeconds,
            ["PodMaxBackoffSeconds"] = (long)configuration.PodMaxBackoff.TotalSeconds,
            ["Profiles"] = new JsonArray([.. configuration.SchedulerNames.Select(n => (JsonNode)new JsonObject { ["SchedulerName"] = n })]),
        },
    }.ToJsonString();

    private static JsonObject Election(bool isOn, Client.LeaderElection.LeaderElectionOptions options) => new()
    {
        ["LeaderElect"] = isOn, ["LeaseDuration"] = Text(options.LeaseDuration), ["RenewDeadline"] = Text(options.RenewDeadline),
        ["RetryPeriod"] = Text(options.RetryPeriod), ["ResourceLock"] = "leases", ["ResourceName"] = options.LeaseName,
        ["ResourceNamespace"] = options.LeaseNamespace,
    };

    private static JsonObject Autoscaling(ControllerManagerOptions o) => new()
    {
        ["ConcurrentHorizontalPodAutoscalerSyncs"] = o.ConcurrentAutoscalerSyncs,
        ["HorizontalPodAutoscalerSyncPeriod"] = Text(o.AutoscalerSyncPeriod),
        ["HorizontalPodAutoscalerDownscaleStabilizationWindow"] = Text(o.AutoscalerDownscaleStabilization),
        ["HorizontalPodAutoscalerTolerance"] = o.AutoscalerTolerance,
        ["HorizontalPodAutoscalerCPUInitializationPeriod"] = Text(o.AutoscalerCpuInitializationPeriod),
        ["HorizontalPodAutoscalerInitialReadinessDelay"] = Text(o.AutoscalerInitialReadinessDelay),
    };

    private static JsonObject Nodes(ControllerManagerOptions o) => new()
    {
        ["NodeEvictionRate"] = o.NodeEvictionRate, ["SecondaryNodeEvictionRate"] = o.SecondaryNodeEvictionRate,
        ["NodeStartupGracePeriod"] = Text(o.NodeStartupGracePeriod), ["NodeMonitorGracePeriod"] = Text(o.NodeMonitorGracePeriod),
        ["LargeClusterSizeThreshold"] = o.LargeClusterSizeThreshold, ["UnhealthyZoneThreshold"] = o.UnhealthyZoneThreshold,
    };

    private static JsonObject Volumes(ControllerManagerOptions o) => new()
    {
        ["VolumeConfiguration"] = new JsonObject
        {
            ["EnableDynamicProvisioning"] = o.EnableDynamicProvisioning,
            ["PersistentVolumeRecyclerConfiguration"] = new JsonObject
            {
                ["MinimumTimeoutNFS"] = Seconds(o.NfsRecycler.MinimumTimeout), ["IncrementTimeoutNFS"] = Seconds(o.NfsRecycler.TimeoutPerGibibyte),
                ["MinimumTimeoutHostPath"] = Seconds(o.HostPathRecycler.MinimumTimeout),
                ["IncrementTimeoutHostPath"] = Seconds(o.HostPathRecycler.TimeoutPerGibibyte),
            },
        },
    };

    private static JsonObject Syncs(string name, int count) => new() { [name] = count };

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(t => (JsonNode)t)]);

    private static long Seconds(TimeSpan span) => (long)span.TotalSeconds;

    private static string Text(TimeSpan span) => FlagValues.Show(span);
}
