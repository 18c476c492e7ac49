using Cybernetes.Client.Events;
using Cybernetes.Client.Informers;
using Cybernetes.Client.Transport;
using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.Controllers.StatefulSets;

/// <summary>Carries out the steps for a stateful set's pods and claims, and tells of them in the set's events.</summary>
internal sealed class StatefulPodControl(ApiClient client, ObjectStore<PersistentVolumeClaim> claims, IEventRecorder events)
{
    public Task CarryOutAsync(StatefulSet set, StatefulSetAction action, CancellationToken cancellation) => action switch
    {
        StatefulSetAction.Create create => CreateAsync(set, create.Pod, create.Ordinal, cancellation),
        StatefulSetAction.Delete delete => DeleteAsync(set, delete.Pod, cancellation),
        StatefulSetAction.Repair repair => RepairAsync(set, repair.Pod, repair.Ordinal, cancellation),
        StatefulSetAction.MakeClaims make => MakeClaimsAsync(set, make.Pod, make.Ordinal, cancellation),
        StatefulSetAction.RetainClaims retain => RetainClaimsAsync(set, retain.Pod, retain.Ordinal, cancellation),
        _ => throw new InvalidOperationException("unknown action " + action),
    };

    private async Task CreateAsync(StatefulSet set, Pod pod, int ordinal, CancellationToken cancellation)
    {
        // A claim that goes with the former pod of this name has to be gone first; its deletion brings the set here again.
        if (ClaimsThere(set, ordinal).Any(c => ClaimRetention.IsStale(c, pod.Metadata.Name, pod.Metadata.UID)))
            return;
        await MakeClaimsAsync(set, pod, ordinal, cancellation).ConfigureAwait(false);
        try
        {
            await client.For<Pod>().CreateAsync(pod, cancellation: cancellation).ConfigureAwait(false);
            Tell(set, "create", "SuccessfulCreate", pod, null);
        }
        catch (ApiStatusException failure) when (failure.IsNamespaceTerminating)
        {
            // Nothing can be made in it any more.
        }
        catch (ApiStatusException failure) when (failure.IsAlreadyExists)
        {
            // Made by this controller a moment ago, and the informer does not show it yet: the set is looked at again. Of the end of somebody else's
            // nobody tells.
            var there = await client.For<Pod>().FindAsync(pod.Metadata.Namespace, pod.Metadata.Name, cancellation).ConfigureAwait(false);
            if (there is null || OwnerReferences.ControllerOf(there)?.UID != set.Metadata.UID)
                throw;
        }
        catch (ApiStatusException failure)
        {
            Tell(set, "create", "FailedCreate", pod, failure);
            throw;
        }
    }

    private async Task DeleteAsync(StatefulSet set, Pod pod, CancellationToken cancellation)
    {
        try
        {
            var options = new DeleteOptions { Preconditions = new() { UID = pod.Metadata.UID } };
            await client.For<Pod>().DeleteAsync(pod.Metadata.Namespace, pod.Metadata.Name, options, cancellation).ConfigureAwait(false);
            Tell(set, "delete", "SuccessfulDelete", pod, null);
        }
        catch (ApiStatusException failure) when (failure.IsNotFound || failure.IsConflict)
        {
            // Gone already; a namesake is not meant.
        }
        catch (ApiStatusException failure)
        {
            Tell(set, "delete", "FailedDelete", pod, failure);
            throw;
        }
    }

    private async Task RepairAsync(StatefulSet set, Pod pod, int ordinal, CancellationToken cancellation)
    {
        await MakeClaimsAsync(set, pod, ordinal, cancellation).ConfigureAwait(false);
        await RetainClaimsAsync(set, pod, ordinal, cancellation).ConfigureAwait(false);
        if (StatefulPods.IsIdentified(set, pod, ordinal))
            return;
        var copy = pod.DeepClone();
        StatefulPods.Identify(set, copy, ordinal);
        StatefulPods.Mount(set, copy, ordinal);
        try
        {
            await client.For<Pod>().UpdateAsync(copy, cancellation: cancellation).ConfigureAwait(false);
            Tell(set, "update", "SuccessfulUpdate", pod, null);
        }
        catch (ApiStatusException failure) when (!failure.IsConflict)
        {
            Tell(set, "update", "FailedUpdate", pod, failure);
            throw;
        }
    }

    private IEnumerable<PersistentVolumeClaim> ClaimsThere(StatefulSet set, int ordinal) => set.Spec.VolumeClaimTemplates.OrEmpty()
        .Select(t => claims.Get(set.Metadata.Namespace, StatefulPods.ClaimName(set, t, ordinal))).OfType<PersistentVolumeClaim>();

    private async Task MakeClaimsAsync(StatefulSet set, Pod pod, int ordinal, CancellationToken cancellation)
    {
        foreach (var claim in StatefulPods.ClaimsOf(set, ordinal))
        {
            var there = claims.Get(ObjectKey.Of(claim));
            // A pod that runs keeps it until the pod ends: nobody has to wait for that.
            if (there?.Metadata.DeletionTimestamp is not null && pod.Status.Phase == PodPhase.Running)
                continue;
            if (there?.Metadata.DeletionTimestamp is not null)
                throw new ReconcileFailedException($"pvc {claim.Metadata.Name} is being deleted");
            if (there is not null)
                continue;
            claim.Metadata.OwnerReferences = ClaimRetention.Owners(set, null, ordinal, claim);
            try
            {
                await client.For<PersistentVolumeClaim>().CreateAsync(claim, cancellation: cancellation).ConfigureAwait(false);
                events.Event(set, "Normal", "SuccessfulCreate",
                    $"create Claim {claim.Metadata.Name} Pod {pod.Metadata.Name} in StatefulSet {set.Metadata.Name} success");
            }
            catch (ApiStatusException failure) when (failure.IsAlreadyExists)
            {
                // Made a moment ago, and the informer does not show it yet.
            }
            catch (ApiStatusException failure) when (!failure.IsNamespaceTerminating)
            {
                events.Event(set, "Warning", "FailedCreate",
                    $"create Claim {claim.Metadata.Name} for Pod {pod.Metadata.Name} in StatefulSet {set.Metadata.Name} failed error: {failure.Message}");
                throw;
            }
        }
    }

    private async Task RetainClaimsAsync(StatefulSet set, Pod pod, int ordinal, CancellationToken cancellation)
    {
        foreach (var claim in ClaimsThere(set, ordinal))
        {
            var owners = ClaimRetention.Owners(set, pod, ordinal, claim);
            if (ReferenceEquals(owners, claim.Metadata.OwnerReferences))
                continue;
            var copy = claim.DeepClone();
            copy.Metadata.OwnerReferences = owners;
            await client.IgnoreNotFoundAsync(c => c.For<PersistentVolumeClaim>().UpdateAsync(copy, cancellation: cancellation)).ConfigureAwait(false);
        }
    }

    private void Tell(StatefulSet set, string verb, string reason, Pod pod, Exception? failure)
    {
        var what = $"{verb} Pod {pod.Metadata.Name} in StatefulSet {set.Metadata.Name}";
        if (failure is null)
            events.Event(set, "Normal", reason, what + " successful");
        else
            events.Event(set, "Warning", reason, $"{what} failed error: {failure.Message}");
    }
}
