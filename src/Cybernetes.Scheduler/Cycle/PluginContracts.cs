using Cybernetes.Objects.Core.V1;
using Cybernetes.Scheduler.Queue;
using Cybernetes.Scheduler.Snapshot;

namespace Cybernetes.Scheduler.Cycle;

/// <summary>What every plugin has. A plugin may stand at several extension points; it keeps no state of one pod beyond the pod's cycle.</summary>
internal interface IPlugin
{
    /// <summary>The plugin's name in configuration, metrics and queueing: upstream's.</summary>
    string Name { get; }

    /// <summary>What may make a pod schedulable that this plugin rejected.</summary>
    ClusterEvent Wakers => ClusterEvent.None;

    /// <summary>A queueing hint: whether this very happening may help this pod. Asked only for events among <see cref="Wakers"/>.</summary>
    bool MayHelp(Pod pod, in ClusterHappening happening) => true;
}

/// <summary>PreEnqueue: keeps a pod out of the queue until it passes.</summary>
internal interface IPreEnqueuePlugin : IPlugin
{
    /// <summary>Why the pod must wait; null lets it in.</summary>
    string? PreEnqueue(Pod pod);
}

/// <summary>QueueSort: the order of active pods.</summary>
internal interface IQueueSortPlugin : IPlugin, IComparer<QueuedPod>;

/// <summary>PreFilter: looks at the pod as a whole before any node; may reject it whatever the node, or keep only some nodes.</summary>
internal interface IPreFilterPlugin : IPlugin
{
    void PreFilter(SchedulingCycle cycle);
}

/// <summary>Filter by facts of nodes that pods do not change (labels, taints). Runs over all nodes at once; its result is kept between pods.</summary>
internal interface INodeFactsFilter : IPlugin
{
    /// <summary>Runs before any filter: nodes that do not take part at all.</summary>
    void Restrict(PodFacts pod, NodeFactsVerdict verdict)
    {
    }

    void Filter(PodFacts pod, NodeFactsVerdict verdict);
}

/// <summary>Filter by what the pods on one node leave of it. Asked for one node, and again only when that node's pods change.</summary>
internal interface INodeRoomFilter : IPlugin
{
    bool Applies(PodFacts pod);

    /// <summary>0 where the pod fits, else a code of <see cref="RejectionTable"/>.</summary>
    ushort Check(PodFacts pod, ClusterColumns columns, int slot, RejectionTable rejections);
}

/// <summary>Filter that looks at more than one node, or at more than the cluster. Narrows <see cref="SchedulingCycle.Feasible"/> for each pod.</summary>
internal interface IClusterFilter : IPlugin
{
    void Filter(SchedulingCycle cycle);
}

/// <summary>PostFilter: what to do when no node is feasible. The first that makes a suggestion wins.</summary>
internal interface IPostFilterPlugin : IPlugin
{
    PostFilterResult PostFilter(SchedulingCycle cycle);
}

/// <summary>What a post filter came to.</summary>
/// <param name="Message">Goes behind the reasons in FailedScheduling; may be empty.</param>
/// <param name="Preemption">Whom to evict for the pod, and where; null for nobody.</param>
internal sealed record PostFilterResult(string Message, Preemption.PreemptionPlan? Preemption = null)
{
    /// <summary>What is done at the API server so that the pod may fit later; null for nothing.</summary>
    public Func<CancellationToken, Task>? AtServer { get; init; }
}

/// <summary>Score of one node by what stands on it, 0 (worst) to 100 (best). Asked again only when that node's pods change.</summary>
internal interface INodeRoomScore : IPlugin
{
    int Score(PodFacts pod, ClusterColumns columns, int slot);
}

/// <summary>Score over all feasible nodes, normalised to 0 … 100. PreScore is part of it.</summary>
internal interface IClusterScore : IPlugin
{
    const int MaximumScore = 100;

    /// <summary>False when all nodes would get the same: upstream's Skip.</summary>
    bool Applies(SchedulingCycle cycle);

    /// <param name="cycle">Holds the feasible nodes.</param>
    /// <param name="scores">By slot; only feasible slots count. All zero at the start.</param>
    void Score(SchedulingCycle cycle, Span<int> scores);
}

/// <summary>Reserve and Unreserve: what is taken for a pod between decision and binding, under the scheduler's lock.</summary>
internal interface IReservePlugin : IPlugin
{
    void Reserve(SchedulingCycle cycle, string nodeName);

    void Unreserve(Pod pod);

    /// <summary>Takes back what was written at the API server for a pod that could not be bound, before <see cref="Unreserve"/>.</summary>
    Task GiveBackAsync(Pod pod, CancellationToken cancellation) => Task.CompletedTask;
}

/// <summary>Permit: may hold a decided pod back, or refuse it.</summary>
internal interface IPermitPlugin : IPlugin
{
    /// <summary>Completes with null when the pod may go on, or with the reason why not.</summary>
    Task<string?> PermitAsync(Pod pod, string nodeName, CancellationToken cancellation);
}

/// <summary>PreBind: work that must be done before the pod may run on its node, such as provisioning its volumes.</summary>
internal interface IPreBindPlugin : IPlugin
{
    /// <summary>Completes with null when done, or with the reason why the pod cannot be bound.</summary>
    ValueTask<string?> PreBindAsync(Pod pod, string nodeName, CancellationToken cancellation);
}

/// <summary>Bind: the first that takes the pod binds it.</summary>
internal interface IBindPlugin : IPlugin
{
    /// <summary>False leaves the pod to the next plugin. A refusal of the server is thrown.</summary>
    Task<bool> BindAsync(Pod pod, string nodeName, CancellationToken cancellation);
}

/// <summary>PostBind: is told of each bound pod.</summary>
internal interface IPostBindPlugin : IPlugin
{
    void PostBind(Pod pod, string nodeName);
}
