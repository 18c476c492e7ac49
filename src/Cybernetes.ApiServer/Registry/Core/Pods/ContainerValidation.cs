using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>What holds for containers of every sort.</summary>
internal static class ContainerValidation
{
    private const string PortRange = "must be between 1 and 65535, inclusive";

    public static void Validate(Container container, FieldPath path, PodCheck check)
    {
        var errors = check.Errors;
        if (container.Name.Length == 0)
            errors.Required(path.Child("name"));
        else
            FieldChecks.DnsLabel(container.Name, path, "name", errors);
        if (container.Image.Length == 0)
            errors.Required(path.Child("image"));
        PodSpecValidation.Choice(
            container.TerminationMessagePolicy, path, "terminationMessagePolicy", errors, "File", "FallbackToLogsOnError");
        for (var i = 0; i < (container.Ports?.Count ?? 0); i++)
            Port(container.Ports!, i, path, errors);
        if (container.Env is { Count: > 0 })
            EnvironmentValidation.Variables(container.Env, path.Child("env"), check);
        if (container.EnvFrom is { Count: > 0 })
            EnvironmentValidation.Sources(container.EnvFrom, path.Child("envFrom"), errors);
        if (container.VolumeMounts is { Count: > 0 })
            MountValidation.Mounts(container, path.Child("volumeMounts"), check);
        if (container.VolumeDevices is { Count: > 0 })
            MountValidation.Devices(container, path.Child("volumeDevices"), check);
        PodSpecValidation.Choice(container.ImagePullPolicy, path, "imagePullPolicy", errors, "Always", "IfNotPresent", "Never");
        ResourceValidation.OfContainer(container.Resources, check.ClaimNames, path, errors);
        if (container.ResizePolicy is { Count: > 0 })
            ResizePolicies(container.ResizePolicy, check.Spec.RestartPolicy, path.Child("resizePolicy"), errors);
        if (container.SecurityContext is not null)
            PodSecurityValidation.OfContainer(container.SecurityContext, check.HostUsers, path.Child("securityContext"), errors);
    }

    private static void Port(List<ContainerPort> ports, int index, FieldPath container, FieldErrorList errors)
    {
        var port = ports[index];
        if (port.Name.Length > 0)
            PortName(ports, index, container, errors);
        if (port.ContainerPortValue == 0)
            errors.Required(Path(container, index, "containerPort"));
        else if (port.ContainerPortValue is < 1 or > 65535)
            errors.Invalid(Path(container, index, "containerPort"), port.ContainerPortValue, PortRange);
        if (port.HostPort is < 0 or > 65535)
            errors.Invalid(Path(container, index, "hostPort"), port.HostPort, PortRange);
        if (port.Protocol.Length == 0)
            errors.Required(Path(container, index, "protocol"));
        else if (port.Protocol is not ("TCP" or "UDP" or "SCTP"))
            errors.NotSupported(Path(container, index, "protocol"), port.Protocol, "SCTP", "TCP", "UDP");
    }

    private static FieldPath Path(FieldPath container, int index, string field) => container.Child("ports").Index(index).Child(field);

    private static void PortName(List<ContainerPort> ports, int index, FieldPath container, FieldErrorList errors)
    {
        var name = ports[index].Name;
        var reasons = Names.PortName(name);
        foreach (var reason in reasons)
            errors.Invalid(Path(container, index, "name"), name, reason);
        for (var i = 0; reasons.Count == 0 && i < index; i++)
        {
            if (ports[i].Name != name)
                continue;
            errors.Duplicate(Path(container, index, "name"), name);
            break;
        }
    }

    private static void ResizePolicies(List<ContainerResizePolicy> policies, string podPolicy, FieldPath path, FieldErrorList errors)
    {
        for (var i = 0; i < policies.Count; i++)
        {
            var policy = policies[i];
            if (policies.FindIndex(p => p.ResourceName == policy.ResourceName) < i)
                errors.Duplicate(path.Index(i), policy.ResourceName);
            Word(policy.ResourceName, "cpu", "memory");
            Word(policy.RestartPolicy, "NotRequired", "RestartContainer");
            if (podPolicy == "Never" && policy.RestartPolicy != "NotRequired")
                errors.Invalid(path, policy.RestartPolicy, "must be 'NotRequired' when `restartPolicy` is 'Never'");
        }

        void Word(string word, string first, string second)
        {
            if (word.Length == 0)
                errors.Required(path);
            else if (word != first && word != second)
                errors.NotSupported(path, word, first, second);
        }
    }
}
