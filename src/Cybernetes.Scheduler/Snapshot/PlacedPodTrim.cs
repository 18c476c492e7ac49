using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Scheduler.Snapshot;

/// <summary>
/// Takes out of a placed pod what no decision about other pods looks at. A cluster has many placed pods: what is kept of each is most of the
/// scheduler's memory, and of the collector's work.
/// </summary>
internal static class PlacedPodTrim
{
    /// <summary>Changes the pod in place; one without a node stays whole.</summary>
    public static void Apply(Pod pod)
    {
        if (pod.Spec.NodeName.Length == 0)
            return;
        var (metadata, spec, status) = (pod.Metadata, pod.Spec, pod.Status);
        metadata.Annotations = null;
        metadata.OwnerReferences = null;
        metadata.Finalizers = null;
        pod.Spec = new PodSpec
        {
            NodeName = spec.NodeName,
            SchedulerName = spec.SchedulerName,
            Priority = spec.Priority,
            Affinity = spec.Affinity is { } affinity && (affinity.PodAffinity ?? (object?)affinity.PodAntiAffinity) is not null
                ? new Affinity { PodAffinity = affinity.PodAffinity, PodAntiAffinity = affinity.PodAntiAffinity }
                : null,
            Containers = Trimmed(spec.Containers),
            InitContainers = Trimmed(spec.InitContainers),
            Overhead = spec.Overhead,
            Resources = spec.Resources,
            ResourceClaims = spec.ResourceClaims,
            SchedulingGroup = spec.SchedulingGroup,
            Volumes = Kept(spec.Volumes),
        };
        pod.Status = new PodStatus
        {
            Phase = status.Phase,
            StartTime = status.StartTime,
            ResourceClaimStatuses = status.ResourceClaimStatuses,
            ExtendedResourceClaimStatus = status.ExtendedResourceClaimStatus,
            Conditions = Kept(status.Conditions),
        };
    }

    private static List<Container>? Trimmed(List<Container>? containers) =>
        containers?.ConvertAll(c => new Container { Name = c.Name, Resources = c.Resources, Ports = c.Ports, RestartPolicy = c.RestartPolicy });

    // Files from the API mean nothing to other pods; claims and disks do.
    private static List<Volume>? Kept(List<Volume>? volumes) =>
        volumes?.Exists(Matters) == true ? volumes.FindAll(Matters) : null;

    private static bool Matters(Volume volume) =>
        volume.ConfigMap is null && volume.Secret is null && volume.Projected is null && volume.EmptyDir is null && volume.DownwardAPI is null
        && volume.HostPath is null;

    private static List<PodCondition>? Kept(List<PodCondition>? conditions) =>
        conditions?.Exists(Matters) == true ? conditions.FindAll(Matters) : null;

    private static bool Matters(PodCondition condition) => condition.Type == "DisruptionTarget";
}
