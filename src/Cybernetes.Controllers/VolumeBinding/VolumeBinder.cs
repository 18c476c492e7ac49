using Cybernetes.Client.Informers;
using Cybernetes.Client.Transport;
using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.VolumeBinding;

/// <summary>
/// Writes bonds: the volume's half first, then the claim's, each then its phase. Whoever stops between two writes finds the rest to do in the
/// objects. What was written is remembered until the informer has it, so that a volume is not promised twice meanwhile.
/// </summary>
internal sealed class VolumeBinder(ApiClient client)
{
    private readonly Written<PersistentVolume> _written = new();

    /// <summary>The newer of what an informer has and what was written.</summary>
    public PersistentVolume Newest(PersistentVolume known) => _written.Newest(known);

    public void Forget(PersistentVolume volume) => _written.Forget(ObjectKey.Of(volume));

    public async Task BindAsync(PersistentVolume volume, PersistentVolumeClaim claim, CancellationToken cancellation)
    {
        volume = await BindVolumeAsync(volume, claim, cancellation).ConfigureAwait(false);
        await SetPhaseAsync(volume, "Bound", "", cancellation).ConfigureAwait(false);
        claim = await BindClaimAsync(claim, volume, cancellation).ConfigureAwait(false);
        await SetClaimStatusAsync(claim, "Bound", volume, cancellation).ConfigureAwait(false);
    }

    /// <returns>The volume as it is then.</returns>
    public async Task<PersistentVolume> SetPhaseAsync(PersistentVolume volume, string phase, string message, CancellationToken cancellation)
    {
        if (volume.Status.Phase == phase && (message.Length == 0 || volume.Status.Message == message))
            return volume;
        var copy = volume.DeepClone();
        (copy.Status.Phase, copy.Status.Message) = (phase, message);
        return _written.Remember(await client.For<PersistentVolume>().UpdateStatusAsync(copy, cancellation: cancellation).ConfigureAwait(false));
    }

    public async Task<PersistentVolume> UnbindAsync(PersistentVolume volume, bool isWhole, CancellationToken cancellation)
    {
        var copy = volume.DeepClone();
        if (isWhole)
        {
            copy.Spec.ClaimRef = null;
            copy.Metadata.Annotations?.Remove(VolumeNames.BoundByController);
        }
        else
            copy.Spec.ClaimRef!.UID = "";
        copy = _written.Remember(await client.For<PersistentVolume>().UpdateAsync(copy, cancellation: cancellation).ConfigureAwait(false));
        return await SetPhaseAsync(copy, "Available", "", cancellation).ConfigureAwait(false);
    }

    /// <returns>Whether anything changed.</returns>
    public async Task<bool> SetClaimStatusAsync(
        PersistentVolumeClaim claim, string phase, PersistentVolume? volume, CancellationToken cancellation)
    {
        var copy = claim.DeepClone();
        copy.Status.Phase = phase;
        if (volume is null)
        {
            copy.Status.AccessModes = null;
            copy.Status.Capacity = null;
        }
        else
        {
            copy.Status.AccessModes = volume.Spec.AccessModes is null ? null : [.. volume.Spec.AccessModes];
            // Later the size is told by who expands, when the file system has grown too.
            if (claim.Status.Phase != "Bound" || claim.Status.Capacity is not { Count: > 0 })
                copy.Status.Capacity = volume.Spec.Capacity is null ? null : new(volume.Spec.Capacity, StringComparer.Ordinal);
            if (claim.Status.Phase != "Bound" && !string.IsNullOrEmpty(volume.Spec.VolumeAttributesClassName))
                copy.Status.CurrentVolumeAttributesClassName = volume.Spec.VolumeAttributesClassName;
        }
        if (copy.Status.SemanticEquals(claim.Status))
            return false;
        await client.For<PersistentVolumeClaim>().UpdateStatusAsync(copy, cancellation: cancellation).ConfigureAwait(false);
        return true;
    }

    private async Task<PersistentVolume> BindVolumeAsync(PersistentVolume volume, PersistentVolumeClaim claim, CancellationToken cancellation)
    {
        if (volume.Spec.ClaimRef is { } there && there.UID == claim.Metadata.UID && VolumeMatching.IsFor(volume, claim))
            return volume;
        var copy = volume.DeepClone();
        // Who reserved the volume by name did half of it; the mark says whose the bond is when it must be undone.
        if (volume.Spec.ClaimRef is null)
            (copy.Metadata.Annotations ??= [])[VolumeNames.BoundByController] = "yes";
        copy.Spec.ClaimRef = new ObjectReference
        {
            Kind = "PersistentVolumeClaim", APIVersion = "v1", Namespace = claim.Metadata.Namespace, Name = claim.Metadata.Name,
            UID = claim.Metadata.UID, ResourceVersion = claim.Metadata.ResourceVersion,
        };
        return _written.Remember(await client.For<PersistentVolume>().UpdateAsync(copy, cancellation: cancellation).ConfigureAwait(false));
    }

    private async Task<PersistentVolumeClaim> BindClaimAsync(PersistentVolumeClaim claim, PersistentVolume volume, CancellationToken cancellation)
    {
        if (claim.Spec.VolumeName == volume.Metadata.Name && VolumeNames.Has(claim.Metadata, VolumeNames.BindCompleted))
            return claim;
        var copy = claim.DeepClone();
        copy.Metadata.Annotations ??= [];
        if (copy.Spec.VolumeName.Length == 0)
            copy.Metadata.Annotations[VolumeNames.BoundByController] = "yes";
        copy.Spec.VolumeName = volume.Metadata.Name;
        copy.Metadata.Annotations[VolumeNames.BindCompleted] = "yes";
        return await client.For<PersistentVolumeClaim>().UpdateAsync(copy, cancellation: cancellation).ConfigureAwait(false);
    }
}
