using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Scheduler.Cycle;

namespace Cybernetes.Scheduler.Plugins.SchedulingGates;

/// <summary>A gated pod does not enter the queue at all (KEP-3521).</summary>
internal sealed class SchedulingGatesPlugin : IPreEnqueuePlugin
{
    public string Name => "SchedulingGates";

    public string? PreEnqueue(Pod pod) => MessageFor(pod);

    /// <summary>The condition message of a gated pod, or null where the pod may be scheduled.</summary>
    public static string? MessageFor(Pod pod)
    {
        var gates = pod.Spec.SchedulingGates.OrEmpty();
        return gates.Count == 0 ? null : $"waiting for scheduling gates: [{string.Join(' ', gates.Select(g => g.Name))}]";
    }
}
