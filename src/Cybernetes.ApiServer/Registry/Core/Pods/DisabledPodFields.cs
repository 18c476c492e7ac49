using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>
/// Fields behind feature gates that are off by default in 1.36. They are dropped as upstream drops them, unless the stored object has them
/// already: GenericWorkload (schedulingGroup), ContainerStopSignals (lifecycle.stopSignal), PodCertificateRequest and
/// ClusterTrustBundleProjection (sources of projected volumes).
/// </summary>
internal static class DisabledPodFields
{
    public static void Drop(PodSpec spec, PodSpec? old)
    {
        if (old?.SchedulingGroup is null)
            spec.SchedulingGroup = null;
        if (!UsesStopSignal(old))
            DropStopSignals(spec);
        foreach (var volume in spec.Volumes.OrEmpty())
        {
            foreach (var source in volume.Projected?.Sources.OrEmpty() ?? [])
                DropSources(source, old);
        }
    }

    private static void DropSources(VolumeProjection source, PodSpec? old)
    {
        if (source.PodCertificate is not null && !Uses(old, s => s.PodCertificate is not null))
            source.PodCertificate = null;
        if (source.ClusterTrustBundle is not null && !Uses(old, s => s.ClusterTrustBundle is not null))
            source.ClusterTrustBundle = null;
    }

    private static bool Uses(PodSpec? spec, Func<VolumeProjection, bool> test) =>
        spec?.Volumes.OrEmpty().Any(v => v.Projected?.Sources.OrEmpty().Any(test) == true) == true;

    private static bool UsesStopSignal(PodSpec? spec) =>
        spec is not null && spec.Containers.OrEmpty().Concat(spec.InitContainers.OrEmpty()).Any(c => c.Lifecycle?.StopSignal is not null);

    private static void DropStopSignals(PodSpec spec)
    {
        DropStopSignals(spec.Containers);
        DropStopSignals(spec.InitContainers);
    }

    private static void DropStopSignals(List<Container>? containers)
    {
        foreach (var container in containers.OrEmpty())
        {
            if (container.Lifecycle?.StopSignal is null)
                continue;
            container.Lifecycle.StopSignal = null;
            if (container.Lifecycle.PostStart is null && container.Lifecycle.PreStop is null)
                container.Lifecycle = null;
        }
    }
}
