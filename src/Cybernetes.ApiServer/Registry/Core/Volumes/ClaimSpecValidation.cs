using Cybernetes.ApiServer.Registry.Core.Pods;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Volumes;

/// <summary>What a claim asks for: of a claim itself, of a pod's ephemeral volume.</summary>
internal static class ClaimSpecValidation
{
    private static readonly string[] AccessModes = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

    /// <param name="spec">The spec.</param>
    /// <param name="path">Path of <paramref name="spec"/>.</param>
    /// <param name="errors">Where complaints go.</param>
    /// <param name="anyGroup">Whether the groups of data sources are left alone, because the stored object names one already.</param>
    public static void Validate(PersistentVolumeClaimSpec spec, FieldPath path, FieldErrorList errors, bool anyGroup = false)
    {
        if (spec.AccessModes is not { Count: > 0 })
            errors.Required(path.Child("accessModes"), "at least 1 access mode is required");
        if (spec.Selector is not null)
            FieldChecks.Selector(spec.Selector, path.Child("selector"), errors);
        Modes(spec.AccessModes, path, errors);
        Size(spec, path, errors);
        if (spec.StorageClassName is { Length: > 0 } storageClass)
            FieldChecks.Subdomain(storageClass, path, "storageClassName", errors);
        Mode(spec.VolumeMode, path, errors);
        Sources(spec, path, errors, anyGroup);
        if (spec.VolumeAttributesClassName is { Length: > 0 } attributes)
            FieldChecks.Subdomain(attributes, path, "volumeAttributesClassName", errors);
    }

    /// <summary>Access modes of a claim or a volume.</summary>
    public static void Modes(List<string>? modes, FieldPath path, FieldErrorList errors)
    {
        if (modes is null)
            return;
        foreach (var mode in modes)
        {
            if (Array.IndexOf(AccessModes, mode) < 0)
                errors.NotSupported(path.Child("accessModes"), mode, AccessModes);
        }
        if (modes.Contains("ReadWriteOncePod") && modes.Exists(m => m != "ReadWriteOncePod" && Array.IndexOf(AccessModes, m) >= 0))
            errors.Forbidden(path.Child("accessModes"), "may not use ReadWriteOncePod with other access modes");
    }

    /// <summary>The volume mode of a claim or a volume.</summary>
    public static void Mode(string? mode, FieldPath path, FieldErrorList errors)
    {
        if (mode is not (null or "Block" or "Filesystem"))
            errors.NotSupported(path.Child("volumeMode"), mode, "Block", "Filesystem");
    }

    private static void Size(PersistentVolumeClaimSpec spec, FieldPath path, FieldErrorList errors)
    {
        if (spec.Resources.Requests is not { } requests || !requests.TryGetValue("storage", out var size))
            errors.Required(path.Child("resources").Key("storage"));
        else if (size.Sign <= 0)
            errors.Invalid(path.Child("resources").Key("storage"), size.ToString(), "must be greater than zero");
    }

    private static void Sources(PersistentVolumeClaimSpec spec, FieldPath path, FieldErrorList errors, bool anyGroup)
    {
        if (spec.DataSource is { } source)
            Source(source.Name, source.Kind, source.APIGroup, path.Child("dataSource"), errors, anyGroup);
        if (spec.DataSourceRef is { } reference)
        {
            Source(reference.Name, reference.Kind, reference.APIGroup, path.Child("dataSourceRef"), errors, anyGroup);
            if (reference.Namespace is { Length: > 0 } ns)
                FieldChecks.DnsLabel(ns, path.Child("dataSourceRef"), "namespace", errors);
        }
        if (spec is not { DataSource: { } one, DataSourceRef: { } other })
            return;
        // Upstream passes a path as the value, which prints as an empty structure.
        if (other.Namespace is { Length: > 0 })
            errors.Invalid(path, new FieldChecks.JsonValue("{}"), "may not be specified when dataSourceRef.namespace is specified");
        else if (one.APIGroup != other.APIGroup || one.Kind != other.Kind || one.Name != other.Name)
            errors.Invalid(path, new FieldChecks.JsonValue("{}"), "must match dataSourceRef");
    }

    private static void Source(string name, string kind, string? group, FieldPath path, FieldErrorList errors, bool anyGroup)
    {
        if (name.Length == 0)
            errors.Required(path.Child("name"));
        if (kind.Length == 0)
            errors.Required(path.Child("kind"));
        if (group is not { Length: > 0 })
        {
            if (kind != "PersistentVolumeClaim")
                errors.Invalid(path, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup");
        }
        else if (!anyGroup)
        {
            FieldChecks.Subdomain(group, path, "apiGroup", errors);
        }
    }
}
