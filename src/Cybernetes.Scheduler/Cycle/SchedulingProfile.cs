using Cybernetes.Scheduler.Extenders;

namespace Cybernetes.Scheduler.Cycle;

/// <summary>The plugins of one scheduler name, by extension point, each list in its order.</summary>
internal sealed record SchedulingProfile
{
    public required string SchedulerName { get; init; }

    public IReadOnlyList<IPreEnqueuePlugin> PreEnqueues { get; init; } = [];
    public IReadOnlyList<IPreFilterPlugin> PreFilters { get; init; } = [];
    public IReadOnlyList<INodeFactsFilter> FactsFilters { get; init; } = [];
    public IReadOnlyList<INodeRoomFilter> RoomFilters { get; init; } = [];
    public IReadOnlyList<IClusterFilter> ClusterFilters { get; init; } = [];
    public IReadOnlyList<IPostFilterPlugin> PostFilters { get; init; } = [];
    public IReadOnlyList<(INodeRoomScore Plugin, int Weight)> RoomScores { get; init; } = [];
    public IReadOnlyList<(IClusterScore Plugin, int Weight)> ClusterScores { get; init; } = [];
    public IReadOnlyList<IReservePlugin> Reserves { get; init; } = [];
    public IReadOnlyList<IPermitPlugin> Permits { get; init; } = [];
    public IReadOnlyList<IPreBindPlugin> PreBinds { get; init; } = [];
    public IReadOnlyList<IBindPlugin> Binds { get; init; } = [];
    public IReadOnlyList<IPostBindPlugin> PostBinds { get; init; } = [];
    public IReadOnlyList<HttpExtender> Extenders { get; init; } = [];
    public IQueueSortPlugin? QueueSort { get; init; }
}
