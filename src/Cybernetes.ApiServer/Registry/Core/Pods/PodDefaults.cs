using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>
/// What upstream fills into pods and pod templates. Some of it only pods get: a template keeps what was written, so that new defaults do
/// not make every workload look changed.
/// </summary>
internal static class PodDefaults
{
    private const string TerminationMessagePath = "/dev/termination-log";
    private const string TerminationMessagePolicy = "File";

    /// <summary>Defaults of a pod.</summary>
    public static void Apply(Pod pod)
    {
        ApplyToSpec(pod.Spec);
        RequestsFromLimits(pod.Spec.Containers);
        RequestsFromLimits(pod.Spec.InitContainers);
        if (pod.Spec.Resources is { } resources)
            PodLevelResources.Default(pod.Spec, resources);
        pod.Spec.EnableServiceLinks ??= true;
        if (pod.Spec.HostNetwork)
        {
            HostPorts(pod.Spec.Containers);
            HostPorts(pod.Spec.InitContainers);
        }
        ApplyToStatus(pod.Status);
    }

    /// <summary>Defaults of a template.</summary>
    public static void Apply(PodTemplateSpec template) => ApplyToSpec(template.Spec);

    private static void ApplyToSpec(PodSpec spec)
    {
        if (spec.DNSPolicy.Length == 0)
            spec.DNSPolicy = "ClusterFirst";
        if (spec.RestartPolicy.Length == 0)
            spec.RestartPolicy = "Always";
        spec.SecurityContext ??= new PodSecurityContext();
        spec.TerminationGracePeriodSeconds ??= 30;
        if (spec.SchedulerName.Length == 0)
            spec.SchedulerName = "default-scheduler";
        SameAccount(spec);
        foreach (var volume in spec.Volumes.OrEmpty())
            VolumeDefaults.Apply(volume);
        foreach (var container in spec.InitContainers.OrEmpty())
            ApplyTo(container);
        foreach (var container in spec.Containers.OrEmpty())
            ApplyTo(container);
        foreach (var container in spec.EphemeralContainers.OrEmpty())
            ApplyToEphemeral(container);
        RoundUp(spec.Overhead);
        RoundUp(spec.Resources?.Limits);
        RoundUp(spec.Resources?.Requests);
    }

    // serviceAccount is the old name of serviceAccountName; both are shown, and the new one wins.
    private static void SameAccount(PodSpec spec)
    {
        if (spec.ServiceAccountName.Length == 0)
            spec.ServiceAccountName = spec.DeprecatedServiceAccount;
        spec.DeprecatedServiceAccount = spec.ServiceAccountName;
    }

    private static void ApplyTo(Container container)
    {
        if (container.ImagePullPolicy.Length == 0)
            container.ImagePullPolicy = ImageReferences.DefaultPullPolicy(container.Image);
        container.TerminationMessagePath = Or(container.TerminationMessagePath, TerminationMessagePath);
        container.TerminationMessagePolicy = Or(container.TerminationMessagePolicy, TerminationMessagePolicy);
        ApplyTo(container.Ports, container.Env, container.Resources);
        ApplyTo(container.Lifecycle, [container.LivenessProbe, container.ReadinessProbe, container.StartupProbe]);
    }

    // The same fields in a class of its own.
    private static void ApplyToEphemeral(EphemeralContainer container)
    {
        if (container.ImagePullPolicy.Length == 0)
            container.ImagePullPolicy = ImageReferences.DefaultPullPolicy(container.Image);
        container.TerminationMessagePath = Or(container.TerminationMessagePath, TerminationMessagePath);
        container.TerminationMessagePolicy = Or(container.TerminationMessagePolicy, TerminationMessagePolicy);
        ApplyTo(container.Ports, container.Env, container.Resources);
        ApplyTo(container.Lifecycle, [container.LivenessProbe, container.ReadinessProbe, container.StartupProbe]);
    }

    private static string Or(string given, string fallback) => given.Length > 0 ? given : fallback;

    private static void ApplyTo(List<ContainerPort>? ports, List<EnvVar>? variables, ResourceRequirements resources)
    {
        foreach (var port in ports.OrEmpty())
        {
            if (port.Protocol.Length == 0)
                port.Protocol = "TCP";
        }
        ApplyTo(variables);
        RoundUp(resources.Limits);
        RoundUp(resources.Requests);
    }

    private static void ApplyTo(Lifecycle? lifecycle, ReadOnlySpan<Probe?> probes)
    {
        foreach (var probe in probes)
            ApplyTo(probe);
        ApplyTo(lifecycle?.PostStart?.HTTPGet);
        ApplyTo(lifecycle?.PreStop?.HTTPGet);
    }

    /// <summary>Defaults of variables.</summary>
    public static void ApplyTo(List<EnvVar>? variables)
    {
        foreach (var variable in variables.OrEmpty())
        {
            if (variable.ValueFrom?.FieldRef is { APIVersion.Length: 0 } field)
                field.APIVersion = "v1";
            if (variable.ValueFrom?.FileKeyRef is { } file)
                file.Optional ??= false;
        }
    }

    private static void ApplyTo(Probe? probe)
    {
        if (probe is null)
            return;
        if (probe.TimeoutSeconds == 0)
            probe.TimeoutSeconds = 1;
        if (probe.PeriodSeconds == 0)
            probe.PeriodSeconds = 10;
        if (probe.SuccessThreshold == 0)
            probe.SuccessThreshold = 1;
        if (probe.FailureThreshold == 0)
            probe.FailureThreshold = 3;
        ApplyTo(probe.HTTPGet);
        if (probe.GRPC is { } grpc)
            grpc.Service ??= "";
    }

    private static void ApplyTo(HTTPGetAction? get)
    {
        if (get is null)
            return;
        if (get.Path.Length == 0)
            get.Path = "/";
        if (get.Scheme.Length == 0)
            get.Scheme = "HTTP";
    }

    private static void RequestsFromLimits(List<Container>? containers)
    {
        foreach (var container in containers.OrEmpty())
        {
            if (container.Resources.Limits is not { } limits)
                continue;
            var requests = container.Resources.Requests ??= [];
            foreach (var (name, limit) in limits)
                requests.TryAdd(name, limit);
        }
    }

    private static void HostPorts(List<Container>? containers)
    {
        foreach (var container in containers.OrEmpty())
        {
            foreach (var port in container.Ports.OrEmpty())
            {
                if (port.HostPort == 0)
                    port.HostPort = port.ContainerPortValue;
            }
        }
    }

    // Finer than a thousandth is rounded up; nothing in the cluster counts finer.
    internal static void RoundUp(Dictionary<string, Quantity>? resources)
    {
        if (resources is null)
            return;
        foreach (var (name, value) in resources)
        {
            var rounded = value.RoundUp(-3);
            if (rounded != value)
                resources[name] = rounded;
        }
    }

    // podIP and podIPs say the same; older kubelets know podIP only, so it wins.
    private static void ApplyToStatus(PodStatus status)
    {
        if (status.PodIP.Length > 0 && (status.PodIPs is not { Count: > 0 } addresses || addresses[0].IP != status.PodIP))
            status.PodIPs = [new PodIP { IP = status.PodIP }];
        else if (status.PodIP.Length == 0 && status.PodIPs is { Count: > 0 } given)
            status.PodIP = given[0].IP;
        RoundUp(status.AllocatedResources);
        RoundUp(status.ContainerStatuses);
        RoundUp(status.InitContainerStatuses);
        RoundUp(status.EphemeralContainerStatuses);
    }

    private static void RoundUp(List<ContainerStatus>? statuses)
    {
        foreach (var status in statuses.OrEmpty())
        {
            RoundUp(status.AllocatedResources);
            RoundUp(status.Resources?.Limits);
            RoundUp(status.Resources?.Requests);
        }
    }
}
