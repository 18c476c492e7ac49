using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Workloads;

namespace Cybernetes.Controllers.NodeLifecycle;

/// <summary>When a pod must leave a node for a NoExecute taint. Pure.</summary>
internal static class TaintEviction
{
    /// <summary>The time of eviction; null when every taint is tolerated for ever. A pod that came after the taint has its whole time.</summary>
    public static DateTimeOffset? DueAt(Pod pod, Node node)
    {
        DateTimeOffset? due = null;
        var came = Ownership.PodState.Condition(pod, "PodScheduled")?.LastTransitionTime ?? pod.Metadata.CreationTimestamp;
        foreach (var taint in node.Spec.Taints.OrEmpty().Where(t => t.Effect == "NoExecute"))
        {
            var since = taint.TimeAdded ?? DateTimeOffset.MinValue;
            if (came > since)
                since = came.Value;
            // The first toleration that fits a taint counts; one without a time tolerates for ever.
            var toleration = pod.Spec.Tolerations.OrEmpty().FirstOrDefault(t => Tolerations.Tolerates(t, taint));
            if (toleration is null)
                return since;
            if (toleration.TolerationSeconds is not { } seconds)
                continue;
            var at = seconds <= 0 ? since : since.AddSeconds(Math.Min(seconds, int.MaxValue));
            due = due is null || at < due ? at : due;
        }
        return due;
    }
}
