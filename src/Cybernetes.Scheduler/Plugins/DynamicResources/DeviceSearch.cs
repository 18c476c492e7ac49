using Cybernetes.Objects;

namespace Cybernetes.Scheduler.Plugins.DynamicResources;

/// <summary>How much searching is left for a pod: what runs out ends the search, whoever asks.</summary>
internal sealed class SearchBudget(TimeProvider time, TimeSpan limit, int steps = SearchBudget.MostSteps)
{
    /// <summary>A search may look at this many devices, whatever the clock says: a virtual clock stands still meanwhile.</summary>
    public const int MostSteps = 5_000_000;

    private const int StepsBetweenLooks = 1024;
    private long _begun = time.GetTimestamp();
    private int _left = steps;
    private bool _isOver;

    /// <summary>The time begins anew for another node (upstream's timeout is one of a node); the steps are those of all.</summary>
    public void BeginNode()
    {
        _begun = time.GetTimestamp();
        _isOver = _left <= 0;
    }

    /// <summary>Takes one step; false when there is none left.</summary>
    public bool Step()
    {
        if (--_left <= 0)
            _isOver = true;
        else if (_left % StepsBetweenLooks == 0 && limit > TimeSpan.Zero && time.GetElapsedTime(_begun) > limit)
            _isOver = true;
        return !_isOver;
    }
}

/// <summary>A device chosen for a request.</summary>
internal sealed record ChosenDevice(DeviceWish Wish, PoolDevice Device, Dictionary<string, Quantity>? Consumed);

/// <summary>
/// Looks for devices on one node for all claims of a pod: claim by claim, request by request, device by device in their order, going back where it
/// leads nowhere; the first solution counts (KEP-4381). Exhaustive, but for combinations that only differ in their order.
/// </summary>
/// <param name="claims">To be allocated together.</param>
/// <param name="pools">Those of which the node reaches something, in their order.</param>
/// <param name="reaches">Whether the node reaches a device.</param>
/// <param name="allocated">What others have.</param>
/// <param name="budget">Ends a search that takes too long.</param>
/// <param name="hasLists">Whether constraints look at attributes that are lists.</param>
internal sealed class DeviceSearch(
    IReadOnlyList<ClaimWish> claims, IReadOnlyList<DevicePool> pools, Func<DeviceReach, bool> reaches, AllocatedDevices allocated, SearchBudget budget,
    bool hasLists = false)
{
    /// <summary>The most devices a claim may have.</summary>
    public const int MostResults = 32;

    private enum Outcome { Found, None, TooMany, Failed }

    private readonly record struct Place(int Claim, int Request, int Alternative, int Device);

    private readonly List<PoolDevice> _devices = [];
    private readonly Dictionary<DeviceWish, List<PoolDevice>> _all = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<DeviceId, List<int>> _taken = [];
    private readonly Dictionary<DeviceId, List<Dictionary<string, Quantity>>> _shared = [];
    private readonly Dictionary<(PoolId Pool, string Set, string Counter), Quantity> _counters = [];
    private readonly List<ChosenDevice>[] _chosen = [.. claims.Select(_ => new List<ChosenDevice>())];
    private readonly DeviceConstraintState[][] _constraints =
        [.. claims.Select(c => c.Claim.Spec.Devices.Constraints.OrEmpty().Select(s => new DeviceConstraintState(s, hasLists)).ToArray())];

    /// <summary>The one device that is looked at; null for all.</summary>
    public PoolDevice? Only { get; init; }

    /// <summary>Why nothing was found; null where devices simply do not suffice.</summary>
    public string? Error { get; private set; }

    /// <summary>Whether the error lies in claim or class, so that no other node would do better.</summary>
    public bool IsFatal { get; private set; }

    /// <summary>The devices of each claim, or null where there are none.</summary>
    public IReadOnlyList<IReadOnlyList<ChosenDevice>>? Run()
    {
        var hasInvalid = false;
        foreach (var pool in pools)
        {
            hasInvalid |= pool.InvalidReason is not null;
            if (pool.InvalidReason is not null || pool.IsIncomplete)
                continue;
            foreach (var device in pool.Devices)
            {
                if (reaches(device.Reach) && (Only is null || ReferenceEquals(Only, device)))
                    _devices.Add(device);
            }
        }
        if (!Prepare())
            return null;
        switch (Step(new Place(0, 0, -1, 0), 0))
        {
            case Outcome.Found:
                return _chosen;
            case Outcome.Failed:
                return null;
            default:
                if (hasInvalid)
                    Error = "invalid resource pools were encountered";
                return null;
        }
    }

    /// <summary>What "all" means here, and whether the claims ask for more than a claim may have.</summary>
    private bool Prepare()
    {
        foreach (var claim in claims)
        {
            long least = 0;
            foreach (var alternatives in claim.Requests)
            {
                var fewest = long.MaxValue;
                foreach (var wish in alternatives)
                {
                    if (wish.WantsAll && !FindAll(claim, wish))
                        return false;
                    fewest = Math.Min(fewest, CountOf(wish));
                }
                least += Math.Min(fewest, int.MaxValue);
            }
            if (least > MostResults)
                return Fail($"claim {claim.Name}: number of requested devices {least} exceeds the claim limit of {MostResults}", isFatal: true);
        }
        return true;
    }

    private bool FindAll(ClaimWish claim, DeviceWish wish)
    {
        var all = _all[wish] = [];
        foreach (var pool in pools)
        {
            if (pool.IsIncomplete)
                return Fail($"claim {claim.Name}, request {wish.FullName}: asks for all devices, but resource pool {pool.Id} is currently being updated",
                    isFatal: true);
            if (pool.InvalidReason is not null)
                return Fail($"claim {claim.Name}, request {wish.FullName}: asks for all devices, but resource pool {pool.Id} is currently invalid",
                    isFatal: true);
        }
        foreach (var device in _devices)
        {
            if (Selects(wish, device) is not { } isMeant)
                return false;
            if (isMeant && Consumption(wish, device) is not null)
                all.Add(device);
        }
        return true;
    }

    private long CountOf(DeviceWish wish) => wish.WantsAll ? _all[wish].Count : wish.Count;

    private Outcome Step(Place at, int start)
    {
        if (!budget.Step())
            return Failed("timed out trying to allocate devices", isFatal: false);
        if (at.Claim == claims.Count)
            return Outcome.Found;
        var claim = claims[at.Claim];
        if (at.Request == claim.Requests.Count)
        {
            // Another choice in an earlier claim may let this one do with fewer devices.
            var rest = Step(new Place(at.Claim + 1, 0, -1, 0), 0);
            return rest == Outcome.TooMany ? Outcome.None : rest;
        }
        if (at.Alternative < 0)
            return StepAlternatives(at, claim.Requests[at.Request].Count);
        var wish = claim.Requests[at.Request][at.Alternative];
        var count = CountOf(wish);
        if (wish.WantsAll && count == 0)
            return Outcome.None;
        if (at.Device >= count)
            return Step(new Place(at.Claim, at.Request + 1, -1, 0), 0);
        if (_chosen[at.Claim].Count + count - at.Device > MostResults)
            return Outcome.TooMany;
        return wish.WantsAll ? StepAll(at, wish) : StepAny(at, wish, start);
    }

    private Outcome StepAlternatives(Place at, int alternatives)
    {
        var isTooMany = true;
        for (var i = 0; i < alternatives; i++)
        {
            var outcome = Step(at with { Alternative = i }, 0);
            if (outcome == Outcome.TooMany)
                continue;
            isTooMany = false;
            if (outcome != Outcome.None)
                return outcome;
        }
        return isTooMany ? Outcome.TooMany : Outcome.None;
    }

    /// <summary>The order in which all are taken makes no difference: where one cannot be had there is no solution.</summary>
    private Outcome StepAll(Place at, DeviceWish wish)
    {
        var device = _all[wish][at.Device];
        if (!Take(at, wish, device, out var violates))
        {
            var request = $"claim {claims[at.Claim].Name}, request {wish.FullName}";
            return violates
                ? Failed($"{request}: cannot add device {device.Id} because a claim constraint would not be satisfied", isFatal: true) : Outcome.None;
        }
        var outcome = Step(at with { Device = at.Device + 1 }, 0);
        if (outcome != Outcome.Found)
            GiveBack(at, wish, device);
        return outcome;
    }

    private Outcome StepAny(Place at, DeviceWish wish, int start)
    {
        for (var i = start; i < _devices.Count; i++)
        {
            var device = _devices[i];
            if (!budget.Step())
                return Failed("timed out trying to allocate devices", isFatal: false);
            if (IsInUse(at.Claim, wish, device))
                continue;
            if (Selects(wish, device) is not { } isMeant)
                return Outcome.Failed;
            if (!isMeant || !Take(at, wish, device, out _))
                continue;
            // The next device of the same request comes after this one: the other order would be the same.
            var outcome = Step(at with { Device = at.Device + 1 }, i + 1);
            if (outcome == Outcome.Found)
                return outcome;
            GiveBack(at, wish, device);
            if (outcome != Outcome.None)
                return outcome;
        }
        return Outcome.None;
    }

    private bool IsInUse(int claim, DeviceWish wish, PoolDevice device)
    {
        if (device.AllowsMultiple)
            return !wish.AdminAccess && allocated.HasWhole(device.Id);
        var taken = _taken.GetValueOrDefault(device.Id);
        return wish.AdminAccess ? taken?.Contains(claim) == true : allocated.HasWhole(device.Id) || taken is { Count: > 0 };
    }

    /// <summary>Whether class and request mean the device; null where an expression fails.</summary>
    private bool? Selects(DeviceWish wish, PoolDevice device)
    {
        foreach (var (expression, selector, where) in wish.Selectors)
        {
            var matches = device.Matches(expression, selector, out var error);
            if (error is not null)
            {
                Fail($"{where} on device {device.Id}: CEL runtime error: {error}", isFatal: true);
                return null;
            }
            if (!matches)
                return false;
        }
        return true;
    }

    /// <summary>What the request takes of the device's capacity; null where the device has not that much left.</summary>
    private Dictionary<string, Quantity>? Consumption(DeviceWish wish, PoolDevice device)
    {
        if (CapacityRules.Consumed(device.Device, wish.Capacity) is not { } consumed)
            return null;
        var before = allocated.ConsumedOf(device.Id);
        foreach (var (name, amount) in consumed)
        {
            var sum = amount + before.GetValueOrDefault(name, Quantity.Zero);
            foreach (var share in _shared.GetValueOrDefault(device.Id) ?? [])
                sum += share.GetValueOrDefault(name, Quantity.Zero);
            if (sum > device.Device.Capacity![name].Value)
                return null;
        }
        return consumed;
    }

    private bool Take(Place at, DeviceWish wish, PoolDevice device, out bool violates)
    {
        violates = false;
        if (IsInUse(at.Claim, wish, device) || DeviceTaints.Prevent(device, wish.Tolerations) || Consumption(wish, device) is not { } consumed)
            return false;
        if (!HasCounters(device))
            return false;
        var constraints = _constraints[at.Claim];
        for (var i = 0; i < constraints.Length; i++)
        {
            if (constraints[i].Add(wish, device))
                continue;
            while (--i >= 0)
                constraints[i].Remove(wish);
            violates = true;
            return false;
        }
        if (UsesCounters(device))
            Count(device, 1);
        if (!device.AllowsMultiple)
            ListOf(_taken, device.Id).Add(at.Claim);
        else
            ListOf(_shared, device.Id).Add(consumed);
        _chosen[at.Claim].Add(new ChosenDevice(wish, device, device.AllowsMultiple ? consumed : null));
        return true;
    }

    private void GiveBack(Place at, DeviceWish wish, PoolDevice device)
    {
        _chosen[at.Claim].RemoveAt(_chosen[at.Claim].Count - 1);
        if (!device.AllowsMultiple)
            RemoveLast(_taken, device.Id);
        else
            RemoveLast(_shared, device.Id);
        if (UsesCounters(device))
            Count(device, -1);
        foreach (var constraint in _constraints[at.Claim])
            constraint.Remove(wish);
    }

    /// <summary>A device that is shared already has used up its counters.</summary>
    private bool UsesCounters(PoolDevice device) => device.Device.ConsumesCounters is { Count: > 0 }
        && !(device.AllowsMultiple && (allocated.HasShares(device.Id) || _shared.GetValueOrDefault(device.Id) is { Count: > 0 }));

    private bool HasCounters(PoolDevice device)
    {
        if (!UsesCounters(device))
            return true;
        foreach (var ((set, counter), amount) in DevicePool.CountersOf(device.Device))
        {
            var used = _counters.GetValueOrDefault((device.Pool.Id, set, counter), Quantity.Zero);
            if (used + amount > device.Pool.Left(set, counter, allocated))
                return false;
        }
        return true;
    }

    private void Count(PoolDevice device, int sign)
    {
        foreach (var ((set, counter), amount) in DevicePool.CountersOf(device.Device))
        {
            var key = (device.Pool.Id, set, counter);
            var used = _counters.GetValueOrDefault(key, Quantity.Zero);
            _counters[key] = sign > 0 ? used + amount : used - amount;
        }
    }

    private static List<T> ListOf<T>(Dictionary<DeviceId, List<T>> lists, DeviceId id) =>
        lists.TryGetValue(id, out var list) ? list : lists[id] = [];

    private static void RemoveLast<T>(Dictionary<DeviceId, List<T>> lists, DeviceId id) => lists[id].RemoveAt(lists[id].Count - 1);

    private bool Fail(string error, bool isFatal = false)
    {
        (Error, IsFatal) = (error, isFatal);
        return false;
    }

    private Outcome Failed(string error, bool isFatal)
    {
        Fail(error, isFatal);
        return Outcome.Failed;
    }
}
