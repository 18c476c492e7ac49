using Cybernetes.Foundation;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;
using Cybernetes.Scheduler.Cycle;

namespace Cybernetes.Scheduler.Tests.Hostile;

/// <summary>What people send by mistake or to break things: each ends in a decision with clear words, and the next pod is not hurt.</summary>
public sealed class HostileInputTests
{
    [Fact]
    public void Decide_TenThousandTaints_OnlyThePodThatToleratesThemAllFits()
    {
        var node = Cluster.Node("a");
        node.Spec.Taints = [.. Enumerable.Range(0, 10_000).Select(i => new Taint { Key = "key-" + i, Value = "v", Effect = i % 2 == 0 ? "NoSchedule" : "PreferNoSchedule" })];
        var columns = Cluster.Columns(node);
        Assert.StartsWith("0/1 nodes are available: 1 node(s) had untolerated taint", Cluster.Decide(columns, Cluster.Pod("p")).Diagnosis.Message(1), StringComparison.Ordinal);
        Assert.Equal("a", Cluster.Decide(columns, Cluster.Pod("q", with: p => p.Spec.Tolerations = [new Toleration { Operator = "Exists" }])).NodeName);
        var each = Cluster.Pod("r", with: p => p.Spec.Tolerations = [.. Enumerable.Range(0, 10_000).Select(i => new Toleration { Key = "key-" + i, Operator = "Exists" })]);
        Assert.Equal("a", Cluster.Decide(columns, each).NodeName);
        node = node.DeepClone();
        node.Spec.Taints = null;
        columns.SetNode(node);
        Assert.Equal("a", Cluster.Decide(columns, Cluster.Pod("s")).NodeName);
    }

    [Fact]
    public void Decide_TermsThatMeanEveryPod_ColumnsStayTrue()
    {
        var columns = Cluster.Columns([.. Enumerable.Range(0, 20).Select(i => Cluster.Node("n" + i, labels: ("zone", "z" + (i % 4))))]);
        var cycle = new SchedulingCycle(columns, Chance.Seeded(1));
        var profile = Cluster.Profile();
        // An empty selector means all pods, an empty namespace selector all namespaces.
        var all = new PodAffinityTerm { TopologyKey = "zone", LabelSelector = new LabelSelector(), NamespaceSelector = new LabelSelector() };
        Pod Repelling(string name) => Cluster.Pod(name, with: p =>
        {
            p.Metadata.Namespace = name;
            p.Spec.Affinity = new() { PodAntiAffinity = new() { RequiredDuringSchedulingIgnoredDuringExecution = [.. Enumerable.Repeat(all, 50)] } };
        });
        for (var i = 0; i < 4; i++)
        {
            var pod = Repelling("lonely-" + i);
            Cluster.Place(columns, pod, cycle.Decide(Cluster.Facts(columns, pod), profile).NodeName!);
        }
        Assert.Equal(4, columns.Pods.Select(p => columns.LabelsOf(p.Slot)["zone"]).Distinct().Count());
        Assert.StartsWith("0/20 nodes are available: 20 node(s) didn't match pod anti-affinity rules.",
            cycle.Decide(Cluster.Facts(columns, Repelling("fifth")), profile).Diagnosis.Message(20), StringComparison.Ordinal);
        Assert.StartsWith("0/20 nodes are available: 20 node(s) didn't satisfy existing pods anti-affinity rules.",
            cycle.Decide(Cluster.Facts(columns, Cluster.Pod("peaceful")), profile).Diagnosis.Message(20), StringComparison.Ordinal);
        Assert.True(columns.RemovePod("lonely-2"));
        Assert.NotNull(cycle.Decide(Cluster.Facts(columns, Cluster.Pod("peaceful")), profile).NodeName);
    }

    [Theory]
    [InlineData("both selector values", "1 node(s) didn't match Pod's node affinity/selector")]
    [InlineData("near and far from itself", "1 node(s) didn't match pod anti-affinity rules")]
    [InlineData("a node that is not there", "1 node(s) didn't match the requested node name")]
    [InlineData("a key no node has", "1 node(s) didn't match pod topology spread constraints (missing required label)")]
    public void Decide_Contradiction_SaysWhichRule(string what, string expected)
    {
        var columns = Cluster.Columns(Cluster.Node("a", labels: ("zone", "z")));
        Cluster.Place(columns, Cluster.Pod("friend", with: p => p.Metadata.Labels = new() { ["app"] = "x" }), "a");
        var pod = Cluster.Pod("p", with: p => Contradict(p, what));
        Assert.StartsWith($"0/1 nodes are available: {expected}.", Cluster.Decide(columns, pod).Diagnosis.Message(1), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cpu", "9223372036854775807", "1 Insufficient cpu")]
    [InlineData("cpu", "8Ei", "1 Insufficient cpu")]
    [InlineData("memory", "7Ei", "1 Insufficient memory")]
    [InlineData("memory", "99999999999E", "1 Insufficient memory")]
    [InlineData("example.com/gpu", "9223372036854775807", "1 Insufficient example.com/gpu")]
    public void Decide_HugeRequest_IsRefusedAndEvictsNobody(string resource, string amount, string expected)
    {
        var columns = Cluster.Columns(Cluster.Node("a"));
        Cluster.Place(columns, Cluster.Pod("small", "1", "1Gi"), "a");
        var pod = Cluster.Pod("huge", with: p =>
        {
            p.Spec.Priority = int.MaxValue;
            p.Spec.Containers![0].Resources.Requests![resource] = Quantity.Parse(amount);
        });
        var decision = Cluster.Decide(columns, pod);
        Assert.StartsWith($"0/1 nodes are available: {expected}.", decision.Diagnosis.Message(1), StringComparison.Ordinal);
        Assert.Null(decision.Preemption);
        Assert.Equal("a", Cluster.Decide(columns, Cluster.Pod("next", "1", "1Gi")).NodeName);
    }

    [Fact]
    public void Decide_HugeRequestsOfSeveralContainers_DoNotWrapToSmallOnes()
    {
        var columns = Cluster.Columns(Cluster.Node("a"));
        var pod = Cluster.Pod("huge", with: p => p.Spec.Containers = [.. Enumerable.Range(0, 4).Select(i =>
        {
            var container = new Container { Name = "c" + i };
            container.Resources.Requests = new() { ["memory"] = Quantity.Parse("4611686018427387904"), ["cpu"] = Quantity.Parse("4611686018427387904") };
            return container;
        })]);
        Assert.StartsWith("0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory.", Cluster.Decide(columns, pod).Diagnosis.Message(1), StringComparison.Ordinal);
    }

    [Fact]
    public void Decide_NodesComeAndGo_ColumnsAreAsIfMadeAnew()
    {
        var random = new Random(7);
        var columns = Cluster.Columns();
        var cycle = new SchedulingCycle(columns, Chance.Seeded(1));
        var profile = Cluster.Profile();
        var there = new HashSet<string>();
        for (var i = 0; i < 3000; i++)
        {
            var name = "n" + random.Next(30);
            if (there.Remove(name))
                columns.RemoveNode(name);
            else
            {
                there.Add(name);
                columns.SetNode(Cluster.Node(name, cpu: "4"));
            }
            var pod = Cluster.Pod("p" + i, "1");
            var decision = cycle.Decide(Cluster.Facts(columns, pod), profile);
            // Pods of a node that is gone stay known until they are gone: when it comes back, they take their room again.
            var free = there.Where(n => columns.PodsOn(columns.SlotOf(n)).Count < 4).ToHashSet();
            Assert.Equal(free.Count, decision.FeasibleNodes);
            if (decision.NodeName is null)
                continue;
            Assert.Contains(decision.NodeName, free);
            Cluster.Place(columns, pod, decision.NodeName);
        }
    }

    private static void Contradict(Pod pod, string what)
    {
        pod.Metadata.Labels = new() { ["app"] = "x" };
        var near = new PodAffinityTerm { TopologyKey = "zone", LabelSelector = Cluster.Selects("app", "x") };
        switch (what)
        {
            case "both selector values":
                pod.Spec.NodeSelector = new() { ["zone"] = "z" };
                pod.Spec.Affinity = new()
                {
                    NodeAffinity = new()
                    {
                        RequiredDuringSchedulingIgnoredDuringExecution = new()
                        {
                            NodeSelectorTerms =
                    [new() { MatchExpressions = [new() { Key = "zone", Operator = "NotIn", Values = ["z"] }] }]
                        }
                    }
                };
                break;
            case "near and far from itself":
                pod.Spec.Affinity = new()
                {
                    PodAffinity = new() { RequiredDuringSchedulingIgnoredDuringExecution = [near] },
                    PodAntiAffinity = new() { RequiredDuringSchedulingIgnoredDuringExecution = [near] }
                };
                break;
            case "a node that is not there":
                pod.Spec.NodeName = "nowhere";
                break;
            default:
                pod.Spec.TopologySpreadConstraints = [new() { MaxSkew = 1, TopologyKey = "rack", WhenUnsatisfiable = "DoNotSchedule", LabelSelector = near.LabelSelector }];
                break;
        }
    }
}
