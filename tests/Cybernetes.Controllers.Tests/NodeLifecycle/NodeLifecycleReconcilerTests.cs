using Cybernetes.Controllers.NodeLifecycle;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using ClusterNode = Cybernetes.Objects.Core.V1.Node;

namespace Cybernetes.Controllers.Tests.NodeLifecycle;

public sealed class NodeLifecycleReconcilerTests
{
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(50);
    private static readonly TimeSpan s_startup = TimeSpan.FromSeconds(60);

    private static NodePlan Look(ClusterNode node, string heartbeat, NodeHealth? before, int second) =>
        NodeLifecycleReconciler.Reconcile(node, heartbeat, before, s_grace, s_startup, Make.Start.AddSeconds(second));

    [Fact]
    public void Reconcile_Heartbeats_KeepTheNode()
    {
        var node = Make.Node("n");
        var first = Look(node, "1", null, 0);
        var second = Look(node, "2", first.Health, 49);

        Assert.Null(Look(node, "2", second.Health, 99).Conditions);
        Assert.Equal(Make.Start.AddSeconds(49), second.Health.LastHeard);
    }

    [Fact]
    public void Reconcile_Silent_MarksWhatItWatchesUnknown()
    {
        var node = Make.Node("n");
        node.Status.Conditions!.Add(new() { Type = "DiskPressure", Status = "False" });
        var first = Look(node, "1", null, 0);
        Assert.Null(Look(node, "1", first.Health, 50).Conditions);
        var plan = Look(node, "1", first.Health, 51);

        Assert.True(plan.BecameSilent && plan.IsSilent);
        Assert.Equal(
            [("Ready", "Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status."),
                ("DiskPressure", "Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status."),
                ("MemoryPressure", "Unknown", "NodeStatusNeverUpdated", "Kubelet never posted node status."),
                ("PIDPressure", "Unknown", "NodeStatusNeverUpdated", "Kubelet never posted node status.")],
            plan.Conditions!.Select(c => (c.Type, c.Status, c.Reason, c.Message)));
        node.Status.Conditions = [.. plan.Conditions!];
        var later = Look(node, "1", plan.Health, 100);
        Assert.True(later is { Conditions: null, BecameSilent: false, IsSilent: true });
    }

    [Fact]
    public void Reconcile_NeverReady_HasTheStartupGrace()
    {
        var node = Make.Node("n", ready: "");
        var first = Look(node, "1", null, 0);

        Assert.Null(Look(node, "1", first.Health, 60).Conditions);
        Assert.Equal(4, Look(node, "1", first.Health, 61).Conditions!.Count);
    }

    [Theory]
    [InlineData("True", false, "")]
    [InlineData("False", false, "not-ready:NoSchedule not-ready:NoExecute")]
    [InlineData("Unknown", false, "unreachable:NoSchedule unreachable:NoExecute")]
    [InlineData("True", true, "unschedulable:NoSchedule")]
    public void Taints_ByReadiness_AreUpstreams(string ready, bool unschedulable, string expected)
    {
        var node = Make.Node(
            "n", ready, new Taint { Key = "mine", Effect = "NoSchedule" }, new Taint { Key = "node.kubernetes.io/disk-pressure", Effect = "NoSchedule" });
        node.Spec.Unschedulable = unschedulable;
        var taints = NodeLifecycleReconciler.Taints(node, Make.Start, () => true)!;

        Assert.Equal("mine", taints[0].Key);
        Assert.Equal(expected, string.Join(' ', taints.Skip(1).Select(t => $"{t.Key["node.kubernetes.io/".Length..]}:{t.Effect}")));
        Assert.All(taints.Skip(1), t => Assert.Equal(Make.Start, t.TimeAdded));
        node.Spec.Taints = taints;
        Assert.Null(NodeLifecycleReconciler.Taints(node, Make.Start.AddHours(1), () => true));
    }

    [Fact]
    public void Taints_Recovered_GoAndOthersStay()
    {
        var node = Make.Node("n", "Unknown", new Taint { Key = "drain", Effect = "NoExecute" });
        node.Spec.Taints = NodeLifecycleReconciler.Taints(node, Make.Start, () => true);
        node.Status.Conditions![0].Status = "True";

        Assert.Equal(["drain"], NodeLifecycleReconciler.Taints(node, Make.Start, () => true)!.Select(t => t.Key));
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("key=t op=Exists seconds=300", 300)]
    [InlineData("key=t op=Exists", -1)]
    [InlineData("op=Exists", -1)]
    [InlineData("key=t op=Equal value=other", 0)]
    [InlineData("key=t value=v seconds=60", 60)]
    [InlineData("key=t op=Exists effect=NoSchedule", 0)]
    [InlineData("key=t op=Exists effect=NoExecute seconds=0", 0)]
    [InlineData("key=t op=Exists seconds=60;key=t op=Exists seconds=10", 60)]
    public void DueAt_ByTolerations_IsUpstreams(string tolerations, int expected)
    {
        var node = Make.Node("n", "True", new Taint { Key = "t", Value = "v", Effect = "NoExecute", TimeAdded = Make.Start });
        var pod = Make.Pod("a");
        pod.Spec.Tolerations = [.. tolerations.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(Toleration)];

        Assert.Equal(expected < 0 ? null : Make.Start.AddSeconds(expected), TaintEviction.DueAt(pod, node));
    }

    [Fact]
    public void DueAt_PodCameAfterTheTaint_HasItsWholeTime()
    {
        var node = Make.Node("n", "True", new Taint { Key = "t", Effect = "NoExecute", TimeAdded = Make.Start });
        var pod = Make.Pod("a").With(p => p.Metadata.CreationTimestamp = Make.Start.AddHours(1));
        pod.Spec.Tolerations = [new() { Operator = "Exists", TolerationSeconds = 30 }];

        Assert.Equal(Make.Start.AddHours(1).AddSeconds(30), TaintEviction.DueAt(pod, node));
    }

    private static Toleration Toleration(string text)
    {
        var parts = text.Split(' ').Select(p => p.Split('=')).ToDictionary(p => p[0], p => p[1]);
        return new()
        {
            Key = parts.GetValueOrDefault("key", ""), Operator = parts.GetValueOrDefault("op", ""), Value = parts.GetValueOrDefault("value", ""),
            Effect = parts.GetValueOrDefault("effect", ""), TolerationSeconds = parts.TryGetValue("seconds", out var s) ? long.Parse(s) : null,
        };
    }

    [Theory]
    [InlineData("Unknown", "", false, false, "unreachable:NoSchedule")]
    [InlineData("Unknown", "", true, false, "unreachable:NoExecute,unreachable:NoSchedule")]
    [InlineData("False", "node.kubernetes.io/unreachable", false, false, "not-ready:NoExecute,not-ready:NoSchedule")]
    [InlineData("Unknown", "node.kubernetes.io/unreachable", true, true, "unreachable:NoSchedule")]
    [InlineData("True", "node.kubernetes.io/unreachable", false, false, "")]
    public void Taints_OfANodeInTrouble_GiveItUpOnlyWhenItsZoneLets(string ready, string givenUp, bool mayEvict, bool isCutOff, string taints)
    {
        var node = Make.Node("a", ready, givenUp.Length == 0 ? [] : [new() { Key = givenUp, Effect = "NoExecute", TimeAdded = Make.Start }]);

        var changed = NodeLifecycleReconciler.Taints(node, Make.Start, () => mayEvict, isCutOff);

        Assert.Equal(taints, string.Join(',', changed!.Select(t => $"{t.Key["node.kubernetes.io/".Length..]}:{t.Effect}").Order(StringComparer.Ordinal)));
    }
}
