using System.Text;
using System.Text.RegularExpressions;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>What belongs to Windows pods only, and what they may not have.</summary>
internal static partial class WindowsValidation
{
    private const int MaximumSpecKiB = 64;
    private const int MaximumDomain = 256;
    private const int MaximumUser = 104;

    public static void Options(WindowsSecurityContextOptions? options, FieldPath context, FieldErrorList errors)
    {
        if (options is null)
            return;
        var path = context.Child("windowsOptions");
        if (options.GMSACredentialSpecName is { } name)
            FieldChecks.Subdomain(name, path, "gmsaCredentialSpecName", errors);
        if (options.GMSACredentialSpec is { } spec)
        {
            if (spec.Length == 0)
                errors.Invalid(path.Child("gmsaCredentialSpec"), spec, "gmsaCredentialSpec cannot be an empty string");
            else if (Encoding.UTF8.GetByteCount(spec) > MaximumSpecKiB * 1024)
                errors.Invalid(path.Child("gmsaCredentialSpec"), spec, $"gmsaCredentialSpec size must be under {MaximumSpecKiB} KiB");
        }
        if (options.RunAsUserName is { } user)
            UserName(user, path.Child("runAsUserName"), errors);
    }

    public static void HostProcess(PodSpec spec, FieldPath path, FieldErrorList errors)
    {
        var pod = spec.SecurityContext?.WindowsOptions?.HostProcess;
        if (pod is null && !AnyHostProcess(spec.Containers) && !AnyHostProcess(spec.InitContainers))
            return;
        var all = 0;
        var host = 0;
        foreach (var (container, at) in PodCheck.Containers(spec, path))
        {
            all++;
            var own = container.Security?.WindowsOptions?.HostProcess;
            if (pod is { } expected && own is { } actual && expected != actual)
            {
                errors.Invalid(
                    at.Child("securityContext", "windowsOptions").Child("hostProcess"), actual,
                    $"pod hostProcess value must be identical if both are specified, was {(expected ? "true" : "false")}");
            }
            if (own ?? pod ?? false)
                host++;
        }
        if (host == 0)
            return;
        if (host != all)
            errors.Invalid(path, "", "If pod contains any hostProcess containers then all containers must be HostProcess containers");
        if (!spec.HostNetwork)
            errors.Invalid(path.Child("hostNetwork"), false, "hostNetwork must be true if pod contains any hostProcess containers");
    }

    public static void NotOnLinux(PodSpec spec, FieldPath path, FieldErrorList errors)
    {
        const string Why = "windows options cannot be set for a linux pod";
        if (spec.SecurityContext?.WindowsOptions is not null)
            errors.Forbidden(path.Child("securityContext").Child("windowsOptions"), Why);
        foreach (var (container, at) in PodCheck.Containers(spec, path))
        {
            if (container.Security?.WindowsOptions is not null)
                errors.Forbidden(at.Child("securityContext").Child("windowsOptions"), Why);
        }
    }

    public static void OnWindows(PodSpec spec, FieldPath path, FieldErrorList errors)
    {
        var pod = spec.SecurityContext;
        var context = path.Child("securityContext");
        Not(pod?.AppArmorProfile, context, "appArmorProfile", errors);
        Not(pod?.SELinuxOptions, context, "seLinuxOptions", errors);
        Not(spec.HostUsers, path, "hostUsers", errors);
        Not(spec.HostPID ? true : null, path, "hostPID", errors);
        Not(spec.HostIPC ? true : null, path, "hostIPC", errors);
        Not(pod?.SeccompProfile, context, "seccompProfile", errors);
        Not(pod?.FSGroup, context, "fsGroup", errors);
        Not(pod?.FSGroupChangePolicy, context, "fsGroupChangePolicy", errors);
        Not(pod?.Sysctls is { Count: > 0 } sysctls ? sysctls : null, context, "sysctls", errors);
        Not(spec.ShareProcessNamespace, path, "shareProcessNamespace", errors);
        Not(pod?.RunAsUser, context, "runAsUser", errors);
        Not(pod?.RunAsGroup, context, "runAsGroup", errors);
        Not(pod?.SupplementalGroups, context, "supplementalGroups", errors);
        Not(pod?.SupplementalGroupsPolicy, context, "supplementalGroupsPolicy", errors);
        Not(pod?.SELinuxChangePolicy, context, "seLinuxChangePolicy", errors);
        foreach (var (container, at) in PodCheck.Containers(spec, path))
        {
            if (container.Security is { } security)
                ContainerOnWindows(security, at.Child("securityContext"), errors);
        }
    }

    private static bool AnyHostProcess(List<Container>? containers) =>
        containers?.Exists(c => c.SecurityContext?.WindowsOptions?.HostProcess is not null) == true;

    private static void ContainerOnWindows(SecurityContext context, FieldPath path, FieldErrorList errors)
    {
        Not(context.AppArmorProfile, path, "appArmorProfile", errors);
        Not(context.SELinuxOptions, path, "seLinuxOptions", errors);
        Not(context.SeccompProfile, path, "seccompProfile", errors);
        Not(context.Capabilities, path, "capabilities", errors);
        Not(context.ReadOnlyRootFilesystem, path, "readOnlyRootFilesystem", errors);
        Not(context.Privileged, path, "privileged", errors);
        Not(context.AllowPrivilegeEscalation, path, "allowPrivilegeEscalation", errors);
        Not(context.ProcMount, path, "procMount", errors);
        Not(context.RunAsUser, path, "runAsUser", errors);
        Not(context.RunAsGroup, path, "runAsGroup", errors);
    }

    private static void Not(object? value, FieldPath path, string child, FieldErrorList errors)
    {
        if (value is not null)
            errors.Forbidden(path.Child(child), "cannot be set for a windows pod");
    }

    private static void UserName(string name, FieldPath path, FieldErrorList errors)
    {
        var parts = name.Split('\\');
        if (name.Length == 0)
            errors.Invalid(path, name, "runAsUserName cannot be an empty string");
        else if (name.Any(char.IsControl))
            errors.Invalid(path, name, "runAsUserName cannot contain control characters");
        else if (parts.Length > 2)
            errors.Invalid(path, name, "runAsUserName cannot contain more than one backslash");
        else
            UserNameParts(name, parts.Length == 2 ? parts[0] : null, parts[^1], path, errors);
    }

    private static void UserNameParts(string name, string? domain, string user, FieldPath path, FieldErrorList errors)
    {
        if (domain?.Length >= MaximumDomain)
            errors.Invalid(path, name, $"runAsUserName's Domain length must be under {MaximumDomain} characters");
        if (domain is not null && !NetBiosName().IsMatch(domain) && !DnsName().IsMatch(domain))
            errors.Invalid(path, name, "runAsUserName's Domain doesn't match the NetBios nor the DNS format");
        if (user.Length == 0)
            errors.Invalid(path, name, "runAsUserName's User cannot be empty");
        else if (user.Length > MaximumUser)
            errors.Invalid(path, name, $"runAsUserName's User length must not be longer than {MaximumUser} characters");
        if (user.Length > 0 && !user.AsSpan().ContainsAnyExcept('.', ' '))
            errors.Invalid(path, name, "runAsUserName's User cannot contain only periods or spaces");
        if (user.AsSpan().IndexOfAny("\"/\\:;|=,+*?<>@[]") >= 0)
            errors.Invalid(path, name, "runAsUserName's User cannot contain the following characters: \"/\\:;|=,+*?<>@[]");
    }

    [GeneratedRegex("^[^\\\\/:*?\"<>|.][^\\\\/:*?\"<>|]{0,14}\\z")]
    private static partial Regex NetBiosName();

    [GeneratedRegex(@"^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*\z")]
    private static partial Regex DnsName();
}
