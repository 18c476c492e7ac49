using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using NodeObject = Cybernetes.Objects.Core.V1.Node;

namespace Cybernetes.Scheduler.Snapshot;

/// <summary>
/// The cluster as the scheduler's plugins see it: node facts as columns over slots (a slot is a node's place in every array), and the pods placed
/// on them. Kept up to date by each event in time proportional to the event. Not thread-safe: the scheduler's lock guards it.
/// </summary>
internal sealed partial class ClusterColumns
{
    private readonly Dictionary<string, int> _slots = new(StringComparer.Ordinal);
    private readonly Stack<int> _free = new();
    private readonly Dictionary<Taint, NodeBits> _taints = new(TaintIdentity.Instance);
    private readonly Dictionary<Taint, NodeBits> _softTaints = new(TaintIdentity.Instance);
    private readonly Dictionary<string, (long Version, TopologyDomains Domains)> _topologies = new(StringComparer.Ordinal);
    private NodeSlot[] _nodes = [];
    private long[][] _allocatable = [[], [], [], []];
    private long[][] _requested = [[], [], [], []];
    private long _labelsVersion;

    public ClusterColumns() => Counters = new PodCounters(this);

    public ResourceNames Resources { get; } = new();

    public LabelIndex Labels { get; } = new();

    public ImageIndex Images { get; } = new();

    public NamespaceLabels Namespaces { get; } = new();

    /// <summary>Slots whose pods changed.</summary>
    public ChangeJournal Journal { get; } = new();

    /// <summary>Grows when a fact of any node changes that pods do not change: labels, taints, allocatable, existence.</summary>
    public long FactsVersion { get; private set; }

    /// <summary>Slots of nodes that exist; a slot without its bit only holds pods of a node that was not seen yet, or is gone.</summary>
    public NodeBits Live { get; } = new();

    public NodeBits Unschedulable { get; } = new();

    /// <summary>How many slots the columns have; slots beyond the live ones are zero.</summary>
    public int Capacity => _nodes.Length;

    public int NodeCount { get; private set; }

    /// <summary>Memory and cpu that scores count (with defaults for containers that request none), by slot.</summary>
    public long[] ScoredMilliCpu { get; private set; } = [];

    public long[] ScoredMemoryBytes { get; private set; } = [];

    /// <summary>The taints that any node carries, each with its nodes.</summary>
    public IReadOnlyDictionary<Taint, NodeBits> Taints => _taints;

    /// <summary>Those of them that only advise against (PreferNoSchedule).</summary>
    public IReadOnlyDictionary<Taint, NodeBits> SoftTaints => _softTaints;

    public string NodeName(int slot) => _nodes[slot].Name;

    public int SlotOf(string nodeName) => _slots.TryGetValue(nodeName, out var slot) && Live[slot] ? slot : -1;

    /// <summary>The node as it was last seen; null for a slot without one.</summary>
    public NodeObject? NodeAt(int slot) => _nodes[slot].Node;

    public IReadOnlyDictionary<string, string> LabelsOf(int slot) => _nodes[slot].Labels;

    public IReadOnlyList<PlacedPod> PodsOn(int slot) => _nodes[slot].Pods;

    public ReadOnlySpan<long> Allocatable(int resource) => resource < _allocatable.Length ? _allocatable[resource] : new long[Capacity];

    public ReadOnlySpan<long> Requested(int resource) => resource < _requested.Length ? _requested[resource] : new long[Capacity];

    public long AllocatableAt(int resource, int slot) => resource < _allocatable.Length ? _allocatable[resource][slot] : 0;

    public long RequestedAt(int resource, int slot) => resource < _requested.Length ? _requested[resource][slot] : 0;

    /// <summary>The domains of a topology key, as of now.</summary>
    public TopologyDomains Topology(string key)
    {
        if (_topologies.TryGetValue(key, out var known) && known.Version == _labelsVersion)
            return known.Domains;
        var domains = TopologyDomains.Of(this, key);
        _topologies[key] = (_labelsVersion, domains);
        return domains;
    }

    /// <summary>A namespace's labels, for namespace selectors.</summary>
    /// <returns>Whether they are others than before.</returns>
    public bool SetNamespace(string name, Dictionary<string, string>? labels)
    {
        if (!Namespaces.Set(name, labels))
            return false;
        Counters.NamespacesChanged();
        return true;
    }

    public void RemoveNamespace(string name)
    {
        Namespaces.Remove(name);
        Counters.NamespacesChanged();
    }

    public void SetNode(NodeObject node)
    {
        var slot = SlotFor(node.Metadata.Name);
        var before = _nodes[slot].Node;
        _nodes[slot].Node = node;
        if (before is not null && Live[slot] && SameFacts(before, node))
            return;
        FactsVersion++;
        if (!Live[slot])
        {
            Live.Add(slot);
            NodeCount++;
            _labelsVersion++;
        }
        var allocatable = node.Status.Allocatable.OrEmpty();
        foreach (var name in allocatable.Keys)
            EnsureResource(Resources.Intern(name));
        for (var resource = 0; resource < _allocatable.Length; resource++)
        {
            var has = allocatable.TryGetValue(Resources[resource], out var quantity);
            _allocatable[resource][slot] = !has ? 0 : resource == ResourceNames.Cpu ? quantity.MilliValue() : quantity.Value();
        }
        ChangeLabels(slot, node.Metadata.Labels.OrEmpty());
        ChangeTaints(slot, node.Spec.Taints.OrEmpty());
        ChangeImages(slot, node.Status.Images.OrEmpty());
        if (node.Spec.Unschedulable) Unschedulable.Add(slot);
        else Unschedulable.Remove(slot);
    }

    public void RemoveNode(string name)
    {
        if (!_slots.TryGetValue(name, out var slot) || !Live[slot])
            return;
        FactsVersion++;
        _labelsVersion++;
        Live.Remove(slot);
        Unschedulable.Remove(slot);
        NodeCount--;
        ChangeLabels(slot, EmptyLabels);
        ChangeTaints(slot, []);
        ChangeImages(slot, []);
        _nodes[slot].Node = null;
        foreach (var column in _allocatable)
            column[slot] = 0;
        FreeIfEmpty(slot);
    }

    private static IReadOnlyDictionary<string, string> EmptyLabels { get; } = new Dictionary<string, string>();

    private static bool SameFacts(NodeObject before, NodeObject after) =>
        before.Spec.Unschedulable == after.Spec.Unschedulable
        && ObjectEquality.StringMap(before.Metadata.Labels, after.Metadata.Labels)
        && ObjectEquality.QuantityMap(before.Status.Allocatable, after.Status.Allocatable)
        && ObjectEquality.ObjectList(before.Spec.Taints, after.Spec.Taints)
        && ObjectEquality.ObjectList(before.Status.Images, after.Status.Images);

    private void ChangeLabels(int slot, IReadOnlyDictionary<string, string> labels)
    {
        var before = _nodes[slot].Labels;
        _nodes[slot].Labels = labels;
        if (before.Count == labels.Count && before.All(l => labels.TryGetValue(l.Key, out var value) && value == l.Value))
            return;
        Labels.Change(slot, before, labels);
        _labelsVersion++;
    }

    private void ChangeTaints(int slot, IReadOnlyList<Taint> taints)
    {
        foreach (var old in _nodes[slot].Taints)
        {
            if (!_taints.TryGetValue(old, out var bits))
                continue;
            bits.Remove(slot);
            if (!bits.IsEmpty)
                continue;
            _taints.Remove(old);
            _softTaints.Remove(old);
        }
        foreach (var taint in taints)
        {
            if (!_taints.TryGetValue(taint, out var bits))
                _taints[taint] = bits = new NodeBits();
            bits.Add(slot);
            if (taint.Effect == "PreferNoSchedule")
                _softTaints[taint] = bits;
        }
        _nodes[slot].Taints = taints;
    }

    private void ChangeImages(int slot, IReadOnlyList<ContainerImage> images)
    {
        Images.Change(slot, _nodes[slot].Images, images);
        _nodes[slot].Images = images;
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
        _labelsVersion++;
        FactsVersion++;
    }

    private struct NodeSlot(string name, IReadOnlyDictionary<string, string> labels)
    {
        public readonly string Name = name;
        public readonly List<PlacedPod> Pods = [];
        public readonly List<HostPort> HostPorts = [];
        public NodeObject? Node;
        public IReadOnlyDictionary<string, string> Labels = labels;
        public IReadOnlyList<Taint> Taints = [];
        public IReadOnlyList<ContainerImage> Images = [];
    }

    /// <summary>Taints are one when key, value and effect are.</summary>
    private sealed class TaintIdentity : IEqualityComparer<Taint>
    {
        public static readonly TaintIdentity Instance = new();

        public bool Equals(Taint? x, Taint? y) => x!.Key == y!.Key && x.Value == y.Value && x.Effect == y.Effect;

        public int GetHashCode(Taint taint) => HashCode.Combine(taint.Key, taint.Value, taint.Effect);
    }
}
