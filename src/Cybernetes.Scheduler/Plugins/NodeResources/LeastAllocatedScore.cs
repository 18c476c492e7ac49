using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Snapshot;

namespace Cybernetes.Scheduler.Plugins.NodeResources;

/// <summary>Prefers nodes with the larger free share of cpu and memory: NodeResourcesFit's default scoring strategy.</summary>
internal sealed class LeastAllocatedScore : IScorePlugin
{
    public string Name => "NodeResourcesFit";

    public long Weight => 1;

    public void Score(SchedulingCycle cycle, Span<long> scores)
    {
        var columns = cycle.Columns;
        var cpu = columns.Allocatable(ResourceNames.Cpu);
        var memory = columns.Allocatable(ResourceNames.Memory);
        var demand = cycle.Pod.Demand;
        foreach (var slot in cycle.Feasible)
        {
            var (sum, weights) = (0L, 0L);
            Add(cpu[slot], columns.ScoredMilliCpu[slot] + demand.ScoredMilliCpu, ref sum, ref weights);
            Add(memory[slot], columns.ScoredMemoryBytes[slot] + demand.ScoredMemoryBytes, ref sum, ref weights);
            scores[slot] = weights == 0 ? 0 : sum / weights;
        }
    }

    private static void Add(long capacity, long requested, ref long sum, ref long weights)
    {
        if (capacity == 0)
            return;
        weights++;
        if (requested <= capacity)
            sum += (capacity - requested) * IScorePlugin.MaximumScore / capacity;
    }
}
