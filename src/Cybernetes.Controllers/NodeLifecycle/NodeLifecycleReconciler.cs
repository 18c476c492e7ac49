using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.NodeLifecycle;

/// <summary>What the controller remembers of a node between two looks: when it last heard of it.</summary>
internal sealed record NodeHealth(DateTimeOffset LastHeard, string Heartbeat);

/// <summary>What to write for a node; null where nothing changes.</summary>
/// <param name="Conditions">The conditions to write.</param>
/// <param name="Taints">The taints to write.</param>
/// <param name="MarkPodsNotReady">The node stopped answering: its pods must not get traffic.</param>
internal sealed record NodePlan(IReadOnlyList<NodeCondition>? Conditions, IReadOnlyList<Taint>? Taints, bool MarkPodsNotReady, NodeHealth Health);

/// <summary>Decides about one node from its heartbeats and conditions. Pure.</summary>
internal static class NodeLifecycleReconciler
{
    private const string NotReady = "node.kubernetes.io/not-ready";
    private const string Unreachable = "node.kubernetes.io/unreachable";

    private static readonly string[] s_watched = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];

    /// <summary>Condition type and status that call for a NoSchedule taint, and its key.</summary>
    private static readonly (string Type, string Status, string Key)[] s_conditionTaints =
    [
        ("Ready", "False", NotReady), ("Ready", "Unknown", Unreachable), ("MemoryPressure", "True", "node.kubernetes.io/memory-pressure"),
        ("DiskPressure", "True", "node.kubernetes.io/disk-pressure"), ("PIDPressure", "True", "node.kubernetes.io/pid-pressure"),
        ("NetworkUnavailable", "True", "node.kubernetes.io/network-unavailable"),
    ];

    /// <param name="heartbeat">Whatever changes with each sign of life: the lease's renew time and the status' heartbeat times.</param>
    /// <param name="before">What the last call returned; null for a node seen first.</param>
    public static NodePlan Reconcile(Node node, string heartbeat, NodeHealth? before, TimeSpan grace, DateTimeOffset now)
    {
        var health = before is null || before.Heartbeat != heartbeat ? new NodeHealth(now, heartbeat) : before;
        var conditions = Conditions(node, now - health.LastHeard > grace, now);
        var effective = conditions ?? node.Status.Conditions.OrEmpty();
        var taints = Taints(node, effective, now);
        var wasReady = node.Status.Conditions.OrEmpty().Any(c => c.Type == "Ready" && c.Status == "True");
        var isReady = effective.Any(c => c.Type == "Ready" && c.Status == "True");
        return new NodePlan(conditions, taints, wasReady && !isReady, health);
    }

    private static List<NodeCondition>? Conditions(Node node, bool silent, DateTimeOffset now)
    {
        if (!silent)
            return null;
        var conditions = node.Status.Conditions.OrEmpty().Select(c => c.DeepClone()).ToList();
        var changed = false;
        foreach (var type in s_watched)
        {
            var condition = conditions.FirstOrDefault(c => c.Type == type);
            if (condition is null)
            {
                conditions.Add(new NodeCondition
                {
                    Type = type, Status = "Unknown", Reason = "NodeStatusNeverUpdated", Message = "Kubelet never posted node status.",
                    LastHeartbeatTime = node.Metadata.CreationTimestamp, LastTransitionTime = now,
                });
                changed = true;
            }
            else if (condition.Status != "Unknown")
            {
                (condition.Status, condition.Reason, condition.Message) = ("Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.");
                condition.LastTransitionTime = now;
                changed = true;
            }
        }
        return changed ? conditions : null;
    }

    private static List<Taint>? Taints(Node node, IReadOnlyList<NodeCondition> conditions, DateTimeOffset now)
    {
        var have = node.Spec.Taints.OrEmpty();
        var keys = s_conditionTaints.Select(t => t.Key).ToHashSet(StringComparer.Ordinal);
        var want = s_conditionTaints.Where(t => conditions.Any(c => c.Type == t.Type && c.Status == t.Status)).Select(t => t.Key).ToHashSet(StringComparer.Ordinal);
        var result = have.Where(t => !IsOurs(t, keys) || IsWanted(t, want, node)).ToList();
        foreach (var key in want)
            AddMissing(result, key, "NoSchedule", null);
        foreach (var key in want.Where(k => k is NotReady or Unreachable))
            AddMissing(result, key, "NoExecute", now);
        if (node.Spec.Unschedulable)
            AddMissing(result, "node.kubernetes.io/unschedulable", "NoSchedule", now);
        return result.Count == have.Count && result.All(have.Contains) ? null : result;
    }

    private static bool IsOurs(Taint taint, HashSet<string> keys) =>
        (keys.Contains(taint.Key) && taint.Effect is "NoSchedule" or "NoExecute" && (taint.Effect == "NoSchedule" || taint.Key is NotReady or Unreachable))
        || (taint.Key == "node.kubernetes.io/unschedulable" && taint.Effect == "NoSchedule");

    private static bool IsWanted(Taint taint, HashSet<string> want, Node node) =>
        want.Contains(taint.Key) || (taint.Key == "node.kubernetes.io/unschedulable" && node.Spec.Unschedulable);

    private static void AddMissing(List<Taint> taints, string key, string effect, DateTimeOffset? added)
    {
        if (!taints.Any(t => t.Key == key && t.Effect == effect))
            taints.Add(new Taint { Key = key, Effect = effect, TimeAdded = added });
    }
}
