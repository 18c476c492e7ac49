using Cybernetes.Controllers.Ownership;
using Cybernetes.Controllers.ReplicaSets;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.Tests.ReplicaSets;

public sealed class ReplicaSetReconcilerTests
{
    private static readonly DateTimeOffset s_now = Make.Start.AddHours(1);

    private static string[] Deleted(int count, params Pod[] pods) =>
        [.. ReplicaSetReconciler.ToDelete(pods, pods, count, s_now).Select(p => p.Metadata.Name)];

    [Theory]
    [InlineData(3, 0, 3, 0)]
    [InlineData(3, 3, 0, 0)]
    [InlineData(1, 3, 0, 2)]
    [InlineData(2000, 0, 500, 0)]
    [InlineData(0, 700, 0, 500)]
    public void Reconcile_Difference_IsMadeUpInBursts(int wanted, int there, int create, int delete)
    {
        var set = Make.Set(Make.Deployment(wanted), "web:1", wanted);
        var pods = Enumerable.Range(0, there).Select(i => Make.Pod("p" + i)).ToList();
        var plan = ReplicaSetReconciler.Reconcile(set, pods, () => pods, s_now);

        Assert.Equal((create, delete), (plan.Create, plan.Delete.Count));
    }

    [Fact]
    public void ToDelete_AllDifferences_InUpstreamsOrder()
    {
        var unplaced = Make.Pod("1-unplaced", node: "");
        var pending = Make.Pod("2-pending", ready: false).With(p => p.Status.Phase = PodPhase.Pending);
        var unready = Make.Pod("3-unready", ready: false);
        var cheap = Make.Pod("4-cheap", node: "b").With(p => p.Metadata.Annotations = new() { ["controller.kubernetes.io/pod-deletion-cost"] = "-5" });
        var crowdedYoung = Make.Pod("5-crowded-young", node: "c", readySeconds: -3500);
        var crowdedOld = Make.Pod("6-crowded-old", node: "c", readySeconds: 100);
        var aloneRestarted = Make.Pod("7-alone-restarted", node: "d", readySeconds: 100).With(p => p.Status.ContainerStatuses = [new() { RestartCount = 3 }]);
        var alone = Make.Pod("8-alone", node: "e", readySeconds: 100);
        Pod[] pods = [alone, crowdedOld, unready, cheap, unplaced, aloneRestarted, pending, crowdedYoung];

        Assert.Equal(pods.Select(p => p.Metadata.Name).Order().Take(7), Deleted(7, pods));
        Assert.Equal(["1-unplaced"], Deleted(1, pods));
    }

    [Fact]
    public void ToDelete_AgesOfOneMagnitude_GoByUid()
    {
        // 3600 s and 3500 s have one logarithm: the younger is not singled out, or whole nodes would empty first.
        var older = Make.Pod("a", readySeconds: 0);
        var younger = Make.Pod("b", readySeconds: -100, node: "node-2");

        Assert.Equal(["a"], Deleted(1, younger, older));
    }

    [Fact]
    public void Status_OfPods_CountsReadyAvailableLabelledTerminating()
    {
        var set = Make.Set(Make.Deployment(4), "web:1", 4);
        set.Metadata.Generation = 7;
        set.Spec.MinReadySeconds = 50;
        set.Spec.Template.Metadata.Labels = new() { ["app"] = "web", ["extra"] = "x" };
        Pod[] pods =
        [
            Make.Pod("a", readySeconds: -3500), Make.Pod("b", readySeconds: -3590).With(p => p.Metadata.Labels!["extra"] = "x"), Make.Pod("c", ready: false),
            Make.Pod("d").With(p => p.Metadata.DeletionTimestamp = s_now), Make.Pod("e").With(p => p.Status.Phase = PodPhase.Failed),
        ];
        var status = ReplicaSetReconciler.Status(set, pods, null, false, s_now);

        Assert.Equal((3, 2, 1, 1, 1L, 7L),
            (status.Replicas, status.ReadyReplicas, status.AvailableReplicas, status.FullyLabeledReplicas,
                (long)status.TerminatingReplicas!, status.ObservedGeneration));
        Assert.Equal(TimeSpan.FromSeconds(40), ReplicaSetReconciler.Reconcile(set, pods[..3], () => pods[..3], s_now).CheckAfter);
    }

    [Fact]
    public void Status_FailureThenNone_SetsAndTakesTheCondition()
    {
        var set = Make.Set(Make.Deployment(4), "web:1", 4, 0);
        set.Status = ReplicaSetReconciler.Status(set, [], "quota", creating: true, s_now);
        var condition = Assert.Single(set.Status.Conditions!);
        Assert.Equal(("ReplicaFailure", "True", "FailedCreate", "quota"), (condition.Type, condition.Status, condition.Reason, condition.Message));

        var again = ReplicaSetReconciler.Status(set, [], "quota", creating: true, s_now.AddHours(1));
        Assert.True(again.SemanticEquals(set.Status));
        Assert.Null(ReplicaSetReconciler.Status(set, [], null, false, s_now).Conditions);
    }

    [Theory]
    [InlineData(10, 10, "1 2 4 3")]
    [InlineData(10, 2, "1 2")]
    [InlineData(0, 10, "")]
    public async Task SlowStart_Batches_DoubleUntilAFailure(int count, int works, string expected)
    {
        var calls = 0;
        var (made, failure) = await SlowStart.RunAsync(count, _ => Task.FromResult<Exception?>(calls++ < works ? null : new IOException("no")));

        var tried = expected.Length == 0 ? 0 : expected.Split(' ').Sum(int.Parse);
        Assert.Equal(Math.Min(works, count), made);
        Assert.Equal(made < count, failure is not null);
        Assert.Equal(made < count ? 3 : tried, calls);
    }
}
