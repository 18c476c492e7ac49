using Cybernetes.ApiServer.Registry.Core.Volumes;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>The claim that an ephemeral volume is made from.</summary>
internal static class ClaimTemplateValidation
{
    public static void Validate(PersistentVolumeClaimTemplate template, FieldPath path, FieldErrorList errors)
    {
        var metadata = path.Child("metadata");
        FieldRules.Annotations(template.Metadata.Annotations, metadata.Child("annotations"), errors);
        FieldRules.Labels(template.Metadata.Labels, metadata.Child("labels"), errors);
        OnlyLabelsAndAnnotations(template.Metadata, metadata, errors);
        ClaimSpecValidation.Validate(template.Spec, path.Child("spec"), errors);
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
}
