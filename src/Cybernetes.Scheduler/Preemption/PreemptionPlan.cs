using Cybernetes.Scheduler.Snapshot;

namespace Cybernetes.Scheduler.Preemption;

/// <summary>Whom to evict so that a pod fits a node.</summary>
/// <param name="NodeName">The node that the pod is nominated to.</param>
/// <param name="Victims">From the highest priority down.</param>
/// <param name="BudgetViolations">How many of them a disruption budget would have kept.</param>
internal sealed record PreemptionPlan(string NodeName, IReadOnlyList<PlacedPod> Victims, int BudgetViolations);
