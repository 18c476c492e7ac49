using Cybernetes.Controllers.DaemonSets;
using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Workloads;
using ClusterNode = Cybernetes.Objects.Core.V1.Node;

namespace Cybernetes.Controllers.Tests.DaemonSets;

public sealed class DaemonSetReconcilerTests
{
    private static readonly DateTimeOffset s_now = Make.Start.AddHours(1);

    private static DaemonSet Set(string unavailable = "1", string surge = "0", string type = "RollingUpdate") => new()
    {
        Metadata = { Name = "agent", Namespace = "default", UID = "ds-1", Generation = 1 },
        Spec =
        {
            Selector = new() { MatchLabels = new() { ["app"] = "agent" } },
            Template = Make.Template("agent:1").With(t => t.Metadata.Labels = new() { ["app"] = "agent" }),
            UpdateStrategy = { Type = type, RollingUpdate = new() { MaxUnavailable = Make.Amount(unavailable), MaxSurge = Make.Amount(surge) } },
        },
    };

    /// <summary>A pod by a word: name, node, revision (n or o), state (r ready, u unready, f failed, s succeeded, d going).</summary>
    private static Pod Pod(string word)
    {
        var parts = word.Split('/');
        var pod = Make.Pod(parts[0], ready: parts[3] == "r", node: parts[1]);
        pod.Metadata.Labels![DaemonPods.HashLabel] = parts[2] == "n" ? "new" : "old";
        pod.Status.Phase = parts[3] switch { "f" => PodPhase.Failed, "s" => PodPhase.Succeeded, _ => PodPhase.Running };
        pod.Metadata.DeletionTimestamp = parts[3] == "d" ? s_now : null;
        return pod;
    }

    private static string Plan(DaemonSet set, string nodes, string pods, double backoff = 0)
    {
        var plan = DaemonSetReconciler.Reconcile(
            set, [.. pods.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Pod)],
            [.. nodes.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(n => Make.Node(n))],
            "new", _ => TimeSpan.FromSeconds(backoff), s_now);
        return string.Join(' ', plan.Create.Select(n => "+" + n).Concat(plan.Delete.Select(p => "-" + p.Metadata.Name)));
    }

    [Theory]
    [InlineData("a b", "", "+a +b")]
    [InlineData("a b", "p/a/n/r", "+b")]
    [InlineData("a", "p/a/n/r q/a/n/r", "-q")] // one too many: the older stays
    [InlineData("a", "p/a/n/f", "-p")]
    [InlineData("a", "p/a/n/s", "-p")]
    [InlineData("a", "p/a/n/d", "")] // its node waits until it is gone
    [InlineData("a", "p/gone/n/r", "+a")] // of a node that is gone: the pod collector's
    public void Reconcile_Pods_OneOnEachNode(string nodes, string pods, string expected) => Assert.Equal(expected, Plan(Set(), nodes, pods));

    [Theory]
    [InlineData("a b c", "p/a/o/r q/b/o/r r/c/o/r", "1", "-p")]
    [InlineData("a b c", "p/a/o/r q/b/o/r r/c/o/r", "2", "-p -q")]
    [InlineData("a b c", "p/a/o/r q/b/o/r r/c/o/r", "50%", "-p -q")] // rounds up
    [InlineData("a b c", "p/a/n/u q/b/o/r r/c/o/r", "1", "")] // the new one is not there yet
    [InlineData("a b c", "p/a/n/u q/b/o/u r/c/o/r", "1", "-q")] // not available anyway: costs nothing
    [InlineData("a b c", "p/a/n/r q/b/o/d r/c/o/r", "1", "")]
    [InlineData("a b c", "p/a/n/r q/b/n/r r/c/o/r", "1", "-r")]
    [InlineData("a b", "p/a/o/r q/b/o/r", "0%", "-p")] // neither surge nor unavailable: one at a time
    public void Reconcile_OldPods_GoAsManyAsMayBeMissing(string nodes, string pods, string unavailable, string expected) =>
        Assert.Equal(expected, Plan(Set(unavailable), nodes, pods));

    [Theory]
    [InlineData("a b", "p/a/o/r q/b/o/r", "1", "+a")]
    [InlineData("a b", "p/a/o/r q/b/o/r", "100%", "+a +b")]
    [InlineData("a b", "p/a/o/r pn/a/n/u q/b/o/r", "1", "")]
    [InlineData("a b", "p/a/o/r pn/a/n/r q/b/o/r", "1", "-p")]
    [InlineData("a b", "p/a/o/u q/b/o/r", "1", "+a +b")] // an old pod that is not available costs no surge
    [InlineData("a", "p/a/o/u pn/a/n/u", "1", "-p")]
    public void Reconcile_Surge_NewBesideOldThenOldGoes(string nodes, string pods, string surge, string expected) =>
        Assert.Equal(expected, Plan(Set("0", surge), nodes, pods));

    [Fact]
    public void Reconcile_OnDelete_LeavesOldPods() => Assert.Equal("", Plan(Set(type: "OnDelete"), "a b", "p/a/o/r q/b/o/r"));

    [Fact]
    public void Reconcile_FailedPodInBackoff_WaitsAndComesBack()
    {
        var plan = DaemonSetReconciler.Reconcile(Set(), [Pod("p/a/n/f")], [Make.Node("a")], "new", _ => TimeSpan.FromSeconds(8), s_now);

        Assert.Empty(plan.Delete);
        Assert.Equal(TimeSpan.FromSeconds(8), plan.CheckAfter);
        var ended = DaemonSetReconciler.Reconcile(Set(), [Pod("p/a/n/f")], [Make.Node("a")], "new", _ => TimeSpan.Zero, s_now).Ended;
        Assert.Equal("Found failed daemon pod default/p on node a, will try to kill it", Assert.Single(ended).Message);
    }

    [Fact]
    public void Reconcile_ManyNodes_MakesABurst() =>
        Assert.Equal(250, DaemonSetReconciler.Reconcile(
            Set(), [], [.. Enumerable.Range(0, 1000).Select(i => Make.Node("n" + i))], "new", _ => TimeSpan.Zero, s_now).Create.Count);

    [Theory]
    [InlineData("node.kubernetes.io/unschedulable:NoSchedule", true, true)]
    [InlineData("node.kubernetes.io/not-ready:NoExecute", true, true)]
    [InlineData("node.kubernetes.io/network-unavailable:NoSchedule", false, true)]
    [InlineData("own:NoSchedule", false, true)]
    [InlineData("own:NoExecute", false, false)]
    [InlineData("own:PreferNoSchedule", true, true)]
    public void NodeFit_Taint_KeepsOutOrDrivesOff(string taint, bool should, bool continues)
    {
        var node = Make.Node("a", taints: new Taint { Key = taint.Split(':')[0], Effect = taint.Split(':')[1] });

        Assert.Equal((should, continues), new NodeFit(Set()).Of(node));
    }

    [Fact]
    public void NodeFit_HostNetwork_ToleratesANodeWithoutNetwork()
    {
        var set = Set().With(s => s.Spec.Template.Spec.HostNetwork = true);
        var node = Make.Node("a", taints: new Taint { Key = "node.kubernetes.io/network-unavailable", Effect = "NoSchedule" });

        Assert.Equal((true, true), new NodeFit(set).Of(node));
    }

    [Fact]
    public void NodeFit_SelectorAffinityAndName_Decide()
    {
        var ssd = Make.Node("a").With(n => n.Metadata.Labels = new() { ["disk"] = "ssd", ["cpus"] = "8" });
        var hdd = Make.Node("b").With(n => n.Metadata.Labels = new() { ["disk"] = "hdd", ["cpus"] = "4" });
        bool[] Fits(Action<PodSpec> change) => [.. new[] { ssd, hdd }.Select(n => new NodeFit(Set().With(s => change(s.Spec.Template.Spec))).Of(n).ShouldRun)];
        void Affinity(PodSpec spec, string op, params string[] values) => spec.Affinity = new()
        {
            NodeAffinity = new()
            {
                RequiredDuringSchedulingIgnoredDuringExecution = new()
                {
                    NodeSelectorTerms = [new() { MatchExpressions = [new() { Key = op is "Gt" or "Lt" ? "cpus" : "disk", Operator = op, Values = [.. values] }] }],
                },
            },
        };

        Assert.Equal([true, false], Fits(s => s.NodeSelector = new() { ["disk"] = "ssd" }));
        Assert.Equal([false, true], Fits(s => s.NodeName = "b"));
        Assert.Equal([true, false], Fits(s => Affinity(s, "In", "ssd", "nvme")));
        Assert.Equal([false, true], Fits(s => Affinity(s, "NotIn", "ssd")));
        Assert.Equal([true, false], Fits(s => Affinity(s, "Gt", "6")));
        Assert.Equal([false, false], Fits(s => Affinity(s, "DoesNotExist")));
    }

    [Fact]
    public void Status_OfNodesAndPods_Counts()
    {
        var set = Set().With(s => s.Spec.MinReadySeconds = 10).With(s => s.Metadata.Generation = 4);
        ClusterNode[] nodes = [Make.Node("a"), Make.Node("b"), Make.Node("c"), Make.Node("x", taints: new Taint { Key = "own", Effect = "NoSchedule" })];
        Pod[] pods = [Pod("p/a/n/r"), Pod("q/b/o/u"), Pod("r/x/n/r")];
        var status = DaemonSetReconciler.Status(set, pods, nodes, "new", s_now);

        Assert.Equal(
            (3, 2, 1, 1, 1, 1, 2, 4L),
            (status.DesiredNumberScheduled, status.CurrentNumberScheduled, status.NumberMisscheduled, status.NumberReady,
                status.UpdatedNumberScheduled, status.NumberAvailable, status.NumberUnavailable, status.ObservedGeneration));
    }

    [Fact]
    public void For_Node_PodIsHeldToItAndToleratesItsIlls()
    {
        var set = Set().With(s => s.Spec.Template.Spec.Tolerations = [new() { Key = "own", Operator = "Exists" }]);
        set.Metadata.Annotations = new() { ["deprecated.daemonset.template.generation"] = "3" };
        var pod = DaemonPods.For(set, DaemonPods.Template(set, "new"), "a");

        Assert.Equal("a", DaemonPods.NodeOf(pod));
        Assert.Equal(("agent-", "new", "3"), (pod.Metadata.GenerateName, pod.Metadata.Labels![DaemonPods.HashLabel], pod.Metadata.Labels["pod-template-generation"]));
        Assert.Equal(7, pod.Spec.Tolerations!.Count);
        Assert.True(Tolerations.Tolerate(pod.Spec.Tolerations, new Taint { Key = "node.kubernetes.io/disk-pressure", Effect = "NoSchedule" }));
        Assert.True(DaemonPods.IsUpdated(set, pod, "other")); // by its generation
        Assert.Equal("ds-1", OwnerReferences.ControllerOf(pod)!.UID);
        Assert.Single(set.Spec.Template.Spec.Tolerations!);
    }
}
