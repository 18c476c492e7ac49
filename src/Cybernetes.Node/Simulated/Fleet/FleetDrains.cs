using Cybernetes.Client.Transport;
using Cybernetes.Objects.Policy.V1;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Node.Simulated.Fleet;

/// <summary>Maintenance of simulated nodes: each is cordoned, its pods are evicted as budgets allow, it stays away and comes back.</summary>
internal sealed class FleetDrains(
    ApiClient client, FleetOptions options, FleetBehaviour behaviour, FleetPods pods, DueQueue<Func<CancellationToken, Task>> due, ILogger logger)
{
    // As kubectl drain waits after a budget said no.
    private static readonly TimeSpan s_again = TimeSpan.FromSeconds(5);

    public void Plan(FleetNode node) => due.Add(token => BeginAsync(node, token), client.Time.GetUtcNow() + behaviour.NextDrain());

    private async Task BeginAsync(FleetNode node, CancellationToken cancellation)
    {
        logger.LogInformation("simulated node {Node} is drained", node.Name);
        await CordonAsync(node, true, cancellation).ConfigureAwait(false);
        due.Add(token => EvictAsync(node, token), client.Time.GetUtcNow());
    }

    private async Task EvictAsync(FleetNode node, CancellationToken cancellation)
    {
        var left = pods.LivingOn(node).Where(p => !p.IsOfDaemonSet).ToList();
        foreach (var pod in left.Where(p => p.StopsAt is null))
        {
            try
            {
                await client.EvictAsync(new Eviction { Metadata = { Namespace = pod.Namespace, Name = pod.Name } }, cancellation).ConfigureAwait(false);
            }
            catch (ApiStatusException refused) when (refused.IsNotFound || refused.IsTooManyRequests)
            {
                // Gone already, or a budget that holds it: asked again in a moment.
            }
        }
        var now = client.Time.GetUtcNow();
        if (left.Count > 0)
            due.Add(token => EvictAsync(node, token), now + s_again);
        else
            due.Add(token => ReturnAsync(node, token), now + options.NodeDrainDuration);
    }

    private async Task ReturnAsync(FleetNode node, CancellationToken cancellation)
    {
        await CordonAsync(node, false, cancellation).ConfigureAwait(false);
        Plan(node);
    }

    private Task CordonAsync(FleetNode node, bool isUnschedulable, CancellationToken cancellation)
    {
        var patch = NodeFleet.Patch("spec", writer => writer.WriteBoolean("unschedulable", isUnschedulable));
        return client.For<NodeObject>().PatchAsync(null, node.Name, ObjectPatch.Strategic(patch), null, null, cancellation);
    }
}
