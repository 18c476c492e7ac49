using Cybernetes.Objects;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Plugins.NodeAffinity;
using Cybernetes.Scheduler.Snapshot;

namespace Cybernetes.Scheduler.Plugins.DynamicResources;

/// <summary>One node looked at for a pod's claims.</summary>
internal sealed partial class DynamicResourcesPlugin
{
    /// <summary>What the node means to the pod; null where no node can do, with the reason.</summary>
    private NodeDevices? LookAt(SchedulingCycle cycle, PodDevices devices, int slot, out string? fatal)
    {
        fatal = null;
        ExtendedRequests? extended = null;
        ClaimWish? extendedWish = null;
        if (devices.Extended is { } special)
        {
            // It is left from an earlier attempt, for a node that may not be this one: it goes first.
            if (special.Claim.Spec.Devices.Requests is not null)
                return NodeDevices.Rejected("cannot schedule extended resource claim");
            (extendedWish, extended, fatal) = ExtendedWishOf(cycle, devices, slot);
            if (fatal is not null)
                return null;
        }
        var isUnavailable = false;
        foreach (var claim in devices.Claims.Where(c => c.Wish is null))
        {
            if ((claim.Nodes is { } nodes && !nodes[slot]) || BindingFailed(claim.Claim))
                claim.IsUnavailable = isUnavailable = true;
        }
        List<ClaimWish> wishes = [.. devices.Claims.Select(c => c.Wish).OfType<ClaimWish>()];
        if (extendedWish is not null)
            wishes.Add(extendedWish);
        if (wishes.Count == 0)
            return isUnavailable ? NodeDevices.Rejected("resourceclaim not available on the node") : new NodeDevices(null, [], [], extended);
        var search = SearchOn(cycle, devices, slot, wishes);
        if (search.Run() is not { } chosen)
        {
            if (search.IsFatal)
            {
                fatal = search.Error;
                return null;
            }
            return NodeDevices.Rejected(search.Error ?? "cannot allocate all claims");
        }
        return isUnavailable ? NodeDevices.Rejected("resourceclaim not available on the node") : new NodeDevices(null, wishes, chosen, extended);
    }

    private DeviceSearch SearchOn(SchedulingCycle cycle, PodDevices devices, int slot, IReadOnlyList<ClaimWish> wishes)
    {
        var (pools, reaches) = PoolsAt(cycle, devices, slot);
        devices.Budget!.BeginNode();
        return new DeviceSearch(wishes, pools, reaches, _inventory.Allocated, devices.Budget, services.HasLists);
    }

    /// <summary>The devices that the node reaches, with their pools.</summary>
    private IEnumerable<(DevicePool Pool, PoolDevice Device)> ReachedFrom(SchedulingCycle cycle, PodDevices devices, int slot)
    {
        var (pools, reaches) = PoolsAt(cycle, devices, slot);
        return pools.SelectMany(p => p.Devices.Where(d => reaches(d.Reach)).Select(d => (p, d)));
    }

    private (List<DevicePool> Pools, Func<DeviceReach, bool> Reaches) PoolsAt(SchedulingCycle cycle, PodDevices devices, int slot)
    {
        var name = cycle.Columns.NodeName(slot);
        bool Reaches(DeviceReach reach)
        {
            if (reach.NodeName is { Length: > 0 } only)
                return only == name;
            if (reach.AllNodes || reach.Selector is not { } selector)
                return reach.AllNodes;
            if (!devices.Selected.TryGetValue(selector, out var nodes))
                devices.Selected[selector] = nodes = NodeSelection.Matching(cycle.Columns, selector.NodeSelectorTerms.OrEmpty());
            return nodes[slot];
        }
        var own = _inventory.Catalog.PoolsOf(name);
        var wide = devices.WidePools.Where(p => p.Reaches.Exists(Reaches));
        return (DeviceCatalog.Sorted(own.Concat(wide)), Reaches);
    }

    /// <summary>What the pod's extended resources mean on a node: those that no device plugin has there are asked for as devices.</summary>
    private (ClaimWish? Wish, ExtendedRequests? Requests, string? Error) ExtendedWishOf(SchedulingCycle cycle, PodDevices devices, int slot)
    {
        var lacking = devices.ExtendedResources.Where(r => cycle.Columns.AllocatableAt(r.Resource, slot) == 0).Select(r => r.Name).ToList();
        if (lacking.Count == 0)
            return default;
        var key = string.Join(',', lacking);
        if (!devices.ExtendedWishes.TryGetValue(key, out var known))
        {
            var requests = ExtendedResourceClaims.RequestsOf(devices.Pod, lacking, _inventory.ClassOfResource);
            var claim = devices.Extended!.Claim.DeepClone();
            claim.Spec.Devices.Requests = requests.Requests;
            var wish = ClaimWish.Read(claim, _inventory.Class, services.Selectors, out var error);
            if (error is null && requests.Requests.Count == 0)
                error = "cannot fit resource";
            devices.ExtendedWishes[key] = known = (wish, requests, error);
        }
        return known;
    }
}
