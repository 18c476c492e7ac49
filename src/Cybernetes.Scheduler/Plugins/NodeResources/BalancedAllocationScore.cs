using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Snapshot;

namespace Cybernetes.Scheduler.Plugins.NodeResources;

/// <summary>Prefers nodes on which the pod makes the used shares of the resources more alike (NodeResourcesBalancedAllocation).</summary>
internal sealed class BalancedAllocationScore(IReadOnlyList<WeightedResource> resources) : INodeRoomScore
{
    private int[]? _numbers;

    public string Name => "NodeResourcesBalancedAllocation";

    public int Score(PodFacts pod, ClusterColumns columns, int slot)
    {
        _numbers ??= [.. resources.Select(r => columns.Resources.Intern(r.Name))];
        // A best-effort pod changes no share: upstream skips the plugin for it.
        var wantsAny = false;
        foreach (var number in _numbers)
            wantsAny |= pod.Demand.AmountOf(number) > 0;
        if (!wantsAny)
            return 0;
        var with = Balance(pod.Demand, columns, slot, isWithPod: true);
        var without = Balance(pod.Demand, columns, slot, isWithPod: false);
        return (IClusterScore.MaximumScore / 2) + (((IClusterScore.MaximumScore / 2) + with - without) / 2);
    }

    private int Balance(PodDemand demand, ClusterColumns columns, int slot, bool isWithPod)
    {
        Span<double> shares = stackalloc double[_numbers!.Length];
        var count = 0;
        var total = 0.0;
        foreach (var number in _numbers)
        {
            var capacity = columns.AllocatableAt(number, slot);
            var wanted = demand.AmountOf(number);
            if (capacity == 0 || (wanted == 0 && number > ResourceNames.Pods))
                continue;
            var used = columns.RequestedAt(number, slot) + (isWithPod ? wanted : 0);
            total += shares[count++] = Math.Min(1.0, (double)used / capacity);
        }
        var deviation = 0.0;
        if (count == 2)
            deviation = Math.Abs(shares[0] - shares[1]) / 2;
        else if (count > 2)
        {
            var mean = total / count;
            var sum = 0.0;
            foreach (var share in shares[..count])
                sum += (share - mean) * (share - mean);
            deviation = Math.Sqrt(sum / count);
        }
        return (int)((1 - deviation) * IClusterScore.MaximumScore);
    }
}
