using System.Text.Json;
using Cybernetes.Client.Events;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Resource.V1;
using ResourceClaim = Cybernetes.Objects.Resource.V1.ResourceClaim;

namespace Cybernetes.Scheduler.Plugins.DynamicResources;

/// <summary>What is written: allocations and reservations before the binding, and their taking back.</summary>
internal sealed partial class DynamicResourcesPlugin
{
    private const string Finalizer = "resource.kubernetes.io/delete-protection";
    private const int MostTries = 5;
    private static readonly TimeSpan s_retryDelay = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan s_pollInterval = TimeSpan.FromSeconds(5);

    private ApiClient Api => services.Client ?? throw new InvalidOperationException("there is no API server to allocate devices at");

    public async ValueTask<string?> PreBindAsync(Pod pod, string nodeName, CancellationToken cancellation)
    {
        if (!_decided.TryGetValue(pod.Metadata.UID, out var devices))
            return null;
        foreach (var claim in devices.All)
        {
            if (PodDeviceClaims.IsReservedFor(pod, claim.Claim))
                continue;
            if (await BindAsync(devices, claim, cancellation).ConfigureAwait(false) is { } refusal)
                return refusal;
        }
        return devices.All.Any(c => BindingConditions.AreWanted(c.Claim))
            ? await WaitForDevicesAsync(devices, nodeName, cancellation).ConfigureAwait(false) : null;
    }

    /// <summary>The pod could not be bound: others may use its claims, and what was made for it goes.</summary>
    public async Task GiveBackAsync(Pod pod, CancellationToken cancellation)
    {
        if (!_decided.TryGetValue(pod.Metadata.UID, out var devices))
            return;
        foreach (var claim in devices.Claims.Where(c => c.IsReservedHere))
        {
            var patch = Patch(claim.Claim.Metadata.UID, writer =>
            {
                writer.WriteStartArray("reservedFor");
                writer.WriteStartObject();
                writer.WriteString("$patch", "delete");
                writer.WriteString("uid", pod.Metadata.UID);
                writer.WriteEndObject();
                writer.WriteEndArray();
            });
            await Api.For<ResourceClaim>().PatchAsync(claim.Claim.Metadata.Namespace, claim.Claim.Metadata.Name, patch, null, "status", cancellation)
                .ConfigureAwait(false);
            claim.IsReservedHere = false;
        }
        if (devices.Extended is { Claim.Metadata.Name: not ExtendedResourceClaims.UnmadeName } made)
            await DeleteAsync(made.Claim, cancellation).ConfigureAwait(false);
    }

    private async Task<string?> BindAsync(PodDevices devices, PodClaim claim, CancellationToken cancellation)
    {
        if (ReferenceEquals(claim, devices.Extended) && claim.Claim.Metadata.Name == ExtendedResourceClaims.UnmadeName)
            await CreateAsync(claim, cancellation).ConfigureAwait(false);
        var current = claim.Claim.DeepClone();
        for (var attempt = 1; ; attempt++)
        {
            var name = $"{current.Metadata.Namespace}/{current.Metadata.Name}";
            if (current.Metadata.DeletionTimestamp is not null)
                return $"claim {name} got deleted in the meantime";
            // The same one is of another pod of the group, or of a write whose answer was lost.
            if (claim.Allocation is not null && current.Status.Allocation is { } there && !IsSame(claim.Allocation, there))
                return $"claim {name} got allocated elsewhere in the meantime";
            // An allocation that was decided on is gone: the devices may be somebody else's.
            if (claim.Allocation is null && current.Status.Allocation is null)
                return $"claim {name} got deallocated in the meantime";
            try
            {
                await WriteAsync(devices.Pod, claim, current, cancellation).ConfigureAwait(false);
                break;
            }
            catch (ApiStatusException conflict) when (conflict.IsConflict && attempt < MostTries)
            {
                await Task.Delay(s_retryDelay, Api.Time, cancellation).ConfigureAwait(false);
            }
            catch (ApiStatusException failure)
            {
                return claim.Allocation is not null
                    ? $"add allocation and reservation to claim {name}: {failure.Message}" : $"add reservation to claim {name}: {failure.Message}";
            }
            current = await Api.For<ResourceClaim>().GetAsync(current.Metadata.Namespace, current.Metadata.Name, cancellation).ConfigureAwait(false);
        }
        if (ReferenceEquals(claim, devices.Extended))
            await TellExtendedAsync(devices, claim.Claim, cancellation).ConfigureAwait(false);
        return null;
    }

    private async Task WriteAsync(Pod pod, PodClaim claim, ResourceClaim current, CancellationToken cancellation)
    {
        var claims = Api.For<ResourceClaim>();
        if (claim.Allocation is { } allocation && current.Status.Allocation is null)
        {
            // A normal update: the status cannot change it. It may be there from a try that was broken off.
            if (current.Metadata.Finalizers?.Contains(Finalizer) != true)
            {
                (current.Metadata.Finalizers ??= []).Add(Finalizer);
                current = await claims.UpdateAsync(current, null, cancellation).ConfigureAwait(false);
            }
            current.Status.Allocation = allocation.DeepClone();
            current.Status.Allocation.AllocationTimestamp ??= Api.Time.GetUtcNow();
        }
        if (!PodDeviceClaims.IsReservedFor(pod, current))
            (current.Status.ReservedFor ??= []).Add(new() { Resource = "pods", Name = pod.Metadata.Name, UID = pod.Metadata.UID });
        claim.Claim = await claims.UpdateStatusAsync(current, null, cancellation).ConfigureAwait(false);
        claim.IsReservedHere = true;
        _inventory.Written(claim.Claim);
    }

    private static bool IsSame(AllocationResult decided, AllocationResult written)
    {
        var copy = written.DeepClone();
        copy.AllocationTimestamp = decided.AllocationTimestamp;
        return copy.SemanticEquals(decided);
    }

    /// <summary>The claim for extended resources gets its name and uid; what was kept under its first uid is kept under that.</summary>
    private async Task CreateAsync(PodClaim claim, CancellationToken cancellation)
    {
        var before = claim.Claim.Metadata.UID;
        var wanted = claim.Claim.DeepClone();
        (wanted.Metadata.Name, wanted.Metadata.UID, wanted.Status) = ("", "", new());
        var made = await Api.For<ResourceClaim>().CreateAsync(wanted, null, cancellation).ConfigureAwait(false);
        claim.Claim = made;
        var assumed = made.DeepClone();
        assumed.Status.Allocation = claim.Allocation;
        using (_inventory.Enter())
        {
            _inventory.Assume(assumed);
            _inventory.Drop(before);
        }
    }

    private async Task TellExtendedAsync(PodDevices devices, ResourceClaim claim, CancellationToken cancellation)
    {
        var status = new PodExtendedResourceClaimStatus { ResourceClaimName = claim.Metadata.Name, RequestMappings = devices.Mappings };
        var patch = Patch(devices.Pod.Metadata.UID, writer =>
        {
            writer.WritePropertyName("extendedResourceClaimStatus");
            status.WriteJson(writer);
        });
        await Api.For<Pod>().PatchAsync(devices.Pod.Metadata.Namespace, devices.Pod.Metadata.Name, patch, null, "status", cancellation).ConfigureAwait(false);
    }

    /// <summary>Waits until the drivers say that the devices are ready; null when they are, else why not.</summary>
    private async Task<string?> WaitForDevicesAsync(PodDevices devices, string nodeName, CancellationToken cancellation)
    {
        services.Events?.Event(
            devices.Pod, "Normal", "BindingConditionsPending", $"waiting for binding conditions for device on node {nodeName}", "Scheduling");
        var deadline = Api.Time.GetUtcNow() + bindingTimeout;
        while (true)
        {
            var isReady = true;
            foreach (var claim in devices.All)
            {
                var now = _inventory.Claim(claim.Claim.Metadata.Namespace, claim.Claim.Metadata.Name);
                if (now is null || now.Metadata.UID != claim.Claim.Metadata.UID)
                    return $"resourceclaim.resource.k8s.io \"{claim.Claim.Metadata.Name}\" not found";
                if (BindingConditions.AreMet(now, out var failure))
                    continue;
                if (failure is not null)
                    return failure;
                if (BindingConditions.HaveTimedOut(now, bindingTimeout, Api.Time.GetUtcNow()))
                    return $"claim {now.Metadata.Name} binding timeout";
                isReady = false;
            }
            if (isReady)
                return null;
            if (Api.Time.GetUtcNow() >= deadline)
                return "device binding timeout";
            await Task.Delay(s_pollInterval, Api.Time, cancellation).ConfigureAwait(false);
        }
    }

    private bool BindingFailed(ResourceClaim claim) =>
        !BindingConditions.AreMet(claim, out var failure) && (failure is not null || BindingConditions.HaveTimedOut(claim, bindingTimeout, Time.GetUtcNow()));

    /// <summary>Nobody uses the claim, and where its devices are the pod cannot go: they are given back, so that others can be found.</summary>
    private async Task DeallocateAsync(ResourceClaim claim, CancellationToken cancellation)
    {
        var empty = claim.DeepClone();
        (empty.Status.ReservedFor, empty.Status.Allocation, empty.Status.Devices) = (null, null, null);
        // A claim that changed meanwhile is left: the next attempt looks again.
        await Api.For<ResourceClaim>().UpdateStatusAsync(empty, null, cancellation).ConfigureAwait(false);
    }

    /// <summary>Deletes what an earlier attempt left, unless that attempt went through after all.</summary>
    private async Task DeleteLeftAsync(Pod pod, ResourceClaim claim, CancellationToken cancellation)
    {
        var live = await Api.For<Pod>().FindAsync(pod.Metadata.Namespace, pod.Metadata.Name, cancellation).ConfigureAwait(false);
        if (live is null || live.Metadata.UID != pod.Metadata.UID || live.Spec.NodeName.Length == 0)
            await DeleteAsync(claim, cancellation).ConfigureAwait(false);
    }

    private async Task DeleteAsync(ResourceClaim claim, CancellationToken cancellation)
    {
        var claims = Api.For<ResourceClaim>();
        var current = await claims.FindAsync(claim.Metadata.Namespace, claim.Metadata.Name, cancellation).ConfigureAwait(false);
        if (current is not null && current.Metadata.UID == claim.Metadata.UID)
        {
            if (current.Metadata.Finalizers?.Remove(Finalizer) == true)
                await claims.UpdateAsync(current, null, cancellation).ConfigureAwait(false);
            var only = new Objects.Meta.V1.DeleteOptions { Preconditions = new() { UID = claim.Metadata.UID } };
            try
            {
                await claims.DeleteAsync(claim.Metadata.Namespace, claim.Metadata.Name, only, cancellation).ConfigureAwait(false);
            }
            catch (ApiStatusException gone) when (gone.IsNotFound)
            {
                // The collector was faster.
            }
        }
        _inventory.Deleted(claim.Metadata.UID);
    }

    private static ObjectPatch Patch(string uid, Action<Utf8JsonWriter> status)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("metadata");
            writer.WriteString("uid", uid);
            writer.WriteEndObject();
            writer.WriteStartObject("status");
            status(writer);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
        return ObjectPatch.Strategic(stream.ToArray());
    }
}
