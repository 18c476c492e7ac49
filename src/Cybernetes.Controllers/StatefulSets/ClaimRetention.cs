using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.Controllers.StatefulSets;

/// <summary>
/// Who owns a pod's claims, by <c>persistentVolumeClaimRetentionPolicy</c>: the set, so that they go with it; the pod that is scaled away, so
/// that they go with that; or nobody. Pure.
/// </summary>
internal static class ClaimRetention
{
    private const string Delete = "Delete";

    /// <summary>The references that the claim should have; the same list when they stand so already.</summary>
    /// <param name="pod">Null while the pod is not there: then the claim is the set's or nobody's.</param>
    public static List<OwnerReference>? Owners(StatefulSet set, Pod? pod, int ordinal, PersistentVolumeClaim claim)
    {
        var references = claim.Metadata.OwnerReferences;
        var (ofSet, ofPod) = Wanted(set, ordinal);
        if (HasForeignController(references, set, pod))
            (ofSet, ofPod) = (false, false);
        if (ofPod && pod is null)
            return references;
        var hasSet = references.OrEmpty().Any(r => IsOf(r, "StatefulSet", set.Metadata));
        var hasPod = pod is not null && references.OrEmpty().Any(r => IsOf(r, "Pod", pod.Metadata));
        if (hasSet == ofSet && hasPod == ofPod)
            return references;
        List<OwnerReference> owners =
        [
            .. references.OrEmpty().Where(r => !IsOf(r, "StatefulSet", set.Metadata) && !(pod is not null && IsOf(r, "Pod", pod.Metadata))),
        ];
        if (ofSet)
            owners.Add(OwnerReferences.ToController(set));
        if (ofPod)
            owners.Add(OwnerReferences.ToController(pod!));
        return owners.Count == 0 ? null : owners;
    }

    /// <summary>Whether the claim is about to go with a former pod of the same name: then the new one must not take it.</summary>
    public static bool IsStale(PersistentVolumeClaim claim, string podName, string podUid) =>
        claim.Metadata.OwnerReferences.OrEmpty().Any(r => r.Kind == "Pod" && r.Name == podName && r.UID != podUid);

    private static (bool OfSet, bool OfPod) Wanted(StatefulSet set, int ordinal)
    {
        var policy = set.Spec.PersistentVolumeClaimRetentionPolicy;
        var isScaledDown = !StatefulPods.IsWanted(set, ordinal);
        return (policy?.WhenScaled == Delete, policy?.WhenDeleted == Delete) switch
        {
            (false, var deleted) => (deleted, false),
            (true, var deleted) => (deleted && !isScaledDown, isScaledDown),
        };
    }

    private static bool HasForeignController(List<OwnerReference>? references, StatefulSet set, Pod? pod) => references.OrEmpty().Any(r =>
        r.Controller == true && !IsOf(r, "StatefulSet", set.Metadata) && !(pod is not null && IsOf(r, "Pod", pod.Metadata))
        && !(pod is null && r.Kind == "Pod"));

    private static bool IsOf(OwnerReference reference, string kind, ObjectMeta owner) => reference.Kind == kind && reference.UID == owner.UID;
}
