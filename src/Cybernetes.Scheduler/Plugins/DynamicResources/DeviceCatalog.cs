using Cybernetes.Objects.Resource.V1;
using Cybernetes.Objects.Workloads;
using DeviceTaintRule = Cybernetes.Objects.Resource.V1beta2.DeviceTaintRule;

namespace Cybernetes.Scheduler.Plugins.DynamicResources;

/// <summary>
/// The published devices of the cluster, with the taints that administrators put on them. What comes or goes costs the pools that it is about. Not
/// thread-safe.
/// </summary>
internal sealed class DeviceCatalog
{
    private static readonly Comparison<DevicePool> s_order = (a, b) =>
        a.HasBindingConditions != b.HasBindingConditions ? a.HasBindingConditions.CompareTo(b.HasBindingConditions)
        : string.CompareOrdinal(a.Id.Driver, b.Id.Driver) is not 0 and var byDriver ? byDriver : string.CompareOrdinal(a.Id.Pool, b.Id.Pool);

    private readonly Dictionary<string, ResourceSlice> _slices = new(StringComparer.Ordinal);
    private readonly Dictionary<PoolId, Dictionary<string, ResourceSlice>> _slicesOf = [];
    private readonly Dictionary<PoolId, DevicePool> _pools = [];
    private readonly HashSet<PoolId> _changed = [];
    private readonly Dictionary<string, DeviceTaintRule> _rules = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<PoolId>> _byNode = new(StringComparer.Ordinal);
    private readonly HashSet<PoolId> _wide = [];

    public void Set(ResourceSlice slice)
    {
        Remove(slice.Metadata.Name);
        var pool = PoolOf(slice);
        _slices[slice.Metadata.Name] = slice;
        if (!_slicesOf.TryGetValue(pool, out var slices))
            _slicesOf[pool] = slices = new(StringComparer.Ordinal);
        slices[slice.Metadata.Name] = slice;
        _changed.Add(pool);
    }

    public void Set(DeviceTaintRule rule)
    {
        RemoveRule(rule.Metadata.Name);
        _rules[rule.Metadata.Name] = rule;
        Look(rule);
    }

    public void RemoveRule(string name)
    {
        if (_rules.Remove(name, out var rule))
            Look(rule);
    }

    public void Remove(string name)
    {
        if (!_slices.Remove(name, out var slice))
            return;
        var pool = PoolOf(slice);
        _slicesOf[pool].Remove(name);
        _changed.Add(pool);
    }

    /// <summary>The pools that only this node reaches by its name.</summary>
    public IEnumerable<DevicePool> PoolsOf(string node)
    {
        Refresh();
        return _byNode.TryGetValue(node, out var pools) ? pools.Where(p => !_wide.Contains(p)).Select(p => _pools[p]) : [];
    }

    /// <summary>The pools of which other nodes may reach something too.</summary>
    public IReadOnlyList<DevicePool> WidePools()
    {
        Refresh();
        return Sorted(_wide.Select(p => _pools[p]));
    }

    /// <summary>The order in which pools are looked at.</summary>
    public static List<DevicePool> Sorted(IEnumerable<DevicePool> pools)
    {
        var sorted = pools.ToList();
        if (sorted.Count > 1)
            sorted.Sort(s_order);
        return sorted;
    }

    private void Look(DeviceTaintRule rule) => _changed.UnionWith(_slicesOf.Keys.Where(p => DeviceTaintRules.SelectsIn(rule, p.Driver, p.Pool)));

    private static PoolId PoolOf(ResourceSlice slice) => new(slice.Spec.Driver, slice.Spec.Pool.Name);

    private void Refresh()
    {
        if (_changed.Count == 0)
            return;
        foreach (var id in _changed)
        {
            if (_pools.Remove(id, out var old))
            {
                foreach (var node in NodesOf(old))
                {
                    if (_byNode.TryGetValue(node, out var there) && there.Remove(id) && there.Count == 0)
                        _byNode.Remove(node);
                }
                _wide.Remove(id);
            }
            if (_slicesOf[id].Count == 0)
            {
                _slicesOf.Remove(id);
                continue;
            }
            var pool = _pools[id] = new DevicePool(id, _slicesOf[id].Values, _rules.Values);
            if (pool.Reaches.Exists(r => string.IsNullOrEmpty(r.NodeName)))
                _wide.Add(id);
            foreach (var node in NodesOf(pool))
            {
                if (!_byNode.TryGetValue(node, out var pools))
                    _byNode[node] = pools = [];
                pools.Add(id);
            }
        }
        _changed.Clear();
    }

    private static IEnumerable<string> NodesOf(DevicePool pool) =>
        pool.Reaches.Select(r => r.NodeName).OfType<string>().Where(n => n.Length > 0).Distinct(StringComparer.Ordinal);
}
