using Cybernetes.Foundation;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Scheduling.V1alpha2;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Plugins.GangScheduling;
using Cybernetes.Scheduler.Queue;
using Cybernetes.Scheduler.Snapshot;
using Cybernetes.Scheduler.Why;

namespace Cybernetes.Scheduler.Tests.Plugins;

public sealed class GangSchedulingTests
{
    private const string TooFew = "pod group is unschedulable, waiting for minCount pods from a gang to be scheduled";

    [Theory]
    [InlineData(null, 0, "waiting for pod's pod group \"g\" to appear in scheduling queue")]
    [InlineData(3, 2, "waiting for minCount pods from a gang to appear in scheduling queue")]
    [InlineData(3, 3, null)]
    [InlineData(0, 1, null)]
    public void PreEnqueue_GroupsState_LetsInOrSaysWhatIsMissing(int? minCount, int pods, string? expected)
    {
        var group = minCount is null ? null : Group(minCount.Value);
        Assert.Equal(expected, new GangSchedulingPlugin(new ListedPodGroups(group, pods)).PreEnqueue(Member("a")));
    }

    [Fact]
    public void PreEnqueue_PodAlone_IsLetIn() =>
        Assert.Null(new GangSchedulingPlugin(new ListedPodGroups(null, 0)).PreEnqueue(Cluster.Pod("alone")));

    [Fact]
    public void DecideGroup_RoomForAll_PlacesAll()
    {
        var (view, columns, cycle) = View(Cluster.Node("n1", cpu: "2"), Cluster.Node("n2", cpu: "1"));
        var decision = view.DecideGroup(cycle, [Member("a"), Member("b"), Member("c")], ["a", "b", "c"], 3, _ => null);
        Assert.Equal(GroupVerdict.Placed, decision.Verdict);
        Assert.Equal(["n1", "n1", "n2"], decision.Members.Select(d => d.NodeName).Order());
        Assert.All(new[] { "a", "b", "c" }, uid => Assert.NotNull(columns.Find(uid)));
    }

    [Fact]
    public void DecideGroup_RoomForTooFew_KeepsNoRoomAndTellsEach()
    {
        var (view, columns, cycle) = View(Cluster.Node("n1", cpu: "2"));
        var decision = view.DecideGroup(cycle, [Member("a"), Member("b"), Member("c")], ["a", "b", "c"], 3, _ => null);
        Assert.Equal(GroupVerdict.Unschedulable, decision.Verdict);
        Assert.All(decision.Members, d => Assert.Null(d.NodeName));
        Assert.Equal([TooFew, TooFew], decision.Members.Take(2).Select(d => d.Message));
        Assert.StartsWith("0/1 nodes are available: 1 Insufficient cpu.", decision.Members[2].Message, StringComparison.Ordinal);
        Assert.All(new[] { "a", "b", "c" }, uid => Assert.Null(columns.Find(uid)));
        Assert.Equal(0, columns.RequestedAt(0, columns.SlotOf("n1")));
    }

    [Fact]
    public void DecideGroup_MinCountReached_LeavesOutWhoDoesNotFit()
    {
        var (view, _, cycle) = View(Cluster.Node("n1", cpu: "2"));
        var decision = view.DecideGroup(cycle, [Member("a"), Member("b"), Member("c")], ["a", "b", "c"], 2, _ => null);
        Assert.Equal(GroupVerdict.Placed, decision.Verdict);
        Assert.Equal(["n1", "n1", null], decision.Members.Select(d => d.NodeName));
    }

    [Fact]
    public void DecideGroup_OthersRunAlready_CountWithThem()
    {
        var (view, columns, cycle) = View(Cluster.Node("n1", cpu: "3"));
        Cluster.Place(columns, Member("a"), "n1");
        Cluster.Place(columns, Member("b"), "n1");
        var decision = view.DecideGroup(cycle, [Member("c")], ["a", "b", "c"], 3, _ => null);
        Assert.Equal("n1", Assert.Single(decision.Members).NodeName);
    }

    [Fact]
    public void DecideGroup_EvictionsWouldMakeRoomForAll_NominatesAndBindsNobodyYet()
    {
        var (view, columns, cycle) = View(Cluster.Node("n1", cpu: "1"), Cluster.Node("n2", cpu: "1"));
        Cluster.Place(columns, Cluster.Pod("low", "1"), "n1");
        var decision = view.DecideGroup(cycle, [Member("a", priority: 5), Member("b", priority: 5)], ["a", "b"], 2, _ => null);
        Assert.Equal(GroupVerdict.WaitsForPreemption, decision.Verdict);
        Assert.All(decision.Members, d => Assert.Null(d.NodeName));
        Assert.Equal("n2", decision.Members[0].NominatedNode);
        Assert.Equal("pod group is unschedulable, pod group is waiting for preemption to complete", decision.Members[0].Message);
        Assert.Equal("n1", decision.Members[1].Preemption?.NodeName);
        Assert.NotNull(columns.Find("low"));
        // The room is kept from others meanwhile.
        Assert.Null(view.Decide(cycle, Cluster.Pod("other", "1"), null).NodeName);
    }

    [Fact]
    public void DecideGroup_FirstOfItsVictimsIsGone_KeepsTheRoomUntilTheOthersAre()
    {
        var (view, columns, cycle) = View(Cluster.Node("n1", cpu: "1"), Cluster.Node("n2", cpu: "1"));
        Cluster.Place(columns, Cluster.Pod("low1", "1"), "n1");
        Cluster.Place(columns, Cluster.Pod("low2", "1"), "n2");
        Pod[] gang = [Member("a", priority: 5), Member("b", priority: 5)];
        var first = view.DecideGroup(cycle, gang, ["a", "b"], 2, _ => null);
        Assert.All(first.Members, d => Assert.NotNull(d.Preemption));
        for (var i = 0; i < gang.Length; i++)
            gang[i].Status.NominatedNodeName = first.Members[i].Preemption!.NodeName;
        var (gone, leaving) = (first.Members[0].Preemption!, first.Members[1].Preemption!);
        columns.RemovePod(gone.Victims[0].Pod.Metadata.UID);
        Cluster.Place(columns, Cluster.Pod(leaving.Victims[0].Pod.Metadata.Name, "1", with: p =>
        {
            p.Metadata.DeletionTimestamp = DateTimeOffset.UnixEpoch;
            p.Status.Conditions = [new() { Type = "DisruptionTarget", Status = "True", Reason = "PreemptionByScheduler" }];
        }), leaving.NodeName);

        var second = view.DecideGroup(cycle, gang, ["a", "b"], 2, _ => null);
        Assert.Equal(GroupVerdict.WaitsForPreemption, second.Verdict);
        Assert.All(second.Members, d => Assert.Null(d.NodeName));
        Assert.All(second.Members, d => Assert.Null(d.Preemption));
        Assert.Null(view.Decide(cycle, Cluster.Pod("other", "1"), null).NodeName);
        columns.RemovePod(leaving.Victims[0].Pod.Metadata.UID);
        var third = view.DecideGroup(cycle, gang, ["a", "b"], 2, _ => null);
        Assert.Equal(GroupVerdict.Placed, third.Verdict);
    }

    [Fact]
    public void DecideGroup_EvictionsWouldNotBeEnough_EvictsNobody()
    {
        var (view, columns, cycle) = View(Cluster.Node("n1", cpu: "1"));
        Cluster.Place(columns, Cluster.Pod("low", "1"), "n1");
        var decision = view.DecideGroup(cycle, [Member("a", priority: 5), Member("b", priority: 5)], ["a", "b"], 2, _ => null);
        Assert.Equal(GroupVerdict.Unschedulable, decision.Verdict);
        Assert.All(decision.Members, d => Assert.Null(d.Preemption));
        Assert.NotNull(columns.Find("low"));
        Assert.Null(columns.Find("a"));
    }

    [Fact]
    public async Task Queue_TakeMore_TakesGroupWhereverItWaits()
    {
        var time = new VirtualTimeProvider();
        using var queue = new SchedulingQueue(time);
        queue.Put(Member("a"));
        var a = await queue.TakeAsync(CancellationToken.None);
        queue.PutBack(a, ClusterEvent.NodeAdded);
        queue.Put(Member("b"));
        queue.Put(Member("gated", with: p => p.Spec.SchedulingGates = [new() { Name = "x" }]));
        Assert.Equal(["a", "b"], queue.TakeMore(["a", "b", "gated", "gone"]).Select(q => q.Uid));
        Assert.Equal(2, queue.Count(QueuePlace.InFlight));
        Assert.Equal(1, queue.Count(QueuePlace.Gated));
    }

    [Fact]
    public void Queue_Reconsider_LetsCompletedGangIn()
    {
        var isComplete = false;
        using var queue = new SchedulingQueue(new VirtualTimeProvider(), isGated: _ => !isComplete);
        queue.Put(Member("a"));
        queue.Reconsider(["a"]);
        Assert.Equal(1, queue.Count(QueuePlace.Gated));
        isComplete = true;
        queue.Reconsider(["a", "gone"]);
        Assert.Equal(1, queue.Count(QueuePlace.Active));
    }

    private static (ClusterView View, ClusterColumns Columns, SchedulingCycle Cycle) View(params Objects.Core.V1.Node[] nodes)
    {
        var columns = Cluster.Columns(nodes);
        var view = new ClusterView(columns, new SchedulingQueue(new VirtualTimeProvider()), [Cluster.Profile()]);
        return (view, columns, new SchedulingCycle(columns, Chance.Seeded(1)));
    }

    private static PodGroup Group(int minCount) => new()
    {
        Metadata = { Namespace = "default", Name = "g" },
        Spec = { SchedulingPolicy = minCount == 0 ? new() { Basic = new() } : new() { Gang = new() { MinCount = minCount } } },
    };

    private static Pod Member(string name, int priority = 0, Action<Pod>? with = null) => Cluster.Pod(name, "1", with: pod =>
    {
        pod.Spec.SchedulingGroup = new() { PodGroupName = "g" };
        pod.Spec.Priority = priority;
        with?.Invoke(pod);
    });
}
