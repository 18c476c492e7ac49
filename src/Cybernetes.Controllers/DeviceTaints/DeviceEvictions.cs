using Cybernetes.Controllers.ResourceClaims;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Resource.V1;
using Cybernetes.Objects.Resource.V1beta2;
using Cybernetes.Objects.Workloads;
using Device = Cybernetes.Objects.Resource.V1.Device;
using DeviceRequestAllocationResult = Cybernetes.Objects.Resource.V1.DeviceRequestAllocationResult;
using DeviceTaint = Cybernetes.Objects.Resource.V1.DeviceTaint;
using DeviceToleration = Cybernetes.Objects.Resource.V1.DeviceToleration;
using ResourceClaim = Cybernetes.Objects.Resource.V1.ResourceClaim;
using ResourceSlice = Cybernetes.Objects.Resource.V1.ResourceSlice;

namespace Cybernetes.Controllers.DeviceTaints;

/// <summary>Why and when a pod must leave for the sake of its devices.</summary>
/// <param name="At">The time from which it is evicted.</param>
/// <param name="Rules">The uids of the rules among the reasons; taints that drivers publish are none.</param>
internal sealed record DeviceEviction(DateTimeOffset At, IReadOnlySet<string> Rules)
{
    public DeviceEviction With(DeviceEviction other) =>
        new(other.At < At ? other.At : At, new HashSet<string>(Rules.Concat(other.Rules), StringComparer.Ordinal));
}

/// <summary>When taints of devices drive out the pods that use them (KEP-5055). Pure.</summary>
internal static class DeviceEvictions
{
    public const string NoExecute = "NoExecute";

    /// <summary>Under which name a pool's slices and claims are found.</summary>
    public static string PoolKey(string driver, string pool) => $"{driver}/{pool}";

    public static IReadOnlyList<DeviceRequestAllocationResult> DevicesOf(ResourceClaim claim) =>
        claim.Status.Allocation?.Devices.Results ?? [];

    /// <summary>The device as its pool publishes it now: slices of older generations do not count. Null where it does not.</summary>
    public static Device? Find(IReadOnlyList<ResourceSlice> pool, string name)
    {
        var newest = pool.Count == 0 ? 0 : pool.Max(s => s.Spec.Pool.Generation);
        return pool.Where(s => s.Spec.Pool.Generation == newest).SelectMany(s => s.Spec.Devices.OrEmpty()).FirstOrDefault(d => d.Name == name);
    }

    /// <summary>What one of its devices' taints means for the users of a claim; null: nothing.</summary>
    /// <param name="pool">The slices of a driver's pool.</param>
    /// <param name="rules">Those that drive out.</param>
    public static DeviceEviction? OfClaim(
        ResourceClaim claim, Func<string, string, IReadOnlyList<ResourceSlice>> pool, IReadOnlyList<DeviceTaintRule> rules)
    {
        DeviceEviction? eviction = null;
        foreach (var device in DevicesOf(claim))
        {
            var published = Find(pool(device.Driver, device.Pool), device.Device)?.Taints.OrEmpty().Where(t => t.Effect == NoExecute) ?? [];
            foreach (var taint in published)
                eviction = Join(eviction, DueAt(device, taint), "");
            foreach (var rule in rules.Where(r => DeviceTaintRules.Selects(r, device.Driver, device.Pool, device.Device)))
                eviction = Join(eviction, DueAt(device, DeviceTaintRules.TaintOf(rule)), rule.Metadata.UID);
        }
        return eviction;
    }

    /// <summary>The same for a pod, by the claims that are reserved for it.</summary>
    /// <param name="claim">The claim of a name in the pod's namespace.</param>
    /// <param name="ofClaim">As <see cref="OfClaim"/>.</param>
    public static DeviceEviction? OfPod(Pod pod, Func<string, ResourceClaim?> claim, Func<ResourceClaim, DeviceEviction?> ofClaim)
    {
        if (pod.Spec.NodeName.Length == 0 || pod.Metadata.DeletionTimestamp is not null || Ownership.PodState.IsFinished(pod))
            return null;
        DeviceEviction? eviction = null;
        foreach (var used in pod.Spec.ResourceClaims.OrEmpty())
        {
            var name = used.ResourceClaimName ?? ResourceClaimReconciler.Generated(pod, used.Name);
            if (string.IsNullOrEmpty(name) || claim(name) is not { } found)
                continue;
            if (used.ResourceClaimName is null && !ResourceClaimReconciler.IsFor(pod, found))
                continue;
            if (found.Status.ReservedFor.OrEmpty().Any(r => r.UID == pod.Metadata.UID) && ofClaim(found) is { } reason)
                eviction = eviction?.With(reason) ?? reason;
        }
        return eviction;
    }

    /// <summary>A toleration without an effect does not keep a pod from being driven out, as upstream has it.</summary>
    private static DateTimeOffset? DueAt(DeviceRequestAllocationResult device, DeviceTaint taint)
    {
        var since = taint.TimeAdded ?? DateTimeOffset.MinValue;
        long? seconds = null;
        foreach (var toleration in device.Tolerations.OrEmpty().Where(t => t.Effect == NoExecute && DeviceTaintRules.Tolerates(t, taint)))
        {
            if (toleration.TolerationSeconds is not { } given)
                return null;
            seconds = Math.Min(seconds ?? long.MaxValue, Math.Max(given, 0));
        }
        return seconds is { } some ? since.AddSeconds(Math.Min(some, int.MaxValue)) : since;
    }

    private static DeviceEviction? Join(DeviceEviction? known, DateTimeOffset? due, string rule)
    {
        if (due is not { } at)
            return known;
        var reason = new DeviceEviction(at, rule.Length == 0 ? new HashSet<string>() : new HashSet<string>([rule], StringComparer.Ordinal));
        return known?.With(reason) ?? reason;
    }
}
