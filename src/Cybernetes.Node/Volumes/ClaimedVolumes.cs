using Cybernetes.Node.Agent;
using Cybernetes.Node.Pods;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Node.Volumes;

/// <summary>A volume behind a claim, as a directory of this node.</summary>
/// <param name="IsLocal">A local volume, whose files belong to the pod's group; a hostPath's stay as they are.</param>
internal readonly record struct ClaimedVolume(string Path, bool IsLocal);

/// <summary>Finds what stands behind a pod's claims: hostPath and local persistent volumes.</summary>
internal sealed class ClaimedVolumes(INodeApi api, NodeSelf node)
{
    /// <summary>The name of the claim that the volume means; null for a volume without one.</summary>
    public static string? ClaimOf(Pod pod, Volume volume) =>
        volume.PersistentVolumeClaim?.ClaimName ?? (volume.Ephemeral is null ? null : $"{pod.Metadata.Name}-{volume.Name}");

    /// <exception cref="PodConfigException">The claim or its volume is not there, not bound, of another kind or of another node.</exception>
    public async Task<ClaimedVolume> FindAsync(Pod pod, Volume volume, string name, CancellationToken cancellation)
    {
        var claim = await api.GetPersistentVolumeClaimAsync(pod.Metadata.Namespace, name, cancellation).ConfigureAwait(false)
            ?? throw new PodConfigException($"persistentvolumeclaim \"{name}\" not found");
        if (volume.Ephemeral is not null && !claim.Metadata.OwnerReferences.OrEmpty().Any(o => o.Controller == true && o.UID == pod.Metadata.UID))
            throw new PodConfigException($"PVC {pod.Metadata.Namespace}/{name} was not created for pod "
                + $"{pod.Metadata.Namespace}/{pod.Metadata.Name} (pod is not owner)");
        if (claim.Metadata.DeletionTimestamp is not null && pod.Status.Phase == PodPhase.Pending && volume.Ephemeral is null)
            throw new PodConfigException($"can't start pod because PVC {pod.Metadata.Namespace}/{name} is being deleted");
        if (claim.Status.Phase != "Bound" || claim.Spec.VolumeName.Length == 0)
            throw new PodConfigException($"PVC {pod.Metadata.Namespace}/{name} is not bound");
        var persistent = await api.GetPersistentVolumeAsync(claim.Spec.VolumeName, cancellation).ConfigureAwait(false)
            ?? throw new PodConfigException($"persistentvolume \"{claim.Spec.VolumeName}\" not found");
        if (persistent.Spec.ClaimRef?.UID != claim.Metadata.UID)
            throw new PodConfigException($"PV {persistent.Metadata.Name} ClaimRef.UID ({persistent.Spec.ClaimRef?.UID}) does not match "
                + $"pvc.UID ({claim.Metadata.UID})");
        return Directories(persistent);
    }

    private ClaimedVolume Directories(PersistentVolume persistent)
    {
        if (persistent.Spec.VolumeMode == "Block")
            throw new PodConfigException("volumes of mode Block are not supported by this node agent");
        if (persistent.Spec.HostPath is { } host)
        {
            HostPaths.Check(host);
            return new(host.Path, false);
        }
        if (persistent.Spec.Local is not { } local)
            throw new PodConfigException($"no volume plugin matched: the volume \"{persistent.Metadata.Name}\" is neither hostPath nor local, "
                + "and others are not supported by this node agent");
        if (!Directory.Exists(local.Path))
            throw new PodConfigException($"path \"{local.Path}\" of local volume \"{persistent.Metadata.Name}\" does not exist on node {node.Name}");
        return new(local.Path, true);
    }
}
