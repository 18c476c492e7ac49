using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cri = Cybernetes.Node.Runtime.Cri;

namespace Cybernetes.Node.Pods;

/// <summary>Security contexts of pods and containers in the runtime's form. Pure.</summary>
internal static class SecurityContexts
{
    // What a container must not see of /proc and /sys (the defaults of Docker and upstream).
    private static readonly string[] MaskedPaths =
    [
        "/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
        "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap",
    ];

    private static readonly string[] ReadOnlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

    public static Cri.NamespaceOption Namespaces(Pod pod, string targetContainerId = "")
    {
        var options = new Cri.NamespaceOption
        {
            Network = pod.Spec.HostNetwork ? Cri.NamespaceMode.Node : Cri.NamespaceMode.Pod,
            Ipc = pod.Spec.HostIPC ? Cri.NamespaceMode.Node : Cri.NamespaceMode.Pod,
            Pid = pod.Spec.HostPID ? Cri.NamespaceMode.Node
                : pod.Spec.ShareProcessNamespace == true ? Cri.NamespaceMode.Pod : Cri.NamespaceMode.Container,
        };
        if (targetContainerId.Length > 0)
        {
            options.Pid = Cri.NamespaceMode.Target;
            options.TargetId = targetContainerId;
        }

        return options;
    }

    public static Cri.LinuxSandboxSecurityContext OfSandbox(Pod pod)
    {
        var context = new Cri.LinuxSandboxSecurityContext
        {
            NamespaceOptions = Namespaces(pod),
            Privileged = pod.Spec.Containers.OrEmpty().Concat(pod.Spec.InitContainers.OrEmpty())
                .Any(container => container.SecurityContext?.Privileged == true),
            Seccomp = Profile("RuntimeDefault", ""),
        };
        if (pod.Spec.SecurityContext is not { } pods)
            return context;
        if (pods.RunAsUser is { } user)
            context.RunAsUser = new Cri.Int64Value { Value = user };
        if (pods.RunAsGroup is { } group && pods.RunAsUser is not null)
            context.RunAsGroup = new Cri.Int64Value { Value = group };
        context.SupplementalGroups.AddRange(Groups(pods));
        context.SupplementalGroupsPolicy = PolicyOf(pods);
        if (pods.SELinuxOptions is { } selinux)
            context.SelinuxOptions = SELinux(selinux);
        return context;
    }

    /// <param name="imageUser">The user the image names, for when the spec names none.</param>
    public static Cri.LinuxContainerSecurityContext OfContainer(
        Pod pod, Container container, (long? Uid, string Name) imageUser, string targetContainerId = "")
    {
        var own = container.SecurityContext ?? new SecurityContext();
        var pods = pod.Spec.SecurityContext ?? new PodSecurityContext();
        var isPrivileged = own.Privileged == true;
        var context = new Cri.LinuxContainerSecurityContext
        {
            NamespaceOptions = Namespaces(pod, targetContainerId),
            Privileged = isPrivileged,
            ReadonlyRootfs = own.ReadOnlyRootFilesystem == true,
            NoNewPrivs = own.AllowPrivilegeEscalation == false,
            Seccomp = Seccomp(own.SeccompProfile ?? pods.SeccompProfile),
            SupplementalGroups = { Groups(pods) },
            SupplementalGroupsPolicy = PolicyOf(pods),
        };
        if ((own.RunAsUser ?? pods.RunAsUser ?? imageUser.Uid) is { } user)
            context.RunAsUser = new Cri.Int64Value { Value = user };
        else if (imageUser.Name.Length > 0)
            context.RunAsUsername = imageUser.Name;
        if ((own.RunAsGroup ?? pods.RunAsGroup) is { } group)
            context.RunAsGroup = new Cri.Int64Value { Value = group };
        if (own.Capabilities is { } capabilities)
        {
            context.Capabilities = new Cri.Capability();
            context.Capabilities.AddCapabilities.AddRange(capabilities.Add.OrEmpty());
            context.Capabilities.DropCapabilities.AddRange(capabilities.Drop.OrEmpty());
        }

        if ((own.SELinuxOptions ?? pods.SELinuxOptions) is { } selinux)
            context.SelinuxOptions = SELinux(selinux);
        if ((own.AppArmorProfile ?? pods.AppArmorProfile) is { } appArmor)
            context.Apparmor = Profile(appArmor.Type, appArmor.LocalhostProfile ?? "");
        if (isPrivileged || own.ProcMount == "Unmasked")
            return context;
        context.MaskedPaths.AddRange(MaskedPaths);
        context.ReadonlyPaths.AddRange(ReadOnlyPaths);
        return context;
    }

    /// <summary>Null when the container may run; else why runAsNonRoot forbids it.</summary>
    public static string? NonRootFault(Pod pod, Container container, (long? Uid, string Name) imageUser)
    {
        var nonRoot = container.SecurityContext?.RunAsNonRoot ?? pod.Spec.SecurityContext?.RunAsNonRoot;
        if (nonRoot != true)
            return null;
        var where = $"(pod: \"{pod.Metadata.Name}_{pod.Metadata.Namespace}({pod.Metadata.UID})\", container: {container.Name})";
        var asked = container.SecurityContext?.RunAsUser ?? pod.Spec.SecurityContext?.RunAsUser;
        if (asked is not null)
            return asked == 0 ? $"container's runAsUser breaks non-root policy {where}" : null;
        if (imageUser.Uid == 0 || (imageUser.Uid is null && imageUser.Name.Length == 0))
            return $"container has runAsNonRoot and image will run as root {where}";
        return imageUser.Uid is null
            ? $"container has runAsNonRoot and image has non-numeric user ({imageUser.Name}), "
                + $"cannot verify user is non-root {where}"
            : null;
    }

    private static IEnumerable<long> Groups(PodSecurityContext pods)
    {
        if (pods.FSGroup is { } fsGroup)
            yield return fsGroup;
        foreach (var group in pods.SupplementalGroups.OrEmpty())
            yield return group;
    }

    private static Cri.SupplementalGroupsPolicy PolicyOf(PodSecurityContext pods) =>
        pods.SupplementalGroupsPolicy == "Strict" ? Cri.SupplementalGroupsPolicy.Strict : Cri.SupplementalGroupsPolicy.Merge;

    private static Cri.SecurityProfile Seccomp(SeccompProfile? profile) =>
        profile is null ? Profile("Unconfined", "") : Profile(profile.Type, profile.LocalhostProfile ?? "");

    private static Cri.SecurityProfile Profile(string type, string localhost) => new()
    {
        ProfileType = type switch
        {
            "RuntimeDefault" => Cri.SecurityProfile.Types.ProfileType.RuntimeDefault,
            "Localhost" => Cri.SecurityProfile.Types.ProfileType.Localhost,
            _ => Cri.SecurityProfile.Types.ProfileType.Unconfined,
        },
        LocalhostRef = localhost,
    };

    private static Cri.SELinuxOption SELinux(SELinuxOptions options) =>
        new() { User = options.User, Role = options.Role, Type = options.Type, Level = options.Level };
}
