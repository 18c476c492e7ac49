using System.Globalization;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Resource.V1;
using DeviceTaintRule = Cybernetes.Objects.Resource.V1beta2.DeviceTaintRule;
using ResourceClaim = Cybernetes.Objects.Resource.V1.ResourceClaim;

namespace Cybernetes.Scheduler.Plugins.DynamicResources;

/// <summary>
/// Devices, classes and claims of the cluster, and what is taken: by claims as the informer tells of them, by those that were just written and that it
/// does not show yet, and by decisions that are still to be written. Each change costs what it touches. Thread-safe; <see cref="Enter"/> keeps it still.
/// </summary>
internal sealed class DeviceInventory
{
    private const string ExtendedAnnotation = "resource.kubernetes.io/extended-resource-claim";

    private readonly Lock _lock = new();
    private readonly Dictionary<(string Namespace, string Name), ResourceClaim> _claims = [];
    private readonly Dictionary<string, ResourceClaim> _byUid = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (ResourceClaim Claim, bool IsWritten)> _ahead = new(StringComparer.Ordinal);
    private readonly Dictionary<string, AllocationResult> _counted = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ResourceClaim> _extendedByPod = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DeviceClass> _classes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DeviceClass> _classesByResource = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Namespace, string Name), HashSet<string>> _waiting = [];
    private readonly Dictionary<string, (string Namespace, string Name)> _waitsFor = new(StringComparer.Ordinal);

    /// <summary>To be read inside <see cref="Enter"/> only.</summary>
    public DeviceCatalog Catalog { get; } = new();

    /// <summary>To be read inside <see cref="Enter"/> only.</summary>
    public AllocatedDevices Allocated { get; } = new();

    /// <summary>Nothing changes until what it gives is disposed of. May be entered again by the one who is in.</summary>
    public Lock.Scope Enter() => _lock.EnterScope();

    public void Set(ResourceSlice slice)
    {
        lock (_lock)
            Catalog.Set(slice);
    }

    public void Remove(ResourceSlice slice)
    {
        lock (_lock)
            Catalog.Remove(slice.Metadata.Name);
    }

    public void Set(DeviceTaintRule rule)
    {
        lock (_lock)
            Catalog.Set(rule);
    }

    public void Remove(DeviceTaintRule rule)
    {
        lock (_lock)
            Catalog.RemoveRule(rule.Metadata.Name);
    }

    public void Set(DeviceClass deviceClass)
    {
        lock (_lock)
        {
            _classes[deviceClass.Metadata.Name] = deviceClass;
            FindResources();
        }
    }

    public void Remove(DeviceClass deviceClass)
    {
        lock (_lock)
        {
            _classes.Remove(deviceClass.Metadata.Name);
            FindResources();
        }
    }

    public DeviceClass? Class(string name)
    {
        lock (_lock)
            return _classes.GetValueOrDefault(name);
    }

    /// <summary>The class that stands for an extended resource: one that names it, or whose own name is in it; null for none.</summary>
    public DeviceClass? ClassOfResource(string resource)
    {
        if (!PodDeviceClaims.IsExtended(resource))
            return null;
        lock (_lock)
        {
            return resource.StartsWith(PodDeviceClaims.ClassPrefix, StringComparison.Ordinal)
                ? _classes.GetValueOrDefault(resource[PodDeviceClaims.ClassPrefix.Length..])
                : _classesByResource.GetValueOrDefault(resource);
        }
    }

    /// <summary>A claim as the informer tells of it.</summary>
    /// <returns>The pods that waited for it.</returns>
    public IReadOnlyList<string> Set(ResourceClaim claim)
    {
        lock (_lock)
        {
            var key = KeyOf(claim);
            if (_claims.TryGetValue(key, out var before) && before.Metadata.UID != claim.Metadata.UID)
                Forget(before);
            _claims[key] = claim;
            _byUid[claim.Metadata.UID] = claim;
            if (ExtendedOwnerOf(claim) is { } pod)
                _extendedByPod[pod] = claim;
            if (_ahead.TryGetValue(claim.Metadata.UID, out var ahead) && ahead.IsWritten && VersionOf(claim) >= VersionOf(ahead.Claim))
                _ahead.Remove(claim.Metadata.UID);
            Recount(claim.Metadata.UID);
            return TakeWaiting(key);
        }
    }

    public IReadOnlyList<string> Remove(ResourceClaim claim)
    {
        lock (_lock)
        {
            if (_claims.TryGetValue(KeyOf(claim), out var there) && there.Metadata.UID == claim.Metadata.UID)
            {
                _claims.Remove(KeyOf(claim));
                Forget(there);
            }
            return TakeWaiting(KeyOf(claim));
        }
    }

    /// <summary>The newest form of a claim that is known here.</summary>
    public ResourceClaim? Claim(string ns, string name)
    {
        lock (_lock)
            return _claims.TryGetValue((ns, name), out var claim) ? Newest(claim) : null;
    }

    /// <summary>The claim that an earlier attempt made for a pod's extended resources.</summary>
    public ResourceClaim? ExtendedClaimOf(Pod pod)
    {
        lock (_lock)
            return _extendedByPod.TryGetValue(pod.Metadata.UID, out var claim) ? Newest(claim) : null;
    }

    /// <summary>Whether a decision about the claim's devices is still to be written.</summary>
    public bool IsPending(string uid)
    {
        lock (_lock)
            return _ahead.TryGetValue(uid, out var ahead) && !ahead.IsWritten;
    }

    /// <summary>A decision gave devices to a claim: they are taken from now on.</summary>
    public void Assume(ResourceClaim allocated)
    {
        lock (_lock)
        {
            _ahead[allocated.Metadata.UID] = (allocated, false);
            Recount(allocated.Metadata.UID);
        }
    }

    /// <summary>A decision was written: it holds until the informer shows it.</summary>
    public void Written(ResourceClaim claim)
    {
        lock (_lock)
        {
            if (_byUid.TryGetValue(claim.Metadata.UID, out var told) && VersionOf(told) >= VersionOf(claim))
                _ahead.Remove(claim.Metadata.UID);
            else
                _ahead[claim.Metadata.UID] = (claim, true);
            Recount(claim.Metadata.UID);
        }
    }

    /// <summary>A decision came to nothing.</summary>
    public void Drop(string uid)
    {
        lock (_lock)
        {
            if (_ahead.TryGetValue(uid, out var ahead) && !ahead.IsWritten)
            {
                _ahead.Remove(uid);
                Recount(uid);
            }
        }
    }

    /// <summary>What was written here is gone from the server, though the informer never showed it.</summary>
    public void Deleted(string uid)
    {
        lock (_lock)
        {
            _ahead.Remove(uid);
            Recount(uid);
        }
    }

    /// <summary>The claims of a pod.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="waits">Whether the pod is remembered, and named when the claim that it lacks appears or changes.</param>
    /// <param name="error">Why it cannot be scheduled yet, else null.</param>
    public IReadOnlyList<ResourceClaim> ClaimsOf(Pod pod, bool waits, out string? error)
    {
        var found = new List<ResourceClaim>();
        lock (_lock)
        {
            Unwait(pod.Metadata.UID);
            foreach (var named in pod.Spec.ResourceClaims.OrEmpty())
            {
                var name = PodDeviceClaims.NameOf(pod, named, out var isOwn, out error);
                if (error is not null)
                    return found;
                if (name is null)
                    continue;
                var key = (pod.Metadata.Namespace, name);
                var claim = Claim(key.Namespace, name);
                error = Missing(pod, key.Namespace, name, claim, isOwn);
                if (error is not null)
                {
                    if (waits)
                        Wait(pod.Metadata.UID, key);
                    return found;
                }
                found.Add(claim!);
            }
        }
        error = null;
        return found;
    }

    /// <summary>A pod that waited is gone.</summary>
    public void Gone(Pod pod)
    {
        lock (_lock)
            Unwait(pod.Metadata.UID);
    }

    private static string? Missing(Pod pod, string ns, string name, ResourceClaim? claim, bool isOwn)
    {
        if (claim is null)
        {
            return isOwn
                ? $"waiting for dynamic resource controller to create the resourceclaim \"{name}\"" : $"resourceclaim.resource.k8s.io \"{name}\" not found";
        }
        if (claim.Metadata.DeletionTimestamp is not null)
            return $"resourceclaim \"{name}\" is being deleted";
        return isOwn && !PodDeviceClaims.IsFor(pod, claim)
            ? $"ResourceClaim {ns}/{name} was not created for pod {pod.Metadata.Namespace}/{pod.Metadata.Name} (pod is not owner)" : null;
    }

    private void Wait(string pod, (string, string) key)
    {
        if (!_waiting.TryGetValue(key, out var pods))
            _waiting[key] = pods = new(StringComparer.Ordinal);
        pods.Add(pod);
        _waitsFor[pod] = key;
    }

    private void Unwait(string pod)
    {
        if (_waitsFor.Remove(pod, out var key) && _waiting.TryGetValue(key, out var pods) && pods.Remove(pod) && pods.Count == 0)
            _waiting.Remove(key);
    }

    private IReadOnlyList<string> TakeWaiting((string, string) key)
    {
        if (!_waiting.Remove(key, out var pods))
            return [];
        foreach (var pod in pods)
            _waitsFor.Remove(pod);
        return [.. pods];
    }

    private void Forget(ResourceClaim claim)
    {
        _byUid.Remove(claim.Metadata.UID);
        _ahead.Remove(claim.Metadata.UID);
        if (ExtendedOwnerOf(claim) is { } pod && _extendedByPod.GetValueOrDefault(pod)?.Metadata.UID == claim.Metadata.UID)
            _extendedByPod.Remove(pod);
        Recount(claim.Metadata.UID);
    }

    private ResourceClaim Newest(ResourceClaim claim) => _ahead.TryGetValue(claim.Metadata.UID, out var ahead) && ahead.IsWritten ? ahead.Claim : claim;

    private void Recount(string uid)
    {
        var now = (_ahead.TryGetValue(uid, out var ahead) ? ahead.Claim : _byUid.GetValueOrDefault(uid))?.Status.Allocation;
        var before = _counted.GetValueOrDefault(uid);
        if (ReferenceEquals(now, before) || (now is not null && now.SemanticEquals(before)))
            return;
        if (before is not null)
        {
            Allocated.Remove(before);
            _counted.Remove(uid);
        }
        if (now is not null)
        {
            Allocated.Add(now);
            _counted[uid] = now;
        }
    }

    /// <summary>Of several classes that name one resource the newest counts, among equally old ones the first by name.</summary>
    private void FindResources()
    {
        _classesByResource.Clear();
        foreach (var one in _classes.Values.OrderBy(c => c.Metadata.CreationTimestamp).ThenByDescending(c => c.Metadata.Name, StringComparer.Ordinal))
        {
            if (one.Spec.ExtendedResourceName is { Length: > 0 } resource)
                _classesByResource[resource] = one;
        }
    }

    private static string? ExtendedOwnerOf(ResourceClaim claim) =>
        claim.Metadata.Annotations.OrEmpty().GetValueOrDefault(ExtendedAnnotation) == "true"
            ? claim.Metadata.OwnerReferences.OrEmpty().FirstOrDefault(o => o.Controller == true)?.UID : null;

    private static (string, string) KeyOf(ResourceClaim claim) => (claim.Metadata.Namespace, claim.Metadata.Name);

    private static long VersionOf(ResourceClaim claim) =>
        long.TryParse(claim.Metadata.ResourceVersion, NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : 0;
}
