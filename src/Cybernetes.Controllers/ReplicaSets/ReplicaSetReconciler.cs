using System.Globalization;
using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.ReplicaSets;

/// <summary>What a replica set needs: pods more, pods fewer, or only its status told.</summary>
/// <param name="Create">How many pods to make.</param>
/// <param name="Delete">Which pods to delete, in order.</param>
/// <param name="CheckAfter">When a ready pod becomes available without any event; null where none will.</param>
internal sealed record ReplicaSetPlan(int Create, IReadOnlyList<Pod> Delete, TimeSpan? CheckAfter);

/// <summary>Decides for one replica set. Pure.</summary>
internal static class ReplicaSetReconciler
{
    /// <summary>Pods made or deleted in one go at most, as upstream.</summary>
    public const int BurstReplicas = 500;

    private const string DeletionCost = "controller.kubernetes.io/pod-deletion-cost";

    /// <param name="set">Not being deleted.</param>
    /// <param name="active">The set's active pods.</param>
    /// <param name="related">Active pods of all sets of the same owner: where they crowd a node, pods go first. Asked for when pods are to go.</param>
    public static ReplicaSetPlan Reconcile(ReplicaSet set, IReadOnlyList<Pod> active, Func<IReadOnlyList<Pod>> related, DateTimeOffset now)
    {
        var difference = (set.Spec.Replicas ?? 1) - active.Count;
        var delete = difference < 0 ? ToDelete(active, related(), Math.Min(-difference, BurstReplicas), now) : [];
        return new ReplicaSetPlan(Math.Clamp(difference, 0, BurstReplicas), delete, NextAvailability(set, active, now));
    }

    /// <summary>The status that the pods make; conditions are kept but for ReplicaFailure, which <paramref name="failure"/> decides.</summary>
    public static ReplicaSetStatus Status(ReplicaSet set, IReadOnlyList<Pod> pods, string? failure, bool creating, DateTimeOffset now)
    {
        var template = LabelMatcher.FromSet(set.Spec.Template.Metadata.Labels);
        var status = set.Status.DeepClone();
        var (active, labeled, ready, available, terminating) = (0, 0, 0, 0, 0);
        foreach (var pod in pods)
        {
            if (PodState.IsActive(pod))
            {
                active++;
                labeled += template.Matches(pod.Metadata.Labels) ? 1 : 0;
                var isReady = PodState.IsReady(pod);
                ready += isReady ? 1 : 0;
                available += isReady && PodState.IsAvailable(pod, set.Spec.MinReadySeconds, now) ? 1 : 0;
            }
            else if (pod.Metadata.DeletionTimestamp is not null && !PodState.IsFinished(pod))
                terminating++;
        }
        (status.Replicas, status.FullyLabeledReplicas, status.ReadyReplicas) = (active, labeled, ready);
        (status.AvailableReplicas, status.TerminatingReplicas) = (available, terminating);
        status.ObservedGeneration = set.Metadata.Generation;
        var conditions = status.Conditions.OrEmpty().Where(c => c.Type != "ReplicaFailure").ToList();
        var before = set.Status.Conditions.OrEmpty().FirstOrDefault(c => c.Type == "ReplicaFailure");
        if (failure is not null)
        {
            var reason = creating ? "FailedCreate" : "FailedDelete";
            conditions.Add(before is { Status: "True" } && before.Reason == reason ? before : new ReplicaSetCondition
            {
                Type = "ReplicaFailure", Status = "True", Reason = reason, Message = failure, LastTransitionTime = now,
            });
        }
        status.Conditions = conditions.Count == 0 ? null : conditions;
        return status;
    }

    /// <summary>
    /// The pods whose loss hurts least, worst first: not placed, then pending, then not ready, then of low deletion cost, then crowding their node,
    /// then ready for the shortest time, then restarted most often, then the youngest.
    /// </summary>
    internal static IReadOnlyList<Pod> ToDelete(IReadOnlyList<Pod> pods, IReadOnlyList<Pod> related, int count, DateTimeOffset now)
    {
        if (count >= pods.Count)
            return pods;
        var crowd = related.Where(p => p.Spec.NodeName.Length > 0).GroupBy(p => p.Spec.NodeName).ToDictionary(g => g.Key, g => g.Count());
        return
        [
            .. pods.OrderBy(p => p.Spec.NodeName.Length > 0)
                .ThenBy(p => p.Status.Phase switch { PodPhase.Running => 2, PodPhase.Unknown => 1, _ => 0 })
                .ThenBy(PodState.IsReady)
                .ThenBy(Cost)
                .ThenByDescending(p => crowd.GetValueOrDefault(p.Spec.NodeName))
                .ThenBy(p => AgeRank(PodState.ReadySince(p), now))
                .ThenByDescending(p => p.Status.ContainerStatuses.OrEmpty().Select(c => c.RestartCount).DefaultIfEmpty().Max())
                .ThenBy(p => AgeRank(p.Metadata.CreationTimestamp, now))
                .ThenBy(p => p.Metadata.UID, StringComparer.Ordinal)
                .Take(count),
        ];
    }

    private static int Cost(Pod pod) =>
        pod.Metadata.Annotations.OrEmpty().TryGetValue(DeletionCost, out var text)
        && int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var cost) ? cost : 0;

    /// <summary>Ages compare by their logarithm, so that pods of about the same age go by chance and not all from one place (KEP-2185).</summary>
    private static long AgeRank(DateTimeOffset? since, DateTimeOffset now) =>
        since is null || since >= now ? -1 : (long)Math.Log2((now - since.Value).TotalNanoseconds);

    private static TimeSpan? NextAvailability(ReplicaSet set, IReadOnlyList<Pod> active, DateTimeOffset now)
    {
        if (set.Spec.MinReadySeconds == 0)
            return null;
        var waiting = active.Where(p => PodState.IsReady(p) && !PodState.IsAvailable(p, set.Spec.MinReadySeconds, now))
            .Select(p => (PodState.ReadySince(p) ?? now).AddSeconds(set.Spec.MinReadySeconds) - now).ToList();
        return waiting.Count == 0 ? null : waiting.Min();
    }
}
