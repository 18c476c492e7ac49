using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Scheduler.Snapshot;

namespace Cybernetes.Scheduler.Cycle;

/// <summary>What the plugins need of the pod to place, taken out of it once.</summary>
/// <param name="pod">Not changed.</param>
/// <param name="demand">In the columns' units.</param>
/// <param name="spreadSelector">What the pod's services and owner select, for the default spreading; null where nothing selects it.</param>
internal sealed class PodFacts(Pod pod, PodDemand demand, LabelMatcher? spreadSelector)
{
    public Pod Pod { get; } = pod;

    public PodDemand Demand { get; } = demand;

    public LabelMatcher? SpreadSelector { get; } = spreadSelector;

    public PodSpec Spec => Pod.Spec;

    public IReadOnlyList<Toleration> Tolerations { get; } = pod.Spec.Tolerations.OrEmpty();

    public Objects.Core.V1.NodeAffinity? NodeAffinity => Pod.Spec.Affinity?.NodeAffinity;
}
