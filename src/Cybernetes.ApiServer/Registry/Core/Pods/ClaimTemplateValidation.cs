using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>The claim that an ephemeral volume is made from.</summary>
internal static class ClaimTemplateValidation
{
    private static readonly string[] AccessModes = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

    public static void Validate(PersistentVolumeClaimTemplate template, FieldPath path, FieldErrorList errors)
    {
        var metadata = path.Child("metadata");
        FieldRules.Annotations(template.Metadata.Annotations, metadata.Child("annotations"), errors);
        FieldRules.Labels(template.Metadata.Labels, metadata.Child("labels"), errors);
        OnlyLabelsAndAnnotations(template.Metadata, metadata, errors);
        Spec(template.Spec, path.Child("spec"), errors);
    }

    private static void OnlyLabelsAndAnnotations(ObjectMeta metadata, FieldPath path, FieldErrorList errors)
    {
        const string Why = "cannot be set";
        if (metadata.Name.Length > 0)
            errors.Forbidden(path.Child("name"), Why);
        if (metadata.GenerateName.Length > 0)
            errors.Forbidden(path.Child("generateName"), Why);
        if (metadata.Namespace.Length > 0)
            errors.Forbidden(path.Child("namespace"), Why);
        if (metadata.UID.Length > 0)
            errors.Forbidden(path.Child("uID"), Why);
        if (metadata.OwnerReferences is not null)
            errors.Forbidden(path.Child("ownerReferences"), Why);
        if (metadata.Finalizers is not null)
            errors.Forbidden(path.Child("finalizers"), Why);
    }

    private static void Spec(PersistentVolumeClaimSpec spec, FieldPath path, FieldErrorList errors)
    {
        if (spec.AccessModes is not { Count: > 0 } modes)
            errors.Required(path.Child("accessModes"), "at least 1 access mode is required");
        else
            Modes(modes, path.Child("accessModes"), errors);
        FieldChecks.Selector(spec.Selector, path.Child("selector"), errors);
        if (spec.Resources.Requests is not { } requests || !requests.TryGetValue("storage", out var size))
            errors.Required(path.Child("resources").Key("storage"));
        else
            PositiveSize(size, path, errors);
        if (spec.StorageClassName is { Length: > 0 } storageClass)
            FieldChecks.Subdomain(storageClass, path, "storageClassName", errors);
        if (spec.VolumeMode is not (null or "Block" or "Filesystem"))
            errors.NotSupported(path.Child("volumeMode"), spec.VolumeMode, "Block", "Filesystem");
        if (spec.VolumeAttributesClassName is { Length: > 0 } attributes)
            FieldChecks.Subdomain(attributes, path, "volumeAttributesClassName", errors);
    }

    private static void Modes(List<string> modes, FieldPath path, FieldErrorList errors)
    {
        foreach (var mode in modes)
        {
            if (Array.IndexOf(AccessModes, mode) < 0)
                errors.NotSupported(path, mode, AccessModes);
        }
        if (modes.Contains("ReadWriteOncePod") && modes.Exists(m => m != "ReadWriteOncePod" && Array.IndexOf(AccessModes, m) >= 0))
            errors.Forbidden(path, "may not use ReadWriteOncePod with other access modes");
    }

    private static void PositiveSize(Quantity size, FieldPath path, FieldErrorList errors)
    {
        var at = path.Child("resources").Child("requests").Key("storage");
        ResourceValidation.Amount("storage", size, at, errors);
        if (size.Sign <= 0)
            errors.Invalid(at, size.ToString(), "must be greater than zero");
    }
}
