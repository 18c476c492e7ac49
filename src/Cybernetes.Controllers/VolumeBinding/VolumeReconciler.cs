using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.VolumeBinding;

/// <summary>How the bond of a volume is undone.</summary>
internal enum Unbinding
{
    /// <summary>It stays.</summary>
    None,

    /// <summary>The controller made the bond and takes it off.</summary>
    Whole,

    /// <summary>A user reserved the volume: the reservation stays, for whoever has the name next.</summary>
    UidOnly,
}

/// <summary>What is to be done for a volume.</summary>
internal sealed record VolumePlan
{
    public string Phase { get; init; } = "";

    public Unbinding Unbind { get; init; }

    /// <summary>The claim has to be looked at: its half of the bond is missing.</summary>
    public bool EnqueueClaim { get; init; }

    /// <summary>The reclaim policy is to be carried out.</summary>
    public bool Reclaim { get; init; }

    public Telling? VolumeEvent { get; init; }

    public Telling? ClaimEvent { get; init; }
}

/// <summary>Decides a volume's phase from its claim. Pure.</summary>
internal static class VolumeReconciler
{
    /// <param name="volume">The volume.</param>
    /// <param name="claim">The very claim that the volume names (same uid); null when that is gone.</param>
    public static VolumePlan Reconcile(PersistentVolume volume, PersistentVolumeClaim? claim)
    {
        if (volume.Spec.ClaimRef is not { UID.Length: > 0 } reference)
            return new() { Phase = "Available", EnqueueClaim = volume.Spec.ClaimRef is not null };
        if (claim is null)
            return new() { Phase = volume.Status.Phase is "Released" or "Failed" ? "" : "Released", Reclaim = true };
        if (claim.Spec.VolumeName.Length == 0)
        {
            if (VolumeMatching.IsSameMode(volume, claim))
                return new() { EnqueueClaim = true };
            return new()
            {
                VolumeEvent = new("Warning", "VolumeMismatch",
                    $"Cannot bind PersistentVolume to requested PersistentVolumeClaim \"{claim.Metadata.Name}\" due to incompatible volumeMode."),
                ClaimEvent = new("Warning", "VolumeMismatch",
                    $"Cannot bind PersistentVolume \"{volume.Metadata.Name}\" to requested PersistentVolumeClaim due to incompatible volumeMode."),
            };
        }
        if (claim.Spec.VolumeName == volume.Metadata.Name)
            return new() { Phase = "Bound", EnqueueClaim = claim.Status.Phase != "Bound" };
        // The claim went to another volume.
        if (VolumeNames.Has(volume.Metadata, VolumeNames.ProvisionedBy) && volume.Spec.PersistentVolumeReclaimPolicy == "Delete")
            return new() { Phase = volume.Status.Phase is "Released" or "Failed" ? "" : "Released", Reclaim = true };
        return new()
        {
            Phase = "Available",
            Unbind = VolumeNames.Has(volume.Metadata, VolumeNames.BoundByController) ? Unbinding.Whole
                : reference.UID == claim.Metadata.UID ? Unbinding.UidOnly : Unbinding.None,
        };
    }
}
