using System.Globalization;
using Cybernetes.Objects;
using Cybernetes.Objects.Autoscaling.V2;

namespace Cybernetes.ApiServer.Registry.Autoscaling;

/// <summary>The Targets column: <c>cpu: 10%/80%, 3/5 (avg) + 1 more...</c>.</summary>
internal static class MetricColumn
{
    private const int Shown = 2;
    private const string Unknown = "<unknown>";

    public static string Text(HorizontalPodAutoscaler autoscaler)
    {
        var specs = autoscaler.Spec.Metrics.OrEmpty();
        if (specs.Count == 0)
            return "<none>";
        var statuses = autoscaler.Status.CurrentMetrics.OrEmpty();
        var text = string.Join(", ", specs.Take(Shown).Select((spec, i) => One(spec, i < statuses.Count ? statuses[i] : null)));
        return specs.Count > Shown ? string.Create(CultureInfo.InvariantCulture, $"{text} + {specs.Count - Shown} more...") : text;
    }

    // By the type alone, as upstream: a source that is missing was refused by validation.
    private static string One(MetricSpec spec, MetricStatus? status) => spec.Type switch
    {
        "External" => Value(spec.External?.Target, status?.External?.Current),
        "Object" => Value(spec.Object?.Target, status?.Object?.Current),
        "Pods" => $"{status?.Pods?.Current.AverageValue?.ToString() ?? Unknown}/{spec.Pods?.Target.AverageValue}",
        "Resource" => Resource(spec.Resource?.Name, spec.Resource?.Target, status?.Resource?.Current),
        "ContainerResource" => Resource(spec.ContainerResource?.Name, spec.ContainerResource?.Target, status?.ContainerResource?.Current),
        _ => "<unknown type>",
    };

    private static string Value(MetricTarget? target, MetricValueStatus? current) => target?.AverageValue is { } average
        ? $"{current?.AverageValue?.ToString() ?? Unknown}/{average} (avg)"
        : $"{current?.Value?.ToString() ?? Unknown}/{target?.Value}";

    private static string Resource(string? name, MetricTarget? target, MetricValueStatus? current) => target?.AverageValue is { } average
        ? $"{name}: {current?.AverageValue?.ToString() ?? Unknown}/{average}"
        : $"{name}: {Percent(current?.AverageUtilization, Unknown)}/{Percent(target?.AverageUtilization, "<auto>")}";

    private static string Percent(int? value, string absent) => value is { } v ? string.Create(CultureInfo.InvariantCulture, $"{v}%") : absent;
}
