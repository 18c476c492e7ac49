using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Queue;

namespace Cybernetes.Scheduler.Plugins.DynamicResources;

/// <summary>Nobody allocates devices yet: a pod with resource claims stays pending and says so (docs/gaps.md).</summary>
internal sealed class DynamicResourcesCheck : IPreFilterPlugin
{
    public string Name => "DynamicResources";

    public ClusterEvent Wakers => ClusterEvent.PodUpdated;

    public void PreFilter(SchedulingCycle cycle)
    {
        if (cycle.Pod.Spec.ResourceClaims is { Count: > 0 })
            cycle.RejectPod("dynamic resource claims are not supported by this scheduler yet");
    }
}
