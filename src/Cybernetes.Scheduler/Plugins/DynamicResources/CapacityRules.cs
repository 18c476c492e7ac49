using Cybernetes.Objects;
using Cybernetes.Objects.Resource.V1;

namespace Cybernetes.Scheduler.Plugins.DynamicResources;

/// <summary>How much of a device's capacity a request takes (KEP-5075): the request policy's default, and its rounding up. Pure.</summary>
internal static class CapacityRules
{
    /// <summary>
    /// What the request takes of each capacity of the device; null where it asks for a capacity that the device has not, or for what the policy does not
    /// allow.
    /// </summary>
    public static Dictionary<string, Quantity>? Consumed(Device device, IReadOnlyDictionary<string, Quantity> wanted)
    {
        var capacities = device.Capacity.OrEmpty();
        foreach (var name in wanted.Keys)
        {
            if (!capacities.ContainsKey(name))
                return null;
        }
        var consumed = new Dictionary<string, Quantity>(StringComparer.Ordinal);
        foreach (var (name, capacity) in capacities)
        {
            var amount = Consumed(wanted.TryGetValue(name, out var asked) ? asked : null, capacity);
            if (Violates(amount, capacity.RequestPolicy))
                return null;
            consumed[name] = amount;
        }
        return consumed;
    }

    /// <summary>What a request takes of one capacity.</summary>
    /// <param name="asked">Null: nothing is said; the policy's default counts, or all there is.</param>
    /// <param name="capacity">As published.</param>
    public static Quantity Consumed(Quantity? asked, DeviceCapacity capacity)
    {
        var policy = capacity.RequestPolicy;
        if (asked is not { } amount)
            return policy?.Default ?? capacity.Value;
        if (policy?.ValidRange is { Min: { } least } range)
            return RoundUp(amount, least, range.Step);
        foreach (var valid in policy?.ValidValues ?? [])
        {
            if (amount <= valid)
                return valid;
        }
        return amount;
    }

    private static Quantity RoundUp(Quantity asked, Quantity least, Quantity? step)
    {
        if (asked < least)
            return least;
        if (step is not { } by || by.Value() <= 0)
            return asked;
        // The whole units of both, as upstream counts them.
        var (over, unit) = (asked.Value() - least.Value(), by.Value());
        var steps = (over / unit) + (over % unit == 0 ? 0 : 1);
        return Quantity.FromInt64(least.Value(), by.Format) + (Quantity.FromInt64(unit, by.Format) * steps);
    }

    private static bool Violates(Quantity amount, CapacityRequestPolicy? policy)
    {
        if (policy is null || (policy.Default is { } usual && amount == usual))
            return false;
        if (policy.ValidRange is { } range)
        {
            if (range.Max is { } most && amount > most)
                return true;
            return range.Step is { } step && step.Value() > 0 && (amount.Value() - (range.Min?.Value() ?? 0)) % step.Value() != 0;
        }
        return policy.ValidValues is { Count: > 0 } values && !values.Contains(amount);
    }
}
