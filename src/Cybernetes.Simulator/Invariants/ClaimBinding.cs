using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Simulator.World;

namespace Cybernetes.Simulator.Invariants;

/// <summary>A claim has one volume for its whole life, a volume belongs to one claim at a time, and nothing that is in use goes.</summary>
internal sealed class ClaimBinding(ClusterModel model) : IInvariant
{
    public string? See(Change change) => change switch
    {
        { Old: PersistentVolumeClaim { Spec.VolumeName: { Length: > 0 } had }, New: PersistentVolumeClaim now }
            when had != now.Spec.VolumeName => $"{ClusterFacts.NameOf(now)} had {had} and has \"{now.Spec.VolumeName}\"",
        { New: PersistentVolumeClaim { Status.Phase: "Bound" } claim, Old: not PersistentVolumeClaim { Status.Phase: "Bound" } } => Shared(claim),
        { Old: PersistentVolumeClaim claim, New: null } when UserOf(claim) is { } user =>
            $"{ClusterFacts.NameOf(claim)} is gone, and {ClusterFacts.NameOf(user)} uses it",
        { Old: PersistentVolume { Spec.ClaimRef.UID: { Length: > 0 } before } volume, New: null } when ClaimOf(before) is { Status.Phase: "Bound" } claim
            && claim.Spec.VolumeName == volume.Metadata.Name => $"volume {volume.Metadata.Name} is gone, and {ClusterFacts.NameOf(claim)} has it",
        { Old: PersistentVolume { Spec.ClaimRef.UID: { Length: > 0 } before }, New: PersistentVolume { Spec.ClaimRef: { } after } volume }
            when before != after.UID && ClaimOf(before) is { Status.Phase: "Bound" } claim && claim.Spec.VolumeName == volume.Metadata.Name =>
            $"volume {volume.Metadata.Name} went to {after.Namespace}/{after.Name}, and {ClusterFacts.NameOf(claim)} has it",
        _ => null,
    };

    public IEnumerable<string> AtRest()
    {
        foreach (var claim in model.All<PersistentVolumeClaim>())
        {
            var volume = model.All<PersistentVolume>().FirstOrDefault(v => v.Metadata.Name == claim.Spec.VolumeName);
            if (claim.Status.Phase != "Bound" || volume?.Spec.ClaimRef?.UID != claim.Metadata.UID || volume.Status.Phase != "Bound")
                yield return $"{ClusterFacts.NameOf(claim)} is {claim.Status.Phase} to {claim.Spec.VolumeName}, which is {volume?.Status.Phase ?? "gone"}";
        }
    }

    private string? Shared(PersistentVolumeClaim claim)
    {
        var other = model.All<PersistentVolumeClaim>().FirstOrDefault(c =>
            c.Metadata.UID != claim.Metadata.UID && c.Status.Phase == "Bound" && c.Spec.VolumeName == claim.Spec.VolumeName);
        return other is null ? null : $"{ClusterFacts.NameOf(claim)} and {ClusterFacts.NameOf(other)} both have {claim.Spec.VolumeName}";
    }

    private PersistentVolumeClaim? ClaimOf(string uid) => model.All<PersistentVolumeClaim>().FirstOrDefault(c => c.Metadata.UID == uid);

    /// <summary>The running pod that has been told of a node, and of the claim.</summary>
    private Pod? UserOf(PersistentVolumeClaim claim) => model.In<Pod>(claim.Metadata.Namespace).FirstOrDefault(p =>
        p.Status.Phase == "Running" && p.Metadata.CreationTimestamp >= claim.Metadata.CreationTimestamp
            && p.Spec.Volumes.OrEmpty().Any(v => v.PersistentVolumeClaim?.ClaimName == claim.Metadata.Name));
}
