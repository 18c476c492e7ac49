using Cybernetes.Client.Transport;
using Cybernetes.Foundation;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Policy.V1;
using Cybernetes.Objects.Resource.V1;
using Cybernetes.Objects.Storage.V1;
using Cybernetes.Scheduler.Configuration;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Plugins.DynamicResources;
using Cybernetes.Scheduler.Snapshot;
using DeviceTaintRule = Cybernetes.Objects.Resource.V1beta2.DeviceTaintRule;
using ResourceClaim = Cybernetes.Objects.Resource.V1.ResourceClaim;
using NodeObject = Cybernetes.Objects.Core.V1.Node;

namespace Cybernetes.Scheduler.Why;

/// <summary>One look at a cluster, ready to decide over.</summary>
internal sealed class ClusterPicture(ClusterColumns columns, IReadOnlyList<SchedulingProfile> profiles, DeviceInventory? devices = null)
{
    public ClusterColumns Columns { get; } = columns;

    public SchedulingProfile? ProfileOf(Pod pod) => profiles.FirstOrDefault(p => p.SchedulerName == pod.Spec.SchedulerName);

    /// <summary>The same decision that the scheduler makes.</summary>
    public (Decision Decision, SchedulingCycle Cycle) Decide(Pod pod, SchedulingProfile profile)
    {
        var cycle = new SchedulingCycle(Columns, Chance.Seeded(1));
        return (cycle.Decide(PodFacts.Of(pod, Columns, null, devices), profile), cycle);
    }

    /// <param name="client">May list what scheduling looks at.</param>
    /// <param name="configuration">The scheduler's.</param>
    /// <param name="asked">The pod that is asked for: claims and devices are listed where it may need some.</param>
    /// <param name="cancellation">Ends the looking.</param>
    public static async Task<ClusterPicture> TakeAsync(
        ApiClient client, SchedulerConfiguration configuration, Pod asked, CancellationToken cancellation)
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
            Attachments = await All<VolumeAttachment>().ConfigureAwait(false),
        };
        var budgets = (await All<PodDisruptionBudget>().ConfigureAwait(false)).ToLookup(b => b.Metadata.Namespace, StringComparer.Ordinal);
        var devices = new DeviceInventory();
        if (PodDeviceClaims.MayNeedDevices(asked))
        {
            (await All<DeviceClass>().ConfigureAwait(false)).ForEach(devices.Set);
            (await All<ResourceSlice>().ConfigureAwait(false)).ForEach(devices.Set);
            (await All<ResourceClaim>().ConfigureAwait(false)).ForEach(c => devices.Set(c));
            try
            {
                (await All<DeviceTaintRule>().ConfigureAwait(false)).ForEach(devices.Set);
            }
            catch (ApiStatusException failure) when (failure.IsNotFound)
            {
                // The server does not serve rules (gate DRADeviceTaintRules): there are none.
            }
        }
        var services = new PluginServices(
            volumes, ns => [.. budgets[ns]], client, Devices: DeviceServices.Over(devices, client: client) with { HasLists = true });
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
        return new ClusterPicture(columns, ProfileBuilder.Build(configuration, services), devices);
    }
}
