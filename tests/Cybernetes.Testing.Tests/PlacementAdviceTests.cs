using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Scheduling.V1;
using Cybernetes.Scheduler.Configuration;
using Cybernetes.Scheduler.Why;

namespace Cybernetes.Testing.Tests;

/// <summary>What <c>cyb why</c> says of a whole cluster. No scheduler runs beside it: what it says stays true while it is asked.</summary>
public sealed class PlacementAdviceTests
{
    [Fact]
    public async Task Ask_FullNodes_SaysPerFilterHowManyTheNearestMissAndWhomEvictionsWouldTake()
    {
        var small = new Dictionary<string, string> { ["cpu"] = "1", ["memory"] = "4Gi", ["pods"] = "20" };
        await using var cluster = await TestCluster.StartAsync(new()
        {
            Fleet = new() { Shapes = [new() { Count = 3, Name = "node-", Capacity = small }] },
        });
        await cluster.Client.For<PriorityClass>().CreateAsync(new() { Metadata = { Name = "high" }, Value = 1000 });
        await RunAsync(cluster, "web-0", "950m", "node-0");
        await RunAsync(cluster, "web-1", "950m", "node-1");
        await RunAsync(cluster, "web-2", "900m", "node-2");
        Assert.Equal("default/web-2 is scheduled: it is on node node-2.\n", await WhyAsync(cluster, "web-2"));

        await cluster.Client.For<Pod>().CreateAsync(Make.Pod("new", "300m"));
        var answer = await WhyAsync(cluster, "new");
        Assert.StartsWith("default/new is not scheduled: 0/3 nodes are available: 3 Insufficient cpu.", answer, StringComparison.Ordinal);
        Assert.Contains("\n  3 nodes: Insufficient cpu (NodeResourcesFit): node-0, node-1, node-2\n", answer, StringComparison.Ordinal);
        Assert.Contains("\nNearest: node-2 lacks 200m cpu (wants 300m, 100m of 1 free).\n", answer, StringComparison.Ordinal);
        Assert.EndsWith("; nobody is evicted, since their priority is not below the pod's.\n", answer, StringComparison.Ordinal);

        var urgent = Make.Pod("urgent", "1");
        urgent.Spec.PriorityClassName = "high";
        await cluster.Client.For<Pod>().CreateAsync(urgent);
        Assert.Matches(@"\nnode-(\d) would fit after evicting default/web-\1, which the scheduler does\.\n$", await WhyAsync(cluster, "urgent"));

        await cluster.Client.For<Pod>().DeleteAsync("default", "web-2");
        await cluster.UntilGoneAsync<Pod>("default", "web-2");
        Assert.Equal("default/new fits 1 node of 3 now: it should be scheduled in a moment. Does a scheduler run?\n", await WhyAsync(cluster, "new"));
    }

    private static async Task RunAsync(TestCluster cluster, string name, string cpu, string node)
    {
        var pod = Make.Pod(name, cpu);
        pod.Spec.NodeName = node;
        await cluster.Client.For<Pod>().CreateAsync(pod);
        await cluster.UntilAsync<Pod>("default", name, p => p.Status.Phase == "Running");
    }

    private static Task<string> WhyAsync(TestCluster cluster, string pod) =>
        PlacementAdvice.AskAsync(cluster.Client, "default", pod, new SchedulerConfiguration());
}
