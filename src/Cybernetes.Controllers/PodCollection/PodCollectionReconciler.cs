using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.PodCollection;

/// <summary>Why a pod is collected.</summary>
/// <param name="IsDisrupted">The pod is told that it did not end by itself (condition DisruptionTarget).</param>
internal sealed record CollectedPod(Pod Pod, string Reason, bool IsDisrupted);

/// <summary>Finds the pods that nobody else will ever finish. Pure.</summary>
internal static class PodCollectionReconciler
{
    /// <param name="pods">All pods.</param>
    /// <param name="nodes">Names of the nodes that exist.</param>
    /// <param name="missing">Names of nodes that have been missing long enough, and were asked for at the API server itself.</param>
    /// <param name="outOfService">Nodes that are not ready and carry the out-of-service taint.</param>
    /// <param name="threshold">Finished pods kept at most; 0 or less keeps all.</param>
    public static IReadOnlyList<CollectedPod> Reconcile(
        IReadOnlyList<Pod> pods, IReadOnlySet<string> nodes, IReadOnlySet<string> missing, IReadOnlySet<string> outOfService, int threshold)
    {
        var collected = new List<CollectedPod>();
        foreach (var pod in pods)
        {
            var node = pod.Spec.NodeName;
            if (node.Length > 0 && !nodes.Contains(node) && missing.Contains(node))
                collected.Add(new CollectedPod(pod, "node no longer exists", IsDisrupted: true));
            else if (node.Length == 0 && pod.Metadata.DeletionTimestamp is not null)
                collected.Add(new CollectedPod(pod, "unscheduled and being deleted", IsDisrupted: false));
            else if (pod.Metadata.DeletionTimestamp is not null && outOfService.Contains(node))
                collected.Add(new CollectedPod(pod, "node is out of service", IsDisrupted: false));
        }
        if (threshold <= 0)
            return collected;
        var others = collected.Select(c => c.Pod).ToHashSet();
        var finished = pods.Where(p => PodState.IsFinished(p) && !others.Contains(p)).ToList();
        // Evicted pods go first: they say the least.
        var surplus = finished.OrderByDescending(p => p.Status.Reason == "Evicted").ThenBy(p => p.Metadata.CreationTimestamp)
            .ThenBy(p => p.Metadata.Name, StringComparer.Ordinal).Take(Math.Max(0, finished.Count - threshold));
        collected.AddRange(surplus.Select(p => new CollectedPod(p, "beyond the number of finished pods kept", IsDisrupted: false)));
        return collected;
    }
}
