using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Simulator.World;

namespace Cybernetes.Simulator.Invariants;

/// <summary>Nobody's pods give way to others but those of a lower priority: the most urgent never do.</summary>
internal sealed class Preempting : IInvariant
{
    /// <summary>The highest priority that the workload gives.</summary>
    public const int Urgent = 1000;

    public string? See(Change change) => change.New is Pod { Spec.Priority: >= Urgent } pod
        && pod.Status.Conditions.OrEmpty().Any(c => c is { Type: "DisruptionTarget", Status: "True", Reason: "PreemptionByScheduler" })
        ? $"{ClusterFacts.NameOf(pod)} gives way, and nothing is more urgent"
        : null;
}
