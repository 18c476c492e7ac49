using System.Collections.Concurrent;
using System.Text.Json;
using Cybernetes.Client.Events;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Client.Transport;
using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;
using Cybernetes.Objects.Resource.V1beta2;
using Cybernetes.Objects.Workloads;
using ResourceClaim = Cybernetes.Objects.Resource.V1.ResourceClaim;
using ResourceSlice = Cybernetes.Objects.Resource.V1.ResourceSlice;

namespace Cybernetes.Controllers.DeviceTaints;

/// <summary>A pod that may have to leave, or a rule whose status may have to be told.</summary>
internal readonly record struct DeviceWork(bool IsRule, ObjectKey Key);

/// <summary>
/// Evicts pods that use a device with a NoExecute taint which their claim does not tolerate, or not any longer. Taints come with the device
/// (ResourceSlice), or of an administrator's rule (DeviceTaintRule, gate DRADeviceTaintRules).
/// </summary>
internal sealed class DeviceTaintEvictionController : IController
{
    private const string ByPool = "devicePool";

    private readonly ControllerContext _context;
    private readonly ObjectStore<Pod> _pods;
    private readonly ObjectStore<ResourceClaim> _claims;
    private readonly ObjectStore<ResourceSlice> _slices;
    private readonly ObjectStore<DeviceTaintRule>? _rules;
    private readonly WorkQueue<DeviceWork> _queue;
    private readonly IEventRecorder _events;

    /// <summary>Pods that were told to go at some time to come.</summary>
    private readonly ConcurrentDictionary<ObjectKey, string> _waiting = new();

    /// <summary>How many pods left for a rule, by its uid.</summary>
    private readonly ConcurrentDictionary<string, int> _evicted = new(StringComparer.Ordinal);

    public DeviceTaintEvictionController(ControllerContext context)
    {
        _context = context;
        _queue = context.Queue<DeviceWork>(Name);
        _events = context.Recorder(Name);
        var (pods, claims, slices) =
            (context.Informers.For<Pod>(), context.Informers.For<ResourceClaim>(), context.Informers.For<ResourceSlice>());
        (_pods, _claims, _slices) = (pods.Store, claims.Store, slices.Store);
        _claims.AddIndex(ByPool, static c => DeviceEvictions.DevicesOf(c).Select(d => DeviceEvictions.PoolKey(d.Driver, d.Pool))
            .Distinct(StringComparer.Ordinal));
        _slices.AddIndex(ByPool, static s => [PoolOf(s)]);
        pods.AddHandler(PodAdded, PodUpdated, p => _waiting.TryRemove(ObjectKey.Of(p), out _));
        claims.AddHandler(EnqueueUsers, (before, c) => { EnqueueUsers(before); EnqueueUsers(c); }, EnqueueUsers);
        slices.AddHandler(SliceChanged, SliceUpdated, SliceChanged);
        if (!context.Options.Features.Contains("DRADeviceTaintRules"))
            return;
        var rules = context.Informers.For<DeviceTaintRule>();
        _rules = rules.Store;
        rules.AddHandler(RuleChanged, RuleUpdated, RuleDeleted);
    }

    public string Name => "device-taint-eviction-controller";

    public Task RunAsync(CancellationToken cancellation) => _queue.RunWorkersAsync(
        _context.Options.ConcurrentDeviceTaintEvictionSyncs,
        (work, token) => work.IsRule ? RuleAsync(work, token) : PodAsync(work, token), _context.Logger, cancellation);

    private static string PoolOf(ResourceSlice slice) => DeviceEvictions.PoolKey(slice.Spec.Driver, slice.Spec.Pool.Name);

    private static bool DrivesOut(DeviceTaintRule rule) => rule.Spec.Taint.Effect == DeviceEvictions.NoExecute;

    private static bool DrivesOut(ResourceSlice slice) =>
        slice.Spec.Devices.OrEmpty().Any(d => d.Taints.OrEmpty().Any(t => t.Effect == DeviceEvictions.NoExecute));

    private void PodAdded(Pod pod)
    {
        if (pod.Spec.ResourceClaims is { Count: > 0 } && pod.Spec.NodeName.Length > 0)
            _queue.Add(new(false, ObjectKey.Of(pod)));
    }

    private void PodUpdated(Pod before, Pod pod)
    {
        if (before.Spec.NodeName != pod.Spec.NodeName || before.Metadata.UID != pod.Metadata.UID
            || !ObjectEquality.ObjectList(before.Status.ResourceClaimStatuses, pod.Status.ResourceClaimStatuses))
            PodAdded(pod);
    }

    private void EnqueueUsers(ResourceClaim claim)
    {
        if (claim.Status.Allocation is null)
            return;
        foreach (var user in claim.Status.ReservedFor.OrEmpty().Where(r => r.APIGroup.Length == 0 && r.Resource == "pods"))
            _queue.Add(new(false, new ObjectKey(claim.Metadata.Namespace, user.Name)));
    }

    private void SliceUpdated(ResourceSlice before, ResourceSlice slice)
    {
        if (before.Spec.Pool.Generation == slice.Spec.Pool.Generation && PoolOf(before) == PoolOf(slice)
            && ObjectEquality.ObjectList(before.Spec.Devices, slice.Spec.Devices))
            return;
        SliceChanged(before);
        SliceChanged(slice);
    }

    /// <summary>A slice of a newer generation, or its end, may bring out another's taints or hide them.</summary>
    private void SliceChanged(ResourceSlice slice)
    {
        var pool = PoolOf(slice);
        if (!DrivesOut(slice) && !_slices.ByIndex(ByPool, pool).Any(DrivesOut))
            return;
        foreach (var claim in _claims.ByIndex(ByPool, pool))
            EnqueueUsers(claim);
    }

    private void RuleChanged(DeviceTaintRule rule)
    {
        // Its status is told before anyone leaves.
        _queue.Add(new(true, ObjectKey.Of(rule)));
        EnqueueUsers(rule);
    }

    private void RuleUpdated(DeviceTaintRule before, DeviceTaintRule rule)
    {
        if (before.Metadata.UID == rule.Metadata.UID && before.Spec.SemanticEquals(rule.Spec))
            return;
        RuleDeleted(before);
        RuleChanged(rule);
    }

    private void RuleDeleted(DeviceTaintRule rule)
    {
        if (_rules!.Get(ObjectKey.Of(rule))?.Metadata.UID != rule.Metadata.UID)
            _evicted.TryRemove(rule.Metadata.UID, out _);
        EnqueueUsers(rule);
    }

    private void EnqueueUsers(DeviceTaintRule rule)
    {
        if (!DrivesOut(rule))
            return;
        foreach (var claim in Selected(rule))
            EnqueueUsers(claim);
    }

    private IEnumerable<ResourceClaim> Selected(DeviceTaintRule rule) => _claims.List().Where(c =>
        DeviceEvictions.DevicesOf(c).Any(d => DeviceTaintRules.Selects(rule, d.Driver, d.Pool, d.Device)));

    private DeviceEviction? EvictionOf(Pod pod, IReadOnlyList<DeviceTaintRule> rules) => DeviceEvictions.OfPod(
        pod, name => _claims.Get(pod.Metadata.Namespace, name),
        claim => DeviceEvictions.OfClaim(claim, (driver, pool) => _slices.ByIndex(ByPool, DeviceEvictions.PoolKey(driver, pool)), rules));

    private async Task PodAsync(DeviceWork work, CancellationToken cancellation)
    {
        if (_pods.Get(work.Key) is not { Metadata.DeletionTimestamp: null } pod || PodState.IsFinished(pod))
        {
            _waiting.TryRemove(work.Key, out _);
            return;
        }
        var rules = _rules?.List().Where(DrivesOut).ToList() ?? [];
        if (EvictionOf(pod, rules) is not { } eviction)
        {
            if (_waiting.TryRemove(new(work.Key, pod.Metadata.UID)))
                _events.Event(pod, "Normal", "DeviceTaintManagerEviction", "Cancelling deletion");
            return;
        }
        TellLater(rules, eviction);
        var left = eviction.At - _context.Time.GetUtcNow();
        if (left > TimeSpan.Zero)
        {
            _waiting[work.Key] = pod.Metadata.UID;
            _queue.AddAfter(work, left);
            return;
        }
        if (await EvictAsync(pod, cancellation).ConfigureAwait(false))
        {
            foreach (var rule in eviction.Rules)
                _evicted.AddOrUpdate(rule, 1, static (_, count) => count + 1);
            TellLater(rules, eviction);
        }
        _waiting.TryRemove(work.Key, out _);
    }

    private void TellLater(List<DeviceTaintRule> rules, DeviceEviction eviction)
    {
        foreach (var rule in rules.Where(r => eviction.Rules.Contains(r.Metadata.UID)))
            _queue.AddAfter(new(true, ObjectKey.Of(rule)), RuleCondition.Period);
    }

    /// <summary>Whether the pod was there and is told to go now.</summary>
    private async Task<bool> EvictAsync(Pod pod, CancellationToken cancellation)
    {
        var pods = _context.Client.For<Pod>();
        // The informer may trail behind an eviction of ours: that one is not told twice.
        var live = await pods.FindAsync(pod.Metadata.Namespace, pod.Metadata.Name, cancellation).ConfigureAwait(false);
        if (live is not { Metadata.DeletionTimestamp: null } || live.Metadata.UID != pod.Metadata.UID)
            return false;
        _events.Event(live, "Normal", "DeviceTaintManagerEviction", "Marking for deletion");
        var there = true;
        try
        {
            PodState.SetDisruptionTarget(
                live, "DeletionByDeviceTaintManager", "Device Taint manager: deleting due to NoExecute taint", _context.Time.GetUtcNow());
            await pods.UpdateStatusAsync(live, cancellation: cancellation).ConfigureAwait(false);
            var options = new Objects.Meta.V1.DeleteOptions { Preconditions = new() { UID = pod.Metadata.UID } };
            await pods.DeleteAsync(pod.Metadata.Namespace, pod.Metadata.Name, options, cancellation).ConfigureAwait(false);
        }
        catch (ApiStatusException failure) when (failure.IsNotFound)
        {
            // Someone else was quicker.
            there = false;
        }
        return there;
    }

    private async Task RuleAsync(DeviceWork work, CancellationToken cancellation)
    {
        if (_rules!.Get(work.Key) is not { } rule)
            return;
        var now = _context.Time.GetUtcNow();
        if (RuleCondition.Wait(rule, now) is { } left)
        {
            _queue.AddAfter(work, left);
            return;
        }
        if (RuleCondition.Change(rule, Effect(rule), now) is not { } condition)
            return;
        var options = new WriteOptions { FieldManager = Name, Force = true };
        await _context.Client.IgnoreNotFoundAsync(c =>
            c.For<DeviceTaintRule>().PatchAsync(null, work.Key.Name, Told(rule, condition), options, "status", cancellation)).ConfigureAwait(false);
    }

    private RuleEffect Effect(DeviceTaintRule rule)
    {
        var evicted = _evicted.GetValueOrDefault(rule.Metadata.UID);
        if (rule.Spec.Taint.Effect is not (DeviceEvictions.NoExecute or "None"))
            return new(0, 0, 0, 0, evicted);
        var claims = Selected(rule).ToList();
        // A rule without effect is looked at as if it drove out.
        var pending = claims.SelectMany(c => c.Status.ReservedFor.OrEmpty().Select(r => _pods.Get(c.Metadata.Namespace, r.Name))).OfType<Pod>()
            .DistinctBy(p => p.Metadata.UID).Where(p => EvictionOf(p, [rule])?.Rules.Contains(rule.Metadata.UID) == true).ToList();
        var published = _slices.IndexValues(ByPool).Select(pool => _slices.ByIndex(ByPool, pool)).Where(pool => pool.Count > 0).Sum(pool =>
        {
            var newest = pool.Max(s => s.Spec.Pool.Generation);
            return pool.Where(s => s.Spec.Pool.Generation == newest).Sum(s =>
                s.Spec.Devices.OrEmpty().Count(d => DeviceTaintRules.Selects(rule, s.Spec.Driver, s.Spec.Pool.Name, d.Name)));
        });
        var allocated = claims.Sum(c => DeviceEvictions.DevicesOf(c).Count(d => DeviceTaintRules.Selects(rule, d.Driver, d.Pool, d.Device)));
        return new(published, allocated, pending.Count, pending.Select(p => p.Metadata.Namespace).Distinct(StringComparer.Ordinal).Count(), evicted);
    }

    /// <summary>Applied, so that conditions of others stay; only to this very rule, not to one of its name.</summary>
    private static ObjectPatch Told(DeviceTaintRule rule, Condition condition)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteString("apiVersion", DeviceTaintRule.Facts.APIVersion);
            writer.WriteString("kind", DeviceTaintRule.Facts.Kind);
            writer.WriteStartObject("metadata");
            writer.WriteString("name", rule.Metadata.Name);
            writer.WriteString("uid", rule.Metadata.UID);
            writer.WriteEndObject();
            writer.WriteStartObject("status");
            writer.WriteStartArray("conditions");
            condition.WriteJson(writer);
            writer.WriteEndArray();
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
        return new ObjectPatch("application/apply-patch+yaml", stream.ToArray());
    }
}
