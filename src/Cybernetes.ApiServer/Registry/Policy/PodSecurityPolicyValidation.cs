using System.Text.RegularExpressions;
using Cybernetes.ApiServer.Registry.Core.Pods;
using Cybernetes.Objects;
using Cybernetes.Objects.Policy.V1beta1;

namespace Cybernetes.ApiServer.Registry.Policy;

/// <summary>Rules of pod security policies, in the words, paths and order of upstream's last release that had them (1.24).</summary>
internal static partial class PodSecurityPolicyValidation
{
    private const string SysctlSegment = "[a-z0-9]([-_a-z0-9]*[a-z0-9])?";
    private const string SysctlForm = "(" + SysctlSegment + "\\.)*([a-z0-9][-_a-z0-9]*)?[a-z0-9*]";
    private const string AppArmorPrefix = "apparmor.security.beta.kubernetes.io/";
    private const string SeccompPrefix = "seccomp.security.alpha.kubernetes.io/";
    private static readonly FieldPath SpecPath = FieldPath.Of("spec");
    private static readonly string[] s_ranks = ["MayRunAs", "MustRunAs", "RunAsAny"];

    private static readonly string[] s_volumes =
    [
        "*", "awsElasticBlockStore", "azureDisk", "azureFile", "cephFS", "cinder", "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "fc",
        "flexVolume", "flocker", "gcePersistentDisk", "gitRepo", "glusterfs", "hostPath", "iscsi", "nfs", "persistentVolumeClaim",
        "photonPersistentDisk", "portworxVolume", "projected", "quobyte", "rbd", "scaleIO", "secret", "storageos", "vsphereVolume",
    ];

    public static void Validate(PodSecurityPolicy policy, FieldErrorList errors)
    {
        Annotations(policy.Metadata.Annotations.OrEmpty(), FieldPath.Of("metadata", "annotations"), errors);
        var spec = policy.Spec;
        User(spec.RunAsUser, SpecPath.Child("runAsUser"), errors);
        Group(spec.RunAsGroup, SpecPath.Child("runAsGroup"), errors);
        if (spec.SELinux.Rule is not ("MustRunAs" or "RunAsAny"))
            errors.NotSupported(SpecPath.Child("seLinux", "rule"), spec.SELinux.Rule, "MustRunAs", "RunAsAny");
        Ranked(spec.SupplementalGroups.Rule, spec.SupplementalGroups.Ranges, SpecPath.Child("supplementalGroups"), errors);
        Ranked(spec.FSGroup.Rule, spec.FSGroup.Ranges, SpecPath.Child("fsGroup"), errors);
        foreach (var volume in spec.Volumes.OrEmpty().Where(v => !s_volumes.Contains(v)))
            errors.NotSupported(SpecPath.Child("volumes"), volume, s_volumes);
        Capabilities(spec, errors);
        if (spec is { DefaultAllowPrivilegeEscalation: true, AllowPrivilegeEscalation: not true })
        {
            errors.Invalid(SpecPath.Child("defaultAllowPrivilegeEscalation"), true,
                "Cannot set DefaultAllowPrivilegeEscalation to true without also setting AllowPrivilegeEscalation to true");
        }
        Each(spec.AllowedProcMountTypes, SpecPath.Child("allowedProcMountTypes"), (mount, path) =>
        {
            if (mount is not ("Default" or "Unmasked"))
                errors.NotSupported(path, mount, "Default", "Unmasked");
        });
        Volumes(spec, errors);
        Sysctls(spec.AllowedUnsafeSysctls, SpecPath.Child("allowedUnsafeSysctls"), errors);
        Sysctls(spec.ForbiddenSysctls, SpecPath.Child("forbiddenSysctls"), errors);
        Overlaps(spec, errors);
        if (spec.RuntimeClass is { } runtime)
            RuntimeClass(runtime, SpecPath.Child("runtimeClass"), errors);
    }

    private static void Annotations(IReadOnlyDictionary<string, string> annotations, FieldPath path, FieldErrorList errors)
    {
        foreach (var (prefix, isSeccomp) in new[] { (AppArmorPrefix, false), (SeccompPrefix, true) })
        {
            if (annotations.TryGetValue(prefix + "defaultProfileName", out var one) && one.Length > 0)
                Profile(one, one, isSeccomp, path.Key(prefix + "defaultProfileName"), errors);
            if (!annotations.TryGetValue(prefix + "allowedProfileNames", out var several) || several.Length == 0)
                continue;
            foreach (var profile in several.Split(',').Where(p => !isSeccomp || p != "*"))
                Profile(profile, several, isSeccomp, path.Key(prefix + "allowedProfileNames"), errors);
        }
    }

    private static void Profile(string profile, string whole, bool isSeccomp, FieldPath path, FieldErrorList errors)
    {
        if (isSeccomp)
            PodAnnotationsValidation.Seccomp(profile, path, errors);
        else
            PodAnnotationsValidation.AppArmorProfileName(profile, whole, path, errors);
    }

    private static void User(RunAsUserStrategyOptions user, FieldPath path, FieldErrorList errors)
    {
        if (user.Rule is not ("MustRunAs" or "MustRunAsNonRoot" or "RunAsAny"))
            errors.NotSupported(path.Child("rule"), user.Rule, "MustRunAs", "MustRunAsNonRoot", "RunAsAny");
        Ranges(user.Ranges, path, errors);
    }

    private static void Group(RunAsGroupStrategyOptions? group, FieldPath path, FieldErrorList errors)
    {
        switch (group?.Rule)
        {
            case null:
                return;
            case "RunAsAny":
                if (group.Ranges is { Count: > 0 })
                    errors.Invalid(path.Child("ranges"), Shown(group.Ranges), "Ranges must be empty");
                return;
            case "MustRunAs" or "MayRunAs":
                if (group.Ranges is not { Count: > 0 })
                    errors.Invalid(path.Child("ranges"), Shown(group.Ranges), "must provide at least one range");
                Ranges(group.Ranges, path, errors);
                return;
            default:
                errors.NotSupported(path.Child("rule"), group.Rule, "MustRunAs", "RunAsAny", "MayRunAs");
                return;
        }
    }

    private static void Ranked(string rule, List<IDRange>? ranges, FieldPath path, FieldErrorList errors)
    {
        if (!s_ranks.Contains(rule))
            errors.NotSupported(path.Child("rule"), rule, s_ranks);
        Ranges(ranges, path, errors);
    }

    private static void Ranges(List<IDRange>? ranges, FieldPath path, FieldErrorList errors) => Each(ranges, path.Child("ranges"), (range, at) =>
    {
        if (range.Min < 0)
            errors.Invalid(at.Child("min"), range.Min, "min cannot be negative");
        if (range.Max < 0)
            errors.Invalid(at.Child("max"), range.Max, "max cannot be negative");
        if (range.Min > range.Max)
            errors.Invalid(at.Child("min"), range.Min, "min cannot be greater than max");
    });

    private static FieldChecks.JsonValue Shown(List<IDRange>? ranges) => FieldChecks.JsonValue.Of(writer =>
    {
        if (ranges is null)
        {
            writer.WriteNullValue();
            return;
        }
        writer.WriteStartArray();
        ranges.ForEach(r => r.WriteJson(writer));
        writer.WriteEndArray();
    });

    // Upstream names these fields without "spec": clients know the errors so.
    private static void Capabilities(PodSecurityPolicySpec spec, FieldErrorList errors)
    {
        var drops = spec.RequiredDropCapabilities.OrEmpty();
        if (drops.Count > 0 && spec.AllowedCapabilities.OrEmpty().Contains("*"))
            errors.Invalid(FieldPath.Of("requiredDropCapabilities"), drops, "must be empty when all capabilities are allowed by a wildcard");
        foreach (var (field, capabilities) in new[]
            { ("defaultAddCapabilities", spec.DefaultAddCapabilities), ("allowedCapabilities", spec.AllowedCapabilities) })
        {
            foreach (var capability in capabilities.OrEmpty().Where(drops.Contains))
                errors.Invalid(FieldPath.Of(field), capability, $"capability is listed in {field} and requiredDropCapabilities");
        }
    }

    private static void Volumes(PodSecurityPolicySpec spec, FieldErrorList errors)
    {
        var paths = spec.AllowedHostPaths.OrEmpty();
        for (var i = 0; i < paths.Count; i++)
        {
            var at = SpecPath.Child("allowedHostPaths").Index(i);
            if (paths[i].PathPrefix.Length == 0)
            {
                errors.Required(at, "is required");
                break;
            }
            if (paths[i].PathPrefix.Split('/').Contains(".."))
                errors.Invalid(at, paths[i].PathPrefix, "must not contain '..'");
        }
        Each(spec.AllowedFlexVolumes, SpecPath.Child("allowedFlexVolumes", "allowedFlexVolumes"), (volume, path) =>
        {
            if (volume.Driver.Length == 0)
                errors.Required(path.Child("driver"), "must specify a driver");
        });
        Each(spec.AllowedCSIDrivers, SpecPath.Child("allowedCSIDrivers", "allowedCSIDriver"), (driver, path) =>
            VolumeValidation.CsiDriverName(driver.Name, path.Child("name"), errors));
    }

    private static void Sysctls(List<string>? sysctls, FieldPath path, FieldErrorList errors)
    {
        Each(sysctls, path, (sysctl, at) =>
        {
            if (sysctl.Length == 0)
                errors.Invalid(at, sysctl, "empty sysctl not allowed");
            else if (sysctl.Length > 253 || !Sysctl().IsMatch(sysctl))
                errors.Invalid(at, sysctl, $"must have at most 253 characters and match regex {SysctlForm}");
        });
        if (sysctls?.Count > 1 && sysctls.Any(s => s.StartsWith('*')))
            errors.Forbidden(path.Child("items"), "if '*' is present, must not specify other sysctls");
    }

    private static void Overlaps(PodSecurityPolicySpec spec, FieldErrorList errors)
    {
        var (allowed, forbidden) = (spec.AllowedUnsafeSysctls.OrEmpty(), spec.ForbiddenSysctls.OrEmpty());
        for (var i = 0; i < allowed.Count; i++)
        {
            for (var j = 0; j < forbidden.Count; j++)
            {
                if (Covers(forbidden[j], allowed[i]))
                    errors.Invalid(SpecPath.Child("allowedUnsafeSysctls").Index(i), allowed[i], $"sysctl overlaps with {forbidden[j]}");
                else if (Covers(allowed[i], forbidden[j]))
                    errors.Invalid(SpecPath.Child("forbiddenSysctls").Index(j), forbidden[j], $"sysctl overlaps with {allowed[i]}");
            }
        }
    }

    private static bool Covers(string pattern, string sysctl) => pattern.EndsWith('*')
        ? sysctl.TrimEnd('*').StartsWith(pattern.TrimEnd('*'), StringComparison.Ordinal)
        : pattern == sysctl;

    private static void RuntimeClass(RuntimeClassStrategyOptions runtime, FieldPath path, FieldErrorList errors)
    {
        var names = runtime.AllowedRuntimeClassNames.OrEmpty();
        for (var i = 0; i < names.Count; i++)
        {
            var at = path.Child("allowedRuntimeClassNames").Index(i);
            if (names[i] != "*")
                errors.AddInvalid(at, names[i], Names.Dns1123Subdomain(names[i]));
            if (names.Take(i).Contains(names[i]))
                errors.Duplicate(at, names[i]);
        }
        if (runtime.DefaultRuntimeClassName is { } chosen)
        {
            errors.InvalidChild(path, "defaultRuntimeClassName", chosen, Names.Dns1123Subdomain(chosen));
            if (!names.Contains(chosen) && !names.Contains("*"))
                errors.Required(path.Child("allowedRuntimeClassNames"), $"default {GoText.Quote(chosen)} must be allowed");
        }
        if (names.Count > 1 && names.Contains("*"))
            errors.Invalid(path.Child("allowedRuntimeClassNames"), names, "if '*' is present, must not specify other RuntimeClass names");
    }

    private static void Each<T>(List<T>? items, FieldPath path, Action<T, FieldPath> check)
    {
        for (var i = 0; i < (items?.Count ?? 0); i++)
            check(items![i], path.Index(i));
    }

    [GeneratedRegex("^" + SysctlForm + "$", RegexOptions.CultureInvariant)]
    private static partial Regex Sysctl();
}
