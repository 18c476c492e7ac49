using Cybernetes.Objects;
using Cybernetes.Objects.Autoscaling.V2;
using V1 = Cybernetes.Objects.Autoscaling.V1;

namespace Cybernetes.ApiServer.Registry.Autoscaling;

/// <summary>autoscaling/v1, which knows one target only: the CPU's. The rest goes through annotations.</summary>
internal static class AutoscalerV1Conversion
{
    public static HorizontalPodAutoscaler ToStored(V1.HorizontalPodAutoscaler served)
    {
        var (spec, status, annotations) = (served.Spec, served.Status, served.Metadata.Annotations.OrEmpty());
        var stored = new HorizontalPodAutoscaler { Metadata = served.Metadata };
        stored.Spec.ScaleTargetRef = MetricConversion.Reference(spec.ScaleTargetRef);
        stored.Spec.MinReplicas = spec.MinReplicas;
        stored.Spec.MaxReplicas = spec.MaxReplicas;
        if (annotations.TryGetValue(AutoscalerAnnotations.Metrics, out var json) && AutoscalerAnnotations.Read<V1.MetricSpec>(json) is { } metrics)
            stored.Spec.Metrics = [.. metrics.Select(MetricConversion.ToStored)];
        if (spec.TargetCPUUtilizationPercentage is { } percent)
        {
            var target = new MetricTarget { Type = MetricTargetType.UtilizationMetricType, AverageUtilization = percent };
            (stored.Spec.Metrics ??= []).Add(new()
            {
                Type = MetricSourceType.ResourceMetricSourceType, Resource = new() { Name = "cpu", Target = target },
            });
        }
        if (annotations.TryGetValue(AutoscalerAnnotations.Behavior, out var behavior))
            stored.Spec.Behavior = AutoscalerAnnotations.ReadBehavior(behavior);

        stored.Status.ObservedGeneration = status.ObservedGeneration;
        stored.Status.LastScaleTime = status.LastScaleTime;
        stored.Status.CurrentReplicas = status.CurrentReplicas;
        stored.Status.DesiredReplicas = status.DesiredReplicas;
        if (status.CurrentCPUUtilizationPercentage is { } now)
        {
            stored.Status.CurrentMetrics =
                [new() { Type = MetricSourceType.ResourceMetricSourceType, Resource = new() { Name = "cpu", Current = new() { AverageUtilization = now } } }];
        }
        // What the annotation says has more in it than the percentage.
        if (annotations.TryGetValue(AutoscalerAnnotations.CurrentMetrics, out json) && AutoscalerAnnotations.Read<V1.MetricStatus>(json) is { } current)
            stored.Status.CurrentMetrics = [.. current.Select(MetricConversion.ToStored)];
        if (annotations.TryGetValue(AutoscalerAnnotations.Conditions, out json))
            stored.Status.Conditions = AutoscalerAnnotations.Read<HorizontalPodAutoscalerCondition>(json);
        AutoscalerAnnotations.Drop(stored.Metadata);
        return stored;
    }

    public static V1.HorizontalPodAutoscaler FromStored(HorizontalPodAutoscaler stored)
    {
        var served = new V1.HorizontalPodAutoscaler { Metadata = stored.Metadata.DeepClone() };
        var (metrics, current) = (stored.Spec.Metrics.OrEmpty(), stored.Status.CurrentMetrics.OrEmpty());
        served.Spec.ScaleTargetRef = MetricConversion.Reference(stored.Spec.ScaleTargetRef);
        served.Spec.MinReplicas = stored.Spec.MinReplicas;
        served.Spec.MaxReplicas = stored.Spec.MaxReplicas;
        served.Spec.TargetCPUUtilizationPercentage = metrics.FirstOrDefault(IsCpu)?.Resource!.Target.AverageUtilization;
        served.Status.ObservedGeneration = stored.Status.ObservedGeneration;
        served.Status.LastScaleTime = stored.Status.LastScaleTime;
        served.Status.CurrentReplicas = stored.Status.CurrentReplicas;
        served.Status.DesiredReplicas = stored.Status.DesiredReplicas;
        served.Status.CurrentCPUUtilizationPercentage = current
            .Where(m => m is { Type: "Resource", Resource: { Name: "cpu", Current.AverageUtilization: not null } })
            .Select(m => m.Resource!.Current.AverageUtilization).LastOrDefault();

        AutoscalerAnnotations.Drop(served.Metadata);
        var others = metrics.Where(m => !(IsCpu(m) && m.Resource!.Target.AverageUtilization is not null)).ToList();
        if (others.Count > 0)
            AutoscalerAnnotations.Set(served.Metadata, AutoscalerAnnotations.Metrics, Text(others.Select(MetricConversion.FromStored)));
        if (current.Count > 0)
            AutoscalerAnnotations.Set(served.Metadata, AutoscalerAnnotations.CurrentMetrics, Text(current.Select(MetricConversion.FromStored)));
        if (stored.Spec.Behavior is { } behavior)
            AutoscalerAnnotations.Set(served.Metadata, AutoscalerAnnotations.Behavior, AutoscalerAnnotations.WriteBehavior(behavior));
        if (stored.Status.Conditions is { Count: > 0 } conditions)
            AutoscalerAnnotations.Set(served.Metadata, AutoscalerAnnotations.Conditions, AutoscalerAnnotations.Write(conditions));
        return served;
    }

    private static bool IsCpu(MetricSpec metric) => metric is { Type: "Resource", Resource.Name: "cpu" };

    private static string Text<T>(IEnumerable<T> objects) where T : class, IWireObject<T> => AutoscalerAnnotations.Write(objects.ToList());
}
