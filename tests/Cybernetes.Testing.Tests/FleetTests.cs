using Cybernetes.Node.Simulated.Fleet;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Testing.Tests;

/// <summary>What fleets of simulated nodes do by rule and by chance.</summary>
public sealed class FleetTests
{
    private static FleetOptions Two => new() { Shapes = [new() { Count = 2, Name = "node-", Zones = ["a", "b"] }] };

    [Fact]
    public async Task Rule_FirstThatFits_DecidesWhatContainersDo()
    {
        var rule = new FleetRule { Labels = new Dictionary<string, string> { ["app"] = "batch" }, Script = Script(("run-for", "5"), ("exit-code", "4")) };
        var other = new FleetRule { Script = Script(("run-for", "7")) };
        await using var cluster = await TestCluster.StartAsync(new() { Scheduler = true, Fleet = Two with { Rules = [rule, other] } });
        var batch = Make.Pod("batch");
        batch.Metadata.Labels = new() { ["app"] = "batch" };
        var plain = Make.Pod("plain");
        var own = Make.Pod("own");
        own.Metadata.Annotations = new() { ["simulated.cybernetes.io/exit-code"] = "9" };
        foreach (var pod in new[] { batch, plain, own })
        {
            pod.Spec.RestartPolicy = "Never";
            await cluster.Client.For<Pod>().CreateAsync(pod);
        }
        var pods = await cluster.UntilAsync<Pod>("default", all => all.All(p => p.Status.Phase is "Succeeded" or "Failed"));

        Assert.Equal(
            [("batch", 4), ("own", 9), ("plain", 0)],
            pods.Select(p => (p.Metadata.Name, p.Status.ContainerStatuses![0].State!.Terminated!.ExitCode)).OrderBy(p => p.Name));
    }

    [Fact]
    public async Task ContainerFailures_ByChance_RestartTheContainers()
    {
        await using var cluster = await TestCluster.StartAsync(new() { Scheduler = true, Fleet = Two with { ContainerFailuresPerHour = 6 } });
        await cluster.Client.For<Pod>().CreateAsync(Make.Pod("frail"));

        await cluster.UntilAsync<Pod>("default", "frail", p => p.Status.ContainerStatuses.OrEmpty().Any(c => c.RestartCount >= 2), TimeSpan.FromDays(1));
    }

    /// <summary>A kubelet looks every ten seconds; the simulator's seed 74 (rich) had nodes that stayed unknown for minutes after the machine's sleep.</summary>
    [Fact]
    public async Task Node_MarkedUnknownThoughItRuns_SaysSoonThatItIsReady()
    {
        await using var cluster = await TestCluster.StartAsync(new() { Fleet = Two with { StatusInterval = TimeSpan.FromHours(1) } });
        for (var round = 0; round < 2; round++)
        {
            var node = await cluster.Client.For<NodeObject>().GetAsync(null, "node-1");
            node.Status.Conditions!.Single(c => c.Type == "Ready").Status = "Unknown";
            await cluster.Client.For<NodeObject>().UpdateStatusAsync(node);
            await cluster.UntilConditionAsync<NodeObject>(null, "node-1", "Ready", "True", TimeSpan.FromSeconds(15));
        }
    }

    [Fact]
    public async Task Drains_ByChance_MoveThePodsAndEnd()
    {
        var fleet = Two with { NodeDrainsPerHour = 2 };
        await using var cluster = await TestCluster.StartAsync(new() { Controllers = ["*"], Scheduler = true, Fleet = fleet });
        await cluster.Client.For<Objects.Apps.V1.Deployment>().CreateAsync(Make.Deployment("web", 2));
        var before = await cluster.UntilAsync<Pod>("default", all => all.Count(p => p.Status.Phase == "Running") == 2);
        var drained = await cluster.UntilAsync<NodeObject>(null, all => all.Any(n => n.Spec.Unschedulable), TimeSpan.FromHours(12));
        await cluster.UntilAsync<NodeObject>(
            null, drained.First(n => n.Spec.Unschedulable).Metadata.Name, n => !n.Spec.Unschedulable, TimeSpan.FromHours(1));
        var after = await cluster.UntilAsync<Pod>(
            "default", all => all.Count(p => p.Status.Phase == "Running" && p.Metadata.DeletionTimestamp is null) == 2, TimeSpan.FromMinutes(10));

        Assert.NotEqual(before.Select(p => p.Metadata.UID).Order(), after.Select(p => p.Metadata.UID).Order());
    }

    [Fact]
    public void UnknownWord_OfAScript_IsNamed()
    {
        Assert.Equal("run-fro", FleetRule.UnknownWord(Script(("run-fro", "1"))));
        Assert.Null(FleetRule.UnknownWord(Script(("run-for", "1"), ("output", "x"))));
    }

    private static Dictionary<string, string> Script(params (string Word, string Value)[] words) => words.ToDictionary(w => w.Word, w => w.Value);
}
