using System.Text;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>Security contexts of pods and containers.</summary>
internal static class PodSecurityValidation
{
    private const string IdRange = "must be between 0 and 2147483647, inclusive";
    private const int MaximumProfileBytes = 4095;

    public static void Validate(PodSpec spec, FieldPath path, FieldErrorList errors)
    {
        if (spec.ShareProcessNamespace == true && spec.HostPID)
            errors.Invalid(path.Child("shareProcessNamespace"), true, "ShareProcessNamespace and HostPID cannot both be enabled");
        if (spec.SecurityContext is not { } context)
            return;
        Id(context.FSGroup, path, "fsGroup", errors);
        Id(context.RunAsUser, path, "runAsUser", errors);
        Id(context.RunAsGroup, path, "runAsGroup", errors);
        for (var i = 0; i < (context.SupplementalGroups?.Count ?? 0); i++)
        {
            if (context.SupplementalGroups![i] is < 0 or > int.MaxValue)
                errors.Invalid(path.Child("supplementalGroups").Index(i), context.SupplementalGroups[i], IdRange);
        }
        if (context.Sysctls is { Count: > 0 })
            SysctlValidation.Validate(spec, context.Sysctls, path.Child("sysctls"), errors);
        if (context.FSGroupChangePolicy is not (null or "Always" or "OnRootMismatch"))
            errors.NotSupported(path.Child("fsGroupChangePolicy"), context.FSGroupChangePolicy, "Always", "OnRootMismatch");
        Seccomp(context.SeccompProfile, path, errors);
        WindowsValidation.Options(context.WindowsOptions, path, errors);
        AppArmor(context.AppArmorProfile, path, errors);
        if (context.SupplementalGroupsPolicy is not (null or "Merge" or "Strict"))
            errors.NotSupported(path.Child("supplementalGroupsPolicy"), context.SupplementalGroupsPolicy, "Merge", "Strict");
        if (context.SELinuxChangePolicy is not (null or "MountOption" or "Recursive"))
            errors.NotSupported(path.Child("seLinuxChangePolicy"), context.SELinuxChangePolicy, "MountOption", "Recursive");
    }

    public static void OfContainer(SecurityContext context, bool hostUsers, FieldPath path, FieldErrorList errors)
    {
        Id(context.RunAsUser, path, "runAsUser", errors);
        Id(context.RunAsGroup, path, "runAsGroup", errors);
        if (context.ProcMount is { } mount)
        {
            if (mount is not ("Default" or "Unmasked"))
                errors.NotSupported(path.Child("procMount"), mount, "Default", "Unmasked");
            if (hostUsers && mount == "Unmasked")
                errors.Invalid(path.Child("procMount"), mount, "`hostUsers` must be false to use `Unmasked`");
        }
        Seccomp(context.SeccompProfile, path, errors);
        if (context.AllowPrivilegeEscalation == false)
            NoEscalation(context, path, errors);
        WindowsValidation.Options(context.WindowsOptions, path, errors);
        AppArmor(context.AppArmorProfile, path, errors);
    }

    private static void NoEscalation(SecurityContext context, FieldPath path, FieldErrorList errors)
    {
        const string Start = "cannot set `allowPrivilegeEscalation` to false and ";
        if (context.Privileged == true)
            errors.Invalid(path, FieldChecks.JsonValue.Of(context.WriteJson), Start + "`privileged` to true");
        foreach (var capability in context.Capabilities?.Add.OrEmpty() ?? [])
        {
            if (capability == "CAP_SYS_ADMIN")
                errors.Invalid(path, FieldChecks.JsonValue.Of(context.WriteJson), Start + "`capabilities.Add` CAP_SYS_ADMIN");
        }
    }

    private static void Id(long? id, FieldPath path, string child, FieldErrorList errors)
    {
        if (id is < 0 or > int.MaxValue)
            errors.Invalid(path.Child(child), id, IdRange);
    }

    private static void Seccomp(SeccompProfile? profile, FieldPath context, FieldErrorList errors)
    {
        if (profile is null)
            return;
        var path = context.Child("seccompProfile");
        if (profile.Type.Length == 0)
            errors.Required(path.Child("type"), "type is required when seccompProfile is set");
        else if (profile.Type is not ("Localhost" or "RuntimeDefault" or "Unconfined"))
            errors.NotSupported(path.Child("type"), profile.Type, "Localhost", "RuntimeDefault", "Unconfined");
        var at = path.Child("localhostProfile");
        if (profile.Type == "Localhost" && profile.LocalhostProfile is null)
            errors.Required(at, "must be set when seccomp type is Localhost");
        else if (profile.Type == "Localhost")
            PathChecks.LocalDescending(profile.LocalhostProfile!, at, errors);
        else if (profile.LocalhostProfile is not null)
            errors.Invalid(at, AsJson(profile), "can only be set when seccomp type is Localhost");
    }

    private static FieldChecks.JsonValue AsJson(SeccompProfile profile) => FieldChecks.JsonValue.Of(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("Type", profile.Type);
        writer.WriteString("LocalhostProfile", profile.LocalhostProfile);
        writer.WriteEndObject();
    });

    private static void AppArmor(AppArmorProfile? profile, FieldPath context, FieldErrorList errors)
    {
        if (profile is null)
            return;
        var path = context.Child("appArmorProfile");
        var at = path.Child("localhostProfile");
        switch (profile.Type)
        {
            case "Localhost":
                LocalAppArmor(profile.LocalhostProfile, at, errors);
                return;
            case "RuntimeDefault" or "Unconfined":
                if (profile.LocalhostProfile is not null)
                    errors.Invalid(at, profile.LocalhostProfile, "can only be set when AppArmor type is Localhost");
                return;
            case "":
                errors.Required(path.Child("type"), "type is required when appArmorProfile is set");
                return;
            default:
                errors.NotSupported(path.Child("type"), profile.Type, "Localhost", "RuntimeDefault", "Unconfined");
                return;
        }
    }

    private static void LocalAppArmor(string? name, FieldPath path, FieldErrorList errors)
    {
        const string Needed = "must be set when AppArmor type is Localhost";
        if (name is null)
        {
            errors.Required(path, Needed);
            return;
        }
        if (name.Trim() != name)
            errors.Invalid(path, name, "must not be padded with whitespace");
        else if (name.Length == 0)
            errors.Required(path, Needed);
        if (Encoding.UTF8.GetByteCount(name) > MaximumProfileBytes)
            errors.TooLong(path, MaximumProfileBytes);
    }
}
