using Cybernetes.Objects;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Queue;

namespace Cybernetes.Scheduler.Plugins;

/// <summary>
/// What a pod may ask and this scheduler cannot honour yet: the pod stays pending with a clear reason rather than landing where it must not
/// (docs/gaps.md lists each). Claims read as upstream's, since no claim exists in a cluster that does not serve them.
/// </summary>
internal sealed class AbsentFeatures : IFilterPlugin
{
    public string Name => "VolumeBinding";

    public ClusterEvent Wakers => ClusterEvent.PodUpdated;

    public void Filter(SchedulingCycle cycle)
    {
        var spec = cycle.Pod.Spec;
        var claim = spec.Volumes.OrEmpty().FirstOrDefault(v => v.PersistentVolumeClaim is not null);
        if (claim is not null)
            cycle.RejectPod($"persistentvolumeclaim \"{claim.PersistentVolumeClaim!.ClaimName}\" not found");
        else if (spec.Volumes.OrEmpty().FirstOrDefault(v => v.Ephemeral is not null) is { } ephemeral)
            cycle.RejectPod($"waiting for ephemeral volume controller to create the persistentvolumeclaim \"{cycle.Pod.Pod.Metadata.Name}-{ephemeral.Name}\"");
        else if (spec.Affinity?.PodAffinity?.RequiredDuringSchedulingIgnoredDuringExecution is { Count: > 0 })
            cycle.RejectPod("required pod affinity is not supported by this scheduler yet");
        else if (spec.Affinity?.PodAntiAffinity?.RequiredDuringSchedulingIgnoredDuringExecution is { Count: > 0 })
            cycle.RejectPod("required pod anti-affinity is not supported by this scheduler yet");
        else if (spec.ResourceClaims is { Count: > 0 })
            cycle.RejectPod("dynamic resource claims are not supported by this scheduler yet");
    }
}
