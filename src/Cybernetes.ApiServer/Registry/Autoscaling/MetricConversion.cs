using Cybernetes.Objects;
using Cybernetes.Objects.Autoscaling.V2;
using V1 = Cybernetes.Objects.Autoscaling.V1;

namespace Cybernetes.ApiServer.Registry.Autoscaling;

/// <summary>Metrics and their states between v1's flat form and v2's, both ways.</summary>
internal static class MetricConversion
{
    private const string Value = MetricTargetType.ValueMetricType;
    private const string AverageValue = MetricTargetType.AverageValueMetricType;
    private const string Utilization = MetricTargetType.UtilizationMetricType;

    public static CrossVersionObjectReference Reference(V1.CrossVersionObjectReference r) =>
        new() { Kind = r.Kind, Name = r.Name, APIVersion = r.APIVersion };

    public static V1.CrossVersionObjectReference Reference(CrossVersionObjectReference r) =>
        new() { Kind = r.Kind, Name = r.Name, APIVersion = r.APIVersion };

    public static MetricSpec ToStored(V1.MetricSpec metric)
    {
        var stored = new MetricSpec { Type = metric.Type };
        if (metric.Object is { } o)
        {
            stored.Object = new()
            {
                DescribedObject = Reference(o.Target), Metric = new() { Name = o.MetricName, Selector = o.Selector },
                Target = new() { Type = o.AverageValue is null ? Value : AverageValue, Value = o.TargetValue, AverageValue = o.AverageValue },
            };
        }
        if (metric.Pods is { } p)
        {
            stored.Pods = new()
            {
                Metric = new() { Name = p.MetricName, Selector = p.Selector }, Target = new() { Type = AverageValue, AverageValue = p.TargetAverageValue },
            };
        }
        if (metric.Resource is { } r)
            stored.Resource = new() { Name = r.Name, Target = ResourceTarget(r.TargetAverageUtilization, r.TargetAverageValue) };
        if (metric.ContainerResource is { } c)
        {
            stored.ContainerResource = new()
            {
                Name = c.Name, Container = c.Container, Target = ResourceTarget(c.TargetAverageUtilization, c.TargetAverageValue),
            };
        }
        if (metric.External is { } e)
        {
            stored.External = new()
            {
                Metric = new() { Name = e.MetricName, Selector = e.MetricSelector },
                Target = new() { Type = e.TargetValue is null ? AverageValue : Value, Value = e.TargetValue, AverageValue = e.TargetAverageValue },
            };
        }
        return stored;
    }

    public static V1.MetricSpec FromStored(MetricSpec metric)
    {
        var served = new V1.MetricSpec { Type = metric.Type };
        if (metric.Object is { } o)
        {
            served.Object = new()
            {
                Target = Reference(o.DescribedObject), MetricName = o.Metric.Name, Selector = o.Metric.Selector,
                TargetValue = o.Target.Value ?? default, AverageValue = o.Target.AverageValue,
            };
        }
        if (metric.Pods is { } p)
            served.Pods = new() { MetricName = p.Metric.Name, Selector = p.Metric.Selector, TargetAverageValue = p.Target.AverageValue ?? default };
        if (metric.Resource is { } r)
        {
            served.Resource = new()
            {
                Name = r.Name, TargetAverageUtilization = r.Target.AverageUtilization, TargetAverageValue = r.Target.AverageValue,
            };
        }
        if (metric.ContainerResource is { } c)
        {
            served.ContainerResource = new()
            {
                Name = c.Name, Container = c.Container,
                TargetAverageUtilization = c.Target.AverageUtilization, TargetAverageValue = c.Target.AverageValue,
            };
        }
        if (metric.External is { } e)
        {
            served.External = new()
            {
                MetricName = e.Metric.Name, MetricSelector = e.Metric.Selector,
                TargetValue = e.Target.Value, TargetAverageValue = e.Target.AverageValue,
            };
        }
        return served;
    }

    public static MetricStatus ToStored(V1.MetricStatus metric)
    {
        var stored = new MetricStatus { Type = metric.Type };
        if (metric.Object is { } o)
        {
            stored.Object = new()
            {
                DescribedObject = Reference(o.Target), Metric = new() { Name = o.MetricName, Selector = o.Selector },
                Current = new() { Value = o.CurrentValue, AverageValue = o.AverageValue },
            };
        }
        if (metric.Pods is { } p)
        {
            stored.Pods = new()
            {
                Metric = new() { Name = p.MetricName, Selector = p.Selector }, Current = new() { AverageValue = p.CurrentAverageValue },
            };
        }
        if (metric.Resource is { } r)
            stored.Resource = new() { Name = r.Name, Current = Current(r.CurrentAverageUtilization, r.CurrentAverageValue) };
        if (metric.ContainerResource is { } c)
        {
            stored.ContainerResource = new()
            {
                Name = c.Name, Container = c.Container, Current = Current(c.CurrentAverageUtilization, c.CurrentAverageValue),
            };
        }
        if (metric.External is { } e)
        {
            stored.External = new()
            {
                Metric = new() { Name = e.MetricName, Selector = e.MetricSelector },
                Current = new() { Value = e.CurrentValue, AverageValue = e.CurrentAverageValue },
            };
        }
        return stored;
    }

    public static V1.MetricStatus FromStored(MetricStatus metric)
    {
        var served = new V1.MetricStatus { Type = metric.Type };
        if (metric.Object is { } o)
        {
            served.Object = new()
            {
                Target = Reference(o.DescribedObject), MetricName = o.Metric.Name, Selector = o.Metric.Selector,
                CurrentValue = o.Current.Value ?? default, AverageValue = o.Current.AverageValue,
            };
        }
        if (metric.Pods is { } p)
            served.Pods = new() { MetricName = p.Metric.Name, Selector = p.Metric.Selector, CurrentAverageValue = p.Current.AverageValue ?? default };
        if (metric.Resource is { } r)
        {
            served.Resource = new()
            {
                Name = r.Name, CurrentAverageUtilization = r.Current.AverageUtilization, CurrentAverageValue = r.Current.AverageValue ?? default,
            };
        }
        if (metric.ContainerResource is { } c)
        {
            served.ContainerResource = new()
            {
                Name = c.Name, Container = c.Container,
                CurrentAverageUtilization = c.Current.AverageUtilization, CurrentAverageValue = c.Current.AverageValue ?? default,
            };
        }
        if (metric.External is { } e)
        {
            served.External = new()
            {
                MetricName = e.Metric.Name, MetricSelector = e.Metric.Selector,
                CurrentValue = e.Current.Value ?? default, CurrentAverageValue = e.Current.AverageValue,
            };
        }
        return served;
    }

    private static MetricTarget ResourceTarget(int? utilization, Quantity? averageValue) => new()
    {
        Type = utilization is null ? AverageValue : Utilization, AverageUtilization = utilization, AverageValue = averageValue,
    };

    private static MetricValueStatus Current(int? utilization, Quantity averageValue) =>
        new() { AverageUtilization = utilization, AverageValue = averageValue };
}
