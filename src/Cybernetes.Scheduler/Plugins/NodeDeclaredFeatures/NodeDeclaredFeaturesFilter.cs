using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Queue;

namespace Cybernetes.Scheduler.Plugins.NodeDeclaredFeatures;

/// <summary>A pod that uses a feature of the kubelet goes only to nodes that declare it (KEP-5328).</summary>
internal sealed class NodeDeclaredFeaturesFilter : IClusterFilter
{
    public string Name => "NodeDeclaredFeatures";

    public ClusterEvent Wakers => ClusterEvent.NodeAdded | ClusterEvent.NodeFeaturesChanged;

    public bool MayHelp(Pod pod, in ClusterHappening happening) => happening.Node is not { } node || Missing(RequiredBy(pod.Spec), node).Count == 0;

    public void Filter(SchedulingCycle cycle)
    {
        var required = RequiredBy(cycle.Pod.Pod.Spec);
        if (required.Count == 0)
            return;
        foreach (var slot in cycle.Feasible)
        {
            if (cycle.Columns.NodeAt(slot) is { } node && Missing(required, node) is { Count: > 0 } missing)
                cycle.Reject(slot, $"node declared features check failed - unsatisfied requirements: {string.Join(", ", missing)}", isResolvable: false);
        }
    }

    /// <summary>The features that a pod cannot run without. Those that only its update needs are not among them.</summary>
    private static List<string> RequiredBy(PodSpec spec)
    {
        var required = new List<string>();
        if (spec.Containers.OrEmpty().Any(RestartsAll) || spec.InitContainers.OrEmpty().Any(RestartsAll))
            required.Add("RestartAllContainersOnContainerExits");
        if (spec is { HostNetwork: true, HostUsers: false })
            required.Add("UserNamespacesHostNetworkSupport");
        return required;
    }

    private static bool RestartsAll(Container container) => container.RestartPolicyRules.OrEmpty().Any(r => r.Action == "RestartAllContainers");

    private static List<string> Missing(List<string> required, Objects.Core.V1.Node node) =>
        required.FindAll(f => node.Status.DeclaredFeatures?.Contains(f) != true);
}
