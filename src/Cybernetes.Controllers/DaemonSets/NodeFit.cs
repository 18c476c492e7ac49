using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Workloads;

namespace Cybernetes.Controllers.DaemonSets;

/// <summary>Which nodes a daemon set wants a pod on: the template's node name, selector and affinity, and the node's taints. Pure.</summary>
internal sealed class NodeFit(DaemonSet set)
{
    private readonly PodSpec _spec = set.Spec.Template.Spec;
    private readonly List<Toleration> _tolerations = DaemonPods.TolerationsOf(set.Spec.Template.Spec);

    /// <summary>
    /// Whether a pod is to be made on the node, and whether one that is there may stay: a taint that only keeps new pods out lets it.
    /// </summary>
    public (bool ShouldRun, bool ShouldContinue) Of(Node node)
    {
        var placed = _spec.NodeName.Length == 0 || _spec.NodeName == node.Metadata.Name;
        if (!placed || !NodeSelectors.Allow(_spec, node))
            return (false, false);
        var shouldRun = true;
        foreach (var taint in node.Spec.Taints.OrEmpty())
        {
            if (taint.Effect is not ("NoExecute" or "NoSchedule") || Tolerations.Tolerate(_tolerations, taint))
                continue;
            if (taint.Effect == "NoExecute")
                return (false, false);
            shouldRun = false;
        }
        return (shouldRun, true);
    }
}
