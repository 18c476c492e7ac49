using Cybernetes.ApiServer.Registry.Core.Pods;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Volumes;

/// <summary>What upstream fills into claims, also into those that a stateful set or a pod makes.</summary>
internal static class ClaimDefaults
{
    public static void Apply(PersistentVolumeClaim claim)
    {
        if (claim.Status.Phase.Length == 0)
            claim.Status.Phase = "Pending";
        Apply(claim.Spec);
        PodDefaults.RoundUp(claim.Status.Capacity);
        PodDefaults.RoundUp(claim.Status.AllocatedResources);
    }

    public static void Apply(PersistentVolumeClaimSpec spec)
    {
        spec.VolumeMode ??= "Filesystem";
        PodDefaults.RoundUp(spec.Resources.Limits);
        PodDefaults.RoundUp(spec.Resources.Requests);
    }
}
