using Cybernetes.Scheduler.Why;

namespace Cybernetes.Scheduler.Tests.Why;

public sealed class PlacementAdviceTests
{
    [Fact]
    public void Explain_ResourcesLacking_NamesFiltersNearestNodeAndWhoIsInTheWay()
    {
        var cordoned = Cluster.Node("node-3");
        cordoned.Spec.Unschedulable = true;
        var columns = Cluster.Columns(Cluster.Node("node-1", cpu: "1"), Cluster.Node("node-2", cpu: "2"), cordoned);
        Cluster.Place(columns, Cluster.Pod("web-1", "900m"), "node-1");
        Cluster.Place(columns, Cluster.Pod("web-2", "1200m"), "node-2");
        var text = PlacementAdvice.Explain(new ClusterPicture(columns, [Cluster.Profile()]), Cluster.Pod("new", "1"));
        Assert.Equal(
            """
            default/new is not scheduled: 0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu. no new claims to deallocate, preemption: 0/3 nodes are available: 1 Preemption is not helpful for scheduling, 2 No preemption victims found for incoming pod.

              2 nodes: Insufficient cpu (NodeResourcesFit): node-1, node-2
              1 node: node(s) were unschedulable (NodeUnschedulable): node-3

            Nearest: node-2 lacks 200m cpu (wants 1, 800m of 2 free).

            """.ReplaceLineEndings("\n"),
            string.Concat(text.Split("\n").SkipLast(2).Select(l => l + "\n")));
        Assert.Contains(" would fit without default/web-", text, StringComparison.Ordinal);
        Assert.EndsWith("; nobody is evicted, since their priority is not below the pod's.\n", text);
    }

    [Fact]
    public void Explain_OtherScheduler_SaysWhoseItIs()
    {
        var pod = Cluster.Pod("p", with: p => p.Spec.SchedulerName = "mine");
        var text = PlacementAdvice.Explain(new ClusterPicture(Cluster.Columns(), [Cluster.Profile()]), pod);
        Assert.Equal("default/p waits for a scheduler named \"mine\"; the one asked does not schedule for that name.\n", text);
    }
}
