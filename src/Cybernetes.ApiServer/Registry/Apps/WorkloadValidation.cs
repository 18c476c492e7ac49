using Cybernetes.ApiServer.Registry.Core.Pods;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;

namespace Cybernetes.ApiServer.Registry.Apps;

/// <summary>Checks that kinds with a pod template share.</summary>
internal static class WorkloadValidation
{
    /// <summary>A selector that is there, selects something, and selects the template's own pods.</summary>
    public static void SelectorAndTemplate(LabelSelector? selector, PodTemplateSpec template, FieldPath spec, FieldErrorList errors)
    {
        var path = spec.Child("selector");
        if (selector is null)
        {
            errors.Required(path);
        }
        else
        {
            FieldChecks.Selector(selector, path, errors);
            if ((selector.MatchLabels?.Count ?? 0) + (selector.MatchExpressions?.Count ?? 0) == 0)
                errors.Invalid(path, FieldChecks.JsonValue.Of(selector.WriteJson), "empty selector is invalid for deployment");
        }
        if (LabelMatcher.TryFor(selector, out var matcher) is not null)
        {
            errors.Invalid(path, selector is null ? null : FieldChecks.JsonValue.Of(selector.WriteJson), "invalid label selector");
            return;
        }
        Template(matcher, template, spec.Child("template"), errors);
    }

    /// <summary>Selectors never change: pods would be left behind.</summary>
    public static void SelectorStays(LabelSelector? selector, LabelSelector? old, FieldPath spec, FieldErrorList errors)
    {
        if (selector is null ? old is null : selector.SemanticEquals(old))
            return;
        errors.Invalid(
            spec.Child("selector"), selector is null ? null : FieldChecks.JsonValue.Of(selector.WriteJson), FieldChecks.Immutability);
    }

    /// <summary>A count that may not exceed all.</summary>
    public static void AtMost(int count, int all, string child, FieldPath status, FieldErrorList errors)
    {
        if (count > all)
            errors.Invalid(status.Child(child), count, "cannot be greater than status.replicas");
    }

    /// <summary>The counts in the status of replica sets and replication controllers.</summary>
    /// <param name="observedGeneration">Of the status, as the others are.</param>
    /// <param name="terminating">Null where the kind has no such count, or it is not told.</param>
    public static void ReplicaCounts(
        int all, int fullyLabeled, int ready, int available, int? terminating, long observedGeneration, FieldPath status, FieldErrorList errors)
    {
        FieldChecks.NonNegative(all, status, "replicas", errors);
        FieldChecks.NonNegative(fullyLabeled, status, "fullyLabeledReplicas", errors);
        FieldChecks.NonNegative(ready, status, "readyReplicas", errors);
        FieldChecks.NonNegative(available, status, "availableReplicas", errors);
        FieldChecks.NonNegative(terminating ?? 0, status, "terminatingReplicas", errors);
        FieldChecks.NonNegative(observedGeneration, status, "observedGeneration", errors);
        AtMost(fullyLabeled, all, "fullyLabeledReplicas", status, errors);
        AtMost(ready, all, "readyReplicas", status, errors);
        AtMost(available, all, "availableReplicas", status, errors);
        AvailableAreReady(available, ready, status, errors);
    }

    /// <summary>What is available is ready.</summary>
    public static void AvailableAreReady(int available, int ready, FieldPath status, FieldErrorList errors)
    {
        if (available > ready)
            errors.Invalid(status.Child("availableReplicas"), available, "cannot be greater than readyReplicas");
    }

    /// <summary>Warns of a name that pods of this object cannot carry as their hostname.</summary>
    public static void WarnOfName(IKubernetesObject obj, IKubernetesObject? old, WriteContext context)
    {
        if (old is not null || Names.Dns1123Label(obj.Metadata.Name) is not { Count: > 0 } reasons)
            return;
        context.Warn("metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; "
            + $"a DNS label is recommended: [{string.Join(' ', reasons)}]");
    }

    /// <summary>A field that never changes.</summary>
    public static void Immutable<T>(T? value, T? old, FieldPath path, string child, FieldErrorList errors)
        where T : class, IWireObject<T>
    {
        if (value is null ? old is null : value.SemanticEquals(old))
            return;
        errors.Invalid(path.Child(child), value, FieldChecks.Immutability);
    }

    private static void Template(LabelMatcher selector, PodTemplateSpec template, FieldPath path, FieldErrorList errors)
    {
        if (!selector.IsEmpty && !selector.Matches(template.Metadata.Labels))
        {
            errors.Invalid(
                path.Child("metadata", "labels"), template.Metadata.Labels, "`selector` does not match template `labels`");
        }
        PodValidation.ValidateTemplate(template, path, errors);
        if (template.Spec.RestartPolicy != "Always")
            errors.NotSupported(path.Child("spec", "restartPolicy"), template.Spec.RestartPolicy, "Always");
        if (template.Spec.ActiveDeadlineSeconds is not null)
            errors.Forbidden(path.Child("spec", "activeDeadlineSeconds"), "activeDeadlineSeconds in ReplicaSet is not Supported");
    }
}
