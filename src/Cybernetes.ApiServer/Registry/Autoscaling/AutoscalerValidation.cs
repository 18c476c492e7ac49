using System.Globalization;
using Cybernetes.ApiServer.Registry.Core.Pods;
using Cybernetes.Objects;
using Cybernetes.Objects.Autoscaling.V2;

namespace Cybernetes.ApiServer.Registry.Autoscaling;

/// <summary>Rules of autoscalers' specs. Source: upstream's autoscaling validation, as messages and paths show it.</summary>
internal static class AutoscalerValidation
{
    private const string MissingSource = "must populate information for the given metric source";
    private const string NeedsRawOrUtilization = "must set either a target raw value or a target utilization";
    private const string NotRawAndUtilization = "may not set both a target raw value and a target utilization";
    private const int MostWindowSeconds = 3600;
    private const int MostPeriodSeconds = 1800;
    private static readonly FieldPath SpecPath = FieldPath.Of("spec");
    private static readonly string[] s_types = ["ContainerResource", "External", "Object", "Pods", "Resource"];

    /// <summary>Checks a spec.</summary>
    /// <param name="spec">The new spec.</param>
    /// <param name="old">The spec before; null on create.</param>
    /// <param name="gates">Whether scaling to zero is allowed.</param>
    /// <param name="errors">Gets the errors.</param>
    public static void Validate(HorizontalPodAutoscalerSpec spec, HorizontalPodAutoscalerSpec? old, FeatureGates gates, FieldErrorList errors)
    {
        var least = gates.IsEnabled("HPAScaleToZero") || old?.MinReplicas == 0 ? 0 : 1;
        if (spec.MinReplicas < least)
            errors.Invalid(SpecPath.Child("minReplicas"), spec.MinReplicas, AtLeast(least));
        if (spec.MaxReplicas == 0)
            errors.Required(SpecPath.Child("maxReplicas"), "must be set and greater than 0");
        else if (spec.MaxReplicas < 0)
            errors.Invalid(SpecPath.Child("maxReplicas"), spec.MaxReplicas, AtLeast(1));
        if (spec.MaxReplicas < spec.MinReplicas)
            errors.Invalid(SpecPath.Child("maxReplicas"), spec.MaxReplicas, "must be greater than or equal to `minReplicas`");

        // What an object has had for long may stay: only a changed reference must name its group.
        var target = spec.ScaleTargetRef;
        var unchanged = old is not null && old.ScaleTargetRef.APIVersion == target.APIVersion && old.ScaleTargetRef.Kind == target.Kind;
        Reference(target, SpecPath.Child("scaleTargetRef"), !unchanged, target.Kind == "ReplicationController", errors);
        var wasInvalid = old?.Metrics?.Any(m => m is { Type: "Object", Object: { } o } && GroupOf(o.DescribedObject.APIVersion, out _) is null);
        Metrics(spec, wasInvalid != true, errors);
        if (spec.Behavior is { } behavior)
        {
            Rules(behavior.ScaleUp, SpecPath.Child("behavior", "scaleUp"), errors);
            Rules(behavior.ScaleDown, SpecPath.Child("behavior", "scaleDown"), errors);
        }
    }

    private static void Reference(CrossVersionObjectReference reference, FieldPath path, bool checksVersion, bool coreAllowed, FieldErrorList errors)
    {
        Segment(reference.Kind, path, "kind", "", errors);
        Segment(reference.Name, path, "name", "", errors);
        if (!checksVersion)
            return;
        var group = GroupOf(reference.APIVersion, out var problem);
        if (group is null)
            errors.Invalid(path.Child("apiVersion"), reference.APIVersion, problem);
        else if (group.Length == 0 && !coreAllowed)
            errors.Invalid(path.Child("apiVersion"), reference.APIVersion, "apiVersion must specify API group");
    }

    /// <summary>The group of an apiVersion, empty for the core group; null when there are several slashes.</summary>
    private static string? GroupOf(string apiVersion, out string problem)
    {
        problem = "";
        var slash = apiVersion.IndexOf('/');
        if (slash < 0 || apiVersion == "/")
            return "";
        if (apiVersion.IndexOf('/', slash + 1) < 0)
            return apiVersion[..slash];
        problem = $"unexpected GroupVersion string: {apiVersion}";
        return null;
    }

    private static void Segment(string value, FieldPath path, string child, string missing, FieldErrorList errors)
    {
        if (value.Length == 0)
            errors.Required(path.Child(child), missing);
        else
            errors.InvalidChild(path, child, value, Names.PathSegment(value));
    }

    private static void Metrics(HorizontalPodAutoscalerSpec spec, bool checksVersion, FieldErrorList errors)
    {
        var path = SpecPath.Child("metrics");
        var metrics = spec.Metrics.OrEmpty();
        for (var i = 0; i < metrics.Count; i++)
            Metric(metrics[i], path.Index(i), checksVersion, errors);
        if (spec.MinReplicas == 0 && !metrics.Any(m => m.Type is "Object" or "External"))
            errors.Forbidden(path, "must specify at least one Object or External metric to support scaling to zero replicas");
    }

    private static void Metric(MetricSpec metric, FieldPath path, bool checksVersion, FieldErrorList errors)
    {
        if (metric.Type.Length == 0)
            errors.Required(path.Child("type"), "must specify a metric source type");
        if (!s_types.Contains(metric.Type))
            errors.NotSupported(path.Child("type"), metric.Type, s_types);
        (string Name, bool IsThere, Action<FieldPath> Check)[] sources =
        [
            ("object", metric.Object is not null, p => ObjectSource(metric.Object!, p, checksVersion, errors)),
            ("external", metric.External is not null, p => External(metric.External!, p, errors)),
            ("pods", metric.Pods is not null, p => Pods(metric.Pods!, p, errors)),
            ("resource", metric.Resource is not null, p => Resource(metric.Resource!, p, errors)),
            ("containerResource", metric.ContainerResource is not null, p => ContainerResource(metric.ContainerResource!, p, errors)),
        ];
        var present = sources.Where(s => s.IsThere).ToList();
        if (present.Count > 0)
            present[0].Check(path.Child(present[0].Name));
        var expected = s_types.Contains(metric.Type) ? char.ToLowerInvariant(metric.Type[0]) + metric.Type[1..] : null;
        if (expected is null)
            errors.NotSupported(path.Child("type"), metric.Type, s_types);
        else if (present.All(s => s.Name != expected))
            errors.Required(path.Child(expected), MissingSource);
        if (present.Count == 1)
            return;
        foreach (var other in present.Where(s => s.Name != expected))
            errors.Forbidden(path.Child(other.Name), "must populate the given metric source only");
    }

    private static void ObjectSource(ObjectMetricSource source, FieldPath path, bool checksVersion, FieldErrorList errors)
    {
        Reference(source.DescribedObject, path.Child("describedObject"), checksVersion, true, errors);
        Segment(source.Metric.Name, path.Child("metric"), "name", "must specify a metric name", errors);
        Target(source.Target, path.Child("target"), errors);
        if (source.Target is { Value: null, AverageValue: null })
            errors.Required(path.Child("target", "averageValue"), "must set either a target value or averageValue");
    }

    private static void External(ExternalMetricSource source, FieldPath path, FieldErrorList errors)
    {
        Segment(source.Metric.Name, path.Child("metric"), "name", "must specify a metric name", errors);
        Target(source.Target, path.Child("target"), errors);
        if (source.Target is { Value: null, AverageValue: null })
            errors.Required(path.Child("target", "averageValue"), "must set either a target value for metric or a per-pod target");
        if (source.Target is { Value: not null, AverageValue: not null })
            errors.Forbidden(path.Child("target", "value"), "may not set both a target value for metric and a per-pod target");
    }

    private static void Pods(PodsMetricSource source, FieldPath path, FieldErrorList errors)
    {
        Segment(source.Metric.Name, path.Child("metric"), "name", "must specify a metric name", errors);
        Target(source.Target, path.Child("target"), errors);
        if (source.Target.AverageValue is null)
            errors.Required(path.Child("target", "averageValue"), "must specify a positive target averageValue");
    }

    private static void Resource(ResourceMetricSource source, FieldPath path, FieldErrorList errors)
    {
        if (source.Name.Length == 0)
            errors.Required(path.Child("name"), "must specify a resource name");
        ResourceTarget(source.Target, path.Child("target"), errors);
    }

    private static void ContainerResource(ContainerResourceMetricSource source, FieldPath path, FieldErrorList errors)
    {
        if (source.Name.Length == 0)
            errors.Required(path.Child("name"), "must specify a resource name");
        else
            ResourceValidation.ContainerResourceName(source.Name, path.Child("name"), errors);
        if (source.Container.Length == 0)
            errors.Required(path.Child("container"), "must specify a container");
        else
            FieldChecks.DnsLabel(source.Container, path, "container", errors);
        ResourceTarget(source.Target, path.Child("target"), errors);
    }

    private static void ResourceTarget(MetricTarget target, FieldPath path, FieldErrorList errors)
    {
        Target(target, path, errors);
        if (target is { AverageUtilization: null, AverageValue: null })
            errors.Required(path.Child("averageUtilization"), NeedsRawOrUtilization);
        if (target is { AverageUtilization: not null, AverageValue: not null })
            errors.Forbidden(path.Child("averageValue"), NotRawAndUtilization);
    }

    private static void Target(MetricTarget target, FieldPath path, FieldErrorList errors)
    {
        if (target.Type.Length == 0)
            errors.Required(path.Child("type"), "must specify a metric target type");
        if (target.Type is not ("Utilization" or "Value" or "AverageValue"))
            errors.Invalid(path.Child("type"), target.Type, "must be either Utilization, Value, or AverageValue");
        if (target.Value is { Sign: not 1 } value)
            errors.Invalid(path.Child("value"), value.ToString(), "must be positive");
        if (target.AverageValue is { Sign: not 1 } average)
            errors.Invalid(path.Child("averageValue"), average.ToString(), "must be positive");
        if (target.AverageUtilization < 1)
            errors.Invalid(path.Child("averageUtilization"), target.AverageUtilization, "must be greater than 0");
    }

    private static void Rules(HPAScalingRules? rules, FieldPath path, FieldErrorList errors)
    {
        if (rules is null)
            return;
        var window = rules.StabilizationWindowSeconds;
        if (window < 0)
            errors.Invalid(path.Child("stabilizationWindowSeconds"), window, "must be greater than or equal to zero");
        if (window > MostWindowSeconds)
            errors.Invalid(path.Child("stabilizationWindowSeconds"), window, AtMost(MostWindowSeconds));
        if (rules.SelectPolicy is { } select and not ("Max" or "Min" or "Disabled"))
            errors.NotSupported(path.Child("selectPolicy"), select, "Disabled", "Max", "Min");
        var policies = rules.Policies.OrEmpty();
        if (policies.Count == 0)
            errors.Required(path.Child("policies"), "must specify at least one Policy");
        for (var i = 0; i < policies.Count; i++)
            Policy(policies[i], path.Child("policies").Index(i), errors);
        if (rules.Tolerance is { Sign: < 0 } tolerance)
            errors.Invalid(path.Child("tolerance"), tolerance.ToString(), FieldRules.NotNegative);
    }

    private static void Policy(HPAScalingPolicy policy, FieldPath path, FieldErrorList errors)
    {
        if (policy.Type is not ("Pods" or "Percent"))
            errors.NotSupported(path.Child("type"), policy.Type, "Percent", "Pods");
        if (policy.Value <= 0)
            errors.Invalid(path.Child("value"), policy.Value, "must be greater than zero");
        if (policy.PeriodSeconds <= 0)
            errors.Invalid(path.Child("periodSeconds"), policy.PeriodSeconds, "must be greater than zero");
        if (policy.PeriodSeconds > MostPeriodSeconds)
            errors.Invalid(path.Child("periodSeconds"), policy.PeriodSeconds, AtMost(MostPeriodSeconds));
    }

    private static string AtLeast(int bound) => string.Create(CultureInfo.InvariantCulture, $"must be greater than or equal to {bound}");

    private static string AtMost(int bound) => string.Create(CultureInfo.InvariantCulture, $"must be less than or equal to {bound}");
}
