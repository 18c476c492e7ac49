using System.Globalization;
using Cybernetes.ApiServer.Failures;
using Cybernetes.Objects;
using Cybernetes.Objects.Apps.V1;
using Cybernetes.Objects.Core.V1;
using Cybernetes.Objects.Meta.V1;
using Beta1 = Cybernetes.Objects.Apps.V1beta1;
using Beta2 = Cybernetes.Objects.Apps.V1beta2;
using Extensions = Cybernetes.Objects.Extensions.V1beta1;

namespace Cybernetes.ApiServer.Registry.Apps;

/// <summary>
/// The workloads as extensions/v1beta1, apps/v1beta1 and apps/v1beta2 have them: nearly the same fields, other defaults, and two fields that
/// live on in annotations. Source: the defaults and conversions of Kubernetes 1.15, the last release that served them.
/// </summary>
internal static class OlderApps
{
    /// <summary>The annotation that holds <c>spec.rollbackTo.revision</c> until the controller has rolled back.</summary>
    public const string RollbackTo = "deprecated.deployment.rollback.to";

    public static IReadOnlyList<ServedVersion> OfDeployment { get; } =
    [
        new ReshapedVersion<Beta2.Deployment, Deployment>
        {
            IsOlder = true, DefaultPropagation = "Orphan", DeprecationWarning = DeprecationText.Of<Beta2.Deployment>(),
            Scale = OlderScales.OfAppsBeta2,
        },
        new ReshapedVersion<Beta1.Deployment, Deployment>(FromBeta1, ToBeta1)
        {
            IsOlder = true, DefaultPropagation = "Orphan", DeprecationWarning = DeprecationText.Of<Beta1.Deployment>(),
            Scale = OlderScales.OfAppsBeta1,
            Subresources = [new RollbackSubresource("apps")],
        },
        new ReshapedVersion<Extensions.Deployment, Deployment>(FromExtensions, ToExtensions)
        {
            IsOlder = true, DefaultPropagation = "Orphan", DeprecationWarning = DeprecationText.Of<Extensions.Deployment>(),
            Scale = OlderScales.OfExtensions,
            Subresources = [new RollbackSubresource("extensions")],
        },
    ];

    public static IReadOnlyList<ServedVersion> OfReplicaSet { get; } =
    [
        new ReshapedVersion<Beta2.ReplicaSet, ReplicaSet>
        {
            IsOlder = true, DefaultPropagation = "Orphan", DeprecationWarning = DeprecationText.Of<Beta2.ReplicaSet>(),
            Scale = OlderScales.OfAppsBeta2,
        },
        new ReshapedVersion<Extensions.ReplicaSet, ReplicaSet>(
            (_, stored) => stored.Spec.Selector = LabelsOfTemplate(stored.Metadata, stored.Spec.Template, stored.Spec.Selector))
        {
            IsOlder = true, DefaultPropagation = "Orphan", DeprecationWarning = DeprecationText.Of<Extensions.ReplicaSet>(),
            Scale = OlderScales.OfExtensions,
        },
    ];

    public static IReadOnlyList<ServedVersion> OfStatefulSet { get; } =
    [
        new ReshapedVersion<Beta2.StatefulSet, StatefulSet>
        {
            IsOlder = true, DefaultPropagation = "Orphan", DeprecationWarning = DeprecationText.Of<Beta2.StatefulSet>(),
            Scale = OlderScales.OfAppsBeta2,
        },
        new ReshapedVersion<Beta1.StatefulSet, StatefulSet>(FromBeta1)
        {
            IsOlder = true, DefaultPropagation = "Orphan", DeprecationWarning = DeprecationText.Of<Beta1.StatefulSet>(),
            Scale = OlderScales.OfAppsBeta1,
        },
    ];

    public static IReadOnlyList<ServedVersion> OfDaemonSet { get; } =
    [
        new ReshapedVersion<Beta2.DaemonSet, DaemonSet>
        {
            IsOlder = true, DefaultPropagation = "Orphan", DeprecationWarning = DeprecationText.Of<Beta2.DaemonSet>(),
        },
        new ReshapedVersion<Extensions.DaemonSet, DaemonSet>(FromExtensions, ToExtensions)
        {
            IsOlder = true, DefaultPropagation = "Orphan", DeprecationWarning = DeprecationText.Of<Extensions.DaemonSet>(),
        },
    ];

    public static IReadOnlyList<ServedVersion> OfControllerRevision { get; } =
    [
        new ReshapedVersion<Beta2.ControllerRevision, ControllerRevision>
        {
            IsOlder = true, DefaultPropagation = "Orphan", DeprecationWarning = DeprecationText.Of<Beta2.ControllerRevision>(),
        },
        new ReshapedVersion<Beta1.ControllerRevision, ControllerRevision>
        {
            IsOlder = true, DefaultPropagation = "Orphan", DeprecationWarning = DeprecationText.Of<Beta1.ControllerRevision>(),
        },
    ];

    private static void FromExtensions(Extensions.Deployment served, Deployment stored)
    {
        var spec = stored.Spec;
        spec.Selector = LabelsOfTemplate(stored.Metadata, spec.Template, spec.Selector);
        if (spec.Strategy.Type is "" or "RollingUpdate")
        {
            spec.Strategy.RollingUpdate ??= new RollingUpdateDeployment();
            spec.Strategy.RollingUpdate.MaxUnavailable ??= 1;
            spec.Strategy.RollingUpdate.MaxSurge ??= 1;
        }
        // No deadline, and all of the history: nobody had thought of either.
        spec.ProgressDeadlineSeconds ??= int.MaxValue;
        spec.RevisionHistoryLimit ??= int.MaxValue;
        SetRollback(stored.Metadata, served.Spec.RollbackTo?.Revision);
    }

    private static void ToExtensions(Deployment stored, Extensions.Deployment served)
    {
        if (TakeRollback(served.Metadata) is { } revision)
            served.Spec.RollbackTo = new() { Revision = revision };
    }

    private static void FromBeta1(Beta1.Deployment served, Deployment stored)
    {
        stored.Spec.Selector = LabelsOfTemplate(stored.Metadata, stored.Spec.Template, stored.Spec.Selector);
        stored.Spec.RevisionHistoryLimit ??= 2;
        SetRollback(stored.Metadata, served.Spec.RollbackTo?.Revision);
    }

    private static void ToBeta1(Deployment stored, Beta1.Deployment served)
    {
        if (TakeRollback(served.Metadata) is { } revision)
            served.Spec.RollbackTo = new() { Revision = revision };
    }

    private static void FromBeta1(Beta1.StatefulSet served, StatefulSet stored)
    {
        stored.Spec.Selector = LabelsOfTemplate(stored.Metadata, stored.Spec.Template, stored.Spec.Selector);
        if (stored.Spec.UpdateStrategy.Type.Length == 0)
            stored.Spec.UpdateStrategy.Type = "OnDelete";
    }

    private static void FromExtensions(Extensions.DaemonSet served, DaemonSet stored)
    {
        stored.Spec.Selector = LabelsOfTemplate(stored.Metadata, stored.Spec.Template, stored.Spec.Selector);
        if (stored.Spec.UpdateStrategy.Type.Length == 0)
            stored.Spec.UpdateStrategy.Type = "OnDelete";
        if (served.Spec.TemplateGeneration != 0)
        {
            (stored.Metadata.Annotations ??= [])[DaemonSetKind.TemplateGeneration] =
                served.Spec.TemplateGeneration.ToString(CultureInfo.InvariantCulture);
        }
    }

    private static void ToExtensions(DaemonSet stored, Extensions.DaemonSet served)
    {
        served.Spec.TemplateGeneration = DaemonSetKind.TemplateGenerationOf(stored);
        Take(served.Metadata, DaemonSetKind.TemplateGeneration);
    }

    /// <summary>The selector; where there is none, the template's labels, which then are the object's own too unless it has others.</summary>
    private static LabelSelector? LabelsOfTemplate(ObjectMeta metadata, PodTemplateSpec template, LabelSelector? selector)
    {
        if (template.Metadata.Labels is not { } labels)
            return selector;
        if (metadata.Labels is not { Count: > 0 })
            metadata.Labels = new(labels, StringComparer.Ordinal);
        return selector ?? new() { MatchLabels = new(labels, StringComparer.Ordinal) };
    }

    private static void SetRollback(ObjectMeta metadata, long? revision)
    {
        if (revision is { } number)
            (metadata.Annotations ??= [])[RollbackTo] = number.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>The revision that the annotation asks for; null when there is none.</summary>
    /// <exception cref="RequestFailure">400: the annotation is no number. It is refused at every write, so that every version can show it.</exception>
    public static long? RollbackOf(ObjectMeta metadata)
    {
        if (metadata.Annotations?.GetValueOrDefault(RollbackTo) is not { } text)
            return null;
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var revision)
            ? revision
            : throw Failure.BadRequest($"strconv.ParseInt: parsing {JsonText.Quote(text)}: invalid syntax");
    }

    private static long? TakeRollback(ObjectMeta metadata)
    {
        var revision = RollbackOf(metadata);
        Take(metadata, RollbackTo);
        return revision;
    }

    private static void Take(ObjectMeta metadata, string annotation)
    {
        if (metadata.Annotations?.Remove(annotation) == true && metadata.Annotations.Count == 0)
            metadata.Annotations = null;
    }
}
