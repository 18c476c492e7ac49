using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.NodeLifecycle;

/// <summary>When a pod must leave a node for a NoExecute taint. Pure.</summary>
internal static class TaintEviction
{
    /// <summary>The time of eviction; null when every taint is tolerated for ever.</summary>
    public static DateTimeOffset? DueAt(Pod pod, Node node)
    {
        DateTimeOffset? due = null;
        foreach (var taint in node.Spec.Taints.OrEmpty().Where(t => t.Effect == "NoExecute"))
        {
            var since = taint.TimeAdded ?? DateTimeOffset.MinValue;
            var tolerating = pod.Spec.Tolerations.OrEmpty().Where(t => Tolerates(t, taint)).ToList();
            if (tolerating.Count == 0)
                return since;
            // Several tolerations of one taint: the shortest counts; one without a time tolerates for ever.
            var seconds = tolerating.Min(t => t.TolerationSeconds ?? long.MaxValue);
            if (seconds == long.MaxValue)
                continue;
            var at = since == DateTimeOffset.MinValue ? since : since.AddSeconds(Math.Max(0, seconds));
            due = due is null || at < due ? at : due;
        }
        return due;
    }

    private static bool Tolerates(Toleration toleration, Taint taint) =>
        (toleration.Effect.Length == 0 || toleration.Effect == taint.Effect)
        && (toleration.Key.Length == 0 ? toleration.Operator == "Exists" : toleration.Key == taint.Key)
        && (toleration.Operator == "Exists" || toleration.Value == taint.Value);
}
