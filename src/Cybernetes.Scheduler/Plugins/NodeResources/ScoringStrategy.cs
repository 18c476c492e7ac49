using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Snapshot;

namespace Cybernetes.Scheduler.Plugins.NodeResources;

/// <summary>One resource that counts in a score, and how much.</summary>
internal sealed record WeightedResource(string Name, long Weight);

/// <summary>One point of RequestedToCapacityRatio's function: utilization in percent, score 0 … 10.</summary>
internal sealed record ShapePoint(long Utilization, long Score);

/// <summary>
/// NodeResourcesFit's strategies: LeastAllocated prefers free nodes, MostAllocated full ones, RequestedToCapacityRatio those that a function of
/// the utilization prefers. A resource that the node does not have, or an extended one that the pod does not want, does not count.
/// </summary>
internal sealed class ScoringStrategy(string type, IReadOnlyList<WeightedResource> resources, IReadOnlyList<ShapePoint>? shape = null)
{
    private const long Maximum = 100;
    private int[]? _numbers;

    public static IReadOnlyList<WeightedResource> CpuAndMemory { get; } = [new("cpu", 1), new("memory", 1)];

    public static ScoringStrategy Default => new("LeastAllocated", CpuAndMemory);

    public int Score(PodFacts pod, ClusterColumns columns, int slot)
    {
        _numbers ??= [.. resources.Select(r => columns.Resources.Intern(r.Name))];
        long sum = 0, weights = 0;
        for (var i = 0; i < _numbers.Length; i++)
        {
            var resource = _numbers[i];
            var capacity = columns.AllocatableAt(resource, slot);
            if (capacity == 0 || !Requested(pod, columns, slot, resource, out var requested))
                continue;
            var score = One(requested, capacity);
            if (score <= 0 && type == "RequestedToCapacityRatio")
                continue;
            sum += score * resources[i].Weight;
            weights += resources[i].Weight;
        }
        if (weights == 0)
            return 0;
        return type == "RequestedToCapacityRatio" ? (int)Math.Round((double)sum / weights, MidpointRounding.AwayFromZero) : (int)(sum / weights);
    }

    private long One(long requested, long capacity) => type switch
    {
        "MostAllocated" => (long)((Int128)Math.Min(requested, capacity) * Maximum / capacity),
        "RequestedToCapacityRatio" => OnShape(requested > capacity ? Maximum : (long)((Int128)requested * Maximum / capacity)),
        _ => requested > capacity ? 0 : Least(capacity - requested, capacity),
    };

    // Amounts beyond 2^56 do not occur on a node, but must not wrap either.
    private static long Least(long free, long capacity) =>
        free < long.MaxValue / Maximum ? free * Maximum / capacity : (long)((Int128)free * Maximum / capacity);

    private long OnShape(long utilization)
    {
        const long scale = Maximum / 10;
        var points = shape!;
        for (var i = 0; i < points.Count; i++)
        {
            if (utilization > points[i].Utilization)
                continue;
            if (i == 0)
                return points[0].Score * scale;
            var (before, after) = (points[i - 1], points[i]);
            return before.Score * scale
                + (after.Score - before.Score) * scale * (utilization - before.Utilization) / (after.Utilization - before.Utilization);
        }
        return points[^1].Score * scale;
    }

    private static bool Requested(PodFacts pod, ClusterColumns columns, int slot, int resource, out long requested)
    {
        switch (resource)
        {
            case ResourceNames.Cpu:
                requested = columns.ScoredMilliCpu[slot] + pod.Demand.ScoredMilliCpu;
                return true;
            case ResourceNames.Memory:
                requested = columns.ScoredMemoryBytes[slot] + pod.Demand.ScoredMemoryBytes;
                return true;
            default:
                var wanted = pod.Demand.AmountOf(resource);
                requested = columns.RequestedAt(resource, slot) + wanted;
                return wanted > 0 || resource == ResourceNames.EphemeralStorage;
        }
    }
}
