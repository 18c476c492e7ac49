using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.NodeLifecycle;

/// <summary>What the controller remembers of a node between two looks: when it last heard of it.</summary>
internal sealed record NodeHealth(DateTimeOffset LastHeard, string Heartbeat);

/// <summary>What to write for a node; null where nothing changes.</summary>
/// <param name="Conditions">The conditions to write.</param>
/// <param name="BecameSilent">The node was ready and is not heard any more.</param>
/// <param name="IsSilent">Whether the node's readiness is unknown: its pods must not get traffic.</param>
internal sealed record NodePlan(IReadOnlyList<NodeCondition>? Conditions, bool BecameSilent, bool IsSilent, NodeHealth Health);

/// <summary>Decides about one node from its heartbeats and conditions. Pure.</summary>
internal static class NodeLifecycleReconciler
{
    private const string NotReady = "node.kubernetes.io/not-ready";
    private const string Unreachable = "node.kubernetes.io/unreachable";
    private const string Unschedulable = "node.kubernetes.io/unschedulable";

    private static readonly string[] s_watched = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];

    /// <summary>Condition type and status that call for a NoSchedule taint, and its key.</summary>
    private static readonly (string Type, string Status, string Key)[] s_conditionTaints =
    [
        ("Ready", "False", NotReady), ("Ready", "Unknown", Unreachable), ("MemoryPressure", "True", "node.kubernetes.io/memory-pressure"),
        ("DiskPressure", "True", "node.kubernetes.io/disk-pressure"), ("PIDPressure", "True", "node.kubernetes.io/pid-pressure"),
        ("NetworkUnavailable", "True", "node.kubernetes.io/network-unavailable"),
    ];

    private static readonly HashSet<string> s_ours = [.. s_conditionTaints.Select(t => t.Key), Unschedulable];

    /// <param name="heartbeat">Whatever changes with each sign of life: the lease's renew time and the status' heartbeat times.</param>
    /// <param name="before">What the last call returned; null for a node seen first.</param>
    /// <param name="grace">How long a node may be silent.</param>
    /// <param name="startupGrace">How long a node that never told its readiness may be silent.</param>
    public static NodePlan Reconcile(
        Node node, string heartbeat, NodeHealth? before, TimeSpan grace, TimeSpan startupGrace, DateTimeOffset now)
    {
        var health = before is null || before.Heartbeat != heartbeat ? new NodeHealth(now, heartbeat) : before;
        var ready = Ready(node.Status.Conditions.OrEmpty());
        var conditions = Conditions(node, now - health.LastHeard > (ready is null ? startupGrace : grace), now);
        var effective = Ready(conditions ?? node.Status.Conditions.OrEmpty());
        return new NodePlan(conditions, ready is { Status: "True" } && effective is { Status: "Unknown" }, effective is { Status: "Unknown" }, health);
    }

    /// <summary>The taints that the node's conditions and its <c>spec.unschedulable</c> call for, beside those of others; null: as they are.</summary>
    /// <param name="mayEvict">
    /// Whether a node in trouble may be given up now, by a NoExecute taint; one that is given up already stays so, with the key of its trouble.
    /// </param>
    /// <param name="isCutOff">Nobody can be judged: the taints that give nodes up are taken off.</param>
    public static List<Taint>? Taints(Node node, DateTimeOffset now, Func<bool> mayEvict, bool isCutOff = false)
    {
        var have = node.Spec.Taints.OrEmpty();
        var want = WantedTaints(node).ToList();
        var isGivenUp = have.Any(t => t.Effect == "NoExecute" && IsOurs(t));
        if (want.Any(w => w.Effect == "NoExecute") && (isCutOff || (!isGivenUp && !mayEvict())))
            want.RemoveAll(w => w.Effect == "NoExecute");
        var result = have.Where(t => !IsOurs(t) || want.Contains((t.Key, t.Effect))).ToList();
        foreach (var (key, effect) in want)
        {
            if (!result.Any(t => t.Key == key && t.Effect == effect))
                result.Add(new Taint { Key = key, Effect = effect, TimeAdded = now });
        }
        return result.Count == have.Count && result.All(have.Contains) ? null : result;
    }

    private static IEnumerable<(string Key, string Effect)> WantedTaints(Node node)
    {
        foreach (var (type, status, key) in s_conditionTaints)
        {
            if (!node.Status.Conditions.OrEmpty().Any(c => c.Type == type && c.Status == status))
                continue;
            yield return (key, "NoSchedule");
            if (key is NotReady or Unreachable)
                yield return (key, "NoExecute");
        }
        if (node.Spec.Unschedulable)
            yield return (Unschedulable, "NoSchedule");
    }

    private static bool IsOurs(Taint taint) =>
        (taint.Effect == "NoSchedule" && s_ours.Contains(taint.Key)) || (taint.Effect == "NoExecute" && taint.Key is NotReady or Unreachable);

    /// <summary>Whether the node's troubles would drive its pods out, if it may be given up.</summary>
    public static bool IsInTrouble(Node node) => WantedTaints(node).Any(w => w.Effect == "NoExecute");

    private static NodeCondition? Ready(IReadOnlyList<NodeCondition> conditions) => conditions.FirstOrDefault(c => c.Type == "Ready");

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
}
