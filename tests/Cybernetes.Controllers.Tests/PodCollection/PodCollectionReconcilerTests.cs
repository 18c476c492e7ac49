using Cybernetes.Controllers.PodCollection;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.Tests.PodCollection;

public sealed class PodCollectionReconcilerTests
{
    private static readonly HashSet<string> s_nodes = ["n1", "dead"];
    private static readonly HashSet<string> s_lost = ["lost"];
    private static readonly HashSet<string> s_dead = ["dead"];

    private static string[] Collected(int threshold, params Pod[] pods) =>
        [.. PodCollectionReconciler.Reconcile(pods, s_nodes, s_lost, s_dead, threshold).Select(c => c.Pod.Metadata.Name)];

    [Fact]
    public void Reconcile_PodsNobodyFinishes_AreCollected()
    {
        Pod[] pods =
        [
            Make.Pod("alive", node: "n1"), Make.Pod("lost", node: "lost"), Make.Pod("trailing", node: "not-yet-known"),
            Make.Pod("unplaced", node: ""), Make.Pod("unplaced-deleted", node: "").With(p => p.Metadata.DeletionTimestamp = Make.Start),
            Make.Pod("dead", node: "dead"), Make.Pod("dead-deleted", node: "dead").With(p => p.Metadata.DeletionTimestamp = Make.Start),
        ];

        Assert.Equal(["lost", "unplaced-deleted", "dead-deleted"], Collected(0, pods));
    }

    [Theory]
    [InlineData(0, "")]
    [InlineData(-1, "")]
    [InlineData(4, "")]
    [InlineData(2, "evicted oldest")]
    [InlineData(3, "evicted")]
    public void Reconcile_FinishedBeyondThreshold_EvictedThenOldestGo(int threshold, string expected)
    {
        Pod Finished(string name, int age) => Make.Pod(name, node: "n1", readySeconds: age).With(p => p.Status.Phase = PodPhase.Failed);
        Pod[] pods =
        [
            Finished("young", 1), Finished("oldest", 90), Finished("old", 50),
            Finished("evicted", 0).With(p => p.Status.Reason = "Evicted"), Make.Pod("running", node: "n1"),
        ];

        Assert.Equal(expected, string.Join(' ', Collected(threshold, pods)));
    }
}
