using System.Globalization;
using Cybernetes.Objects;
using Cybernetes.Objects.Autoscaling.V2;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.Autoscaling;

/// <summary>What one metric says.</summary>
/// <param name="Name">As events and conditions name it.</param>
internal sealed record MetricVerdict(int Replicas, string Name, MetricStatus Status);

/// <summary>A metric that could not be evaluated.</summary>
/// <param name="Reason">Of the event and the condition.</param>
/// <param name="Detail">What they say.</param>
internal sealed record MetricProblem(string Reason, string Detail, string Message);

/// <summary>Reads the metrics that an autoscaler names, and lets <see cref="ReplicaCalculator"/> make numbers of them.</summary>
internal sealed class MetricEvaluation(MetricsClient metrics, ScaleTargets targets)
{
    /// <summary>Everything about the target that metrics are held against.</summary>
    /// <param name="StatusReplicas">Pods there are by the scale's status.</param>
    internal sealed record Subject(string Namespace, LabelMatcher Selector, int StatusReplicas, ReplicaCalculator Calculator);

    /// <returns>The verdict, or the problem: one of them.</returns>
    public async Task<(MetricVerdict? Verdict, MetricProblem? Problem)> EvaluateAsync(
        MetricSpec spec, Subject subject, CancellationToken cancellation)
    {
        try
        {
            return (await (spec.Type switch
            {
                "Resource" when spec.Resource is { } r => ResourceAsync(r.Name, null, r.Target, subject, cancellation),
                "ContainerResource" when spec.ContainerResource is { } c => ResourceAsync(c.Name, c.Container, c.Target, subject, cancellation),
                "Pods" when spec.Pods is { } p => PodsAsync(p, subject, cancellation),
                "Object" when spec.Object is { } o => ObjectAsync(o, subject, cancellation),
                "External" when spec.External is { } e => ExternalAsync(e, subject, cancellation),
                _ => throw new MetricUnavailableException($"unknown metric source type {GoText.Quote(spec.Type)}"),
            }).ConfigureAwait(false), null);
        }
        catch (Exception failure) when (failure is MetricUnavailableException or ReconcileFailedException)
        {
            return (null, Problem(spec, failure.Message));
        }
    }

    private static MetricProblem Problem(MetricSpec spec, string message) => spec.Type switch
    {
        "Resource" => new("FailedGetResourceMetric", Detail(spec.Resource!.Name, spec.Resource.Target, message),
            $"failed to get {spec.Resource.Name} resource metric value: {Detail(spec.Resource.Name, spec.Resource.Target, message)}"),
        "ContainerResource" => new("FailedGetContainerResourceMetric", Detail(spec.ContainerResource!.Name, spec.ContainerResource.Target, message),
            $"failed to get {spec.ContainerResource.Name} container metric value: "
            + Detail(spec.ContainerResource.Name, spec.ContainerResource.Target, message)),
        "Pods" => new("FailedGetPodsMetric", message, "failed to get pods metric value: " + message),
        "Object" => new("FailedGetObjectMetric", message, "failed to get object metric value: " + message),
        "External" => new("FailedGetExternalMetric", message, $"failed to get {spec.External!.Metric.Name} external metric value: {message}"),
        _ => new("InvalidMetricSourceType", message, message),
    };

    private static string Detail(string resource, MetricTarget target, string message) =>
        $"failed to get {resource} {(target.AverageValue is null ? "utilization" : "usage")}: {message}";

    private static Quantity Milli(long value) => Quantity.FromMilli(value);

    private static long Target(Quantity? value, string kind) => value?.MilliValue() is { } milli and > 0
        ? milli : throw new MetricUnavailableException($"invalid {kind} metric source: neither a value target nor an average value target was set");

    private async Task<MetricVerdict> ResourceAsync(
        string resource, string? container, MetricTarget target, Subject subject, CancellationToken cancellation)
    {
        if (target.AverageValue is null && target.AverageUtilization is null)
            throw new MetricUnavailableException("invalid resource metric source: neither an average utilization target nor an average value target was set");
        IReadOnlyList<PodSample> samples;
        try
        {
            samples = await metrics.ResourceAsync(subject.Namespace, subject.Selector, resource, container, cancellation).ConfigureAwait(false);
        }
        catch (MetricUnavailableException failure)
        {
            throw new MetricUnavailableException($"unable to get metrics for resource {resource}: {failure.Message}", failure);
        }
        var proposal = target.AverageValue is { } average
            ? subject.Calculator.ByAverage(samples, average.MilliValue(), resource)
            : subject.Calculator.ByUtilization(samples, target.AverageUtilization!.Value, resource, container);
        var current = new MetricValueStatus { AverageValue = Milli(proposal.AverageMilli), AverageUtilization = proposal.Utilization };
        var status = container is null
            ? new MetricStatus { Type = "Resource", Resource = new() { Name = resource, Current = current } }
            : new MetricStatus { Type = "ContainerResource", ContainerResource = new() { Name = resource, Container = container, Current = current } };
        var kind = container is null ? "resource" : "container resource";
        var name = target.AverageValue is null ? $"{resource} {kind} utilization (percentage of request)" : $"{resource} {kind}";
        return new(proposal.Replicas, name, status);
    }

    private async Task<MetricVerdict> PodsAsync(PodsMetricSource source, Subject subject, CancellationToken cancellation)
    {
        var target = Target(source.Target.AverageValue, "pods");
        try
        {
            var samples = await metrics.PodsAsync(subject.Namespace, subject.Selector, source.Metric, cancellation).ConfigureAwait(false);
            var proposal = subject.Calculator.ByAverage(samples, target, "");
            return new(proposal.Replicas, "pods metric " + source.Metric.Name, new()
            {
                Type = "Pods", Pods = new() { Metric = source.Metric, Current = new() { AverageValue = Milli(proposal.AverageMilli) } },
            });
        }
        catch (MetricUnavailableException failure) when (failure.InnerException is not null)
        {
            throw new MetricUnavailableException($"unable to get metric {source.Metric.Name}: {failure.Message}", failure);
        }
    }

    private async Task<MetricVerdict> ObjectAsync(ObjectMetricSource source, Subject subject, CancellationToken cancellation)
    {
        var described = source.DescribedObject;
        var resource = await targets.ResourceAsync(described.APIVersion, described.Kind, cancellation).ConfigureAwait(false);
        var shared = source.Target.Value is null;
        var target = Target(shared ? source.Target.AverageValue : source.Target.Value, "object");
        long usage;
        try
        {
            usage = await metrics.ObjectAsync(subject.Namespace, resource, described.Name, source.Metric, cancellation).ConfigureAwait(false);
        }
        catch (MetricUnavailableException failure)
        {
            throw new MetricUnavailableException(
                $"unable to get metric {source.Metric.Name}: {described.Kind} on {subject.Namespace} {described.Name}/{failure.Message}", failure);
        }
        var replicas = shared ? subject.Calculator.ByShare(usage, target, subject.StatusReplicas) : subject.Calculator.ByValue(usage, target);
        return new(replicas, $"{described.Kind} metric {source.Metric.Name}", new()
        {
            Type = "Object",
            Object = new() { Metric = source.Metric, DescribedObject = described, Current = Current(shared, usage, subject.StatusReplicas) },
        });
    }

    private async Task<MetricVerdict> ExternalAsync(ExternalMetricSource source, Subject subject, CancellationToken cancellation)
    {
        var shared = source.Target.AverageValue is not null;
        var target = Target(shared ? source.Target.AverageValue : source.Target.Value, "external");
        long usage;
        var name = $"{subject.Namespace}/{source.Metric.Name}/{(source.Metric.Selector is null ? "nil" : LabelMatcher.For(source.Metric.Selector).ToString())}";
        try
        {
            usage = await metrics.ExternalAsync(subject.Namespace, source.Metric, cancellation).ConfigureAwait(false);
        }
        catch (MetricUnavailableException failure)
        {
            throw new MetricUnavailableException($"unable to get external metric {name}: {failure.Message}", failure);
        }
        var replicas = shared ? subject.Calculator.ByShare(usage, target, subject.StatusReplicas) : subject.Calculator.ByValue(usage, target);
        var selector = source.Metric.Selector is null ? "nil" : LabelMatcher.For(source.Metric.Selector).ToString();
        return new(replicas, string.Create(CultureInfo.InvariantCulture, $"external metric {source.Metric.Name}({selector})"), new()
        {
            Type = "External", External = new() { Metric = source.Metric, Current = Current(shared, usage, subject.StatusReplicas) },
        });
    }

    private static MetricValueStatus Current(bool shared, long usage, int replicas) => shared
        ? new() { AverageValue = Milli(replicas == 0 ? 0 : (long)Math.Ceiling((double)usage / replicas)) }
        : new() { Value = Milli(usage) };
}
