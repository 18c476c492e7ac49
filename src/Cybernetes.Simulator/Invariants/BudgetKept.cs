using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Policy.V1;
using Cybernetes.Simulator.World;

namespace Cybernetes.Simulator.Invariants;

/// <summary>
/// Evictions keep to the disruption budgets: what a budget allows never falls below zero, and while nothing else takes pods away, an eviction
/// leaves as many healthy pods as the budget wants.
/// </summary>
internal sealed class BudgetKept(ClusterModel model) : IInvariant
{
    /// <summary>Pods that the workload asked to evict, by uid.</summary>
    public HashSet<string> Asked { get; } = new(StringComparer.Ordinal);

    /// <summary>Nothing but evictions disturbs the pods.</summary>
    public bool IsCalm { get; set; }

    public string? See(Change change)
    {
        if (change.New is PodDisruptionBudget { Status.DisruptionsAllowed: < 0 } wrong)
            return $"budget {wrong.Metadata.Namespace}/{wrong.Metadata.Name} allows {wrong.Status.DisruptionsAllowed} disruptions";
        if (!IsCalm || change.Old is not Pod { Metadata.DeletionTimestamp: null } before || !Asked.Contains(before.Metadata.UID)
            || change.New is Pod { Metadata.DeletionTimestamp: null } || !ClusterFacts.IsReady(before))
            return null;
        foreach (var budget in model.In<PodDisruptionBudget>(before.Metadata.Namespace)
            .Where(b => ClusterFacts.Selects(b.Spec.Selector?.MatchLabels, before)))
        {
            var healthy = Healthy(budget);
            if (healthy < budget.Status.DesiredHealthy)
                return $"after the eviction of {ClusterFacts.NameOf(before)} {healthy} healthy pods are left, budget {budget.Metadata.Name} wants "
                    + $"{budget.Status.DesiredHealthy}";
        }
        return null;
    }

    public IEnumerable<string> AtRest() => model.All<PodDisruptionBudget>()
        .Where(b => b.Status.CurrentHealthy != Healthy(b) || b.Status.ObservedGeneration != b.Metadata.Generation
            || b.Status.DisruptedPods is { Count: > 0 })
        .Select(b => $"budget {b.Metadata.Namespace}/{b.Metadata.Name} says {b.Status.CurrentHealthy} healthy pods and "
            + $"{b.Status.DisruptedPods?.Count ?? 0} being evicted, {Healthy(b)} are healthy");

    private int Healthy(PodDisruptionBudget budget) => model.In<Pod>(budget.Metadata.Namespace)
        .Count(p => ClusterFacts.Selects(budget.Spec.Selector?.MatchLabels, p) && p.Metadata.DeletionTimestamp is null && ClusterFacts.IsReady(p));
}
