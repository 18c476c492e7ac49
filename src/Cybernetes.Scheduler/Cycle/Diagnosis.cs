using Cybernetes.Scheduler.Queue;

namespace Cybernetes.Scheduler.Cycle;

/// <summary>Why no node was found: how many nodes gave each reason, and which plugins said so.</summary>
internal sealed class Diagnosis
{
    private readonly Dictionary<string, int> _nodesByReason = new(StringComparer.Ordinal);
    private readonly List<IPlugin> _plugins = [];

    public IReadOnlyList<IPlugin> Plugins => _plugins;

    public ClusterEvent Wakers { get; private set; }

    /// <summary>A reason that holds for the whole pod, whatever the node; replaces the list of reasons.</summary>
    public string? WholePodReason { get; private set; }

    /// <summary>What the post filters came to; goes behind the reasons.</summary>
    public string PostFilterMessage { get; set; } = "";

    public IReadOnlyDictionary<string, int> NodesByReason => _nodesByReason;

    public void Add(Rejection rejection, int nodes)
    {
        if (nodes == 0)
            return;
        foreach (var reason in rejection.Reasons)
            Add(reason, nodes);
        Blame(rejection.Plugin);
    }

    public void Add(string reason, int nodes) => _nodesByReason[reason] = _nodesByReason.GetValueOrDefault(reason) + nodes;

    public void RejectPod(IPlugin plugin, string reason)
    {
        WholePodReason ??= reason;
        Blame(plugin);
    }

    /// <summary>The message of upstream's FitError: <c>0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable.</c></summary>
    public string Message(int nodeCount)
    {
        if (nodeCount == 0 && WholePodReason is null)
            return "no nodes available to schedule pods";
        var head = $"0/{nodeCount} nodes are available:";
        var reasons = WholePodReason ?? string.Join(", ", _nodesByReason.Select(r => r.Value + " " + r.Key).Order(StringComparer.Ordinal));
        if (reasons.Length > 0)
            head += $" {reasons}.";
        return PostFilterMessage.Length == 0 ? head : $"{head} {PostFilterMessage}";
    }

    private void Blame(IPlugin plugin)
    {
        Wakers |= plugin.Wakers;
        if (!_plugins.Contains(plugin))
            _plugins.Add(plugin);
    }
}
