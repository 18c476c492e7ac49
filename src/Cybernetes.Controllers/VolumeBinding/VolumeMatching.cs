using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.VolumeBinding;

/// <summary>Which volume suits which claim. Pure.</summary>
internal static class VolumeMatching
{
    /// <summary>
    /// The volume to bind: one that is reserved for the claim, or else the smallest that is large enough. Volumes with fewer access modes come
    /// first, so that a shared one is not given to who needs no sharing.
    /// </summary>
    /// <param name="isDelayed">The scheduler chooses for this claim; only a volume reserved for it counts.</param>
    public static PersistentVolume? FindBest(PersistentVolumeClaim claim, IEnumerable<PersistentVolume> candidates, bool isDelayed)
    {
        var groups = candidates.Where(v => HasModes(v, claim)).GroupBy(Modes, StringComparer.Ordinal)
            .OrderBy(g => g.Key.Length == 0 ? 0 : g.Key.Split(',').Length).ThenBy(g => g.Key, StringComparer.Ordinal);
        foreach (var group in groups)
        {
            if (FindIn(group, claim, isDelayed) is { } found)
                return found;
        }
        return null;
    }

    /// <summary>Why a volume that the claim names does not suit it; null when it does.</summary>
    public static string? Mismatch(PersistentVolume volume, PersistentVolumeClaim claim)
    {
        if (VolumeNames.Size(volume.Spec.Capacity) < VolumeNames.Size(claim.Spec.Resources.Requests))
            return "requested PV is too small";
        if (VolumeNames.ClassOf(volume) != (VolumeNames.ClassOf(claim) ?? ""))
            return "storageClassName does not match";
        if ((volume.Spec.VolumeAttributesClassName ?? "") != (claim.Spec.VolumeAttributesClassName ?? ""))
            return "volumeAttributesClassName does not match";
        if (!IsSameMode(volume, claim))
            return "incompatible volumeMode";
        return HasModes(volume, claim) ? null : "incompatible accessMode";
    }

    /// <summary>Whether the volume is reserved for, or bound to, this claim.</summary>
    public static bool IsFor(PersistentVolume volume, PersistentVolumeClaim claim) => volume.Spec.ClaimRef is { } reference
        && reference.Name == claim.Metadata.Name && reference.Namespace == claim.Metadata.Namespace
        && (reference.UID.Length == 0 || reference.UID == claim.Metadata.UID);

    public static bool IsSameMode(PersistentVolume volume, PersistentVolumeClaim claim) =>
        (volume.Spec.VolumeMode ?? "Filesystem") == (claim.Spec.VolumeMode ?? "Filesystem");

    private static PersistentVolume? FindIn(IEnumerable<PersistentVolume> volumes, PersistentVolumeClaim claim, bool isDelayed)
    {
        var wanted = VolumeNames.Size(claim.Spec.Resources.Requests);
        var className = VolumeNames.ClassOf(claim) ?? "";
        var selector = claim.Spec.Selector is null ? LabelMatcher.Everything : LabelMatcher.For(claim.Spec.Selector);
        PersistentVolume? best = null;
        var bestSize = Quantity.Zero;
        foreach (var volume in volumes)
        {
            if (volume.Spec.ClaimRef is not null && !IsFor(volume, claim))
                continue;
            var size = VolumeNames.Size(volume.Spec.Capacity);
            if (size < wanted || !IsSameMode(volume, claim) || volume.Metadata.DeletionTimestamp is not null
                || (volume.Spec.VolumeAttributesClassName ?? "") != (claim.Spec.VolumeAttributesClassName ?? ""))
                continue;
            if (volume.Spec.ClaimRef is not null)
                return volume;
            if (isDelayed || volume.Status.Phase != "Available" || VolumeNames.ClassOf(volume) != className
                || !selector.Matches(volume.Metadata.Labels))
                continue;
            if (best is null || size < bestSize
                || (size == bestSize && string.CompareOrdinal(volume.Metadata.Name, best.Metadata.Name) < 0))
                (best, bestSize) = (volume, size);
        }
        return best;
    }

    private static bool HasModes(PersistentVolume volume, PersistentVolumeClaim claim) =>
        claim.Spec.AccessModes.OrEmpty().All(m => volume.Spec.AccessModes.OrEmpty().Contains(m));

    private static string Modes(PersistentVolume volume) =>
        string.Join(',', volume.Spec.AccessModes.OrEmpty().Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
}
