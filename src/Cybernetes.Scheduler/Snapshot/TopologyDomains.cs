namespace Cybernetes.Scheduler.Snapshot;

/// <summary>The domains of one topology key: each node's domain as a small number.</summary>
internal sealed class TopologyDomains
{
    private TopologyDomains(int[] domainOf, string[] values, bool isPerNode)
    {
        DomainOf = domainOf;
        Values = values;
        IsPerNode = isPerNode;
    }

    /// <summary>By slot; -1 where the node is gone or lacks the key.</summary>
    public int[] DomainOf { get; }

    public string[] Values { get; }

    /// <summary>No two nodes share a domain, as with host names.</summary>
    public bool IsPerNode { get; }

    public int Count => Values.Length;

    public static TopologyDomains Of(ClusterColumns columns, string key)
    {
        var domainOf = new int[columns.Capacity];
        Array.Fill(domainOf, -1);
        var nodes = 0;
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var slot in columns.Labels.WithKey(key))
        {
            if (!columns.Live[slot])
                continue;
            nodes++;
            var value = columns.LabelsOf(slot)[key];
            if (!numbers.TryGetValue(value, out var number))
                numbers[value] = number = numbers.Count;
            domainOf[slot] = number;
        }
        return new TopologyDomains(domainOf, [.. numbers.Keys], numbers.Count == nodes);
    }
}
