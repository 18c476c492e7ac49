namespace Cybernetes.Scheduler.Cycle;

/// <summary>Why nodes were rejected: how many nodes gave each reason, and which plugins said so.</summary>
internal sealed class Diagnosis
{
    private readonly Dictionary<string, int> _nodesByReason = new(StringComparer.Ordinal);

    public HashSet<string> Plugins { get; } = new(StringComparer.Ordinal);

    public Queue.ClusterEvent Wakers { get; private set; }

    /// <summary>A reason that holds for the whole pod, whatever the node; replaces the list of reasons.</summary>
    public string? WholePodReason { get; private set; }

    public IReadOnlyDictionary<string, int> NodesByReason => _nodesByReason;

    public void Add(IFilterPlugin plugin, string reason, int nodes)
    {
        if (nodes == 0)
            return;
        _nodesByReason[reason] = _nodesByReason.GetValueOrDefault(reason) + nodes;
        Plugins.Add(plugin.Name);
        Wakers |= plugin.Wakers;
    }

    public void RejectPod(IFilterPlugin plugin, string reason)
    {
        WholePodReason = reason;
        Plugins.Add(plugin.Name);
        Wakers |= plugin.Wakers;
    }

    /// <summary>The message of upstream's FitError: <c>0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable.</c></summary>
    public string Message(int nodeCount)
    {
        if (nodeCount == 0 && WholePodReason is null)
            return "no nodes available to schedule pods";
        var head = $"0/{nodeCount} nodes are available: ";
        if (WholePodReason is not null)
            return head + WholePodReason + ".";
        var reasons = _nodesByReason.Select(r => r.Value + " " + r.Key).Order(StringComparer.Ordinal);
        return head + string.Join(", ", reasons) + ".";
    }
}
