using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>Entry of the checks of pods and of pod templates. Metadata in general is checked by the registry.</summary>
internal static class PodValidation
{
    private static readonly FieldPath SpecPath = FieldPath.Of("spec");
    private static readonly FieldPath AnnotationsPath = FieldPath.Of("metadata", "annotations");

    /// <summary>A pod as it is; on create and on update.</summary>
    public static void Validate(Pod pod, FieldErrorList errors)
    {
        PodAnnotationsValidation.Validate(pod.Metadata.Annotations, pod.Spec, AnnotationsPath, errors);
        PodSpecValidation.Validate(new PodCheck(pod.Spec, pod.Metadata, errors), SpecPath);
        if (pod.Spec.ServiceAccountName.Length == 0)
            NoTokensWithoutAccount(pod.Spec.Volumes, errors);
        ContainerListValidation.OnlyForPods(pod.Spec.Containers, SpecPath.Child("containers"), errors);
        ContainerListValidation.OnlyForPods(pod.Spec.InitContainers, SpecPath.Child("initContainers"), errors);
    }

    /// <summary>What only a new pod may not have.</summary>
    public static void ValidateCreate(Pod pod, FieldErrorList errors)
    {
        if (pod.Spec.EphemeralContainers is { Count: > 0 })
            errors.Forbidden(SpecPath.Child("ephemeralContainers"), "cannot be set on create");
        if (pod.Spec.NodeName.Length > 0 && pod.Spec.SchedulingGates is { Count: > 0 })
            errors.Forbidden(SpecPath.Child("nodeName"), "cannot be set until all schedulingGates have been cleared");
        PodAnnotationsValidation.MatchFields(pod.Metadata.Annotations, pod.Spec, SpecPath, errors);
    }

    /// <summary>A template inside another kind.</summary>
    public static void ValidateTemplate(PodTemplateSpec template, FieldPath path, FieldErrorList errors)
    {
        // Upstream's paths of a template's labels and annotations leave metadata out.
        FieldRules.Labels(template.Metadata.Labels, path.Child("labels"), errors);
        FieldRules.Annotations(template.Metadata.Annotations, path.Child("annotations"), errors);
        PodAnnotationsValidation.Validate(template.Metadata.Annotations, template.Spec, path.Child("annotations"), errors);
        var spec = path.Child("spec");
        PodSpecValidation.Validate(new PodCheck(template.Spec, null, errors), spec);
        PodAnnotationsValidation.MatchFields(template.Metadata.Annotations, template.Spec, spec, errors);
        if (template.Spec.EphemeralContainers is { Count: > 0 })
            errors.Forbidden(spec.Child("ephemeralContainers"), "ephemeral containers not allowed in pod template");
    }

    private static void NoTokensWithoutAccount(List<Volume>? volumes, FieldErrorList errors)
    {
        for (var i = 0; i < (volumes?.Count ?? 0); i++)
        {
            var sources = volumes![i].Projected?.Sources;
            for (var j = 0; j < (sources?.Count ?? 0); j++)
            {
                if (sources![j].ServiceAccountToken is null)
                    continue;
                errors.Forbidden(
                    SpecPath.Child("volumes").Index(i).Child("projected").Child("sources").Index(j).Child("serviceAccountToken"),
                    "must not be specified when serviceAccountName is not set");
            }
        }
    }
}
