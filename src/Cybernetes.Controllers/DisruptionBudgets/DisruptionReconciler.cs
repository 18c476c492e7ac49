using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Policy.V1;
using Condition = Cybernetes.Objects.Meta.V1.Condition;

namespace Cybernetes.Controllers.DisruptionBudgets;

/// <summary>How many pods there should be, and how many of them must be healthy.</summary>
internal readonly record struct Expectation(int Expected, int DesiredHealthy);

/// <summary>A budget's status, and when it has to be looked at again.</summary>
internal sealed record DisruptionPlan(PodDisruptionBudgetStatus Status, DateTimeOffset? LookAgainAt, IReadOnlyList<Pod> NotDeleted);

/// <summary>Counts what a disruption budget allows. Pure. Source: upstream's disruption controller.</summary>
internal static class DisruptionReconciler
{
    public const string ConditionType = "DisruptionAllowed";

    /// <summary>How long an eviction that was allowed may take to show as a deletion.</summary>
    public static readonly TimeSpan DeletionTimeout = TimeSpan.FromMinutes(2);

    /// <summary>Whether the number of pods that controllers want has to be asked for.</summary>
    public static bool NeedsScale(PodDisruptionBudget budget) =>
        budget.Spec.MaxUnavailable is not null || budget.Spec.MinAvailable is { IsString: true };

    /// <param name="budget">The budget.</param>
    /// <param name="pods">How many pods it selects.</param>
    /// <param name="scale">What their controllers want, where <see cref="NeedsScale"/>.</param>
    public static Expectation Expect(PodDisruptionBudget budget, int pods, int scale)
    {
        if (budget.Spec.MaxUnavailable is { } unavailable)
            return new(scale, Math.Max(0, scale - Share(unavailable, scale)));
        if (budget.Spec.MinAvailable is not { } available)
            return new(0, 0);
        return available.IsString ? new(scale, Share(available, scale)) : new(pods, available.IntValue);
    }

    public static DisruptionPlan Reconcile(
        PodDisruptionBudget budget, IReadOnlyList<Pod> pods, Expectation expectation, DateTimeOffset now)
    {
        var (disrupted, again, notDeleted) = Disrupted(budget, pods, now);
        var healthy = pods.Count(p => p.Metadata.DeletionTimestamp is null && PodState.IsReady(p) && !disrupted.ContainsKey(p.Metadata.Name));
        var allowed = expectation.Expected <= 0 ? 0 : Math.Max(0, healthy - expectation.DesiredHealthy);
        var status = budget.Status.DeepClone();
        status.CurrentHealthy = healthy;
        status.DesiredHealthy = expectation.DesiredHealthy;
        status.ExpectedPods = expectation.Expected;
        status.DisruptionsAllowed = allowed;
        status.DisruptedPods = disrupted.Count == 0 ? null : disrupted;
        status.ObservedGeneration = budget.Metadata.Generation;
        SetCondition(status, budget, allowed > 0, allowed > 0 ? "SufficientPods" : "InsufficientPods", "", now);
        return new(status, again, notDeleted);
    }

    /// <summary>Nothing may be disrupted while the numbers are not known.</summary>
    public static PodDisruptionBudgetStatus Failed(PodDisruptionBudget budget, string message, DateTimeOffset now)
    {
        var status = budget.Status.DeepClone();
        status.DisruptionsAllowed = 0;
        SetCondition(status, budget, false, "SyncFailed", message, now);
        return status;
    }

    /// <summary>Evictions that were allowed and have not shown yet; those that never did are forgotten after a while.</summary>
    private static (Dictionary<string, DateTimeOffset> Kept, DateTimeOffset? Again, List<Pod> NotDeleted) Disrupted(
        PodDisruptionBudget budget, IReadOnlyList<Pod> pods, DateTimeOffset now)
    {
        var kept = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        var notDeleted = new List<Pod>();
        DateTimeOffset? again = null;
        if (budget.Status.DisruptedPods is not { Count: > 0 } disrupted)
            return (kept, again, notDeleted);
        foreach (var pod in pods)
        {
            if (pod.Metadata.DeletionTimestamp is not null || !disrupted.TryGetValue(pod.Metadata.Name, out var since))
                continue;
            var until = since + DeletionTimeout;
            if (until < now)
            {
                notDeleted.Add(pod);
                continue;
            }
            kept[pod.Metadata.Name] = since;
            if (again is null || until < again)
                again = until;
        }
        return (kept, again, notDeleted);
    }

    private static void SetCondition(
        PodDisruptionBudgetStatus status, PodDisruptionBudget budget, bool holds, string reason, string message, DateTimeOffset now) =>
        Conditions.Set(status.Conditions ??= [], new Condition
        {
            Type = ConditionType, Status = holds ? "True" : "False", Reason = reason, Message = message,
            ObservedGeneration = budget.Metadata.Generation,
        }, KubernetesTime.TruncateToSecond(now));

    /// <summary>A number, or a percentage rounded up; what is neither is refused at its writing, and counts nothing here.</summary>
    private static int Share(IntOrString amount, int of) => amount.TryScale(of, roundUp: true, out var share) is null ? share : 0;
}
