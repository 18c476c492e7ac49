using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Queue;

namespace Cybernetes.Scheduler.Plugins.QueueSort;

/// <summary>Higher priority first, then who waits longer, then who came first.</summary>
internal sealed class PrioritySort : IQueueSortPlugin
{
    public static PrioritySort Instance { get; } = new();

    public string Name => "PrioritySort";

    public int Compare(QueuedPod? x, QueuedPod? y)
    {
        var byPriority = y!.Priority.CompareTo(x!.Priority);
        if (byPriority != 0)
            return byPriority;
        var byAge = x.Timestamp.CompareTo(y.Timestamp);
        return byAge != 0 ? byAge : x.Order.CompareTo(y.Order);
    }
}
