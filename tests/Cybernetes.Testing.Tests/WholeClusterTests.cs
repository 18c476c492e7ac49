using Cybernetes.Node.Simulated.Fleet;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Testing.Tests;

public sealed class WholeClusterTests
{
    private static TestClusterOptions Whole => new() { Controllers = ["*"], Scheduler = true, Nodes = 3 };

    [Fact]
    public async Task Deployment_WholeCluster_RunsOnTheSimulatedNodes()
    {
        await using var cluster = await TestCluster.StartAsync(Whole);
        await cluster.Client.For<Deployment>().CreateAsync(Make.Deployment("web", 6));
        var pods = await cluster.UntilAsync<Pod>("default", all => all.Count(p => p.Status.Phase == "Running") == 6);
        Assert.Equal([2, 2, 2], pods.GroupBy(p => p.Spec.NodeName).Select(g => g.Count()));
        Assert.Equal(6, pods.Select(p => p.Status.PodIP).Distinct().Count());
    }

    [Fact]
    public async Task Deployment_FaultyTransport_ConvergesAllTheSame()
    {
        var faults = new TestFaults
        {
            Conflicts = 0.2, TooManyRequests = 0.05, WatchDrops = 0.1, WatchBreaks = 0.1, Gone = 0.1, LostAnswers = 0.05,
            Latency = TimeSpan.FromMilliseconds(300),
        };
        await using var cluster = await TestCluster.StartAsync(Whole with { Faults = faults, Seed = 3 });
        await cluster.Client.For<Deployment>().CreateAsync(Make.Deployment("web", 4));
        await cluster.UntilAsync<Pod>("default", all => all.Count(p => p.Status.Phase == "Running") == 4);
    }

    [Fact]
    public async Task Pod_ScriptedToFail_EndsAsItsAnnotationsSay()
    {
        await using var cluster = await TestCluster.StartAsync(Whole with { Controllers = [] });
        var pod = Make.Pod("job");
        pod.Spec.RestartPolicy = "Never";
        pod.Metadata.Annotations = new() { ["simulated.cybernetes.io/run-for"] = "5", ["simulated.cybernetes.io/exit-code"] = "3" };
        await cluster.Client.For<Pod>().CreateAsync(pod);
        var ended = (await cluster.UntilAsync<Pod>("default", all => all.Any(p => p.Status.Phase == "Failed")))[0];
        Assert.Equal(3, ended.Status.ContainerStatuses![0].State!.Terminated!.ExitCode);
        await cluster.Client.For<Pod>().DeleteAsync("default", "job");
        await cluster.UntilAsync<Pod>("default", all => all.Count == 0);
    }

    [Fact]
    public async Task Pod_CrashingAgainAndAgain_BacksOff()
    {
        await using var cluster = await TestCluster.StartAsync(Whole with { Controllers = [] });
        var pod = Make.Pod("crash");
        pod.Metadata.Annotations = new() { ["simulated.cybernetes.io/run-for"] = "1", ["simulated.cybernetes.io/exit-code"] = "1" };
        await cluster.Client.For<Pod>().CreateAsync(pod);
        await cluster.UntilAsync<Pod>("default", all => all.Any(p =>
            p.Status.ContainerStatuses.OrEmpty().Any(c => c.RestartCount >= 2 && c.State?.Waiting?.Reason == "CrashLoopBackOff")));
    }

    [Fact]
    public async Task Preemption_HighPriorityPod_EvictsAndTakesThePlace()
    {
        var small = new FleetOptions { Shapes = [new() { Count = 1, Capacity = new Dictionary<string, string> { ["cpu"] = "1", ["memory"] = "1Gi", ["pods"] = "10" } }] };
        await using var cluster = await TestCluster.StartAsync(Whole with { Controllers = [], Fleet = small });
        await cluster.Client.For<Cybernetes.Objects.Scheduling.V1.PriorityClass>().CreateAsync(new() { Metadata = { Name = "high" }, Value = 1000 });
        await cluster.Client.For<Pod>().CreateAsync(Make.Pod("low", "800m"));
        await cluster.UntilAsync<Pod>("default", all => all.Any(p => p.Status.Phase == "Running"));
        var high = Make.Pod("high", "800m");
        high.Spec.PriorityClassName = "high";
        await cluster.Client.For<Pod>().CreateAsync(high);
        await cluster.UntilAsync<Pod>("default", all => all is [{ Metadata.Name: "high", Status.Phase: "Running" }]);
        var events = await cluster.UntilAsync<Cybernetes.Objects.Events.V1.Event>("default", all => all.Any(e => e.Reason == "Preempted"));
        Assert.Contains(events, e => e.Reason == "Preempted" && e.Note.Contains("on node sim-0", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Until_NeverHolds_TellsWhatTheClusterLookedLike()
    {
        await using var cluster = await TestCluster.StartAsync(Whole with { Nodes = 1, RealPatience = TimeSpan.Zero });
        var pod = Make.Pod("huge", cpu: "1000");
        await cluster.Client.For<Pod>().CreateAsync(pod);
        var failure = await Assert.ThrowsAsync<TestClusterTimeoutException>(() => cluster.UntilConditionAsync<Pod>("default", "huge", "Ready"));

        Assert.Contains("did not come within 00:01:00", failure.Message, StringComparison.Ordinal);
        Assert.Contains("looked at: Pod in default of name huge, 1 there", failure.Message, StringComparison.Ordinal);
        Assert.Contains("part kube-scheduler: runs", failure.Message, StringComparison.Ordinal);
        Assert.Matches("Node node-0:.*Ready=True", failure.Message);
        Assert.Contains("PodScheduled=False (Unschedulable: 0/1 nodes are available: 1 Insufficient cpu.", failure.Message, StringComparison.Ordinal);
        Assert.Contains("event Warning Pod/huge FailedScheduling", failure.Message, StringComparison.Ordinal);
        Assert.Matches("objects: .*Pod 1", failure.Message);
    }
}
