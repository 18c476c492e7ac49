using Cybernetes.Objects;
using Cybernetes.Objects.Policy.V1;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Queue;
using Cybernetes.Scheduler.Snapshot;

namespace Cybernetes.Scheduler.Preemption;

/// <summary>
/// Finds the pods of lower priority whose eviction makes room: on each candidate node all of them are taken away, and given back one by one,
/// those that a disruption budget protects and the more important first, as long as the pod still fits. The filters that decide are the cycle's
/// own, over columns from which the victims are really taken for the moment.
/// </summary>
internal sealed class DefaultPreemption(
    Func<string, IReadOnlyList<PodDisruptionBudget>> budgetsOf, int minCandidateNodesPercentage = 10, int minCandidateNodesAbsolute = 100) : IPostFilterPlugin
{
    private const string NotHelpful = "Preemption is not helpful for scheduling";
    private const string NoVictims = "No preemption victims found for incoming pod";

    public string Name => "DefaultPreemption";

    public ClusterEvent Wakers => ClusterEvent.AssignedPodRemoved;

    public PostFilterResult PostFilter(SchedulingCycle cycle)
    {
        if (NotEligible(cycle) is { } reason)
            return new PostFilterResult("preemption: " + reason);
        var diagnosis = new Diagnosis();
        var potential = Potential(cycle, diagnosis);
        IReadOnlyList<PreemptionPlan> plans = potential.Count == 0 ? [] : Candidates(cycle, potential, diagnosis);
        foreach (var extender in cycle.Profile.Extenders.Where(e => e.Preempts && plans.Count > 0))
            plans = extender.Preempt(cycle, plans);
        if (plans.Count == 0)
            return new PostFilterResult("preemption: " + diagnosis.Message(cycle.Columns.NodeCount));
        return new PostFilterResult("", VictimOrder.Best(plans));
    }

    private static string? NotEligible(SchedulingCycle cycle)
    {
        if (cycle.Pod.Spec.PreemptionPolicy == "Never")
            return "not eligible due to preemptionPolicy=Never.";
        var nominated = cycle.Pod.Pod.Status.NominatedNodeName;
        if (nominated.Length == 0 || cycle.Columns.SlotOf(nominated) is not (>= 0 and var slot))
            return null;
        // A node that became impossible is given up; else the victims of last time are let go first.
        if (cycle.Diagnosis.WholePodReason is not null || cycle.RejectionOf(slot) is { IsResolvable: false })
            return null;
        foreach (var pod in cycle.Columns.PodsOn(slot))
        {
            if (VictimOrder.IsLeavingFor(pod, cycle.Pod.Priority))
                return "not eligible due to a terminating pod on the nominated node.";
        }
        return null;
    }

    private static List<int> Potential(SchedulingCycle cycle, Diagnosis diagnosis)
    {
        var potential = new List<int>();
        if (cycle.Diagnosis.WholePodReason is not null)
        {
            diagnosis.Add(NotHelpful, cycle.Columns.NodeCount);
            return potential;
        }
        foreach (var slot in cycle.Columns.Live)
        {
            if (cycle.RejectionOf(slot) is { IsResolvable: true })
                potential.Add(slot);
        }
        if (potential.Count < cycle.Columns.NodeCount)
            diagnosis.Add(NotHelpful, cycle.Columns.NodeCount - potential.Count);
        return potential;
    }

    private List<PreemptionPlan> Candidates(SchedulingCycle cycle, List<int> potential, Diagnosis diagnosis)
    {
        var most = Math.Min(potential.Count, Math.Max(cycle.Columns.NodeCount * minCandidateNodesPercentage / 100, minCandidateNodesAbsolute));
        var start = cycle.Random.Next(potential.Count);
        var budgets = new Dictionary<string, IReadOnlyList<PodDisruptionBudget>>(StringComparer.Ordinal);
        List<PreemptionPlan> clean = [], violating = [];
        for (var i = 0; i < potential.Count && (clean.Count == 0 || clean.Count + violating.Count < most); i++)
        {
            var slot = potential[(start + i) % potential.Count];
            var plan = PlanFor(cycle, slot, budgets, diagnosis);
            if (plan is null)
                continue;
            (plan.BudgetViolations == 0 ? clean : violating).Add(plan);
        }
        return [.. clean, .. violating];
    }

    private PreemptionPlan? PlanFor(
        SchedulingCycle cycle, int slot, Dictionary<string, IReadOnlyList<PodDisruptionBudget>> budgets, Diagnosis diagnosis)
    {
        var columns = cycle.Columns;
        var lower = columns.PodsOn(slot).Where(p => p.Priority < cycle.Pod.Priority).ToList();
        if (lower.Count == 0)
        {
            diagnosis.Add(NoVictims, 1);
            return null;
        }
        foreach (var pod in lower)
            columns.RemovePod(pod.Pod.Metadata.UID);
        var given = new List<PlacedPod>();
        try
        {
            if (cycle.CheckNow(slot) is { } rejection)
            {
                diagnosis.Add(rejection, 1);
                return null;
            }
            lower.Sort(VictimOrder.ByImportance);
            var (violating, others) = SplitByBudgets(lower, budgets);
            var victims = new List<PlacedPod>();
            var violations = GiveBack(cycle, slot, violating, victims, given);
            GiveBack(cycle, slot, others, victims, given);
            victims.Sort(VictimOrder.ByImportance);
            return victims.Count == 0 ? null : new PreemptionPlan(columns.NodeName(slot), victims, violations);
        }
        finally
        {
            foreach (var pod in lower.Except(given))
                columns.SetPod(pod);
        }
    }

    /// <summary>Puts pods back as long as the preemptor fits beside them; gives how many did not come back.</summary>
    private static int GiveBack(SchedulingCycle cycle, int slot, List<PlacedPod> pods, List<PlacedPod> victims, List<PlacedPod> given)
    {
        var kept = 0;
        foreach (var pod in pods)
        {
            cycle.Columns.SetPod(pod);
            if (cycle.CheckNow(slot) is null)
            {
                given.Add(pod);
                kept++;
                continue;
            }
            cycle.Columns.RemovePod(pod.Pod.Metadata.UID);
            victims.Add(pod);
        }
        return pods.Count - kept;
    }

    /// <summary>A pod violates when a budget that means it has no disruption left, counting the pods before it.</summary>
    private (List<PlacedPod> Violating, List<PlacedPod> Others) SplitByBudgets(
        List<PlacedPod> pods, Dictionary<string, IReadOnlyList<PodDisruptionBudget>> budgets)
    {
        List<PlacedPod> violating = [], others = [];
        var allowed = new Dictionary<PodDisruptionBudget, int>();
        foreach (var pod in pods)
        {
            if (!budgets.TryGetValue(pod.Namespace, out var known))
                budgets[pod.Namespace] = known = budgetsOf(pod.Namespace);
            var violates = false;
            foreach (var budget in known)
            {
                var selector = LabelMatcher.For(budget.Spec.Selector);
                if (pod.Labels is not { Count: > 0 } || selector.IsEmpty || !selector.Matches(pod.Labels)
                    || budget.Status.DisruptedPods.OrEmpty().ContainsKey(pod.Pod.Metadata.Name))
                    continue;
                var left = allowed.GetValueOrDefault(budget, budget.Status.DisruptionsAllowed) - 1;
                allowed[budget] = left;
                violates |= left < 0;
            }
            (violates ? violating : others).Add(pod);
        }
        return (violating, others);
    }
}
