using Cybernetes.Objects;
using Cybernetes.Objects.Autoscaling.V2;
using V1 = Cybernetes.Objects.Autoscaling.V1;
using V2beta1 = Cybernetes.Objects.Autoscaling.V2beta1;
using V2beta2 = Cybernetes.Objects.Autoscaling.V2beta2;

namespace Cybernetes.ApiServer.Registry.Autoscaling;

/// <summary>autoscaling/v2beta1, whose metrics have v1's form, and v2beta2, which lacks tolerances only.</summary>
internal static class AutoscalerBetaConversion
{
    public static HorizontalPodAutoscaler ToStored(V2beta1.HorizontalPodAutoscaler served)
    {
        var (spec, status) = (served.Spec, served.Status);
        var stored = new HorizontalPodAutoscaler { Metadata = served.Metadata };
        var target = spec.ScaleTargetRef;
        stored.Spec.ScaleTargetRef = new() { Kind = target.Kind, Name = target.Name, APIVersion = target.APIVersion };
        stored.Spec.MinReplicas = spec.MinReplicas;
        stored.Spec.MaxReplicas = spec.MaxReplicas;
        stored.Spec.Metrics = AutoscalerAnnotations.Carry<V2beta1.MetricSpec, V1.MetricSpec>(spec.Metrics)?.ConvertAll(MetricConversion.ToStored);
        if (served.Metadata.Annotations.OrEmpty().TryGetValue(AutoscalerAnnotations.Behavior, out var behavior))
            stored.Spec.Behavior = AutoscalerAnnotations.ReadBehavior(behavior);
        stored.Status.ObservedGeneration = status.ObservedGeneration;
        stored.Status.LastScaleTime = status.LastScaleTime;
        stored.Status.CurrentReplicas = status.CurrentReplicas;
        stored.Status.DesiredReplicas = status.DesiredReplicas;
        stored.Status.CurrentMetrics = AutoscalerAnnotations.Carry<V2beta1.MetricStatus, V1.MetricStatus>(status.CurrentMetrics)
            ?.ConvertAll(MetricConversion.ToStored);
        stored.Status.Conditions = AutoscalerAnnotations.Carry<V2beta1.HorizontalPodAutoscalerCondition, HorizontalPodAutoscalerCondition>(status.Conditions);
        AutoscalerAnnotations.Drop(stored.Metadata);
        return stored;
    }

    public static V2beta1.HorizontalPodAutoscaler FromStored(HorizontalPodAutoscaler stored)
    {
        var (spec, status) = (stored.Spec, stored.Status);
        var served = new V2beta1.HorizontalPodAutoscaler { Metadata = stored.Metadata.DeepClone() };
        var target = spec.ScaleTargetRef;
        served.Spec.ScaleTargetRef = new() { Kind = target.Kind, Name = target.Name, APIVersion = target.APIVersion };
        served.Spec.MinReplicas = spec.MinReplicas;
        served.Spec.MaxReplicas = spec.MaxReplicas;
        served.Spec.Metrics = AutoscalerAnnotations.Carry<V1.MetricSpec, V2beta1.MetricSpec>(spec.Metrics?.ConvertAll(MetricConversion.FromStored));
        served.Status.ObservedGeneration = status.ObservedGeneration;
        served.Status.LastScaleTime = status.LastScaleTime;
        served.Status.CurrentReplicas = status.CurrentReplicas;
        served.Status.DesiredReplicas = status.DesiredReplicas;
        served.Status.CurrentMetrics = AutoscalerAnnotations.Carry<V1.MetricStatus, V2beta1.MetricStatus>(
            status.CurrentMetrics?.ConvertAll(MetricConversion.FromStored));
        served.Status.Conditions = AutoscalerAnnotations.Carry<HorizontalPodAutoscalerCondition, V2beta1.HorizontalPodAutoscalerCondition>(status.Conditions);
        AutoscalerAnnotations.Drop(served.Metadata);
        if (spec.Behavior is { } behavior)
            AutoscalerAnnotations.Set(served.Metadata, AutoscalerAnnotations.Behavior, AutoscalerAnnotations.WriteBehavior(behavior));
        return served;
    }

    /// <summary>Tolerances from v2beta2's annotations.</summary>
    public static void TakeTolerances(V2beta2.HorizontalPodAutoscaler served, HorizontalPodAutoscaler stored)
    {
        var annotations = served.Metadata.Annotations.OrEmpty();
        if (annotations.TryGetValue(AutoscalerAnnotations.ScaleDownTolerance, out var down))
            ((stored.Spec.Behavior ??= new()).ScaleDown ??= new()).Tolerance = Tolerance(AutoscalerAnnotations.ScaleDownTolerance, down);
        if (annotations.TryGetValue(AutoscalerAnnotations.ScaleUpTolerance, out var up))
            ((stored.Spec.Behavior ??= new()).ScaleUp ??= new()).Tolerance = Tolerance(AutoscalerAnnotations.ScaleUpTolerance, up);
        AutoscalerAnnotations.Drop(stored.Metadata);
    }

    /// <summary>Tolerances into v2beta2's annotations.</summary>
    public static void GiveTolerances(HorizontalPodAutoscaler stored, V2beta2.HorizontalPodAutoscaler served)
    {
        AutoscalerAnnotations.Drop(served.Metadata);
        if (stored.Spec.Behavior?.ScaleDown?.Tolerance is { } down)
            AutoscalerAnnotations.Set(served.Metadata, AutoscalerAnnotations.ScaleDownTolerance, down.ToString());
        if (stored.Spec.Behavior?.ScaleUp?.Tolerance is { } up)
            AutoscalerAnnotations.Set(served.Metadata, AutoscalerAnnotations.ScaleUpTolerance, up.ToString());
    }

    private static Quantity Tolerance(string annotation, string text) => Quantity.TryParse(text, out var quantity) is { } problem
        ? throw new ObjectDecodeException($"failed to parse annotation {GoText.Quote(annotation)}: {problem}")
        : quantity;
}
