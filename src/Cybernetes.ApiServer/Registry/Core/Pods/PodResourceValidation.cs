using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>What a pod asks for as a whole, against what its containers ask for.</summary>
internal static class PodResourceValidation
{
    public static void Validate(PodSpec spec, ResourceRequirements resources, FieldPath path, FieldErrorList errors)
    {
        if (resources.Claims is not null)
            errors.Forbidden(path.Child("claims"), "claims cannot be set for Resources at pod-level");
        ResourceValidation.Validate(resources, null, path, errors, ofPod: true);
        foreach (var (name, needed) in PodLevelResources.Aggregate(spec, r => r.Requests))
        {
            var given = resources.Requests?.GetValueOrDefault(name) ?? default;
            if (ResourceFacts.IsPodLevel(name) && needed > given)
            {
                errors.Invalid(
                    path.Child("requests").Key(name), given.ToString(),
                    $"must be greater than or equal to aggregate container requests of {needed}");
            }
        }
        for (var i = 0; i < (spec.Containers?.Count ?? 0); i++)
        {
            foreach (var (name, limit) in spec.Containers![i].Resources.Limits.OrEmpty())
            {
                if (resources.Limits is not null && resources.Limits.TryGetValue(name, out var pod) && limit > pod)
                {
                    errors.Invalid(
                        path.Child("containers").Index(i).Key(name).Child("limits"), limit.ToString(),
                        $"must be less than or equal to pod limits of {pod}");
                }
            }
        }
    }
}
