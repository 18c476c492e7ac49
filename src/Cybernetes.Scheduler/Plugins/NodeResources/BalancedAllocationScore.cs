using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Snapshot;

namespace Cybernetes.Scheduler.Plugins.NodeResources;

/// <summary>Prefers nodes whose used shares of cpu and memory stay alike (NodeResourcesBalancedAllocation).</summary>
internal sealed class BalancedAllocationScore : IScorePlugin
{
    public string Name => "NodeResourcesBalancedAllocation";

    public long Weight => 1;

    public void Score(SchedulingCycle cycle, Span<long> scores)
    {
        var columns = cycle.Columns;
        var cpu = columns.Allocatable(ResourceNames.Cpu);
        var memory = columns.Allocatable(ResourceNames.Memory);
        var usedCpu = columns.Requested(ResourceNames.Cpu);
        var usedMemory = columns.Requested(ResourceNames.Memory);
        long wantedCpu = 0, wantedMemory = 0;
        foreach (var (resource, amount) in cycle.Pod.Demand.Requests)
        {
            if (resource == ResourceNames.Cpu) wantedCpu = amount;
            if (resource == ResourceNames.Memory) wantedMemory = amount;
        }
        // A best-effort pod changes no share: upstream skips the plugin for it.
        if (wantedCpu == 0 && wantedMemory == 0)
            return;
        foreach (var slot in cycle.Feasible)
        {
            var share = (Cpu: Share(usedCpu[slot] + wantedCpu, cpu[slot]), Memory: Share(usedMemory[slot] + wantedMemory, memory[slot]));
            // With two resources the standard deviation is half their distance.
            var deviation = cpu[slot] == 0 || memory[slot] == 0 ? 0 : Math.Abs(share.Cpu - share.Memory) / 2;
            scores[slot] = (long)((1 - deviation) * IScorePlugin.MaximumScore);
        }
    }

    private static double Share(long used, long capacity) => capacity == 0 ? 0 : Math.Min(1.0, (double)used / capacity);
}
