using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Scheduler.Plugins.Volumes;

/// <summary>The claims that a pod's volumes name, its own ephemeral ones among them.</summary>
internal static class PodClaims
{
    public const string BindCompleted = "pv.kubernetes.io/bind-completed";
    public const string BoundByController = "pv.kubernetes.io/bound-by-controller";
    public const string SelectedNode = "volume.kubernetes.io/selected-node";

    public static IEnumerable<(string Name, bool IsEphemeral)> NamesOf(Pod pod)
    {
        foreach (var volume in pod.Spec.Volumes.OrEmpty())
        {
            if (NameOf(pod, volume) is { } name)
                yield return (name, volume.PersistentVolumeClaim is null);
        }
    }

    /// <summary>The claim that a volume names; null for a volume of another kind.</summary>
    public static string? NameOf(Pod pod, Volume volume) =>
        volume.PersistentVolumeClaim is { } claim ? claim.ClaimName : volume.Ephemeral is not null ? $"{pod.Metadata.Name}-{volume.Name}" : null;

    public static bool HasAny(Pod pod) => pod.Spec.Volumes is { Count: > 0 } && NamesOf(pod).Any();

    /// <summary>Bound on both sides, as the volume controller marks it.</summary>
    public static bool IsFullyBound(PersistentVolumeClaim claim) =>
        claim.Spec.VolumeName.Length > 0 && claim.Metadata.Annotations.OrEmpty().ContainsKey(BindCompleted);

    public static string ClassOf(PersistentVolumeClaim claim) =>
        claim.Metadata.Annotations.OrEmpty().TryGetValue("volume.beta.kubernetes.io/storage-class", out var old) ? old : claim.Spec.StorageClassName ?? "";

    /// <summary>The pod's bound volumes; claims without one are passed over.</summary>
    public static IEnumerable<PersistentVolume> BoundVolumes(Pod pod, IVolumeObjects objects)
    {
        foreach (var (name, _) in NamesOf(pod))
        {
            if (objects.Claim(pod.Metadata.Namespace, name) is { Spec.VolumeName.Length: > 0 } claim && objects.Volume(claim.Spec.VolumeName) is { } volume)
                yield return volume;
        }
    }
}
