using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>
/// Fields behind feature gates that can be off in 1.36. They are dropped as upstream drops them, unless the stored object has them already.
/// </summary>
internal static class DisabledPodFields
{
    public static void Drop(PodSpec spec, PodSpec? old, FeatureGates gates)
    {
        if (old?.SchedulingGroup is null && !gates.IsEnabled("GenericWorkload"))
            spec.SchedulingGroup = null;
        if (!gates.IsEnabled("ContainerStopSignals") && !UsesStopSignal(old))
            DropStopSignals(spec);
        if (old?.HostnameOverride is null && !gates.IsEnabled("HostnameOverride"))
            spec.HostnameOverride = null;
        if (old?.Resources is null && !gates.IsEnabled("PodLevelResources"))
            spec.Resources = null;
        foreach (var volume in spec.Volumes.OrEmpty())
        {
            foreach (var source in volume.Projected?.Sources.OrEmpty() ?? [])
                DropSources(source, old, gates);
        }
        foreach (var container in spec.Containers.OrEmpty().Concat(spec.InitContainers.OrEmpty()))
            DropOfContainer(container, old, gates);
    }

    private static void DropSources(VolumeProjection source, PodSpec? old, FeatureGates gates)
    {
        if (source.PodCertificate is not null && !gates.IsEnabled("PodCertificateRequest") && !Uses(old, s => s.PodCertificate is not null))
            source.PodCertificate = null;
        if (source.ClusterTrustBundle is not null && !gates.IsEnabled("ClusterTrustBundleProjection")
            && !Uses(old, s => s.ClusterTrustBundle is not null))
            source.ClusterTrustBundle = null;
    }

    private static void DropOfContainer(Container container, PodSpec? old, FeatureGates gates)
    {
        if (container.RestartPolicyRules is not null && !gates.IsEnabled("ContainerRestartRules")
            && !UsesContainer(old, c => c.RestartPolicyRules is not null))
            container.RestartPolicyRules = null;
        if (gates.IsEnabled("EnvFiles") || UsesContainer(old, c => c.Env.OrEmpty().Any(e => e.ValueFrom?.FileKeyRef is not null)))
            return;
        foreach (var variable in container.Env.OrEmpty().Where(e => e.ValueFrom?.FileKeyRef is not null))
            variable.ValueFrom!.FileKeyRef = null;
    }

    private static bool UsesContainer(PodSpec? spec, Func<Container, bool> test) =>
        spec is not null && spec.Containers.OrEmpty().Concat(spec.InitContainers.OrEmpty()).Any(test);

    private static bool Uses(PodSpec? spec, Func<VolumeProjection, bool> test) =>
        spec?.Volumes.OrEmpty().Any(v => v.Projected?.Sources.OrEmpty().Any(test) == true) == true;

    private static bool UsesStopSignal(PodSpec? spec) => UsesContainer(spec, c => c.Lifecycle?.StopSignal is not null);

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
