namespace Cybernetes.Scheduler.Snapshot;

/// <summary>The placed pods, and what they take.</summary>
internal sealed partial class ClusterColumns
{
    private readonly Dictionary<string, PlacedPod> _pods = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<PlacedPod>> _byNamespace = new(StringComparer.Ordinal);

    public PodCounters Counters { get; }

    /// <summary>What placed pods ask of others.</summary>
    public PlacedTerms Terms { get; } = new();

    public int PodCount => _pods.Count;

    public IEnumerable<PlacedPod> Pods => _pods.Values;

    public IReadOnlyList<PlacedPod> PodsIn(string @namespace) => _byNamespace.TryGetValue(@namespace, out var pods) ? pods : [];

    public PlacedPod? Find(string uid) => _pods.GetValueOrDefault(uid);

    /// <summary>The host ports that pods on the node hold.</summary>
    public IReadOnlyList<HostPort> HostPortsOn(int slot) => _nodes[slot].HostPorts;

    /// <summary>Adds a placed pod, or replaces what was known of it (by UID).</summary>
    public void SetPod(PlacedPod pod)
    {
        RemovePod(pod.Pod.Metadata.UID);
        pod.Slot = SlotFor(pod.NodeName);
        _pods[pod.Pod.Metadata.UID] = pod;
        _nodes[pod.Slot].Pods.Add(pod);
        if (!_byNamespace.TryGetValue(pod.Namespace, out var siblings))
            _byNamespace[pod.Namespace] = siblings = [];
        pod.NamespaceIndex = siblings.Count;
        siblings.Add(pod);
        Account(pod, +1);
    }

    public bool RemovePod(string uid)
    {
        if (!_pods.Remove(uid, out var pod))
            return false;
        Account(pod, -1);
        _nodes[pod.Slot].Pods.Remove(pod);
        var siblings = _byNamespace[pod.Namespace];
        var last = siblings[^1];
        siblings[pod.NamespaceIndex] = last;
        last.NamespaceIndex = pod.NamespaceIndex;
        siblings.RemoveAt(siblings.Count - 1);
        if (siblings.Count == 0)
            _byNamespace.Remove(pod.Namespace);
        FreeIfEmpty(pod.Slot);
        return true;
    }

    private void Account(PlacedPod pod, int sign)
    {
        foreach (var (resource, amount) in pod.Demand.Requests)
        {
            EnsureResource(resource);
            _requested[resource][pod.Slot] += sign * amount;
        }
        ScoredMilliCpu[pod.Slot] += sign * pod.Demand.ScoredMilliCpu;
        ScoredMemoryBytes[pod.Slot] += sign * pod.Demand.ScoredMemoryBytes;
        foreach (var port in pod.Demand.HostPorts)
        {
            if (sign > 0) _nodes[pod.Slot].HostPorts.Add(port);
            else _nodes[pod.Slot].HostPorts.Remove(port);
        }
        Counters.Changed(pod, sign);
        Terms.Changed(pod, sign);
        Journal.Add(pod.Slot);
    }
}
