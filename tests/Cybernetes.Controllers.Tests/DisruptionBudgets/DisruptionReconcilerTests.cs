using Cybernetes.Controllers.DisruptionBudgets;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Policy.V1;

namespace Cybernetes.Controllers.Tests.DisruptionBudgets;

/// <summary>What budgets allow.</summary>
public sealed class DisruptionReconcilerTests
{
    private static PodDisruptionBudget Budget(string? minAvailable, string? maxUnavailable) => new()
    {
        Metadata = { Namespace = "default", Name = "web", Generation = 3 },
        Spec =
        {
            MinAvailable = minAvailable is null ? (IntOrString?)null : Make.Amount(minAvailable),
            MaxUnavailable = maxUnavailable is null ? (IntOrString?)null : Make.Amount(maxUnavailable),
        },
    };

    private static List<Pod> Pods(int ready, int unready = 0) =>
    [
        .. Enumerable.Range(0, ready).Select(i => Make.Pod("r" + i)), .. Enumerable.Range(0, unready).Select(i => Make.Pod("u" + i, ready: false)),
    ];

    [Theory]
    [InlineData("2", null, 3, 0, 3, 3, 2, 1)]
    [InlineData("2", null, 1, 0, 1, 1, 2, 0)]
    [InlineData("50%", null, 3, 0, 3, 3, 2, 1)]
    [InlineData("100%", null, 3, 0, 3, 3, 3, 0)]
    [InlineData(null, "1", 3, 0, 3, 3, 2, 1)]
    [InlineData(null, "1", 2, 1, 3, 3, 2, 0)]
    [InlineData(null, "30%", 10, 0, 10, 10, 7, 3)]
    [InlineData(null, "1%", 3, 0, 3, 3, 2, 1)]
    [InlineData(null, "200%", 3, 0, 3, 3, 0, 3)]
    [InlineData("0", null, 0, 0, 0, 0, 0, 0)]
    [InlineData(null, null, 3, 0, 3, 0, 0, 0)]
    public void Reconcile_ByBudget_GivesNumbers(
        string? min, string? max, int ready, int unready, int scale, int expected, int desired, int allowed)
    {
        var (budget, pods) = (Budget(min, max), Pods(ready, unready));

        var status = DisruptionReconciler.Reconcile(budget, pods, DisruptionReconciler.Expect(budget, pods.Count, scale), Make.Start).Status;

        Assert.Equal((expected, desired, ready, allowed), (status.ExpectedPods, status.DesiredHealthy, status.CurrentHealthy, status.DisruptionsAllowed));
        Assert.Equal(3, status.ObservedGeneration);
        Assert.Equal(allowed > 0 ? ("True", "SufficientPods") : ("False", "InsufficientPods"), (status.Conditions![0].Status, status.Conditions[0].Reason));
    }

    [Theory]
    [InlineData(60, 1, true)]
    [InlineData(121, 2, false)]
    public void Reconcile_EvictionNotSeenYet_CountsUntilItTimesOut(int seconds, int allowed, bool isKept)
    {
        var budget = Budget("1", null);
        budget.Status.DisruptedPods = new() { ["r0"] = Make.Start, ["gone"] = Make.Start };

        var plan = DisruptionReconciler.Reconcile(budget, Pods(3), new(3, 1), Make.Start.AddSeconds(seconds));

        Assert.Equal(allowed, plan.Status.DisruptionsAllowed);
        Assert.Equal(isKept ? ["r0"] : null, plan.Status.DisruptedPods?.Keys);
        Assert.Equal(isKept ? Make.Start.AddMinutes(2) : null, plan.LookAgainAt);
        Assert.Equal(isKept ? [] : ["r0"], plan.NotDeleted.Select(p => p.Metadata.Name));
    }

    [Fact]
    public void Failed_Unknown_AllowsNothing()
    {
        var budget = Budget("1", null);
        budget.Status.DisruptionsAllowed = 2;

        var status = DisruptionReconciler.Failed(budget, "jobs.batch does not implement the scale subresource", Make.Start);

        Assert.Equal((0, "SyncFailed"), (status.DisruptionsAllowed, status.Conditions![0].Reason));
    }
}
