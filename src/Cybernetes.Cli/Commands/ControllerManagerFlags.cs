using Cybernetes.Cli.Flags;
using Cybernetes.Controllers;

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
        Autoscaling(defaults);
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
