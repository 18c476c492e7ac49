using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Core.Pods;

/// <summary>What may change in a pod that exists.</summary>
internal static class PodUpdateValidation
{
    private const string Changeable =
        "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
        + "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
        + "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

    private static readonly FieldPath SpecPath = FieldPath.Of("spec");

    /// <summary><see cref="PodValidation.Validate"/> has run.</summary>
    public static void Validate(Pod pod, Pod old, FieldErrorList errors)
    {
        PodAnnotationsValidation.ValidateUpdate(
            pod.Metadata.Annotations, old.Metadata.Annotations, FieldPath.Of("metadata", "annotations"), errors);
        if (!SameContainers(pod.Spec.Containers, old.Spec.Containers, "containers", errors)
            || !SameContainers(pod.Spec.InitContainers, old.Spec.InitContainers, "initContainers", errors)
            || !Deadline(pod.Spec.ActiveDeadlineSeconds, old.Spec.ActiveDeadlineSeconds, errors))
            return;
        OnlyAddedTolerations(pod.Spec.Tolerations, old.Spec.Tolerations, errors);
        OnlyRemovedGates(pod.Spec.SchedulingGates, old.Spec.SchedulingGates, errors);
        if (!pod.Spec.SemanticEquals(old.Spec))
            TheRest(pod, old, errors);
    }

    /// <summary>An update through <c>pods/ephemeralcontainers</c>: containers are added, never changed or taken away.</summary>
    public static void ValidateEphemeral(Pod pod, Pod old, FieldErrorList errors)
    {
        if (old.Metadata.Annotations?.ContainsKey(PodAnnotationsValidation.Mirror) == true)
        {
            errors.Clear();
            errors.Forbidden(FieldPath.Of(""), "static pods do not support ephemeral containers");
            return;
        }
        var path = SpecPath.Child("ephemeralContainers");
        foreach (var before in old.Spec.EphemeralContainers.OrEmpty())
        {
            var now = pod.Spec.EphemeralContainers.OrEmpty().LastOrDefault(c => c.Name == before.Name);
            if (now is null)
                errors.Forbidden(path, $"existing ephemeral containers {GoText.Quote(before.Name)} may not be removed\n");
            else if (!now.SemanticEquals(before))
            {
                errors.Forbidden(
                    path,
                    $"existing ephemeral containers {GoText.Quote(before.Name)} may not be changed\n"
                    + ObjectDifference.Of(before.WriteJson, now.WriteJson));
            }
        }
    }

    private static bool SameContainers(List<Container>? containers, List<Container>? old, string field, FieldErrorList errors)
    {
        if ((containers?.Count ?? 0) != (old?.Count ?? 0))
        {
            errors.Forbidden(SpecPath.Child(field), "pod updates may not add or remove containers");
            return false;
        }
        return true;
    }

    // From none to some, and from some to less.
    private static bool Deadline(long? seconds, long? old, FieldErrorList errors)
    {
        var path = SpecPath.Child("activeDeadlineSeconds");
        if (seconds is < 0 or > int.MaxValue)
        {
            errors.Invalid(path, seconds, "must be between 0 and 2147483647, inclusive");
            return false;
        }
        if (seconds is not null && old < seconds)
        {
            errors.Invalid(path, seconds, "must be less than or equal to previous value");
            return false;
        }
        if (seconds is null && old is not null)
            errors.Invalid(path, null, "must not update from a positive integer to nil value");
        return true;
    }

    private static void OnlyAddedTolerations(List<Toleration>? tolerations, List<Toleration>? old, FieldErrorList errors)
    {
        foreach (var before in old.OrEmpty())
        {
            var kept = tolerations.OrEmpty().Any(t =>
                t.Key == before.Key && t.Operator == before.Operator && t.Value == before.Value && t.Effect == before.Effect);
            if (kept)
                continue;
            errors.Forbidden(SpecPath.Child("tolerations"), "existing toleration can not be modified except its tolerationSeconds");
            return;
        }
    }

    private static void OnlyRemovedGates(List<PodSchedulingGate>? gates, List<PodSchedulingGate>? old, FieldErrorList errors)
    {
        for (var i = 0; i < (gates?.Count ?? 0); i++)
        {
            var name = gates![i].Name;
            if (!old.OrEmpty().Any(g => g.Name == name))
            {
                errors.Forbidden(
                    SpecPath.Child("schedulingGates").Index(i).Child("name"),
                    $"only deletion is allowed, but found new scheduling gate '{name}'");
            }
        }
    }

    private static void TheRest(Pod pod, Pod old, FieldErrorList errors)
    {
        var spec = pod.Spec.DeepClone();
        for (var i = 0; i < (spec.Containers?.Count ?? 0); i++)
            spec.Containers![i].Image = old.Spec.Containers![i].Image;
        for (var i = 0; i < (spec.InitContainers?.Count ?? 0); i++)
            spec.InitContainers![i].Image = old.Spec.InitContainers![i].Image;
        spec.ActiveDeadlineSeconds = old.Spec.ActiveDeadlineSeconds;
        spec.SchedulingGates = old.Spec.SchedulingGates;
        spec.Tolerations = old.Spec.Tolerations;
        if (old.Spec.TerminationGracePeriodSeconds < 0 && spec.TerminationGracePeriodSeconds == 1)
            spec.TerminationGracePeriodSeconds = old.Spec.TerminationGracePeriodSeconds;
        if (old.Spec.SchedulingGates is { Count: > 0 })
            GatedPodValidation.Take(spec, old.Spec, SpecPath, errors);
        if (!spec.SemanticEquals(old.Spec))
            errors.Forbidden(SpecPath, $"{Changeable}\n{ObjectDifference.Of(old.Spec.WriteJson, spec.WriteJson)}");
    }
}
