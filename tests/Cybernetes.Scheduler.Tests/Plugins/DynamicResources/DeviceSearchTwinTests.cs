using Cybernetes.Foundation;
using Cybernetes.Objects;
using Cybernetes.Objects.Resource.V1;
using Cybernetes.Scheduler.Plugins.DynamicResources;
using Xunit;
using static Cybernetes.Scheduler.Tests.Plugins.DynamicResources.Devices;
using ResourceClaim = Cybernetes.Objects.Resource.V1.ResourceClaim;

namespace Cybernetes.Scheduler.Tests.Plugins.DynamicResources;

/// <summary>The search against a slow and obvious one: every way to give out devices, each held against all rules as a whole.</summary>
public sealed class DeviceSearchTwinTests
{
    private sealed record Puzzle(List<PoolDevice> Devices, List<DevicePool> Pools, List<ClaimWish> Claims, AllocatedDevices Allocated);

    [Fact]
    public void Search_RandomSmallInputs_FindsASolutionExactlyWhereThereIsOne()
    {
        var (solved, unsolved) = (0, 0);
        for (var seed = 0; seed < 1000; seed++)
        {
            var puzzle = Make(Chance.Seeded(seed));
            var search = new DeviceSearch(puzzle.Claims, puzzle.Pools, r => r.NodeName == "n", puzzle.Allocated, new(TimeProvider.System, TimeSpan.Zero));
            var found = search.Run();
            // A constraint that parts "all" from each other is an error rather than no solution.
            Assert.True(search.Error is null || search.Error.Contains("constraint would not be satisfied"), $"seed {seed}: {search.Error}");
            var exists = Ways(puzzle, 0, []).Any(way => IsValid(puzzle, way));
            Assert.True((found is not null) == exists || search.Error is not null, $"seed {seed}: found {found is not null}, exists {exists}");
            if (found is null)
            {
                unsolved++;
                continue;
            }
            solved++;
            var way = found.SelectMany((devices, claim) => devices.Select(d => (Claim: claim, d.Wish, d.Device))).ToList();
            Assert.True(IsValid(puzzle, way), $"seed {seed}: invalid solution");
        }
        // Both kinds are among the inputs, or the test says nothing.
        Assert.InRange(solved, 100, 900);
        Assert.InRange(unsolved, 100, 900);
    }

    private static IEnumerable<List<(int Claim, DeviceWish Wish, PoolDevice Device)>> Ways(
        Puzzle puzzle, int step, List<(int Claim, DeviceWish Wish, PoolDevice Device)> soFar)
    {
        var requests = puzzle.Claims.SelectMany((c, i) => c.Requests.Select(r => (Claim: i, Alternatives: r))).ToList();
        if (step == requests.Count)
        {
            yield return soFar;
            yield break;
        }
        foreach (var wish in requests[step].Alternatives)
        {
            foreach (var devices in Sets(puzzle, wish))
            {
                foreach (var way in Ways(puzzle, step + 1, [.. soFar, .. devices.Select(d => (requests[step].Claim, wish, d))]))
                    yield return way;
            }
        }
    }

    /// <summary>All sets of devices that a wish alone may get.</summary>
    private static IEnumerable<List<PoolDevice>> Sets(Puzzle puzzle, DeviceWish wish)
    {
        var meant = puzzle.Devices.FindAll(d => wish.Selectors.All(s => s.Selector.Matches(d, out _)));
        if (wish.WantsAll)
        {
            var all = meant.FindAll(d => Fits(wish, d, puzzle.Allocated));
            if (all.Count > 0)
                yield return all;
            yield break;
        }
        for (var bits = 0; bits < 1 << meant.Count; bits++)
        {
            if (int.PopCount(bits) == wish.Count)
                yield return [.. meant.Where((_, i) => (bits >> i & 1) == 1)];
        }
    }

    private static bool Fits(DeviceWish wish, PoolDevice device, AllocatedDevices allocated) =>
        CapacityRules.Consumed(device.Device, wish.Capacity) is { } consumed && consumed.All(c =>
            c.Value + allocated.ConsumedOf(device.Id).GetValueOrDefault(c.Key, Quantity.Zero) <= device.Device.Capacity![c.Key].Value);

    private static bool IsValid(Puzzle puzzle, List<(int Claim, DeviceWish Wish, PoolDevice Device)> way)
    {
        foreach (var group in way.GroupBy(w => w.Device.Id))
        {
            var device = group.First().Device;
            if (device.AllowsMultiple)
            {
                foreach (var (name, capacity) in device.Device.Capacity.OrEmpty())
                {
                    var sum = puzzle.Allocated.ConsumedOf(device.Id).GetValueOrDefault(name, Quantity.Zero);
                    foreach (var one in group)
                        sum += CapacityRules.Consumed(device.Device, one.Wish.Capacity)?[name] ?? Quantity.Parse("1000");
                    if (sum > capacity.Value)
                        return false;
                }
            }
            else if (puzzle.Allocated.HasWhole(device.Id) || group.Count() > 1)
                return false;
        }
        foreach (var (_, wish, device) in way)
        {
            if (device.Device.Taints is { Count: > 0 } && wish.Tolerations.Count == 0 || CapacityRules.Consumed(device.Device, wish.Capacity) is null)
                return false;
        }
        var used = way.Select(w => w.Device).Concat(puzzle.Devices.Where(d => puzzle.Allocated.HasWhole(d.Id) || puzzle.Allocated.HasShares(d.Id)))
            .DistinctBy(d => d.Id).SelectMany(d => DevicePool.CountersOf(d.Device)).Sum(c => c.Amount.Value());
        // Of a pool that is overdrawn already everything may be taken that needs nothing of it.
        if (used > 4 && way.Any(w => w.Device.Device.ConsumesCounters is not null && !puzzle.Allocated.HasShares(w.Device.Id)))
            return false;
        for (var claim = 0; claim < puzzle.Claims.Count; claim++)
        {
            var mine = way.FindAll(w => w.Claim == claim);
            foreach (var constraint in puzzle.Claims[claim].Claim.Spec.Devices.Constraints.OrEmpty())
            {
                var values = mine.Where(w => w.Wish.IsIn(constraint.Requests.OrEmpty()))
                    .Select(w => w.Device.Attribute(constraint.MatchAttribute ?? constraint.DistinctAttribute!)?.StringValue).ToList();
                if (values.Contains(null) || values.Distinct().Count() != (constraint.MatchAttribute is null ? values.Count : Math.Min(values.Count, 1)))
                    return false;
            }
        }
        return true;
    }

    private static Puzzle Make(IRandomSource random)
    {
        string One(params string[] of) => of[random.Next(of.Length)];
        var slice = Slice("s", "n", [.. Enumerable.Range(0, 2 + random.Next(4)).Select(i => Device($"d{i}", d =>
        {
            d.Attributes = new() { ["m"] = new() { StringValue = One("x", "y") } };
            if (random.Next(4) > 0)
                d.Attributes["k"] = new() { StringValue = One("0", "1", "2") };
            if (random.Next(6) == 0)
                d.Taints = [new() { Key = "t", Effect = "NoSchedule" }];
            if (random.Next(3) == 0)
                d.ConsumesCounters = [new() { CounterSet = "c", Counters = new() { ["u"] = new() { Value = Quantity.FromInt64(1 + random.Next(3)) } } }];
            if (random.Next(3) == 0)
                (d.AllowMultipleAllocations, d.Capacity) = (true, new() { ["b"] = new() { Value = Quantity.FromInt64(3), RequestPolicy = new() { Default = Quantity.FromInt64(1) } } });
        }))], s => s.Spec.SharedCounters = [new() { Name = "c", Counters = new() { ["u"] = new() { Value = Quantity.FromInt64(4) } } }]);
        var pool = new DevicePool(new PoolId(Driver, "n"), [slice], []);
        var allocated = new AllocatedDevices();
        foreach (var device in pool.Devices.Where(_ => random.Next(5) == 0))
        {
            var taken = Allocation("n", device.Device.Name);
            if (device.AllowsMultiple)
                (taken.Devices.Results![0].ShareID, taken.Devices.Results[0].ConsumedCapacity) = ("1", new() { ["b"] = Quantity.FromInt64(1) });
            allocated.Add(taken);
        }
        var claims = Enumerable.Range(0, 1 + random.Next(2)).Select(i => MakeClaim($"c{i}", random, One)).ToList();
        return new Puzzle([.. pool.Devices], [pool], [.. claims.Select(c => Wish(c))], allocated);
    }

    private static ResourceClaim MakeClaim(string name, IRandomSource random, Func<string[], string> one)
    {
        DeviceSubRequest Sub(string sub) => new()
        {
            Name = sub, DeviceClassName = "gpu", AllocationMode = random.Next(6) == 0 ? "All" : "ExactCount", Count = 1 + random.Next(2),
            Selectors = random.Next(2) == 0 ? Selectors(one(["m=x", "m=y", "k=1", "any"])) : null,
            Tolerations = random.Next(3) == 0 ? [new() { Operator = "Exists" }] : null,
            Capacity = random.Next(4) == 0 ? new() { Requests = new() { ["b"] = Quantity.FromInt64(1 + random.Next(3)) } } : null,
        };
        var requests = Enumerable.Range(0, 1 + random.Next(2)).Select(i => random.Next(4) == 0
            ? FirstAvailable($"r{i}", Sub("s0"), Sub("s1")) : Exact($"r{i}", Sub(""))).ToArray();
        return Claim(name, requests).With(c => c.Spec.Devices.Constraints = random.Next(3) switch
        {
            0 => [new() { MatchAttribute = Driver + "/k", Requests = random.Next(2) == 0 ? ["r0"] : null }],
            1 => [new() { DistinctAttribute = Driver + "/k" }],
            _ => null,
        });
    }

    private static DeviceRequest Exact(string name, DeviceSubRequest sub) => Exactly(name, sub.Count, "gpu", e =>
        (e.AllocationMode, e.Selectors, e.Tolerations, e.Capacity) = (sub.AllocationMode, sub.Selectors, sub.Tolerations, sub.Capacity));
}
