using Cybernetes.Scheduler.Snapshot;

namespace Cybernetes.Scheduler.Cycle;

/// <summary>Which nodes pass the filters by facts, and why the others do not: each node by the first filter that rejects it.</summary>
internal sealed class NodeFactsVerdict(ClusterColumns columns, RejectionTable rejections, ushort[] codes)
{
    public ClusterColumns Columns { get; } = columns;

    /// <summary>The nodes that no filter has rejected yet.</summary>
    public NodeBits Passing { get; } = NodeBits.Copy(columns.Live);

    public IPlugin Current { get; set; } = null!;

    /// <summary>Rejects all but the given nodes. What facts forbid, no eviction allows.</summary>
    public void Keep(NodeBits allowed, string reason)
    {
        var rejected = NodeBits.Copy(Passing);
        rejected.ExceptWith(allowed);
        Mark(rejected, reason);
    }

    public void Drop(NodeBits nodes, string reason)
    {
        var rejected = NodeBits.Copy(Passing);
        rejected.IntersectWith(nodes);
        Mark(rejected, reason);
    }

    private void Mark(NodeBits rejected, string reason)
    {
        if (rejected.IsEmpty)
            return;
        var code = rejections.CodeOf(Current, reason, isResolvable: false);
        foreach (var slot in rejected)
            codes[slot] = code;
        Passing.ExceptWith(rejected);
    }
}
