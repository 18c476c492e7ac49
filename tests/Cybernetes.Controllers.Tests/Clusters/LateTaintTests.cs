using Cybernetes.Objects.Core.V1;
using NodeObject = Cybernetes.Objects.Core.V1.Node;

namespace Cybernetes.Controllers.Tests.Clusters;

/// <summary>
/// The nodes' watch trails, the pods' does not: a taint that is gone drives nobody out who was placed after its end. The simulator's seed 432 placed
/// and evicted three pods without end.
/// </summary>
public sealed class LateTaintTests
{
    private const string Queue = "noexec_taint_pod";

    [Fact]
    public async Task Pod_PlacedAfterTheTaintsUnseenEnd_StaysUntilItIsTaintedAgain()
    {
        await using var cluster = await OrderedCluster.StartAsync(
            new ControllerManagerOptions { Controllers = ["taint-eviction-controller"] },
            client => client.For<NodeObject>().CreateAsync(Make.Node("node-1").With(n => (n.Metadata.UID, n.Spec.Taints) = ("", Maintenance()))));
        await cluster.Client.For<Pod>().CreateAsync(OnNode("early"));
        await cluster.UntilAsync<Pod>("default", all => all.Count == 0);
        var adds = (int)cluster.Read("workqueue_adds_total", Queue);
        await cluster.IdleAsync(Queue, adds);

        await cluster.Watches.HoldAsync("nodes");
        await TaintAsync(cluster, null);
        var placed = await cluster.Client.For<Pod>().CreateAsync(OnNode("late"));
        await cluster.IdleAsync(Queue, adds + 1);
        Assert.Equal(placed.Metadata.ResourceVersion, (await cluster.Client.For<Pod>().GetAsync("default", "late")).Metadata.ResourceVersion);

        cluster.Watches.Release("nodes");
        await TaintAsync(cluster, Maintenance());
        await cluster.UntilAsync<Pod>("default", all => all.Count == 0);
    }

    private static List<Taint> Maintenance() => [new() { Key = "maintenance", Effect = "NoExecute" }];

    private static async Task TaintAsync(OrderedCluster cluster, List<Taint>? taints)
    {
        var node = await cluster.Client.For<NodeObject>().GetAsync(null, "node-1");
        node.Spec.Taints = taints;
        await cluster.Client.For<NodeObject>().UpdateAsync(node);
    }

    private static Pod OnNode(string name) => new()
    {
        Metadata = { Namespace = "default", Name = name },
        Spec = { NodeName = "node-1", TerminationGracePeriodSeconds = 0, Containers = [new() { Name = "c", Image = "web:1" }] },
    };
}
