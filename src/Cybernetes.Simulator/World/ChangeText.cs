using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Batch.V1;
using Cybernetes.Objects.Coordination.V1;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Policy.V1;

namespace Cybernetes.Simulator.World;

/// <summary>A change in a line for the reader of a trace.</summary>
internal static class ChangeText
{
    /// <summary>The line; null for what would only drown the rest: heartbeats, events, what stands in no relation to the workload.</summary>
    public static string? Of(Change change)
    {
        var value = change.Object;
        if (value is Lease || value.Kind is "Event" or "ServiceAccount" or "ConfigMap" or "FlowSchema" or "PriorityLevelConfiguration" or "IPAddress"
            or "Endpoints")
            return null;
        if (value is NodeObject && change is { Old: NodeObject before, New: NodeObject after } && Facts(before) == Facts(after))
            return null;
        var verb = change.IsNew ? "+" : change.New is null ? "-" : "~";
        var name = value.Metadata.Namespace.Length > 0 ? $"{value.Metadata.Namespace}/{value.Metadata.Name}" : value.Metadata.Name;
        var leaving = value.Metadata.DeletionTimestamp is null || change.New is null ? "" : " (being deleted)";
        return $"{verb} {value.Kind} {name}{(change.New is null ? "" : Facts(value))}{leaving} @{change.Revision}";
    }

    private static string Facts(IKubernetesObject value) => value switch
    {
        Pod pod => $" {pod.Status.Phase}{(pod.Spec.NodeName.Length > 0 ? " on " + pod.Spec.NodeName : "")}{(ClusterFacts.IsReady(pod) ? " ready" : "")}",
        NodeObject node => $" ready={ClusterFacts.ReadyOf(node)}{(node.Spec.Unschedulable ? " cordoned" : "")}"
            + string.Concat(node.Spec.Taints.OrEmpty().Select(t => $" {t.Key}:{t.Effect}")),
        Deployment d => $" wants {d.Spec.Replicas}, has {d.Status.Replicas}, updated {d.Status.UpdatedReplicas}, available {d.Status.AvailableReplicas}",
        ReplicaSet r => $" wants {r.Spec.Replicas}, has {r.Status.Replicas}, ready {r.Status.ReadyReplicas}",
        StatefulSet s => $" wants {s.Spec.Replicas}, has {s.Status.Replicas}, ready {s.Status.ReadyReplicas}, updated {s.Status.UpdatedReplicas}",
        DaemonSet d => $" wants {d.Status.DesiredNumberScheduled}, has {d.Status.CurrentNumberScheduled}, ready {d.Status.NumberReady}",
        Job j => $" active {j.Status.Active}, succeeded {j.Status.Succeeded}, failed {j.Status.Failed}"
            + string.Concat(j.Status.Conditions.OrEmpty().Where(c => c.Status == "True").Select(c => " " + c.Type)),
        PodDisruptionBudget b =>
            $" healthy {b.Status.CurrentHealthy} of {b.Status.ExpectedPods}, wants {b.Status.DesiredHealthy}, allows {b.Status.DisruptionsAllowed}",
        ResourceQuota q => " " + string.Join(", ", q.Spec.Hard.OrEmpty().OrderBy(h => h.Key, StringComparer.Ordinal)
            .Select(h => $"{h.Key} {(q.Status.Used is { } used && used.TryGetValue(h.Key, out var u) ? u.ToString() : "?")}/{h.Value}")),
        PersistentVolume v => $" {v.Status.Phase}{(v.Spec.ClaimRef is { } of ? $" for {of.Namespace}/{of.Name}" : "")}",
        PersistentVolumeClaim c => $" {c.Status.Phase}{(c.Spec.VolumeName.Length > 0 ? " to " + c.Spec.VolumeName : "")}",
        Namespace n => $" {n.Status.Phase}",
        _ => "",
    };
}
