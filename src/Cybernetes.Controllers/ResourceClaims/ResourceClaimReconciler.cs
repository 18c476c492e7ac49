using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Resource.V1;
using ResourceClaim = Cybernetes.Objects.Resource.V1.ResourceClaim;

namespace Cybernetes.Controllers.ResourceClaims;

/// <summary>What becomes of a claim for devices.</summary>
/// <param name="ReservedFor">Who still uses it; null where that stands there already.</param>
/// <param name="Deallocate">Its devices are given back.</param>
/// <param name="RemoveFinalizer">Nothing keeps it any more.</param>
internal sealed record ResourceClaimPlan(List<ResourceClaimConsumerReference>? ReservedFor, bool Deallocate, bool RemoveFinalizer);

/// <summary>Claims made out of templates for pods, and what is left of claims whose pods are over (KEP-3063, KEP-4381). Pure.</summary>
internal static class ResourceClaimReconciler
{
    public const string Annotation = "resource.kubernetes.io/pod-claim-name";
    public const string Finalizer = "resource.kubernetes.io/delete-protection";

    /// <summary>A name of 63 characters has a hyphen and five random ones at its end.</summary>
    private const int MaxBaseLength = 57;

    /// <summary>None of its containers runs, or ever will.</summary>
    public static bool IsDone(Pod pod) => PodState.IsFinished(pod) || (pod.Metadata.DeletionTimestamp is not null && pod.Spec.NodeName.Length == 0);

    /// <summary>The names of the claims that a pod uses, as far as they are known.</summary>
    public static IEnumerable<string> ClaimsOf(Pod pod) => pod.Spec.ResourceClaims.OrEmpty()
        .Select(c => c.ResourceClaimName ?? Generated(pod, c.Name)).OfType<string>().Where(n => n.Length > 0);

    /// <summary>The name of the claim that was made for one of the pod's; empty where none is needed, null where none is noted yet.</summary>
    public static string? Generated(Pod pod, string podClaim) =>
        pod.Status.ResourceClaimStatuses.OrEmpty().FirstOrDefault(s => s.Name == podClaim) is { } status ? status.ResourceClaimName ?? "" : null;

    /// <summary>Whether the claim was made for this very pod.</summary>
    public static bool IsFor(Pod pod, ResourceClaim claim) => OwnerReferences.ControllerOf(claim)?.UID == pod.Metadata.UID;

    public static ResourceClaim Make(Pod pod, string podClaim, ResourceClaimTemplate template)
    {
        var (given, name) = (template.Spec.Metadata, pod.Metadata.Name);
        var baseName = $"{name}-{podClaim}-";
        if (baseName.Length > MaxBaseLength)
        {
            // Both are cut in proportion, so that neither goes missing.
            baseName = $"{name[..(name.Length * MaxBaseLength / baseName.Length)]}-{podClaim[..(podClaim.Length * MaxBaseLength / baseName.Length)]}";
        }
        var made = new ResourceClaim
        {
            Metadata =
            {
                Namespace = pod.Metadata.Namespace, GenerateName = baseName, OwnerReferences = [OwnerReferences.ToController(pod)],
                Labels = given.Labels is { } labels ? new(labels, StringComparer.Ordinal) : null,
                Annotations = new(given.Annotations.OrEmpty(), StringComparer.Ordinal) { [Annotation] = podClaim },
            },
            Spec = template.Spec.Spec.DeepClone(),
        };
        return made;
    }

    /// <param name="isUsedBy">Whether a reservation's pod is there and not over.</param>
    /// <exception cref="ReconcileFailedException">It is reserved for something that is no pod.</exception>
    public static ResourceClaimPlan Reconcile(ResourceClaim claim, Func<ResourceClaimConsumerReference, bool> isUsedBy)
    {
        var reserved = claim.Status.ReservedFor.OrEmpty();
        if (reserved.FirstOrDefault(r => r.APIGroup.Length > 0 || r.Resource != "pods") is { } other)
            throw new ReconcileFailedException($"unsupported ReservedFor entry: {other.Resource}.{other.APIGroup} {other.Name}");
        var valid = reserved.Where(isUsedBy).ToList();
        var isOurs = claim.Metadata.Finalizers.OrEmpty().Contains(Finalizer);
        var isLetGo = valid.Count == 0 && isOurs && (reserved.Count > 0 || claim.Metadata.DeletionTimestamp is not null);
        return new(valid.Count < reserved.Count ? valid : null, isLetGo && claim.Status.Allocation is not null, isLetGo);
    }
}
