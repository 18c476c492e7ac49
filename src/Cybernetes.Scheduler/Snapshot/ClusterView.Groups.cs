using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Plugins.GangScheduling;
using Cybernetes.Scheduler.Preemption;

namespace Cybernetes.Scheduler.Snapshot;

/// <summary>What became of a pod group.</summary>
internal enum GroupVerdict { Placed, Unschedulable, WaitsForPreemption }

/// <summary>The decision about a group, and those about its pods in the order given.</summary>
internal sealed record GroupDecision(GroupVerdict Verdict, IReadOnlyList<Decision> Members);

/// <summary>Decisions for several pods at once.</summary>
internal sealed partial class ClusterView
{
    private const string GroupUnschedulable = "pod group is unschedulable";

    /// <summary>
    /// Decides for the pods of a group, one after the other, each over what those before it took. Unless <paramref name="minCount"/> of the group have a
    /// place then, with those that had theirs before, nobody keeps one. Where some need evictions, nobody is placed before those are done.
    /// </summary>
    /// <param name="cycle">Decides for one pod.</param>
    /// <param name="pods">The group's pods without a place, of one scheduler name.</param>
    /// <param name="members">The uids of all pods of the group.</param>
    /// <param name="minCount">How many must have a place.</param>
    /// <param name="spreadSelector">What a pod's owner selects.</param>
    public GroupDecision DecideGroup(
        SchedulingCycle cycle, IReadOnlyList<Pod> pods, IReadOnlyList<string> members, int minCount, Func<Pod, LabelMatcher?> spreadSelector)
    {
        var profile = _profiles[pods[0].Spec.SchedulerName];
        lock (_lock)
        {
            // Who was promised a node that its victims have not left yet still counts on it: else the room that others left would be lost meanwhile.
            var awaited = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var pod in pods)
            {
                if (_nominated.Remove(pod.Metadata.UID, out var promised) && columns.SlotOf(promised.NodeName) is >= 0 and var slot
                    && columns.PodsOn(slot).Any(p => VictimOrder.IsLeavingFor(p, promised.Priority)))
                    awaited[pod.Metadata.UID] = promised.NodeName;
            }
            var isAwaiting = false;
            var count = members.Count(uid => columns.Find(uid) is not null);
            List<Decision> decisions = [];
            List<PlacedPod> placed = [], evicted = [];
            foreach (var pod in pods)
            {
                var facts = FactsOf(pod, spreadSelector(pod));
                var decision = cycle.Decide(facts, profile, NominatedBeside(facts));
                decisions.Add(decision);
                var awaits = decision.NodeName is null && decision.Preemption is null ? awaited.GetValueOrDefault(pod.Metadata.UID) : null;
                isAwaiting |= awaits is not null;
                if ((decision.NodeName ?? decision.Preemption?.NodeName ?? awaits) is not { } node)
                    continue;
                foreach (var victim in decision.Preemption?.Victims ?? [])
                {
                    columns.RemovePod(victim.Pod.Metadata.UID);
                    evicted.Add(victim);
                }
                placed.Add(facts.PlacedOn(node));
                columns.SetPod(placed[^1]);
                if (decision.NodeName is null)
                    continue;
                foreach (var plugin in profile.Reserves)
                    plugin.Reserve(cycle, node);
            }
            var verdict = placed.Count == 0 || count + placed.Count < minCount ? GroupVerdict.Unschedulable
                : isAwaiting || decisions.Exists(d => d.Preemption is not null) ? GroupVerdict.WaitsForPreemption : GroupVerdict.Placed;
            if (verdict == GroupVerdict.Placed)
                _assumed.UnionWith(placed.Select(p => p.Pod.Metadata.UID));
            else
                TakeBack(profile, placed, evicted, isNominated: verdict == GroupVerdict.WaitsForPreemption);
            return new GroupDecision(verdict, [.. decisions.Select(d => Joined(d, verdict))]);
        }
    }

    private void TakeBack(SchedulingProfile profile, List<PlacedPod> placed, List<PlacedPod> evicted, bool isNominated)
    {
        foreach (var pod in placed)
        {
            foreach (var plugin in profile.Reserves)
                plugin.Unreserve(pod.Pod);
            columns.RemovePod(pod.Pod.Metadata.UID);
            if (isNominated)
                _nominated[pod.Pod.Metadata.UID] = pod;
        }
        foreach (var victim in evicted)
            columns.SetPod(victim);
    }

    /// <summary>A pod's decision, where its group as a whole has another fate.</summary>
    private static Decision Joined(Decision decision, GroupVerdict verdict) => verdict switch
    {
        GroupVerdict.Unschedulable when (decision.NodeName ?? decision.Preemption?.NodeName) is not null => decision with
        {
            NodeName = null,
            Preemption = null,
            GroupMessage = GroupUnschedulable + ", waiting for minCount pods from a gang to be scheduled",
        },
        GroupVerdict.WaitsForPreemption when decision.NodeName is { } node => decision with
        {
            NodeName = null,
            NominatedNode = node,
            GroupMessage = GroupUnschedulable + ", pod group is waiting for preemption to complete",
        },
        _ => decision,
    };

    /// <summary>Counts a pod among its group's, and asks again for the others when that may complete a gang.</summary>
    private void Join(Pod pod)
    {
        if (groups?.Add(pod) == true)
            queue.Reconsider(groups.MembersOf(pod.Metadata.Namespace, GangSchedulingPlugin.GroupOf(pod)!));
    }
}
