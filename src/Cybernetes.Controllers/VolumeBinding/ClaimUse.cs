using Cybernetes.Client.Informers;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.VolumeBinding;

/// <summary>Which pods use a claim, by an index.</summary>
internal static class ClaimUse
{
    private const string Name = "claims";

    /// <summary>To be called before the informer starts; again is as good.</summary>
    public static ObjectStore<Pod> Index(ObjectStore<Pod> pods)
    {
        pods.AddIndex(Name, static pod => ClaimsOf(pod).Select(claim => $"{pod.Metadata.Namespace}/{claim}"));
        return pods;
    }

    public static IReadOnlyList<Pod> Of(ObjectStore<Pod> pods, PersistentVolumeClaim claim) =>
        pods.ByIndex(Name, $"{claim.Metadata.Namespace}/{claim.Metadata.Name}");

    /// <summary>The names of the claims that a pod's volumes mean.</summary>
    public static IEnumerable<string> ClaimsOf(Pod pod)
    {
        foreach (var volume in pod.Spec.Volumes.OrEmpty())
        {
            if (VolumeNames.ClaimOf(pod, volume) is { Length: > 0 } claim)
                yield return claim;
        }
    }
}
