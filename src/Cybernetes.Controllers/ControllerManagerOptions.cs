using Cybernetes.Controllers.CloudProviders;
using Cybernetes.Controllers.VolumeBinding;

namespace Cybernetes.Controllers;

/// <summary>What the controller manager is told at its start; the flags have kube-controller-manager's names.</summary>
public sealed record ControllerManagerOptions
{
    /// <summary>Controllers to run (<c>--controllers</c>): names, <c>*</c> for all that are on by default, <c>-name</c> for all but that one.</summary>
    public IReadOnlyList<string> Controllers { get; init; } = ["*"];

    /// <summary>The features that are on (<c>--feature-gates</c>). Default: those of upstream's that a controller here asks about.</summary>
    public IReadOnlySet<string> Features { get; init; } = new HashSet<string>(["DRADeviceTaints"], StringComparer.Ordinal);

    /// <summary>Replica sets reconciled at once (<c>--concurrent-replicaset-syncs</c>), at least 1.</summary>
    public int ConcurrentReplicaSetSyncs { get; init; } = 5;

    /// <summary>Deployments reconciled at once (<c>--concurrent-deployment-syncs</c>), at least 1.</summary>
    public int ConcurrentDeploymentSyncs { get; init; } = 5;

    /// <summary>Replication controllers reconciled at once (<c>--concurrent-rc-syncs</c>), at least 1.</summary>
    public int ConcurrentReplicationControllerSyncs { get; init; } = 5;

    /// <summary>Daemon sets reconciled at once (<c>--concurrent-daemonset-syncs</c>), at least 1.</summary>
    public int ConcurrentDaemonSetSyncs { get; init; } = 2;

    /// <summary>Stateful sets reconciled at once (<c>--concurrent-statefulset-syncs</c>), at least 1.</summary>
    public int ConcurrentStatefulSetSyncs { get; init; } = 5;

    /// <summary>Jobs reconciled at once (<c>--concurrent-job-syncs</c>), at least 1.</summary>
    public int ConcurrentJobSyncs { get; init; } = 5;

    /// <summary>Cron jobs reconciled at once (<c>--concurrent-cron-job-syncs</c>), at least 1.</summary>
    public int ConcurrentCronJobSyncs { get; init; } = 5;

    /// <summary>Finished jobs looked at at once (<c>--concurrent-ttl-after-finished-syncs</c>), at least 1.</summary>
    public int ConcurrentTtlAfterFinishedSyncs { get; init; } = 5;

    /// <summary>Autoscalers reconciled at once (<c>--concurrent-horizontal-pod-autoscaler-syncs</c>), at least 1.</summary>
    public int ConcurrentAutoscalerSyncs { get; init; } = 5;

    /// <summary>How often autoscalers look at their metrics (<c>--horizontal-pod-autoscaler-sync-period</c>).</summary>
    public TimeSpan AutoscalerSyncPeriod { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How far back autoscalers look before they scale down (<c>--horizontal-pod-autoscaler-downscale-stabilization</c>).</summary>
    public TimeSpan AutoscalerDownscaleStabilization { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long after its start a pod's CPU samples may be left out (<c>--horizontal-pod-autoscaler-cpu-initialization-period</c>).</summary>
    public TimeSpan AutoscalerCpuInitializationPeriod { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long after its start a pod that is not ready never was (<c>--horizontal-pod-autoscaler-initial-readiness-delay</c>).</summary>
    public TimeSpan AutoscalerInitialReadinessDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Change of the usage ratio that is left alone (<c>--horizontal-pod-autoscaler-tolerance</c>).</summary>
    public double AutoscalerTolerance { get; init; } = 0.1;

    /// <summary>Services whose endpoints are reconciled at once (<c>--concurrent-endpoint-syncs</c>), at least 1.</summary>
    public int ConcurrentEndpointSyncs { get; init; } = 5;

    /// <summary>Services whose slices are reconciled at once (<c>--concurrent-service-endpoint-syncs</c>), 1 … 50.</summary>
    public int ConcurrentServiceEndpointSyncs { get; init; } = 5;

    /// <summary>Endpoints in one slice at most (<c>--max-endpoints-per-slice</c>), 1 … 1000.</summary>
    public int MaxEndpointsPerSlice { get; init; } = 100;

    /// <summary>Namespaces cleared at once (<c>--concurrent-namespace-syncs</c>), at least 1.</summary>
    public int ConcurrentNamespaceSyncs { get; init; } = 10;

    /// <summary>Garbage collected at once (<c>--concurrent-gc-syncs</c>), at least 1.</summary>
    public int ConcurrentGarbageCollectorSyncs { get; init; } = 20;

    /// <summary>The CA certificate that goes into <c>kube-root-ca.crt</c> (<c>--root-ca-file</c>), as PEM; empty: none is published.</summary>
    public string RootCertificateAuthority { get; init; } = "";

    /// <summary>
    /// Pod addresses to give nodes their ranges from (<c>--cluster-cidr</c> with <c>--allocate-node-cidrs</c>): one range, or one of each family
    /// with a comma; empty: nodes get none.
    /// </summary>
    public string ClusterCidr { get; init; } = "";

    /// <summary>Length of a node's pod range (<c>--node-cidr-mask-size</c>).</summary>
    public int NodeCidrMaskSize { get; init; } = 24;

    /// <summary>
    /// How long a token in a secret may be unused before it is marked as invalid, and invalid before it is deleted
    /// (<c>--legacy-service-account-token-clean-up-period</c>), above zero. Default: a year.
    /// </summary>
    public TimeSpan LegacyServiceAccountTokenCleanUpPeriod { get; init; } = TimeSpan.FromDays(365);

    /// <summary>How long a node may be silent before it counts as lost (<c>--node-monitor-grace-period</c>).</summary>
    public TimeSpan NodeMonitorGracePeriod { get; init; } = TimeSpan.FromSeconds(50);

    /// <summary>How long a new node may take to tell its readiness for the first time (<c>--node-startup-grace-period</c>).</summary>
    public TimeSpan NodeStartupGracePeriod { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How often nodes are looked at (<c>--node-monitor-period</c>).</summary>
    public TimeSpan NodeMonitorPeriod { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Finished pods kept over all (<c>--terminated-pod-gc-threshold</c>); 0 or less: all are kept.</summary>
    public int TerminatedPodThreshold { get; init; } = 12500;

    /// <summary>Pods whose ephemeral volumes get claims at once (<c>--concurrent-ephemeralvolume-syncs</c>), at least 1.</summary>
    public int ConcurrentEphemeralVolumeSyncs { get; init; } = 5;

    /// <summary>Pods and claims for devices worked on at once (<c>--concurrent-resource-claim-syncs</c>), at least 1.</summary>
    public int ConcurrentResourceClaimSyncs { get; init; } = 50;

    /// <summary>Pods driven from devices, and rules' statuses, worked on at once (<c>--concurrent-device-taint-eviction-syncs</c>), at least 1.</summary>
    public int ConcurrentDeviceTaintEvictionSyncs { get; init; } = 8;

    /// <summary>
    /// When a volume is taken off a node that says it still has it mounted; upstream's six minutes. Never with
    /// <c>--disable-force-detach-on-timeout</c>: a hundred years.
    /// </summary>
    public TimeSpan AttachDetachForceAfter { get; init; } = TimeSpan.FromMinutes(6);

    /// <summary>The image of the pod that empties a recycled volume; upstream's default. It needs sh, find, test and ls.</summary>
    public string RecyclerImage { get; init; } = "registry.k8s.io/debian-base:v2.0.0";

    /// <summary>How NFS volumes are emptied (<c>--pv-recycler-minimum-timeout-nfs</c>, <c>-increment-timeout-nfs</c>, …).</summary>
    public RecyclerSettings NfsRecycler { get; init; } = new(TimeSpan.FromSeconds(300), TimeSpan.FromSeconds(30));

    /// <summary>How host path volumes are emptied (<c>--pv-recycler-minimum-timeout-hostpath</c>, <c>-timeout-increment-hostpath</c>, …).</summary>
    public RecyclerSettings HostPathRecycler { get; init; } = new(TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(30));

    /// <summary>Whether provisioners are asked for volumes (<c>--enable-dynamic-provisioning</c>).</summary>
    public bool EnableDynamicProvisioning { get; init; } = true;

    /// <summary>The cluster's name, which providers put into names of theirs (<c>--cluster-name</c>).</summary>
    public string ClusterName { get; init; } = "kubernetes";

    /// <summary>What the cluster stands on (<c>--cloud-provider</c>); null: nothing that has routes or load balancers.</summary>
    public ICloudProvider? CloudProvider { get; init; }

    /// <summary>Whether the provider makes routes to pods, where nodes get ranges at all (<c>--configure-cloud-routes</c>).</summary>
    public bool ConfigureCloudRoutes { get; init; } = true;

    /// <summary>How often routes are compared (<c>--route-reconciliation-period</c>).</summary>
    public TimeSpan RouteReconciliationPeriod { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often the provider is asked for a node's addresses (<c>--node-status-update-frequency</c> of upstream's cloud controllers).</summary>
    public TimeSpan NodeStatusUpdateFrequency { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Services whose load balancers are worked on at once (<c>--concurrent-service-syncs</c>), at least 1.</summary>
    public int ConcurrentServiceSyncs { get; init; } = 1;

    /// <summary>New nodes described at once (<c>--concurrent-node-syncs</c> of upstream's cloud controllers), at least 1.</summary>
    public int ConcurrentNodeSyncs { get; init; } = 1;

    /// <summary>Quotas counted again at once (<c>--concurrent-resource-quota-syncs</c>), at least 1.</summary>
    public int ConcurrentResourceQuotaSyncs { get; init; } = 5;

    /// <summary>How often every quota is counted again (<c>--resource-quota-sync-period</c>).</summary>
    public TimeSpan ResourceQuotaSyncPeriod { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Token secrets filled at once (<c>--concurrent-serviceaccount-token-syncs</c>), at least 1.</summary>
    public int ConcurrentServiceAccountTokenSyncs { get; init; } = 5;

    /// <summary>Certificates signed at once; upstream's number, at least 1.</summary>
    public int ConcurrentCertificateSigningSyncs { get; init; } = 5;

    /// <summary>The authority that signs certificate signing requests (<c>--cluster-signing-cert-file</c>), as PEM; empty: none is signed.</summary>
    public string ClusterSigningCertificate { get; init; } = "";

    /// <summary>Its private key (<c>--cluster-signing-key-file</c>), as PEM.</summary>
    public string ClusterSigningKey { get; init; } = "";

    /// <summary>The longest life of what is signed (<c>--cluster-signing-duration</c>).</summary>
    public TimeSpan ClusterSigningDuration { get; init; } = TimeSpan.FromDays(365);

    /// <summary>Hand-made Endpoints mirrored at once (<c>--mirroring-concurrent-service-endpoint-syncs</c>), 1 … 50.</summary>
    public int MirroringConcurrentServiceEndpointSyncs { get; init; } = 5;

    /// <summary>Addresses of one subset that are mirrored at most (<c>--mirroring-max-endpoints-per-subset</c>), 1 … 1000.</summary>
    public int MirroringMaxEndpointsPerSubset { get; init; } = 1000;

    /// <summary>Nodes a second that are given up in a zone that is well (<c>--node-eviction-rate</c>); above 0.</summary>
    public double NodeEvictionRate { get; init; } = 0.1;

    /// <summary>The same in a large zone that is not well (<c>--secondary-node-eviction-rate</c>); small ones keep their pods.</summary>
    public double SecondaryNodeEvictionRate { get; init; } = 0.01;

    /// <summary>The share of nodes that are not ready from which a zone is not well (<c>--unhealthy-zone-threshold</c>), 0 … 1.</summary>
    public double UnhealthyZoneThreshold { get; init; } = 0.55;

    /// <summary>Nodes above which a zone is large (<c>--large-cluster-size-threshold</c>).</summary>
    public int LargeClusterSizeThreshold { get; init; } = 50;

    /// <summary>Length of a node's range of IPv6 pod addresses (<c>--node-cidr-mask-size-ipv6</c>).</summary>
    public int NodeCidrMaskSizeIPv6 { get; init; } = 64;
}
