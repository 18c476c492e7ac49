using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Scheduler.Tests.Cycle;

public sealed class SchedulingCycleTests
{
    [Fact]
    public void Decide_NoNodes_SaysSo()
    {
        var decision = Cluster.Decide(Cluster.Columns(), Cluster.Pod("p"));
        Assert.Null(decision.NodeName);
        Assert.Equal("no nodes available to schedule pods", decision.Diagnosis.Message(0));
    }

    [Fact]
    public void Decide_SeveralReasons_CountsNodesPerReasonSorted()
    {
        var tainted = Cluster.Node("c");
        tainted.Spec.Taints = [new Taint { Key = "k", Value = "v", Effect = "NoSchedule" }];
        var cordoned = Cluster.Node("d");
        cordoned.Spec.Unschedulable = true;
        var columns = Cluster.Columns(Cluster.Node("a", cpu: "1", memory: "1Gi"), Cluster.Node("b", cpu: "1"), tainted, cordoned);

        var decision = Cluster.Decide(columns, Cluster.Pod("p", cpu: "2", memory: "2Gi"));

        Assert.Null(decision.NodeName);
        Assert.Equal(
            "0/4 nodes are available: 1 Insufficient memory, 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable, 2 Insufficient cpu. "
            + "no new claims to deallocate, preemption: 0/4 nodes are available: 4 Preemption is not helpful for scheduling.",
            decision.Diagnosis.Message(4));
    }

    [Fact]
    public void Decide_NodeFull_SaysTooManyPods()
    {
        var columns = Cluster.Columns(Cluster.Node("a", pods: "1"));
        Cluster.Place(columns, Cluster.Pod("old"), "a");
        Assert.Equal("0/1 nodes are available: 1 Too many pods. no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.", Cluster.Decide(columns, Cluster.Pod("new")).Diagnosis.Message(1));
    }

    [Fact]
    public void Decide_ExtendedResource_CountsPlacedPods()
    {
        var node = Cluster.Node("gpu");
        node.Status.Allocatable!["example.com/gpu"] = Quantity.Parse("1");
        var columns = Cluster.Columns(node, Cluster.Node("plain"));
        var wants = Cluster.Pod("first", with: p => p.Spec.Containers![0].Resources.Requests!["example.com/gpu"] = Quantity.Parse("1"));
        Assert.Equal("gpu", Cluster.Decide(columns, wants).NodeName);
        Cluster.Place(columns, wants, "gpu");
        var second = wants.DeepClone();
        second.Metadata.UID = "second";
        Assert.StartsWith("0/2 nodes are available: 2 Insufficient example.com/gpu. ", Cluster.Decide(columns, second).Diagnosis.Message(2));
    }

    [Theory]
    [InlineData("In", "ssd", "a")]
    [InlineData("NotIn", "ssd", "b")]
    [InlineData("Exists", null, "a")]
    [InlineData("DoesNotExist", null, "b")]
    public void Decide_RequiredAffinity_PicksMatchingNode(string op, string? value, string expected)
    {
        var columns = Cluster.Columns(Cluster.Node("a", labels: ("disk", "ssd")), Cluster.Node("b"));
        var pod = Cluster.Pod("p", with: p => p.Spec.Affinity = new Affinity
        {
            NodeAffinity = new NodeAffinity
            {
                RequiredDuringSchedulingIgnoredDuringExecution = new NodeSelector
                {
                    NodeSelectorTerms =
                    [
                        new NodeSelectorTerm
                        {
                            MatchExpressions = [new NodeSelectorRequirement { Key = "disk", Operator = op, Values = value is null ? null : [value] }],
                        },
                    ],
                },
            },
        });
        Assert.Equal(expected, Cluster.Decide(columns, pod).NodeName);
    }

    [Fact]
    public void Decide_NodeSelectorUnmatched_SaysAffinitySelector()
    {
        var pod = Cluster.Pod("p", with: p => p.Spec.NodeSelector = new() { ["disk"] = "ssd" });
        Assert.StartsWith("0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. ",
            Cluster.Decide(Cluster.Columns(Cluster.Node("a")), pod).Diagnosis.Message(1));
    }

    [Fact]
    public void Decide_HostPortTaken_PicksTheOtherNode()
    {
        var columns = Cluster.Columns(Cluster.Node("a"), Cluster.Node("b"));
        Pod WithPort(string name) =>
            Cluster.Pod(name, with: p => p.Spec.Containers![0].Ports = [new ContainerPort { ContainerPortValue = 80, HostPort = 8080, Protocol = "TCP" }]);
        Cluster.Place(columns, WithPort("old"), "a");
        Assert.Equal("b", Cluster.Decide(columns, WithPort("new")).NodeName);
        Cluster.Place(columns, WithPort("other"), "b");
        Assert.StartsWith("0/2 nodes are available: 2 node(s) didn't have free ports for the requested pod ports. ",
            Cluster.Decide(columns, WithPort("new")).Diagnosis.Message(2));
    }

    [Fact]
    public void Decide_EmptyCluster_SpreadsEvenly()
    {
        var columns = Cluster.Columns(Cluster.Node("a"), Cluster.Node("b"), Cluster.Node("c"));
        var selector = LabelMatcher.Parse("app=web");
        for (var i = 0; i < 9; i++)
        {
            var pod = Cluster.Pod("web-" + i, cpu: "100m", with: p => p.Metadata.Labels = new() { ["app"] = "web" });
            Cluster.Place(columns, pod, Cluster.Decide(columns, pod, seed: i, spread: selector).NodeName!);
        }
        foreach (var node in new[] { "a", "b", "c" })
            Assert.Equal(3, columns.PodsOn(columns.SlotOf(node)).Count);
    }

    [Fact]
    public void Decide_HardSpread_RefusesTheFullDomain()
    {
        var columns = Cluster.Columns(Cluster.Node("a", labels: ("zone", "1")), Cluster.Node("b", cpu: "100m", labels: ("zone", "2")));
        Pod Spread(string name) => Cluster.Pod(name, cpu: "1", with: p =>
        {
            p.Metadata.Labels = new() { ["app"] = "web" };
            p.Spec.TopologySpreadConstraints =
            [
                new TopologySpreadConstraint
                {
                    MaxSkew = 1, TopologyKey = "zone", WhenUnsatisfiable = "DoNotSchedule", LabelSelector = Cluster.Selects("app", "web"),
                },
            ];
        });
        Assert.Equal("a", Cluster.Decide(columns, Spread("one")).NodeName);
        Cluster.Place(columns, Spread("one"), "a");
        Assert.StartsWith("0/2 nodes are available: 1 Insufficient cpu, 1 node(s) didn't match pod topology spread constraints. ",
            Cluster.Decide(columns, Spread("two")).Diagnosis.Message(2));
    }

    [Fact]
    public void Decide_SameSeed_SameNode()
    {
        var columns = Cluster.Columns([.. Enumerable.Range(0, 50).Select(i => Cluster.Node("n" + i))]);
        var picks = Enumerable.Range(0, 5).Select(_ => Cluster.Decide(columns, Cluster.Pod("p"), seed: 42).NodeName).Distinct();
        Assert.Single(picks);
    }

    [Fact]
    public void Decide_ClaimVolume_SaysClaimNotFound()
    {
        var pod = Cluster.Pod("p", with: p => p.Spec.Volumes =
            [new Volume { Name = "data", PersistentVolumeClaim = new PersistentVolumeClaimVolumeSource { ClaimName = "data" } }]);
        Assert.StartsWith("0/1 nodes are available: persistentvolumeclaim \"data\" not found. no new claims to deallocate, preemption: ",
            Cluster.Decide(Cluster.Columns(Cluster.Node("a")), pod).Diagnosis.Message(1));
    }
}
