using Cybernetes.Client.Transport;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Scheduling.V1alpha2;
using Cybernetes.Scheduler.Plugins.GangScheduling;

namespace Cybernetes.Scheduler.Why;

/// <summary>One pod group, as it is at one moment.</summary>
internal sealed class ListedPodGroups(PodGroup? group, int count) : IPodGroups
{
    public static async Task<ListedPodGroups> TakeAsync(ApiClient client, string ns, string name, CancellationToken cancellation)
    {
        var group = await client.For<PodGroup>().FindAsync(ns, name, cancellation).ConfigureAwait(false);
        var pods = await client.For<Pod>().ListAllAsync(ns, null, cancellation).ConfigureAwait(false);
        return new(group, pods.Items.Count(p => GangSchedulingPlugin.GroupOf(p) == name && p.Status.Phase is not (PodPhase.Succeeded or PodPhase.Failed)));
    }

    public PodGroup? Find(string ns, string name) => group;

    public int Count(string ns, string name) => count;
}
