using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using NodeObject = Cybernetes.Objects.Core.V1.Node;

namespace Cybernetes.Scheduler.Snapshot;

/// <summary>
/// The cluster as the scheduler's plugins see it: node facts as columns over slots (a slot is a node's place in every array), and the pods placed
/// on them. Kept up to date by each event in time proportional to the event. Not thread-safe: the scheduler's lock guards it.
/// </summary>
internal sealed class ClusterColumns
{
    private readonly Dictionary<string, int> _slots = new(StringComparer.Ordinal);
    private readonly Stack<int> _free = new();
    private readonly Dictionary<string, PlacedPod> _pods = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<PlacedPod>> _byNamespace = new(StringComparer.Ordinal);
    private readonly Dictionary<Taint, NodeBits> _taints = new(TaintIdentity.Instance);
    private NodeSlot[] _nodes = [];
    private long[][] _allocatable = [[], [], [], []];
    private long[][] _requested = [[], [], [], []];

    public ResourceNames Resources { get; } = new();

    public LabelIndex Labels { get; } = new();

    /// <summary>Slots of nodes that exist; a slot without its bit only holds pods of a node that was not seen yet, or is gone.</summary>
    public NodeBits Live { get; } = new();

    public NodeBits Unschedulable { get; } = new();

    /// <summary>How many slots the columns have; slots beyond the live ones are zero.</summary>
    public int Capacity => _nodes.Length;

    public int NodeCount { get; private set; }

    public int PodCount => _pods.Count;

    /// <summary>Memory and cpu that scores count (with defaults for containers that request none), by slot.</summary>
    public long[] ScoredMilliCpu { get; private set; } = [];

    public long[] ScoredMemoryBytes { get; private set; } = [];

    /// <summary>The taints that any node carries, each with its nodes.</summary>
    public IReadOnlyDictionary<Taint, NodeBits> Taints => _taints;

    public string NodeName(int slot) => _nodes[slot].Name;

    public int SlotOf(string nodeName) => _slots.TryGetValue(nodeName, out var slot) && Live[slot] ? slot : -1;

    public IReadOnlyDictionary<string, string> LabelsOf(int slot) => _nodes[slot].Labels;

    public IReadOnlyList<PlacedPod> PodsOn(int slot) => _nodes[slot].Pods;

    public IReadOnlyList<PlacedPod> PodsIn(string @namespace) => _byNamespace.TryGetValue(@namespace, out var pods) ? pods : [];

    public ReadOnlySpan<long> Allocatable(int resource) => resource < _allocatable.Length ? _allocatable[resource] : new long[Capacity];

    public ReadOnlySpan<long> Requested(int resource) => resource < _requested.Length ? _requested[resource] : new long[Capacity];

    public PlacedPod? Find(string uid) => _pods.GetValueOrDefault(uid);

    public void SetNode(NodeObject node)
    {
        var slot = SlotFor(node.Metadata.Name);
        if (!Live[slot])
        {
            Live.Add(slot);
            NodeCount++;
        }
        var allocatable = node.Status.Allocatable.OrEmpty();
        foreach (var name in allocatable.Keys)
            EnsureResource(Resources.Intern(name));
        for (var resource = 0; resource < _allocatable.Length; resource++)
        {
            var has = allocatable.TryGetValue(Resources[resource], out var quantity);
            _allocatable[resource][slot] = !has ? 0 : resource == ResourceNames.Cpu ? quantity.MilliValue() : quantity.Value();
        }
        var labels = node.Metadata.Labels.OrEmpty();
        Labels.Change(slot, _nodes[slot].Labels, labels);
        _nodes[slot].Labels = labels;
        ChangeTaints(slot, node.Spec.Taints.OrEmpty());
        if (node.Spec.Unschedulable) Unschedulable.Add(slot);
        else Unschedulable.Remove(slot);
    }

    public void RemoveNode(string name)
    {
        if (!_slots.TryGetValue(name, out var slot) || !Live[slot])
            return;
        Live.Remove(slot);
        Unschedulable.Remove(slot);
        NodeCount--;
        Labels.Change(slot, _nodes[slot].Labels, EmptyLabels);
        _nodes[slot].Labels = EmptyLabels;
        ChangeTaints(slot, []);
        foreach (var column in _allocatable)
            column[slot] = 0;
        FreeIfEmpty(slot);
    }

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

    private static IReadOnlyDictionary<string, string> EmptyLabels { get; } = new Dictionary<string, string>();

    private void Account(PlacedPod pod, int sign)
    {
        foreach (var (resource, amount) in pod.Demand.Requests)
        {
            EnsureResource(resource);
            _requested[resource][pod.Slot] += sign * amount;
        }
        ScoredMilliCpu[pod.Slot] += sign * pod.Demand.ScoredMilliCpu;
        ScoredMemoryBytes[pod.Slot] += sign * pod.Demand.ScoredMemoryBytes;
    }

    private void ChangeTaints(int slot, IReadOnlyList<Taint> taints)
    {
        foreach (var old in _nodes[slot].Taints)
        {
            _taints[old].Remove(slot);
            if (_taints[old].Count() == 0)
                _taints.Remove(old);
        }
        foreach (var taint in taints)
        {
            if (!_taints.TryGetValue(taint, out var bits))
                _taints[taint] = bits = new NodeBits();
            bits.Add(slot);
        }
        _nodes[slot].Taints = taints;
    }

    private int SlotFor(string name)
    {
        if (_slots.TryGetValue(name, out var slot))
            return slot;
        if (!_free.TryPop(out slot))
        {
            slot = _slots.Count;
            if (slot == _nodes.Length)
                Grow(Math.Max(16, slot * 2));
        }
        _slots[name] = slot;
        _nodes[slot] = new NodeSlot(name, EmptyLabels);
        return slot;
    }

    private void FreeIfEmpty(int slot)
    {
        if (Live[slot] || _nodes[slot].Pods.Count > 0)
            return;
        _slots.Remove(_nodes[slot].Name);
        _free.Push(slot);
    }

    private void EnsureResource(int resource)
    {
        while (_allocatable.Length <= resource)
        {
            _allocatable = [.. _allocatable, new long[Capacity]];
            _requested = [.. _requested, new long[Capacity]];
        }
    }

    private void Grow(int capacity)
    {
        Array.Resize(ref _nodes, capacity);
        for (var i = 0; i < _allocatable.Length; i++)
        {
            Array.Resize(ref _allocatable[i], capacity);
            Array.Resize(ref _requested[i], capacity);
        }
        var cpu = ScoredMilliCpu;
        var memory = ScoredMemoryBytes;
        Array.Resize(ref cpu, capacity);
        Array.Resize(ref memory, capacity);
        (ScoredMilliCpu, ScoredMemoryBytes) = (cpu, memory);
    }

    private struct NodeSlot(string name, IReadOnlyDictionary<string, string> labels)
    {
        public readonly string Name = name;
        public readonly List<PlacedPod> Pods = [];
        public IReadOnlyDictionary<string, string> Labels = labels;
        public IReadOnlyList<Taint> Taints = [];
    }

    /// <summary>Taints are one when key, value and effect are.</summary>
    private sealed class TaintIdentity : IEqualityComparer<Taint>
    {
        public static readonly TaintIdentity Instance = new();

        public bool Equals(Taint? x, Taint? y) => x!.Key == y!.Key && x.Value == y.Value && x.Effect == y.Effect;

        public int GetHashCode(Taint taint) => HashCode.Combine(taint.Key, taint.Value, taint.Effect);
    }
}
