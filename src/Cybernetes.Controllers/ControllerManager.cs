using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Client.Transport;
using Cybernetes.Controllers.Autoscaling;
using Cybernetes.Controllers.BootstrapTokens;
using Cybernetes.Controllers.Certificates;
using Cybernetes.Controllers.CloudProviders;
using Cybernetes.Controllers.ClusterRoles;
using Cybernetes.Controllers.CronJobs;
using Cybernetes.Controllers.DaemonSets;
using Cybernetes.Controllers.Deployments;
using Cybernetes.Controllers.DeviceTaints;
using Cybernetes.Controllers.DisruptionBudgets;
using Cybernetes.Controllers.EndpointMirroring;
using Cybernetes.Controllers.EphemeralVolumes;
using Cybernetes.Controllers.GarbageCollection;
using Cybernetes.Controllers.Jobs;
using Cybernetes.Controllers.NamespaceLifecycle;
using Cybernetes.Controllers.NodeAddresses;
using Cybernetes.Controllers.NodeLifecycle;
using Cybernetes.Controllers.NodeTtl;
using Cybernetes.Controllers.PodCollection;
using Cybernetes.Controllers.PodGroups;
using Cybernetes.Controllers.Quotas;
using Cybernetes.Controllers.ReplicaSets;
using Cybernetes.Controllers.ReplicationControllers;
using Cybernetes.Controllers.ResourceClaims;
using Cybernetes.Controllers.ServiceAccounts;
using Cybernetes.Controllers.ServiceCidrs;
using Cybernetes.Controllers.ServiceEndpoints;
using Cybernetes.Controllers.StatefulSets;
using Cybernetes.Controllers.StorageVersions;
using Cybernetes.Controllers.TtlAfterFinished;
using Cybernetes.Controllers.VolumeAttachments;
using Cybernetes.Controllers.VolumeBinding;
using Cybernetes.Controllers.VolumeExpansion;
using Cybernetes.Controllers.VolumeProtection;
using Cybernetes.Controllers.VolumeSnapshots;
using Cybernetes.Foundation.Metrics;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Controllers;

/// <summary>Runs the controllers over shared informers. Who must be alone in a cluster runs it under a leader election.</summary>
public sealed class ControllerManager(ApiClient client, ControllerManagerOptions options, ILogger logger)
{
    /// <summary>Where queues and controllers are counted. Default: nowhere that is read.</summary>
    public MetricRegistry Metrics { get; init; } = new();

    /// <summary>Every controller there is, by its upstream name. Null is what the options leave nothing to do.</summary>
    internal static IReadOnlyDictionary<string, Func<ControllerContext, IController?>> Known { get; } =
        new Dictionary<string, Func<ControllerContext, IController?>>(StringComparer.Ordinal)
        {
            ["deployment-controller"] = c => new DeploymentController(c),
            ["replicaset-controller"] = c => new ReplicaSetController(c),
            ["replicationcontroller-controller"] = c => new ReplicationControllerController(c),
            ["daemonset-controller"] = c => new DaemonSetController(c),
            ["statefulset-controller"] = c => new StatefulSetController(c),
            ["job-controller"] = c => new JobController(c),
            ["cronjob-controller"] = c => new CronJobController(c),
            ["horizontal-pod-autoscaler-controller"] = c => new AutoscalerController(c),
            ["ttl-after-finished-controller"] = c => new TtlAfterFinishedController(c),
            ["endpoints-controller"] = c => new EndpointsController(c),
            ["endpointslice-controller"] = c => new EndpointSliceController(c),
            ["endpointslice-mirroring-controller"] = c => new EndpointMirroringController(c),
            ["namespace-controller"] = c => new NamespaceController(c),
            ["serviceaccount-controller"] = c => new ServiceAccountController(c),
            ["root-ca-certificate-publisher-controller"] = c => new RootCertificatePublisher(c),
            ["node-lifecycle-controller"] = c => new NodeLifecycleController(c),
            ["taint-eviction-controller"] = c => new TaintEvictionController(c),
            ["node-ipam-controller"] = c => new NodeAddressController(c),
            ["pod-garbage-collector-controller"] = c => new PodCollectionController(c),
            ["garbage-collector-controller"] = c => new GarbageCollectorController(c),
            ["clusterrole-aggregation-controller"] = c => new ClusterRoleAggregationController(c),
            ["resourcequota-controller"] = c => new ResourceQuotaController(c),
            ["serviceaccount-token-controller"] = c => new TokenSecretController(c),
            ["legacy-service-account-token-cleaner-controller"] = c => new LegacyTokenCleaner(c),
            ["service-cidr-controller"] = c => new ServiceCidrController(c),
            ["ttl-controller"] = c => new NodeTtlController(c),
            ["certificatesigningrequest-approving-controller"] = c => new CertificateApprovingController(c),
            ["certificatesigningrequest-signing-controller"] = c => new CertificateSigningController(c),
            ["certificatesigningrequest-cleaner-controller"] = c => new CertificateCleanerController(c),
            ["podcertificaterequest-cleaner-controller"] =
                c => c.Options.Features.Contains("PodCertificateRequest") ? new PodCertificateRequestCleaner(c) : null,
            ["kube-apiserver-serving-clustertrustbundle-publisher-controller"] = c =>
                c.Options.Features.Contains("ClusterTrustBundle") && c.Options.RootCertificateAuthority.Length > 0 ? new TrustBundlePublisher(c) : null,
            ["bootstrap-signer-controller"] = c => new BootstrapSignerController(c),
            ["token-cleaner-controller"] = c => new TokenCleanerController(c),
            ["disruption-controller"] = c => new DisruptionController(c),
            ["persistentvolume-binder-controller"] = c => new PersistentVolumeController(c),
            ["persistentvolume-expander-controller"] = c => new VolumeExpansionController(c),
            ["persistentvolume-attach-detach-controller"] = c => new AttachDetachController(c),
            ["persistentvolumeclaim-protection-controller"] = c => new ClaimProtectionController(c),
            ["persistentvolume-protection-controller"] = c => new VolumeProtectionController(c),
            ["volumeattributesclass-protection-controller"] = c => new AttributesClassProtectionController(c),
            ["device-taint-eviction-controller"] = c => c.Options.Features.Contains("DRADeviceTaints") ? new DeviceTaintEvictionController(c) : null,
            ["podgroup-protection-controller"] = c => c.Options.Features.Contains("GenericWorkload") ? new PodGroupProtectionController(c) : null,
            [VolumeSnapshotController.ControllerName] = c => new VolumeSnapshotController(c),
            ["resourceclaim-controller"] = c => new ResourceClaimController(c),
            ["ephemeral-volume-controller"] = c => new EphemeralVolumeController(c),
            ["storageversion-garbage-collector-controller"] = c => new StorageVersionCollector(c),
            ["cloud-node-controller"] = c => c.Options.CloudProvider?.Instances is { } machines ? new CloudNodeController(c, machines) : null,
            ["cloud-node-lifecycle-controller"] = c =>
                c.Options.CloudProvider?.Instances is { } machines ? new CloudNodeLifecycleController(c, machines) : null,
            ["node-route-controller"] = c => c.Options is { ConfigureCloudRoutes: true, ClusterCidr.Length: > 0, CloudProvider.Routes: { } routes }
                ? new NodeRouteController(c, routes) : null,
            ["service-lb-controller"] = c => c.Options.CloudProvider?.LoadBalancers is { } balancers ? new LoadBalancerController(c, balancers) : null,
        };

    /// <summary>Those that run only when they are named, as upstream has it.</summary>
    private static readonly HashSet<string> s_offByDefault = new(StringComparer.Ordinal)
    {
        "bootstrap-signer-controller", "token-cleaner-controller",
        // Of an alpha API, which is served by --runtime-config and a feature gate only.
        "storageversion-garbage-collector-controller",
    };

    /// <summary>The names of all controllers.</summary>
    public static IReadOnlyCollection<string> Names => [.. Known.Keys];

    /// <summary>Runs until cancelled.</summary>
    /// <exception cref="ArgumentException">A name in the options is not a controller's.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var informers = new InformerFactory(client, logger);
        var queues = new WorkQueueMetrics(Metrics);
        var controllers = new List<(IController Controller, ControllerContext Context)>();
        foreach (var name in Selected(options.Controllers))
        {
            var context = new ControllerContext(client, informers, options, logger, queues);
            if (Known[name](context) is { } controller)
                controllers.Add((controller, context));
        }
        Metrics.Gauge("running_managed_controllers", "Controllers that run, by name.", ["manager", "name"],
            () => cancellation.IsCancellationRequested ? [] : controllers.Select(c => (new[] { "kube-controller-manager", c.Controller.Name }, 1.0)));
        informers.Start(cancellation);
        var recording = controllers.SelectMany(c => c.Context.Recorders).Select(r => r.RunAsync(cancellation)).ToList();
        var running = controllers.Select(c => RunOneAsync(c.Controller, c.Context, cancellation)).ToList();
        await Task.WhenAll([.. running, .. recording, informers.WhenStopped()]).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellation.ThrowIfCancellationRequested();
        await Task.WhenAll(running).ConfigureAwait(false);
    }

    /// <summary>The first name of a <c>--controllers</c> list that is no controller's; null when all are.</summary>
    public static string? UnknownName(IReadOnlyList<string> wanted) => ControllerNames.Unknown(wanted, Names);

    /// <summary>The names that a <c>--controllers</c> list selects, in the order of <see cref="Known"/>.</summary>
    /// <exception cref="ArgumentException">A name is not a controller's.</exception>
    public static IReadOnlyList<string> Selected(IReadOnlyList<string> wanted) => ControllerNames.Select(wanted, Names, s_offByDefault);

    /// <summary>A controller that fails is told and begun again, so that it cannot take the others with it.</summary>
    private async Task RunOneAsync(IController controller, ControllerContext context, CancellationToken cancellation)
    {
        var backoff = new Foundation.Backoff(new(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1)) { Jitter = 0.5 }, client.Options.Random);
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                await context.Informers.WaitForSyncAsync(cancellation).ConfigureAwait(false);
                await controller.RunAsync(cancellation).ConfigureAwait(false);
                return;
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                logger.LogError(failure, "{Controller} failed and is begun again", controller.Name);
                await Task.Delay(backoff.Next(), client.Time, cancellation).ConfigureAwait(false);
            }
        }
    }
}
