using System.Globalization;
using System.Text;
using Cybernetes.Objects;
using Cybernetes.Scheduler.Cycle;

namespace Cybernetes.Scheduler.Plugins.DynamicResources;

/// <summary>Why a pod's devices are not to be had, in plain words.</summary>
internal sealed partial class DynamicResourcesPlugin
{
    /// <summary>What became of the devices that a node reaches, for one wish.</summary>
    private readonly record struct Tally(int All, int Unusable, int NotMeant, int Taken, int Tainted, int Free);

    /// <summary>The node that has the most of what the pod wants, and what it lacks there; null where no node failed for its devices.</summary>
    public string? Advise(SchedulingCycle cycle)
    {
        if (cycle.NoteOf<PodDevices>(this) is not { } devices)
            return null;
        using var still = _inventory.Enter();
        (ClaimWish Claim, DeviceWish Wish)? best = null;
        var (slotOfBest, most) = (-1, -1);
        foreach (var (slot, node) in devices.ByNode.Where(n => n.Value.Reason is not null).OrderBy(n => cycle.Columns.NodeName(n.Key), StringComparer.Ordinal))
        {
            foreach (var (claim, wish) in WishesOf(devices))
            {
                var tally = Count(cycle, devices, slot, claim, wish);
                if (tally.Free >= (wish.WantsAll ? tally.Free + tally.Taken + tally.Tainted : wish.Count) && tally.Free > 0)
                    continue;
                if (tally.Free > most)
                    (best, slotOfBest, most) = ((claim, wish), slot, tally.Free);
                break;
            }
        }
        return best is { } found ? Describe(cycle, devices, slotOfBest, found.Claim, found.Wish) : null;
    }

    private string Describe(SchedulingCycle cycle, PodDevices devices, int slot, ClaimWish claim, DeviceWish wish)
    {
        var tally = Count(cycle, devices, slot, claim, wish);
        var text = new StringBuilder();
        var wants = wish.WantsAll ? "all devices" : wish.Count == 1 ? "1 device" : $"{wish.Count} devices";
        text.Append(CultureInfo.InvariantCulture, $"Devices: claim {claim.Name}, request {wish.FullName} wants {wants} of class {wish.ClassName}; ");
        text.Append(CultureInfo.InvariantCulture, $"{cycle.Columns.NodeName(slot)} comes nearest");
        if (tally.All == 0)
            return text.Append(" and reaches no devices at all.").ToString();
        text.Append(CultureInfo.InvariantCulture, $": of the {tally.All} that it reaches ");
        (int Count, string What)[] parts =
        [
            (tally.Unusable, "belong to pools that are incomplete or invalid"), (tally.NotMeant, "are not what class and request select"),
            (tally.Taken, "are taken"), (tally.Tainted, "have a taint that is not tolerated"), (tally.Free, "are free"),
        ];
        return text.AppendJoin(", ", parts.Where(p => p.Count > 0).Select(p => $"{p.Count} {p.What}")).Append('.').ToString();
    }

    private static IEnumerable<(ClaimWish Claim, DeviceWish Wish)> WishesOf(PodDevices devices) =>
        devices.Claims.Select(c => c.Wish).Concat(devices.ExtendedWishes.Values.Select(e => e.Wish)).OfType<ClaimWish>()
            .SelectMany(c => c.Requests.Select(r => (c, r[^1])));

    private Tally Count(SchedulingCycle cycle, PodDevices devices, int slot, ClaimWish claim, DeviceWish wish)
    {
        var tally = default(Tally);
        foreach (var (pool, device) in ReachedFrom(cycle, devices, slot))
        {
            tally = tally with { All = tally.All + 1 };
            if (pool.IsIncomplete || pool.InvalidReason is not null)
                tally = tally with { Unusable = tally.Unusable + 1 };
            else if (!wish.Selectors.All(s => device.Matches(s.Expression, s.Selector, out _)) || CapacityRules.Consumed(device.Device, wish.Capacity) is null)
                tally = tally with { NotMeant = tally.NotMeant + 1 };
            else if (!IsFree(device, claim, wish))
                tally = tally with { Taken = tally.Taken + 1 };
            else if (DeviceTaints.Prevent(device, wish.Tolerations))
                tally = tally with { Tainted = tally.Tainted + 1 };
            else
                tally = tally with { Free = tally.Free + 1 };
        }
        return tally;
    }

    /// <summary>Whether the device alone could be had: the search itself is asked.</summary>
    private bool IsFree(PoolDevice device, ClaimWish claim, DeviceWish wish)
    {
        var one = wish with { WantsAll = false, Count = 1, Tolerations = [new() { Operator = "Exists" }] };
        var alone = claim.Claim.DeepClone();
        alone.Spec.Devices.Constraints = null;
        var search = new DeviceSearch(
            [new ClaimWish(alone, [[one]])], [device.Pool], reach => ReferenceEquals(reach, device.Reach), _inventory.Allocated,
            new SearchBudget(Time, TimeSpan.Zero))
        {
            Only = device,
        };
        return search.Run() is not null;
    }
}
