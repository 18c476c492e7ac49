using System.Runtime.InteropServices;
using Cybernetes.Objects;
using Cybernetes.Objects.Resource.V1;

namespace Cybernetes.Scheduler.Plugins.DynamicResources;

/// <summary>
/// What claims have taken, whether it is written down or only decided: devices as a whole, and shares of those that several may use. Kept by each
/// claim's coming and going. Not thread-safe.
/// </summary>
internal sealed class AllocatedDevices
{
    private static readonly Dictionary<string, Quantity> s_nothing = [];
    private readonly Dictionary<DeviceId, int> _whole = [];
    private readonly Dictionary<DeviceId, (int Shares, Dictionary<string, Quantity> Consumed)> _shared = [];
    private readonly Dictionary<PoolId, long> _changes = [];

    /// <summary>Whether a claim has the device for itself.</summary>
    public bool HasWhole(DeviceId device) => _whole.ContainsKey(device);

    /// <summary>Whether claims share the device.</summary>
    public bool HasShares(DeviceId device) => _shared.ContainsKey(device);

    /// <summary>How much of a shared device's capacity is taken, by name.</summary>
    public IReadOnlyDictionary<string, Quantity> ConsumedOf(DeviceId device) => _shared.TryGetValue(device, out var shared) ? shared.Consumed : s_nothing;

    /// <summary>Grows when something of the pool is taken or given back.</summary>
    public long ChangesOf(PoolId pool) => _changes.GetValueOrDefault(pool);

    public void Add(AllocationResult allocation) => Count(allocation, 1);

    public void Remove(AllocationResult allocation) => Count(allocation, -1);

    private void Count(AllocationResult allocation, int sign)
    {
        foreach (var result in allocation.Devices.Results.OrEmpty())
        {
            // Administrators look at devices that others have; they take nothing.
            if (result.AdminAccess == true)
                continue;
            var id = DeviceId.Of(result);
            CollectionsMarshal.GetValueRefOrAddDefault(_changes, new PoolId(id.Driver, id.Pool), out _)++;
            if (result.ShareID is not null)
                Share(id, result.ConsumedCapacity, sign);
            else if ((CollectionsMarshal.GetValueRefOrAddDefault(_whole, id, out _) += sign) == 0)
                _whole.Remove(id);
        }
    }

    private void Share(DeviceId id, Dictionary<string, Quantity>? consumed, int sign)
    {
        if (!_shared.TryGetValue(id, out var shared))
            shared = (0, new(StringComparer.Ordinal));
        shared.Shares += sign;
        foreach (var (name, amount) in consumed.OrEmpty())
        {
            var before = shared.Consumed.GetValueOrDefault(name, Quantity.Zero);
            shared.Consumed[name] = sign > 0 ? before + amount : before - amount;
        }
        if (shared.Shares == 0) _shared.Remove(id);
        else _shared[id] = shared;
    }
}
