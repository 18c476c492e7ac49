using Cybernetes.Foundation;
using Cybernetes.Node.Simulated.Fleet;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Testing.Tests;

public sealed class WholeClusterTests
{
    private static TestClusterOptions Whole => new() { Time = new VirtualTimeProvider(), Controllers = ["*"], Scheduler = true, Nodes = 3 };

    [Fact]
    public async Task Deployment_WholeCluster_RunsOnTheSimulatedNodes()
    {
        await using var cluster = await TestCluster.StartAsync(Whole);
        await cluster.UntilAsync<ServiceAccount>("default", all => all.Count > 0);
        await cluster.Client.For<Deployment>().CreateAsync(Deployment("web", 6));
        var pods = await cluster.UntilAsync<Pod>("default", all => all.Count(p => p.Status.Phase == "Running") == 6);
        Assert.Equal([2, 2, 2], pods.GroupBy(p => p.Spec.NodeName).Select(g => g.Count()));
        Assert.Equal(6, pods.Select(p => p.Status.PodIP).Distinct().Count());
    }

    [Fact]
    public async Task Deployment_FaultyTransport_ConvergesAllTheSame()
    {
        var faults = new TestFaults { Conflicts = 0.2, TooManyRequests = 0.05, WatchDrops = 0.1 };
        await using var cluster = await TestCluster.StartAsync(Whole with { Faults = faults, Seed = 3 });
        await cluster.UntilAsync<ServiceAccount>("default", all => all.Count > 0);
        await cluster.Client.For<Deployment>().CreateAsync(Deployment("web", 4));
        await cluster.UntilAsync<Pod>("default", all => all.Count(p => p.Status.Phase == "Running") == 4);
    }

    [Fact]
    public async Task Pod_ScriptedToFail_EndsAsItsAnnotationsSay()
    {
        await using var cluster = await TestCluster.StartAsync(Whole with { Controllers = ["serviceaccount-controller"] });
        await cluster.UntilAsync<ServiceAccount>("default", all => all.Count > 0);
        var pod = Pod("job");
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
        await using var cluster = await TestCluster.StartAsync(Whole with { Controllers = ["serviceaccount-controller"] });
        await cluster.UntilAsync<ServiceAccount>("default", all => all.Count > 0);
        var pod = Pod("crash");
        pod.Metadata.Annotations = new() { ["simulated.cybernetes.io/run-for"] = "1", ["simulated.cybernetes.io/exit-code"] = "1" };
        await cluster.Client.For<Pod>().CreateAsync(pod);
        await cluster.UntilAsync<Pod>("default", all => all.Any(p =>
            p.Status.ContainerStatuses.OrEmpty().Any(c => c.RestartCount >= 2 && c.State?.Waiting?.Reason == "CrashLoopBackOff")));
    }

    [Fact]
    public async Task Preemption_HighPriorityPod_EvictsAndTakesThePlace()
    {
        var small = new FleetOptions { Shapes = [new() { Count = 1, Capacity = new Dictionary<string, string> { ["cpu"] = "1", ["memory"] = "1Gi", ["pods"] = "10" } }] };
        await using var cluster = await TestCluster.StartAsync(Whole with { Controllers = ["serviceaccount-controller"], Fleet = small });
        await cluster.UntilAsync<ServiceAccount>("default", all => all.Count > 0);
        await cluster.Client.For<Cybernetes.Objects.Scheduling.V1.PriorityClass>().CreateAsync(new() { Metadata = { Name = "high" }, Value = 1000 });
        await cluster.Client.For<Pod>().CreateAsync(Pod("low", "800m"));
        await cluster.UntilAsync<Pod>("default", all => all.Any(p => p.Status.Phase == "Running"));
        var high = Pod("high", "800m");
        high.Spec.PriorityClassName = "high";
        await cluster.Client.For<Pod>().CreateAsync(high);
        await cluster.UntilAsync<Pod>("default", all => all is [{ Metadata.Name: "high", Status.Phase: "Running" }]);
        var events = await cluster.UntilAsync<Cybernetes.Objects.Events.V1.Event>("default", all => all.Any(e => e.Reason == "Preempted"));
        Assert.Contains(events, e => e.Reason == "Preempted" && e.Note.Contains("on node sim-0", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Until_NeverHolds_TellsWhatTheClusterLookedLike()
    {
        await using var cluster = await TestCluster.StartAsync(new() { Time = new VirtualTimeProvider(), Nodes = 1 });
        var failure = await Assert.ThrowsAsync<TestClusterTimeoutException>(() => cluster.UntilAsync<Pod>("default", all => all.Count > 0));
        Assert.Contains("node node-0: ready True", failure.Message, StringComparison.Ordinal);
    }

    private static Pod Pod(string name, string cpu = "100m")
    {
        var pod = new Pod { Metadata = { Name = name, Namespace = "default" } };
        pod.Spec.Containers = [new() { Name = "main", Image = "busybox", Resources = { Requests = new() { ["cpu"] = Quantity.Parse(cpu) } } }];
        return pod;
    }

    private static Deployment Deployment(string name, int replicas)
    {
        var deployment = new Deployment { Metadata = { Name = name, Namespace = "default" } };
        deployment.Spec.Replicas = replicas;
        deployment.Spec.Selector = new() { MatchLabels = new() { ["app"] = name } };
        deployment.Spec.Template.Metadata.Labels = new() { ["app"] = name };
        deployment.Spec.Template.Spec = Pod(name).Spec;
        return deployment;
    }
}
