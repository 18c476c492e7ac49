using Cybernetes.ApiServer.Registry.Core.Pods;
using Cybernetes.ApiServer.Registry.Core.Volumes;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.ApiServer.Registry.Apps;

/// <summary>Checks of stateful sets.</summary>
internal static class StatefulSetValidation
{
    private const string Changeable = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
        + "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";

    /// <param name="spec">The spec.</param>
    /// <param name="isNew">Whether fields that never change are checked too; what was stored before a rule stays.</param>
    /// <param name="maxUnavailable">Whether the field of that name is looked at.</param>
    /// <param name="path">Where the spec stands.</param>
    /// <param name="errors">Where complaints go.</param>
    public static void Validate(StatefulSetSpec spec, bool isNew, bool maxUnavailable, FieldPath path, FieldErrorList errors)
    {
        if (spec.PodManagementPolicy is not ("OrderedReady" or "Parallel"))
            errors.Invalid(path.Child("podManagementPolicy"), spec.PodManagementPolicy, "must be 'OrderedReady' or 'Parallel'");
        UpdateStrategy(spec.UpdateStrategy, maxUnavailable, path.Child("updateStrategy"), errors);
        if (spec.PersistentVolumeClaimRetentionPolicy is { } retention)
        {
            var retentionPath = path.Child("persistentVolumeClaimRetentionPolicy");
            Retention(retention.WhenDeleted, retentionPath, "whenDeleted", errors);
            Retention(retention.WhenScaled, retentionPath, "whenScaled", errors);
        }
        for (var i = 0; isNew && i < (spec.VolumeClaimTemplates?.Count ?? 0); i++)
            ClaimSpecValidation.Validate(spec.VolumeClaimTemplates![i].Spec, path.Child("volumeClaimTemplates").Index(i).Child("spec"), errors);
        FieldChecks.NonNegative(spec.Replicas ?? 1, path, "replicas", errors);
        FieldChecks.NonNegative(spec.MinReadySeconds, path, "minReadySeconds", errors);
        if (spec.Ordinals is not null)
            FieldChecks.NonNegative(spec.Ordinals.Start, path, "ordinals.start", errors);
        if (isNew && spec.ServiceName.Length > 0)
            FieldChecks.DnsLabel(spec.ServiceName, path, "serviceName", errors);
        SelectorAndTemplate(spec, path, errors);
        if (spec.Template.Spec.RestartPolicy != "Always")
            errors.NotSupported(path.Child("template").Child("spec", "restartPolicy"), spec.Template.Spec.RestartPolicy, "Always");
        if (spec.Template.Spec.ActiveDeadlineSeconds is not null)
        {
            errors.Forbidden(
                path.Child("template").Child("spec", "activeDeadlineSeconds"), "activeDeadlineSeconds in StatefulSet is not Supported");
        }
    }

    public static void ValidateUpdate(StatefulSetSpec spec, StatefulSetSpec old, FieldPath path, FieldErrorList errors)
    {
        var copy = spec.DeepClone();
        copy.Replicas = old.Replicas;
        copy.Template = old.Template;
        copy.UpdateStrategy = old.UpdateStrategy;
        copy.MinReadySeconds = old.MinReadySeconds;
        copy.Ordinals = old.Ordinals;
        copy.RevisionHistoryLimit = old.RevisionHistoryLimit;
        copy.PersistentVolumeClaimRetentionPolicy = old.PersistentVolumeClaimRetentionPolicy;
        if (!copy.SemanticEquals(old))
            errors.Forbidden(path, Changeable);
    }

    public static void ValidateStatus(StatefulSetStatus status, StatefulSetStatus old, FieldPath path, FieldErrorList errors)
    {
        FieldChecks.NonNegative(status.Replicas, path, "replicas", errors);
        FieldChecks.NonNegative(status.ReadyReplicas, path, "readyReplicas", errors);
        FieldChecks.NonNegative(status.CurrentReplicas, path, "currentReplicas", errors);
        FieldChecks.NonNegative(status.UpdatedReplicas, path, "updatedReplicas", errors);
        FieldChecks.NonNegative(status.AvailableReplicas, path, "availableReplicas", errors);
        FieldChecks.NonNegative(status.ObservedGeneration, path, "observedGeneration", errors);
        FieldChecks.NonNegative(status.CollisionCount ?? 0, path, "collisionCount", errors);
        WorkloadValidation.AtMost(status.ReadyReplicas, status.Replicas, "readyReplicas", path, errors);
        WorkloadValidation.AtMost(status.CurrentReplicas, status.Replicas, "currentReplicas", path, errors);
        WorkloadValidation.AtMost(status.UpdatedReplicas, status.Replicas, "updatedReplicas", path, errors);
        WorkloadValidation.AtMost(status.AvailableReplicas, status.Replicas, "availableReplicas", path, errors);
        if (status.AvailableReplicas > status.ReadyReplicas)
            errors.Invalid(path.Child("availableReplicas"), status.AvailableReplicas, "cannot be greater than status.readyReplicas");
        if (old.CollisionCount is { } before && (status.CollisionCount ?? -1) < before)
            errors.Invalid(path.Child("collisionCount"), status.CollisionCount ?? 0, "cannot be decremented");
    }

    private static void UpdateStrategy(StatefulSetUpdateStrategy strategy, bool maxUnavailable, FieldPath path, FieldErrorList errors)
    {
        switch (strategy.Type)
        {
            case "OnDelete":
                if (strategy.RollingUpdate is not null)
                    errors.Invalid(path.Child("rollingUpdate"), strategy.RollingUpdate, "only allowed for updateStrategy 'RollingUpdate'");
                return;
            case "RollingUpdate":
                if (strategy.RollingUpdate is not { } rolling)
                    return;
                var rollingPath = path.Child("rollingUpdate");
                FieldChecks.NonNegative(rolling.Partition ?? 0, rollingPath, "partition", errors);
                if (maxUnavailable && rolling.MaxUnavailable is { } unavailable)
                    MaxUnavailable(unavailable, rollingPath, errors);
                return;
            default:
                errors.Invalid(path, strategy, "must be 'RollingUpdate' or 'OnDelete'");
                return;
        }
    }

    private static void MaxUnavailable(IntOrString value, FieldPath path, FieldErrorList errors)
    {
        RolloutNumbers.PositiveIntOrPercent(value, path, "maxUnavailable", errors);
        if (RolloutNumbers.Value(value) == 0)
            errors.Invalid(path.Child("maxUnavailable"), value, "cannot be 0");
        RolloutNumbers.NotMoreThan100Percent(value, path, "maxUnavailable", errors);
    }

    private static void Retention(string policy, FieldPath path, string child, FieldErrorList errors)
    {
        if (policy is not ("Retain" or "Delete"))
            errors.NotSupported(path.Child(child), policy, "Retain", "Delete");
    }

    private static void SelectorAndTemplate(StatefulSetSpec spec, FieldPath path, FieldErrorList errors)
    {
        var selector = spec.Selector;
        var selectorPath = path.Child("selector");
        if (selector is null)
        {
            errors.Required(selectorPath);
        }
        else
        {
            FieldChecks.Selector(selector, selectorPath, errors);
            if ((selector.MatchLabels?.Count ?? 0) + (selector.MatchExpressions?.Count ?? 0) == 0)
                errors.Invalid(selectorPath, selector, "empty selector is invalid for statefulset");
        }
        if (LabelMatcher.TryFor(selector, out var matcher) is not null)
        {
            errors.Invalid(selectorPath, selector, "");
            return;
        }
        var template = path.Child("template");
        if (!matcher.IsEmpty && !matcher.Matches(spec.Template.Metadata.Labels))
            errors.Invalid(template.Child("metadata", "labels"), spec.Template.Metadata.Labels, "`selector` does not match template `labels`");
        PodValidation.ValidateTemplate(WithClaims(spec), template, errors);
    }

    /// <summary>The template as pods get it: containers may mount what the claim templates bring.</summary>
    private static PodTemplateSpec WithClaims(StatefulSetSpec spec)
    {
        if (spec.VolumeClaimTemplates is not { Count: > 0 } claims)
            return spec.Template;
        var names = claims.Select(c => c.Metadata.Name).ToHashSet(StringComparer.Ordinal);
        var pods = spec.Template.DeepClone();
        pods.Spec.Volumes =
        [
            .. pods.Spec.Volumes.OrEmpty().Where(v => !names.Contains(v.Name)),
            .. names.Select(n => new Volume { Name = n, PersistentVolumeClaim = new() { ClaimName = n } }),
        ];
        return pods;
    }
}
