using Cybernetes.Objects;
using Cybernetes.Scheduler.Snapshot;

namespace Cybernetes.Scheduler.Preemption;

/// <summary>Who is more important, and which node to take: upstream's MoreImportantPod and pickOneNodeForPreemption.</summary>
internal static class VictimOrder
{
    /// <summary>The more important first: higher priority, then longer running.</summary>
    public static int ByImportance(PlacedPod x, PlacedPod y)
    {
        var byPriority = y.Priority.CompareTo(x.Priority);
        return byPriority != 0 ? byPriority : StartOf(x).CompareTo(StartOf(y));
    }

    /// <summary>Whether a pod was evicted for one of this priority, and has not left yet.</summary>
    public static bool IsLeavingFor(PlacedPod pod, int priority) => pod.IsTerminating && pod.Priority < priority
        && pod.Pod.Status.Conditions.OrEmpty().Any(c => c.Type == "DisruptionTarget" && c.Status == "True" && c.Reason == "PreemptionByScheduler");

    /// <summary>
    /// The best plan: fewest budget violations, lowest highest priority of a victim, lowest sum of priorities, fewest victims, latest start of the
    /// victims of the highest priority; the first of those that are alike.
    /// </summary>
    public static PreemptionPlan Best(IReadOnlyList<PreemptionPlan> plans)
    {
        var best = plans[0];
        for (var i = 1; i < plans.Count; i++)
        {
            if (Compare(plans[i], best) < 0)
                best = plans[i];
        }
        return best;
    }

    private static int Compare(PreemptionPlan x, PreemptionPlan y)
    {
        var order = x.BudgetViolations.CompareTo(y.BudgetViolations);
        if (order == 0)
            order = x.Victims[0].Priority.CompareTo(y.Victims[0].Priority);
        if (order == 0)
            order = SumOf(x).CompareTo(SumOf(y));
        if (order == 0)
            order = x.Victims.Count.CompareTo(y.Victims.Count);
        return order != 0 ? order : EarliestOf(y).CompareTo(EarliestOf(x));
    }

    // Priorities are moved above zero, so that more victims never make a smaller sum.
    private static long SumOf(PreemptionPlan plan) => plan.Victims.Sum(v => v.Priority + (long)int.MaxValue + 1);

    private static DateTimeOffset EarliestOf(PreemptionPlan plan)
    {
        var highest = plan.Victims[0].Priority;
        return plan.Victims.Where(v => v.Priority == highest).Min(StartOf);
    }

    private static DateTimeOffset StartOf(PlacedPod pod) => pod.Pod.Status.StartTime ?? DateTimeOffset.MaxValue;
}
