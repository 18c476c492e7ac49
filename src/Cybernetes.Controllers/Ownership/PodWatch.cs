using Cybernetes.Client.Informers;
using Cybernetes.Client.Queues;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.Ownership;

/// <summary>Turns events of pods into keys of the objects that control them, or could, and fulfils those objects' expectations.</summary>
/// <param name="owners">The informer's store of the owners.</param>
/// <param name="selector">An owner's selector: who matches a pod that nobody controls hears of it.</param>
/// <param name="enqueue">Takes the key of an owner that has something to look at.</param>
/// <param name="live">Is told of owners that lose pods.</param>
internal sealed class PodWatch<TOwner>(
    ObjectStore<TOwner> owners, Func<TOwner, LabelMatcher> selector, Action<ObjectKey> enqueue, ControllerExpectations? expectations = null,
    LiveOwners<TOwner>? live = null)
    where TOwner : class, IKubernetesObject<TOwner>
{
    private readonly SelectorIndex<TOwner> _selectors =
        new(owners, o => selector(o) is { IsEmpty: false } wanted ? wanted : LabelMatcher.Nothing);

    public void Attach(Informer<Pod> pods) => pods.AddHandler(Added, Updated, Deleted);

    /// <summary>The owner that controls the pod, if the informer has that very one.</summary>
    public ObjectKey? OwnerOf(Pod pod)
    {
        if (OwnerReferences.ControllerOf(pod) is not { } owner || owner.Kind != TOwner.Facts.Kind)
            return null;
        var key = new ObjectKey(pod.Metadata.Namespace, owner.Name);
        return owners.Get(key)?.Metadata.UID == owner.UID ? key : null;
    }

    private void Added(Pod pod)
    {
        if (pod.Metadata.DeletionTimestamp is not null)
        {
            Deleted(pod);
            return;
        }
        if (OwnerOf(pod) is { } owner)
        {
            expectations?.CreationObserved(owner);
            enqueue(owner);
        }
        else if (OwnerReferences.ControllerOf(pod) is null)
            EnqueueMatching(pod);
    }

    private void Updated(Pod before, Pod pod)
    {
        if (before.Metadata.ResourceVersion == pod.Metadata.ResourceVersion)
            return;
        if (before.Metadata.UID != pod.Metadata.UID)
        {
            Deleted(before);
            Added(pod);
            return;
        }
        var changesHands = OwnerReferences.ControllerOf(before)?.UID != OwnerReferences.ControllerOf(pod)?.UID;
        if (changesHands && OwnerOf(before) is { } former)
            enqueue(former);
        if (pod.Metadata.DeletionTimestamp is not null && before.Metadata.DeletionTimestamp is null)
        {
            Deleted(pod);
            return;
        }
        if (OwnerOf(pod) is { } owner)
            enqueue(owner);
        else if (OwnerReferences.ControllerOf(pod) is null
            && (changesHands || !ObjectEquality.StringMap(before.Metadata.Labels, pod.Metadata.Labels)))
            EnqueueMatching(pod);
    }

    private void Deleted(Pod pod)
    {
        if (OwnerOf(pod) is not { } owner)
            return;
        expectations?.DeletionObserved(owner, pod.Metadata.UID);
        // Who runs takes its time to go: whoever makes the next one then knows more.
        if (pod.Status.Phase is "" or PodPhase.Pending && owners.Get(owner) is { } loser)
            live?.Lost(loser);
        enqueue(owner);
    }

    private void EnqueueMatching(Pod pod)
    {
        foreach (var candidate in _selectors.Selecting(pod.Metadata.Namespace, pod.Metadata.Labels))
            enqueue(ObjectKey.Of(candidate));
    }
}
