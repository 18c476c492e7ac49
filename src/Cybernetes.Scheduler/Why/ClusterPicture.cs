using Cybernetes.Client.Transport;
using Cybernetes.Foundation;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Policy.V1;
using Cybernetes.Objects.Storage.V1;
using Cybernetes.Scheduler.Configuration;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Snapshot;
using NodeObject = Cybernetes.Objects.Core.V1.Node;

namespace Cybernetes.Scheduler.Why;

/// <summary>One look at a cluster, ready to decide over.</summary>
internal sealed class ClusterPicture(ClusterColumns columns, IReadOnlyList<SchedulingProfile> profiles)
{
    public ClusterColumns Columns { get; } = columns;

    public SchedulingProfile? ProfileOf(Pod pod) => profiles.FirstOrDefault(p => p.SchedulerName == pod.Spec.SchedulerName);

    /// <summary>The same decision that the scheduler makes.</summary>
    public (Decision Decision, SchedulingCycle Cycle) Decide(Pod pod, SchedulingProfile profile)
    {
        var cycle = new SchedulingCycle(Columns, Chance.Seeded(1));
        return (cycle.Decide(new PodFacts(pod, PodDemand.Of(pod.Spec, Columns.Resources), null), profile), cycle);
    }

    public static async Task<ClusterPicture> TakeAsync(ApiClient client, SchedulerConfiguration configuration, CancellationToken cancellation)
    {
        async Task<List<T>> All<T>() where T : class, IKubernetesObject<T> =>
            [.. (await client.For<T>().ListAllAsync(null, null, cancellation).ConfigureAwait(false)).Items];
        var volumes = new ListedVolumeObjects
        {
            Claims = await All<PersistentVolumeClaim>().ConfigureAwait(false),
            Volumes = await All<PersistentVolume>().ConfigureAwait(false),
            Classes = await All<StorageClass>().ConfigureAwait(false),
            Nodes = await All<CSINode>().ConfigureAwait(false),
            Drivers = await All<CSIDriver>().ConfigureAwait(false),
            Capacities = await All<CSIStorageCapacity>().ConfigureAwait(false),
        };
        var budgets = (await All<PodDisruptionBudget>().ConfigureAwait(false)).ToLookup(b => b.Metadata.Namespace, StringComparer.Ordinal);
        var services = new PluginServices(volumes, ns => [.. budgets[ns]], client);
        var columns = new ClusterColumns();
        foreach (var ns in await All<Namespace>().ConfigureAwait(false))
            columns.SetNamespace(ns.Metadata.Name, ns.Metadata.Labels);
        foreach (var node in await All<NodeObject>().ConfigureAwait(false))
            columns.SetNode(node);
        foreach (var pod in await All<Pod>().ConfigureAwait(false))
        {
            if (pod.Spec.NodeName.Length > 0 && pod.Status.Phase is not (PodPhase.Succeeded or PodPhase.Failed))
                columns.SetPod(new PlacedPod(pod, pod.Spec.NodeName, PodDemand.Of(pod.Spec, columns.Resources)));
        }
        return new ClusterPicture(columns, ProfileBuilder.Build(configuration, services));
    }
}
