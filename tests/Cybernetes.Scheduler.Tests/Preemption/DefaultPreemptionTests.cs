using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Policy.V1;
using Cybernetes.Scheduler.Snapshot;

namespace Cybernetes.Scheduler.Tests.Preemption;

public sealed class DefaultPreemptionTests
{
    private static readonly DateTimeOffset s_start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Decide_LowerPriorityPodInTheWay_NamesItAndTheNode()
    {
        var columns = Cluster.Columns(Cluster.Node("a", cpu: "1"));
        Cluster.Place(columns, Running("low", "1", 0), "a");
        var decision = Cluster.Decide(columns, Waiting("high", "1", 10));
        Assert.Null(decision.NodeName);
        Assert.Equal("a", decision.Preemption!.NodeName);
        Assert.Equal(["low"], decision.Preemption.Victims.Select(v => v.Pod.Metadata.Name));
        Assert.Equal("0/1 nodes are available: 1 Insufficient cpu.", decision.Diagnosis.Message(1));
    }

    [Fact]
    public void Decide_AfterPreemptionWasTried_ColumnsAreAsBefore()
    {
        var columns = Cluster.Columns(Cluster.Node("a", cpu: "2"));
        Cluster.Place(columns, Running("one", "1", 0), "a");
        Cluster.Place(columns, Running("two", "1", 5), "a");
        Cluster.Decide(columns, Waiting("high", "1", 10));
        Assert.Equal(2, columns.PodsOn(columns.SlotOf("a")).Count);
        Assert.Equal(2000, columns.RequestedAt(ResourceNames.Cpu, columns.SlotOf("a")));
    }

    [Fact]
    public void Decide_SeveralVictimsPossible_LeastImportantGo()
    {
        var columns = Cluster.Columns(Cluster.Node("a", cpu: "3"));
        Cluster.Place(columns, Running("middle", "1", 5), "a");
        Cluster.Place(columns, Running("lowest", "1", 1), "a");
        Cluster.Place(columns, Running("same", "1", 10), "a");
        Assert.Equal(["lowest"], Victims(Cluster.Decide(columns, Waiting("high", "1", 10))));
    }

    [Theory]
    [InlineData(5, 1, "b")] // lower highest priority of a victim
    [InlineData(1, 5, "a")]
    public void Decide_SeveralNodes_LowestVictimPriorityWins(int onA, int onB, string expected)
    {
        var columns = Cluster.Columns(Cluster.Node("a", cpu: "1"), Cluster.Node("b", cpu: "1"));
        Cluster.Place(columns, Running("on-a", "1", onA), "a");
        Cluster.Place(columns, Running("on-b", "1", onB), "b");
        Assert.Equal(expected, Cluster.Decide(columns, Waiting("high", "1", 10)).Preemption!.NodeName);
    }

    [Fact]
    public void Decide_SamePriorities_FewerVictimsWin()
    {
        var columns = Cluster.Columns(Cluster.Node("a", cpu: "2"), Cluster.Node("b", cpu: "2"));
        Cluster.Place(columns, Running("a1", "1", 0), "a");
        Cluster.Place(columns, Running("a2", "1", 0), "a");
        Cluster.Place(columns, Running("b1", "2", 0), "b");
        Assert.Equal("b", Cluster.Decide(columns, Waiting("high", "2", 10)).Preemption!.NodeName);
    }

    [Fact]
    public void Decide_OtherwiseAlike_LaterStartedVictimGoes()
    {
        var columns = Cluster.Columns(Cluster.Node("a", cpu: "1"), Cluster.Node("b", cpu: "1"));
        Cluster.Place(columns, Running("old", "1", 0, startedHours: 1), "a");
        Cluster.Place(columns, Running("young", "1", 0, startedHours: 9), "b");
        Assert.Equal(["young"], Victims(Cluster.Decide(columns, Waiting("high", "1", 10))));
    }

    [Fact]
    public void Decide_BudgetProtectsOneNode_TheOtherIsTaken()
    {
        var columns = Cluster.Columns(Cluster.Node("a", cpu: "1"), Cluster.Node("b", cpu: "1"));
        Cluster.Place(columns, Running("kept", "1", 0), "a");
        Cluster.Place(columns, Running("free", "1", 5), "b");
        var budget = new PodDisruptionBudget { Metadata = { Name = "kept", Namespace = "default" } };
        budget.Spec.Selector = Cluster.Selects("name", "kept");
        var decision = Cluster.Decide(columns, Waiting("high", "1", 10), profile: Cluster.Profile(budgets: [budget]));
        Assert.Equal("b", decision.Preemption!.NodeName);
        Assert.Equal(0, decision.Preemption.BudgetViolations);
    }

    [Fact]
    public void Decide_OnlyProtectedPods_TheyGoAndCountAsViolation()
    {
        var columns = Cluster.Columns(Cluster.Node("a", cpu: "1"));
        Cluster.Place(columns, Running("kept", "1", 0), "a");
        var budget = new PodDisruptionBudget { Metadata = { Name = "kept", Namespace = "default" } };
        budget.Spec.Selector = Cluster.Selects("name", "kept");
        var decision = Cluster.Decide(columns, Waiting("high", "1", 10), profile: Cluster.Profile(budgets: [budget]));
        Assert.Equal(1, decision.Preemption!.BudgetViolations);
    }

    [Fact]
    public void Decide_PolicyNever_EvictsNobodyAndSaysSo()
    {
        var columns = Cluster.Columns(Cluster.Node("a", cpu: "1"));
        Cluster.Place(columns, Running("low", "1", 0), "a");
        var pod = Waiting("high", "1", 10);
        pod.Spec.PreemptionPolicy = "Never";
        var decision = Cluster.Decide(columns, pod);
        Assert.Null(decision.Preemption);
        Assert.Equal("0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: not eligible due to preemptionPolicy=Never.", decision.Diagnosis.Message(1));
    }

    [Fact]
    public void Decide_VictimsStillTerminating_WaitsForThem()
    {
        var columns = Cluster.Columns(Cluster.Node("a", cpu: "1"));
        var victim = Running("low", "1", 0);
        victim.Metadata.DeletionTimestamp = s_start;
        victim.Status.Conditions = [new() { Type = "DisruptionTarget", Status = "True", Reason = "PreemptionByScheduler" }];
        Cluster.Place(columns, victim, "a");
        var pod = Waiting("high", "1", 10);
        pod.Status.NominatedNodeName = "a";
        var decision = Cluster.Decide(columns, pod);
        Assert.Null(decision.Preemption);
        Assert.EndsWith("preemption: not eligible due to a terminating pod on the nominated node.", decision.Diagnosis.Message(1));
    }

    [Fact]
    public void Decide_PodTooLargeForAnyNode_EvictionDoesNotHelp()
    {
        var columns = Cluster.Columns(Cluster.Node("a", cpu: "1"), Cluster.Node("b", cpu: "4"));
        Cluster.Place(columns, Running("low", "1", 0), "a");
        var decision = Cluster.Decide(columns, Waiting("high", "8", 10));
        Assert.Equal("0/2 nodes are available: 2 Insufficient cpu. no new claims to deallocate, preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.",
            decision.Diagnosis.Message(2));
    }

    [Fact]
    public void Decide_AntiAffinityPodOfLowerPriority_IsEvicted()
    {
        var columns = Cluster.Columns(Cluster.Node("a"));
        Cluster.Place(columns, Running("low", "1", 0), "a");
        var pod = Waiting("high", "1", 10);
        pod.Spec.Affinity = new()
        {
            PodAntiAffinity = new()
            {
                RequiredDuringSchedulingIgnoredDuringExecution =
                    [new() { TopologyKey = "kubernetes.io/hostname", LabelSelector = Cluster.Selects("name", "low") }],
            },
        };
        Assert.Equal(["low"], Victims(Cluster.Decide(columns, pod)));
    }

    private static IEnumerable<string> Victims(Cybernetes.Scheduler.Cycle.Decision decision) => decision.Preemption!.Victims.Select(v => v.Pod.Metadata.Name);

    private static Pod Waiting(string name, string cpu, int priority) => Cluster.Pod(name, cpu, with: p => p.Spec.Priority = priority);

    private static Pod Running(string name, string cpu, int priority, int startedHours = 0) => Cluster.Pod(name, cpu, with: p =>
    {
        p.Metadata.Labels = new() { ["name"] = name };
        p.Spec.Priority = priority;
        p.Status.StartTime = s_start.AddHours(startedHours);
    });
}
