using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>The whole of a pod's spec, in upstream's order; each subject has a class of its own.</summary>
internal static class PodSpecValidation
{
    public static void Validate(PodCheck check, FieldPath path)
    {
        var spec = check.Spec;
        var errors = check.Errors;
        if (spec.TerminationGracePeriodSeconds is null)
            errors.Required(path.Child("terminationGracePeriodSeconds"));
        VolumeValidation.Validate(check, path.Child("volumes"));
        ResourceClaimValidation.Validate(check, path.Child("resourceClaims"));
        ContainerListValidation.Validate(check, path);
        if (spec.Resources is not null)
            PodResourceValidation.Validate(spec, spec.Resources, path.Child("resources"), errors);
        HostPortsMatch(check, path);
        Choice(spec.RestartPolicy, path, "restartPolicy", errors, "Always", "OnFailure", "Never");
        Choice(spec.DNSPolicy, path, "dnsPolicy", errors, "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None");
        if (spec.NodeSelector is not null)
            FieldRules.Labels(spec.NodeSelector, path.Child("nodeSelector"), errors);
        PodSecurityValidation.Validate(spec, path.Child("securityContext"), errors);
        if (spec.Affinity is not null)
            AffinityValidation.Validate(spec.Affinity, path.Child("affinity"), errors);
        PodDnsValidation.Validate(spec, path.Child("dnsConfig"), errors);
        SchedulingValidation.Gates(spec, path, errors);
        TopologySpreadValidation.Validate(spec.TopologySpreadConstraints, path.Child("topologySpreadConstraints"), errors);
        WindowsValidation.HostProcess(spec, path, errors);
        HostUsers(spec, path, errors);
        NamesAndNumbers(spec, path, errors);
        if (spec.Tolerations is { Count: > 0 })
            SchedulingValidation.Tolerations(spec.Tolerations, path.Child("tolerations"), errors);
        PodDnsValidation.HostAliases(spec.HostAliases, path, errors);
        Classes(spec, path, errors);
        if (spec.Overhead is not null)
            ResourceValidation.Validate(new ResourceRequirements { Limits = spec.Overhead }, null, path.Child("overhead"), errors);
        if (spec.OS is not null)
            OperatingSystem(spec, path, errors);
    }

    /// <summary>A field that must be one of some words.</summary>
    public static void Choice(
        string value, FieldPath path, string child, FieldErrorList errors, params ReadOnlySpan<string> supported)
    {
        if (value.Length == 0)
            errors.Required(path.Child(child));
        else if (!supported.Contains(value))
            errors.NotSupported(path.Child(child), value, supported.ToArray());
    }

    private static void HostPortsMatch(PodCheck check, FieldPath path)
    {
        if (!check.Spec.HostNetwork)
            return;
        for (var i = 0; i < (check.Spec.Containers?.Count ?? 0); i++)
        {
            var ports = check.Spec.Containers![i].Ports.OrEmpty();
            for (var j = 0; j < ports.Count; j++)
            {
                // In a template 0 is fine: it is filled in when the pod is made.
                if ((check.IsPod || ports[j].HostPort != 0) && ports[j].HostPort != ports[j].ContainerPortValue)
                {
                    check.Errors.Invalid(
                        path.Child("containers").Index(i).Child("ports").Index(j).Child("hostPort"),
                        ports[j].HostPort,
                        "must match `containerPort` when `hostNetwork` is true");
                }
            }
        }
    }

    private static void HostUsers(PodSpec spec, FieldPath path, FieldErrorList errors)
    {
        if (spec.HostUsers != false)
            return;
        const string Why = "when `hostUsers` is false";
        if (spec.HostNetwork)
            errors.Forbidden(path.Child("hostNetwork"), Why);
        if (spec.HostPID)
            errors.Forbidden(path.Child("hostPID"), Why);
        if (spec.HostIPC)
            errors.Forbidden(path.Child("hostIPC"), Why);
    }

    private static void NamesAndNumbers(PodSpec spec, FieldPath path, FieldErrorList errors)
    {
        if (spec.ServiceAccountName.Length > 0)
            FieldChecks.Subdomain(spec.ServiceAccountName, path, "serviceAccountName", errors);
        if (spec.NodeName.Length > 0)
            FieldChecks.Subdomain(spec.NodeName, path, "nodeName", errors);
        if (spec.ActiveDeadlineSeconds is < 1 or > int.MaxValue)
            errors.Invalid(path.Child("activeDeadlineSeconds"), spec.ActiveDeadlineSeconds, "must be between 1 and 2147483647, inclusive");
        if (spec.Hostname.Length > 0)
            FieldChecks.DnsLabel(spec.Hostname, path, "hostname", errors);
        if (spec.Subdomain.Length > 0)
            FieldChecks.DnsLabel(spec.Subdomain, path, "subdomain", errors);
        if (spec.HostnameOverride is { } name)
            HostnameOverride(spec, name, path, errors);
    }

    private static void HostnameOverride(PodSpec spec, string name, FieldPath path, FieldErrorList errors)
    {
        const string Field = "hostnameOverride";
        if (spec.HostNetwork)
            errors.Forbidden(path.Child(Field), "may not be specified when hostNetwork is true");
        if (spec.SetHostnameAsFQDN == true)
            errors.Forbidden(path.Child("setHostnameAsFQDN"), "may not be specified when hostnameOverride is set");
        if (name.Length > 64)
            errors.TooLong(path.Child(Field), 64);
        FieldChecks.Subdomain(name, path, Field, errors);
    }

    private static void Classes(PodSpec spec, FieldPath path, FieldErrorList errors)
    {
        if (spec.PriorityClassName.Length > 0)
            FieldChecks.Subdomain(spec.PriorityClassName, path, "priorityClassName", errors);
        if (spec.RuntimeClassName is { } runtime)
            FieldChecks.Subdomain(runtime, path, "runtimeClassName", errors);
        if (spec.PreemptionPolicy is { } preemption)
            Choice(preemption, path, "preemptionPolicy", errors, "PreemptLowerPriority", "Never");
    }

    private static void OperatingSystem(PodSpec spec, FieldPath path, FieldErrorList errors)
    {
        switch (spec.OS!.Name)
        {
            case "":
                errors.Required(path.Child("os", "name"), "cannot be empty");
                break;
            case "linux":
                WindowsValidation.NotOnLinux(spec, path, errors);
                break;
            case "windows":
                WindowsValidation.OnWindows(spec, path, errors);
                break;
            default:
                errors.NotSupported(path.Child("os"), spec.OS.Name, "linux", "windows");
                break;
        }
    }
}
