using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Scheduling.V1alpha2;
using Cybernetes.Scheduler.Configuration;
using Cybernetes.Scheduler.Why;

namespace Cybernetes.Testing.Tests;

/// <summary>Pod groups of the gang policy, from their making to their running.</summary>
public sealed class GangSchedulingTests
{
    private static readonly TestClusterOptions s_gangs = new()
    {
        Scheduler = true, FeatureGates = "GenericWorkload=true,GangScheduling=true", RuntimeConfig = "scheduling.k8s.io/v1alpha2=true",
        Fleet = new() { Shapes = [new() { Count = 2, Name = "n-", Capacity = Capacity("2") }] },
    };

    [Fact]
    public async Task Gang_GroupAndPodsComeOneByOne_RunsWhenComplete()
    {
        await using var cluster = await TestCluster.StartAsync(s_gangs);
        await cluster.Client.For<Pod>().CreateAsync(Member("a"));
        await cluster.Client.For<Pod>().CreateAsync(Make.Pod("lone"));
        await cluster.UntilAsync<Pod>("default", "lone", p => p.Status.Phase == "Running");
        Assert.Contains("waiting for pod's pod group \"g\" to appear", await WhyAsync(cluster, "a"), StringComparison.Ordinal);
        await cluster.Client.For<PodGroup>().CreateAsync(Group(3));
        await cluster.Client.For<Pod>().CreateAsync(Member("b"));
        Assert.Contains("waiting for minCount pods from a gang to appear", await WhyAsync(cluster, "a"), StringComparison.Ordinal);
        Assert.All(await MembersAsync(cluster), p => Assert.Equal("", p.Spec.NodeName));
        await cluster.Client.For<Pod>().CreateAsync(Member("c"));
        await cluster.UntilAsync<Pod>("default", all => all.Count(p => p.Status.Phase == "Running") == 4);
        await cluster.UntilConditionAsync<PodGroup>("default", "g", "PodGroupScheduled");
        // Who comes later is placed at once, since the gang has its number.
        await cluster.Client.For<Pod>().CreateAsync(Member("d", cpu: "100m"));
        await cluster.UntilAsync<Pod>("default", "d", p => p.Status.Phase == "Running");
    }

    [Fact]
    public async Task Gang_RoomForTooFew_WaitsAsOneUntilThereIsRoom()
    {
        await using var cluster = await TestCluster.StartAsync(s_gangs);
        await cluster.Client.For<Pod>().CreateAsync(Make.Pod("big", "1500m"));
        await cluster.UntilAsync<Pod>("default", "big", p => p.Status.Phase == "Running");
        await cluster.Client.For<PodGroup>().CreateAsync(Group(4));
        foreach (var name in new[] { "a", "b", "c", "d" })
            await cluster.Client.For<Pod>().CreateAsync(Member(name, cpu: "1"));
        var group = await cluster.UntilConditionAsync<PodGroup>("default", "g", "PodGroupScheduled", "False");
        Assert.Equal("pod group is unschedulable", group.Status.Conditions!.Single(c => c.Type == "PodGroupScheduled").Message);
        await cluster.UntilAsync<Pod>("default", all => all.Count(p => p.Status.Conditions.OrEmpty().Any(c => c.Reason == "Unschedulable")) == 4);
        Assert.All(await MembersAsync(cluster), p => Assert.Equal("", p.Spec.NodeName));
        await cluster.Client.For<Pod>().DeleteAsync("default", "big");
        await cluster.UntilAsync<Pod>("default", all => all.Count(p => p.Status.Phase == "Running") == 4);
        await cluster.UntilConditionAsync<PodGroup>("default", "g", "PodGroupScheduled");
    }

    [Fact]
    public async Task Gang_ScheduledOnce_StaysSoWhateverBecomesOfItsPods()
    {
        await using var cluster = await TestCluster.StartAsync(s_gangs);
        await cluster.Client.For<PodGroup>().CreateAsync(Group(2));
        await cluster.Client.For<Pod>().CreateAsync(Member("a", cpu: "1500m"));
        await cluster.Client.For<Pod>().CreateAsync(Member("b", cpu: "1500m"));
        var before = ConditionOf(await cluster.UntilConditionAsync<PodGroup>("default", "g", "PodGroupScheduled"));
        // One more that finds no place, the gang being complete, and then the gang's end with nothing but pods that find none.
        await cluster.Client.For<Pod>().CreateAsync(Member("c", cpu: "1500m"));
        await UnschedulableAsync(cluster, "c");
        Assert.Equal(before, ConditionOf(await cluster.Client.For<PodGroup>().GetAsync("default", "g")));
        foreach (var name in new[] { "a", "b", "c" })
            await cluster.Client.For<Pod>().DeleteAsync("default", name);
        await cluster.UntilAsync<Pod>("default", all => all.Count == 0);
        await cluster.Client.For<Pod>().CreateAsync(Member("d", cpu: "9"));
        await cluster.Client.For<Pod>().CreateAsync(Member("e", cpu: "9"));
        await UnschedulableAsync(cluster, "d");
        await UnschedulableAsync(cluster, "e");
        Assert.Equal(before, ConditionOf(await cluster.Client.For<PodGroup>().GetAsync("default", "g")));
    }

    private static Task UnschedulableAsync(TestCluster cluster, string name) =>
        cluster.UntilAsync<Pod>("default", name, p => p.Status.Conditions.OrEmpty().Any(c => c.Reason == "Unschedulable"));

    private static (string Status, string Reason, string Message, DateTimeOffset? Since) ConditionOf(PodGroup group)
    {
        var condition = group.Status.Conditions!.Single(c => c.Type == "PodGroupScheduled");
        return (condition.Status, condition.Reason, condition.Message, condition.LastTransitionTime);
    }

    private static Dictionary<string, string> Capacity(string cpu) => new() { ["cpu"] = cpu, ["memory"] = "4Gi", ["pods"] = "20" };

    private static PodGroup Group(int minCount) => new()
    {
        Metadata = { Namespace = "default", Name = "g" }, Spec = { SchedulingPolicy = new() { Gang = new() { MinCount = minCount } } },
    };

    private static Pod Member(string name, string cpu = "500m")
    {
        var pod = Make.Pod(name, cpu);
        pod.Spec.SchedulingGroup = new() { PodGroupName = "g" };
        return pod;
    }

    private static async Task<IReadOnlyList<Pod>> MembersAsync(TestCluster cluster) =>
        [.. (await cluster.Client.For<Pod>().ListAllAsync("default")).Items.Where(p => p.Spec.SchedulingGroup is not null)];

    private static Task<string> WhyAsync(TestCluster cluster, string pod) =>
        PlacementAdvice.AskAsync(cluster.Client, "default", pod, new SchedulerConfiguration());
}
