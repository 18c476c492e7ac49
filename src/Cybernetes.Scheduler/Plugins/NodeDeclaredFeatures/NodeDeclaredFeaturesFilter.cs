using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Queue;

namespace Cybernetes.Scheduler.Plugins.NodeDeclaredFeatures;

/// <summary>A pod that uses a feature of the kubelet goes only to nodes that declare it (KEP-5328).</summary>
internal sealed class NodeDeclaredFeaturesFilter : IClusterFilter
{
    private const string RestartsAll = "RestartAllContainersOnContainerExits";
    private const string OwnUsersOnHostNetwork = "UserNamespacesHostNetworkSupport";

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
    private static IReadOnlyList<string> RequiredBy(PodSpec spec) =>
        (RestartAll(spec.Containers) || RestartAll(spec.InitContainers), spec is { HostNetwork: true, HostUsers: false }) switch
        {
            (false, false) => [],
            (true, false) => [RestartsAll],
            (false, true) => [OwnUsersOnHostNetwork],
            (true, true) => [RestartsAll, OwnUsersOnHostNetwork],
        };

    private static bool RestartAll(List<Container>? containers)
    {
        foreach (var container in containers.OrEmpty())
        {
            if (container.RestartPolicyRules?.Exists(r => r.Action == "RestartAllContainers") == true)
                return true;
        }
        return false;
    }

    private static List<string> Missing(IReadOnlyList<string> required, Objects.Core.V1.Node node) =>
        [.. required.Where(f => node.Status.DeclaredFeatures?.Contains(f) != true)];
}
