using System.Collections.Concurrent;
using Cybernetes.Client.Events;
using Cybernetes.Client.Transport;
using Cybernetes.Foundation;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Resource.V1;
using Cybernetes.Scheduler.Cycle;
using Cybernetes.Scheduler.Plugins.GangScheduling;
using Cybernetes.Scheduler.Plugins.NodeAffinity;
using Cybernetes.Scheduler.Queue;
using Cybernetes.Scheduler.Snapshot;

namespace Cybernetes.Scheduler.Plugins.DynamicResources;

/// <summary>What the plugin is made from.</summary>
/// <param name="Inventory">Devices, classes and claims.</param>
/// <param name="Watch">Says when the inventory is complete.</param>
/// <param name="Selectors">Compiles expressions.</param>
/// <param name="Client">The API server; null where nothing is bound.</param>
/// <param name="Events">Where waiting for devices is told; null for nowhere.</param>
internal sealed record DeviceServices(
    DeviceInventory Inventory, DeviceWatch Watch, IDeviceSelectors Selectors, ApiClient? Client = null, IEventRecorder? Events = null)
{
    /// <summary>Whether constraints look at attributes that are lists (gate DRAListTypeAttributes).</summary>
    public bool HasLists { get; init; }

    /// <summary>A cluster without devices.</summary>
    public static DeviceServices None { get; } = Over(new DeviceInventory());

    /// <summary>An inventory that was filled by hand.</summary>
    public static DeviceServices Over(DeviceInventory inventory, IDeviceSelectors? selectors = null, ApiClient? client = null)
    {
        var watch = new DeviceWatch(inventory);
        watch.BeReady();
        return new(inventory, watch, selectors ?? DeviceSelectors.Instance, client);
    }
}

/// <summary>
/// Dynamic resource allocation (resource.k8s.io/v1, structured parameters): a pod goes only where the devices of its claims are or can be allocated.
/// The choice is made while filtering, kept from others at the reservation, and written before the binding.
/// </summary>
/// <param name="services">What it works on.</param>
/// <param name="filterTimeout">How long the search for one pod may take on a node; zero: as long as it takes.</param>
/// <param name="bindingTimeout">How long devices may take to get ready after their allocation.</param>
internal sealed partial class DynamicResourcesPlugin(DeviceServices services, TimeSpan filterTimeout, TimeSpan bindingTimeout)
    : IPreEnqueuePlugin, IPreFilterPlugin, IClusterFilter, IPostFilterPlugin, IClusterScore, IReservePlugin, IPreBindPlugin, IPostBindPlugin
{
    private const int MostAlternatives = 8;
    private readonly DeviceInventory _inventory = services.Inventory;
    private readonly ConcurrentDictionary<string, PodDevices> _decided = new(StringComparer.Ordinal);

    private TimeProvider Time => services.Client?.Time ?? TimeProvider.System;

    public string Name => "DynamicResources";

    public ClusterEvent Wakers => ClusterEvent.NodeAdded | ClusterEvent.NodeLabelsChanged | ClusterEvent.NodeAllocatableChanged
        | ClusterEvent.ResourceClaimChanged | ClusterEvent.DeviceChanged | ClusterEvent.PodUpdated | ClusterEvent.AssignedPodRemoved;

    public bool MayHelp(Pod pod, in ClusterHappening happening)
    {
        // A pod that gives its place back before it was bound gives back the devices that were kept for it.
        if ((happening.Event & ClusterEvent.ResourceClaimChanged) == 0)
            return happening.Pod is not { } other || PodDeviceClaims.MayNeedDevices(other);
        var (before, now) = (happening.ClaimBefore, happening.Claim);
        var claims = _inventory.ClaimsOf(pod, waits: false, out var error);
        if (before?.Status.Allocation is not null && now?.Status.Allocation is null)
            return error is null;
        var uid = (now ?? before)?.Metadata.UID;
        var isOwn = claims.Any(c => c.Metadata.UID == uid) || (now ?? before) is { } claim && PodDeviceClaims.IsFor(pod, claim);
        return isOwn && (error is null || now is null) && (before is null || now is null || !before.Status.SemanticEquals(now.Status));
    }

    public string? PreEnqueue(Pod pod)
    {
        if (!PodDeviceClaims.MayNeedDevices(pod))
            return null;
        if (!services.Watch.IsReadyFor(pod))
            return "waiting for the cluster's devices to be known";
        _inventory.ClaimsOf(pod, waits: true, out var error);
        return error;
    }

    public void PreFilter(SchedulingCycle cycle)
    {
        var pod = cycle.Pod.Pod;
        if (pod.Spec.ResourceClaims is not { Count: > 0 } && cycle.Pod.DeviceBacked.Count == 0)
            return;
        using var still = _inventory.Enter();
        var claims = new List<PodClaim>();
        var named = _inventory.ClaimsOf(pod, waits: false, out var error);
        foreach (var claim in error is null ? named : [])
        {
            if (Look(cycle, pod, claim, out error) is not { } found)
                break;
            claims.Add(found);
        }
        if (error is not null)
        {
            cycle.RejectPod(error);
            return;
        }
        if (claims.Count == 0 && cycle.Pod.DeviceBacked.Count == 0)
            return;
        var devices = new PodDevices(pod, claims)
        {
            ExtendedResources = [.. cycle.Pod.DeviceBacked.Select(r => (r, cycle.Columns.Resources[r]))],
            WidePools = _inventory.Catalog.WidePools(),
            Budget = new SearchBudget(Time, filterTimeout),
        };
        if (cycle.Pod.DeviceBacked.Count > 0)
        {
            var made = _inventory.ExtendedClaimOf(pod) ?? ExtendedResourceClaims.Make(pod, new IdentitySource(cycle.Random).NewUuidText());
            devices.Extended = new PodClaim(made, null);
        }
        cycle.Note(this, devices);
    }

    public void Filter(SchedulingCycle cycle)
    {
        if (cycle.NoteOf<PodDevices>(this) is not { } devices)
            return;
        var rejected = new Dictionary<string, NodeBits>(StringComparer.Ordinal);
        using (_inventory.Enter())
        {
            foreach (var slot in cycle.Feasible)
            {
                if (!devices.ByNode.TryGetValue(slot, out var node))
                {
                    if (LookAt(cycle, devices, slot, out var fatal) is not { } found)
                    {
                        // Nor does eviction help.
                        cycle.RejectPod(fatal!);
                        cycle.Drop(NodeBits.Copy(cycle.Feasible), "cannot allocate all claims", isResolvable: false);
                        return;
                    }
                    devices.ByNode[slot] = node = found;
                }
                if (node.Reason is null)
                    continue;
                if (!rejected.TryGetValue(node.Reason, out var nodes))
                    rejected[node.Reason] = nodes = new NodeBits(cycle.Columns.Capacity);
                nodes.Add(slot);
            }
        }
        foreach (var (reason, nodes) in rejected)
            cycle.Drop(nodes, reason, isResolvable: false);
    }

    public PostFilterResult PostFilter(SchedulingCycle cycle)
    {
        if (cycle.NoteOf<PodDevices>(this) is not { } devices)
            return new PostFilterResult("no new claims to deallocate");
        foreach (var claim in devices.Claims)
        {
            var users = claim.Claim.Status.ReservedFor.OrEmpty();
            if (claim.IsUnavailable && claim.Shared is null && (users.Count == 0 || (users.Count == 1 && users[0].UID == devices.Pod.Metadata.UID)))
                return new PostFilterResult("deallocation of ResourceClaim completed") { AtServer = token => DeallocateAsync(claim.Claim, token) };
        }
        return devices.Extended is { Claim.Metadata.Name: not ExtendedResourceClaims.UnmadeName } made
            ? new PostFilterResult("deletion of ResourceClaim completed") { AtServer = token => DeleteLeftAsync(devices.Pod, made.Claim, token) }
            : new PostFilterResult("still not schedulable");
    }

    public bool Applies(SchedulingCycle cycle) =>
        cycle.NoteOf<PodDevices>(this)?.Claims.Any(c => c.Wish?.Requests.Any(r => r.Count > 1) == true) == true;

    /// <summary>The earlier in their lists the alternatives stand that a node gives, the better it is (KEP-4816).</summary>
    public void Score(SchedulingCycle cycle, Span<int> scores)
    {
        var devices = cycle.NoteOf<PodDevices>(this)!;
        var best = 0;
        foreach (var slot in cycle.Feasible)
        {
            var node = devices.ByNode[slot];
            foreach (var (wish, chosen) in node.Wishes.Zip(node.Chosen))
            {
                foreach (var alternatives in wish.Requests.Where(r => r[0].Alternative.Length > 0))
                {
                    var index = alternatives.ToList().FindIndex(a => chosen.Any(c => ReferenceEquals(c.Wish, a)));
                    scores[slot] += index < 0 ? 0 : MostAlternatives - index;
                }
            }
            best = Math.Max(best, scores[slot]);
        }
        foreach (var slot in cycle.Feasible)
            scores[slot] = best == 0 ? 0 : scores[slot] * IClusterScore.MaximumScore / best;
    }

    public void Reserve(SchedulingCycle cycle, string nodeName)
    {
        if (cycle.NoteOf<PodDevices>(this) is not { } devices)
            return;
        var node = devices.ByNode[cycle.Columns.SlotOf(nodeName)];
        var identities = new IdentitySource(cycle.Random);
        for (var i = 0; i < node.Wishes.Count; i++)
        {
            var wish = node.Wishes[i];
            var claim = devices.Claims.FirstOrDefault(c => ReferenceEquals(c.Wish, wish)) ?? devices.Extended!;
            claim.Allocation = AllocationWriter.Write(wish, node.Chosen[i], nodeName, identities.NewUuidText);
            var assumed = wish.Claim.DeepClone();
            assumed.Status.Allocation = claim.Allocation;
            _inventory.Assume(assumed);
            claim.Claim = wish.Claim;
        }
        // Whoever of a group comes first writes what all of it use.
        foreach (var claim in devices.Claims.Where(c => c.Shared is not null))
            claim.Allocation = claim.Shared;
        // Where a device plugin has the resources nothing is to be made.
        if (node.Extended is null)
            devices.Extended = null;
        else
            devices.Mappings = node.Extended.Mappings;
        _decided[devices.Pod.Metadata.UID] = devices;
    }

    public void Unreserve(Pod pod)
    {
        if (!_decided.TryRemove(pod.Metadata.UID, out var devices))
            return;
        foreach (var claim in devices.All.Where(c => c.Allocation is not null))
        {
            if (!_decided.Values.Any(d => Holds(d, claim.Claim.Metadata.UID)))
                _inventory.Drop(claim.Claim.Metadata.UID);
        }
    }

    public void PostBind(Pod pod, string nodeName) => _decided.TryRemove(pod.Metadata.UID, out _);

    /// <summary>A claim before any node is looked at; null with an error where the pod must wait.</summary>
    private PodClaim? Look(SchedulingCycle cycle, Pod pod, Objects.Resource.V1.ResourceClaim claim, out string? error)
    {
        error = null;
        if (claim.Status.Allocation is { } allocation)
        {
            if (!PodDeviceClaims.CanBeReserved(claim) && !PodDeviceClaims.IsReservedFor(pod, claim))
            {
                error = "resourceclaim in use";
                return null;
            }
            return new PodClaim(claim, null) { Nodes = NodesOf(cycle, allocation) };
        }
        if (_inventory.IsPending(claim.Metadata.UID))
        {
            if (DecidedInGroupOf(pod, claim.Metadata.UID) is { } shared)
                return new PodClaim(claim, null) { Nodes = NodesOf(cycle, shared), Shared = shared };
            error = $"resource claim {claim.Metadata.Namespace}/{claim.Metadata.Name} is in the process of being allocated";
            return null;
        }
        var wish = ClaimWish.Read(claim, _inventory.Class, services.Selectors, out error);
        return wish is null ? null : new PodClaim(claim, wish);
    }

    private static NodeBits? NodesOf(SchedulingCycle cycle, AllocationResult allocation) =>
        allocation.NodeSelector is { } selector ? NodeSelection.Matching(cycle.Columns, selector.NodeSelectorTerms.OrEmpty()) : null;

    /// <summary>What was decided for a claim together with a pod of the same group: such pods are placed as one, and none would ever be the first.</summary>
    private AllocationResult? DecidedInGroupOf(Pod pod, string uid)
    {
        if (GangSchedulingPlugin.GroupOf(pod) is not { } group)
            return null;
        bool IsMate(Pod other) => other.Metadata.Namespace == pod.Metadata.Namespace && GangSchedulingPlugin.GroupOf(other) == group;
        var mate = _decided.Values.FirstOrDefault(d => Holds(d, uid) && IsMate(d.Pod));
        return mate?.All.First(c => c.Claim.Metadata.UID == uid).Allocation;
    }

    private static bool Holds(PodDevices devices, string uid) => devices.All.Any(c => c.Allocation is not null && c.Claim.Metadata.UID == uid);
}
