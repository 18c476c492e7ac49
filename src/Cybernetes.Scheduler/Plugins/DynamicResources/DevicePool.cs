using Cybernetes.Expressions;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Resource.V1;
using Cybernetes.Objects.Workloads;
using DeviceTaintRule = Cybernetes.Objects.Resource.V1beta2.DeviceTaintRule;

namespace Cybernetes.Scheduler.Plugins.DynamicResources;

/// <summary>Which nodes reach something: one, all, those that a selector means, or none.</summary>
internal sealed record DeviceReach(string? NodeName, bool AllNodes, NodeSelector? Selector)
{
    public static DeviceReach Of(ResourceSliceSpec slice) => new(slice.NodeName, slice.AllNodes == true, slice.NodeSelector);

    public static DeviceReach Of(Device device) => new(device.NodeName, device.AllNodes == true, device.NodeSelector);
}

/// <summary>A device as its driver published it, with what selectors said of it.</summary>
/// <param name="pool">Its pool.</param>
/// <param name="device">Not changed.</param>
/// <param name="reach">Which nodes reach it.</param>
/// <param name="ruled">The taints that administrators' rules put on it.</param>
internal sealed class PoolDevice(DevicePool pool, Device device, DeviceReach reach, IReadOnlyList<DeviceTaint> ruled)
{
    private const int MostRemembered = 64;
    private readonly Dictionary<string, (bool Matches, string? Error)> _selected = new(StringComparer.Ordinal);
    private CelDevice? _cel;

    public DeviceId Id { get; } = new(pool.Id.Driver, pool.Id.Pool, device.Name);

    public DevicePool Pool { get; } = pool;

    public Device Device { get; } = device;

    public DeviceReach Reach { get; } = reach;

    /// <summary>The driver's and the administrators'.</summary>
    public IReadOnlyList<DeviceTaint> Taints { get; } = ruled.Count == 0 ? device.Taints.OrEmpty() : [.. device.Taints.OrEmpty(), .. ruled];

    /// <summary>The device as expressions see it.</summary>
    public CelDevice Cel => _cel ??= new CelDevice(Id.Driver, Device);

    public bool AllowsMultiple { get; } = device.AllowMultipleAllocations == true;

    /// <summary>Whether an expression means the device; asked once for each, since what is published never changes.</summary>
    public bool Matches(string expression, IDeviceSelector selector, out string? error)
    {
        if (!_selected.TryGetValue(expression, out var verdict))
        {
            if (_selected.Count >= MostRemembered)
                _selected.Clear();
            verdict.Matches = selector.Matches(this, out verdict.Error);
            _selected[expression] = verdict;
        }
        error = verdict.Error;
        return verdict.Matches;
    }

    /// <summary>An attribute by its full name: of the driver's own the domain may be left out in what is published.</summary>
    public DeviceAttribute? Attribute(string fullName)
    {
        var attributes = Device.Attributes.OrEmpty();
        if (attributes.TryGetValue(fullName, out var found))
            return found;
        var slash = fullName.IndexOf('/');
        return slash > 0 && fullName.AsSpan(0, slash).SequenceEqual(Id.Driver) ? attributes.GetValueOrDefault(fullName[(slash + 1)..]) : null;
    }
}

/// <summary>
/// The slices of one pool, as of its newest generation: its devices in the order of slices and devices, whether all of them are there, and whether
/// they make sense together. Not changed once made.
/// </summary>
internal sealed class DevicePool
{
    private readonly Dictionary<(string Set, string Counter), Quantity> _counters = [];
    private Dictionary<(string Set, string Counter), Quantity> _left = [];
    private long _leftAsOf = -1;

    /// <param name="id">Its name.</param>
    /// <param name="slices">All that are published of it.</param>
    /// <param name="rules">Those that put taints on its devices, or on others.</param>
    public DevicePool(PoolId id, IEnumerable<ResourceSlice> slices, IEnumerable<DeviceTaintRule> rules)
    {
        Id = id;
        var all = slices.OrderBy(s => s.Metadata.Name, StringComparer.Ordinal).ToList();
        var generation = all.Max(s => s.Spec.Pool.Generation);
        // A driver replaces a pool slice by slice: what is older than its newest slice is on its way out.
        var newest = all.FindAll(s => s.Spec.Pool.Generation == generation);
        IsIncomplete = newest.Exists(s => s.Spec.Pool.ResourceSliceCount != newest.Count);
        var devices = new List<PoolDevice>();
        var ruling = rules.Where(r => DeviceTaintRules.SelectsIn(r, id.Driver, id.Pool)).ToList();
        foreach (var slice in newest)
        {
            var isEach = slice.Spec.PerDeviceNodeSelection == true;
            if (!isEach)
                Reaches.Add(DeviceReach.Of(slice.Spec));
            foreach (var device in slice.Spec.Devices.OrEmpty())
            {
                var made = new PoolDevice(
                    this, device, isEach ? DeviceReach.Of(device) : Reaches[^1],
                    [.. ruling.Where(r => DeviceTaintRules.Selects(r, id.Driver, id.Pool, device.Name)).Select(DeviceTaintRules.TaintOf)]);
                devices.Add(made);
                if (isEach)
                    Reaches.Add(made.Reach);
            }
        }
        Devices = devices;
        HasBindingConditions = devices.Exists(d => d.Device.BindingConditions is { Count: > 0 });
        InvalidReason = Check(newest);
    }

    public PoolId Id { get; }

    public IReadOnlyList<PoolDevice> Devices { get; }

    /// <summary>All ways in which nodes reach something of the pool.</summary>
    public List<DeviceReach> Reaches { get; } = [];

    /// <summary>Its driver has not published all slices (yet).</summary>
    public bool IsIncomplete { get; }

    /// <summary>Why nothing can be taken of it; null for a sound pool.</summary>
    public string? InvalidReason { get; }

    /// <summary>Such pools are looked at last: others need no waiting.</summary>
    public bool HasBindingConditions { get; }

    /// <summary>What devices that are taken leave of a shared counter.</summary>
    public Quantity Left(string set, string counter, AllocatedDevices allocated)
    {
        if (_leftAsOf != allocated.ChangesOf(Id))
        {
            _left = new(_counters);
            foreach (var device in Devices)
            {
                if (!allocated.HasWhole(device.Id) && !allocated.HasShares(device.Id))
                    continue;
                foreach (var (key, amount) in CountersOf(device.Device))
                    _left[key] = _left.GetValueOrDefault(key, Quantity.Zero) - amount;
            }
            _leftAsOf = allocated.ChangesOf(Id);
        }
        return _left.GetValueOrDefault((set, counter), Quantity.Zero);
    }

    /// <summary>The counters that a device uses up.</summary>
    public static IEnumerable<((string Set, string Counter) Key, Quantity Amount)> CountersOf(Device device)
    {
        foreach (var consumption in device.ConsumesCounters.OrEmpty())
        {
            foreach (var (name, counter) in consumption.Counters.OrEmpty())
                yield return ((consumption.CounterSet, name), counter.Value);
        }
    }

    private string? Check(List<ResourceSlice> slices)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var device in Devices)
        {
            if (!names.Add(device.Device.Name))
                return $"duplicate device name {device.Device.Name}";
        }
        var sets = new HashSet<string>(StringComparer.Ordinal);
        foreach (var set in slices.SelectMany(s => s.Spec.SharedCounters.OrEmpty()))
        {
            if (!sets.Add(set.Name))
                return $"duplicate counter set name {set.Name}";
            foreach (var (name, counter) in set.Counters.OrEmpty())
                _counters[(set.Name, name)] = counter.Value;
        }
        foreach (var ((set, counter), _) in Devices.SelectMany(d => CountersOf(d.Device)))
        {
            if (!sets.Contains(set))
                return $"counter set {set} not found";
            if (!_counters.ContainsKey((set, counter)))
                return $"counter {counter} not found in counter set {set}";
        }
        return null;
    }
}
