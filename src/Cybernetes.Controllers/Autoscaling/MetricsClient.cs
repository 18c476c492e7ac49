using System.Text.Json;
using Cybernetes.Client.Discovery;
using Cybernetes.Client.Transport;
using Cybernetes.Objects;
using Cybernetes.Objects.Autoscaling.V2;
using Cybernetes.Objects.Metrics.V1beta1;

namespace Cybernetes.Controllers.Autoscaling;

/// <summary>Reads the three metrics APIs: of resources, custom and external. All values are in thousandths.</summary>
internal sealed class MetricsClient(ApiClient client)
{
    private static readonly string[] s_customVersions = ["v1beta2", "v1beta1"];

    /// <exception cref="MetricUnavailableException">There is none; the message is upstream's.</exception>
    public async Task<IReadOnlyList<PodSample>> ResourceAsync(
        string ns, LabelMatcher selector, string resource, string? container, CancellationToken cancellation)
    {
        KubernetesList<PodMetrics> list;
        try
        {
            list = await client.For<PodMetrics>().ListAsync(ns, new() { LabelSelector = selector.ToString() }, cancellation).ConfigureAwait(false);
        }
        catch (ApiStatusException failure)
        {
            var where = failure.IsNotFound ? " (get pods.metrics.k8s.io)" : "";
            throw new MetricUnavailableException($"unable to fetch metrics from resource metrics API: {failure.Message}{where}", failure);
        }
        if (list.Items.Count == 0)
            throw new MetricUnavailableException("no metrics returned from resource metrics API");
        return [.. list.Items.Select(m => Sample(m, resource, container)).OfType<PodSample>()];
    }

    /// <exception cref="MetricUnavailableException">There is none.</exception>
    public async Task<IReadOnlyList<PodSample>> PodsAsync(string ns, LabelMatcher selector, MetricIdentifier metric, CancellationToken cancellation)
    {
        var path = $"/namespaces/{Escape(ns)}/pods/*/{Escape(metric.Name)}";
        var items = await CustomAsync(path, selector.ToString(), metric, cancellation).ConfigureAwait(false);
        return [.. items.Select(i => i.Sample)];
    }

    /// <exception cref="MetricUnavailableException">There is none.</exception>
    public async Task<long> ObjectAsync(string ns, ServedResource resource, string name, MetricIdentifier metric, CancellationToken cancellation)
    {
        var plural = resource.Group.Length == 0 ? resource.Plural : $"{resource.Plural}.{resource.Group}";
        var path = resource is { Group: "", Plural: "namespaces" } ? $"/namespaces/{Escape(name)}/metrics/{Escape(metric.Name)}"
            : resource.IsNamespaced ? $"/namespaces/{Escape(ns)}/{plural}/{Escape(name)}/{Escape(metric.Name)}"
            : $"/{plural}/{Escape(name)}/{Escape(metric.Name)}";
        var items = await CustomAsync(path, null, metric, cancellation).ConfigureAwait(false);
        return items[0].Sample.Milli;
    }

    /// <summary>The sum over all series of the metric that match.</summary>
    /// <exception cref="MetricUnavailableException">There is none.</exception>
    public async Task<long> ExternalAsync(string ns, MetricIdentifier metric, CancellationToken cancellation)
    {
        var path = $"/apis/external.metrics.k8s.io/v1beta1/namespaces/{Escape(ns)}/{Escape(metric.Name)}" + Query(("labelSelector", Selector(metric)));
        try
        {
            var answer = await client.SendAsync(new ApiCall(HttpMethod.Get, path), cancellation).ConfigureAwait(false);
            var items = Items(answer.Body, "metricName");
            return items.Count > 0 ? items.Sum(i => i.Sample.Milli) : throw new MetricUnavailableException("no metrics returned from external metrics API");
        }
        catch (Exception failure) when (failure is ApiStatusException or JsonException or FormatException)
        {
            throw new MetricUnavailableException($"unable to fetch metrics from external metrics API: {failure.Message}", failure);
        }
    }

    private static PodSample? Sample(PodMetrics metrics, string resource, string? container)
    {
        long sum = 0;
        var found = false;
        foreach (var each in metrics.Containers.OrEmpty().Where(c => container is null || c.Name == container))
        {
            // Half of a pod's usage would look like a light load: then the pod counts as not measured.
            if (each.Usage is null || !each.Usage.TryGetValue(resource, out var usage))
                return null;
            sum += usage.MilliValue();
            found = true;
        }
        if (!found && container is not null)
            throw new MetricUnavailableException($"container {container} not present in metrics for pod {metrics.Metadata.Namespace}/{metrics.Metadata.Name}");
        return found ? new(metrics.Metadata.Name, metrics.Timestamp ?? default, metrics.Window, sum) : null;
    }

    private async Task<List<(string Name, PodSample Sample)>> CustomAsync(
        string path, string? labels, MetricIdentifier metric, CancellationToken cancellation)
    {
        ApiStatusException? absent = null;
        foreach (var version in s_customVersions)
        {
            try
            {
                var query = Query(("labelSelector", labels), ("metricLabelSelector", Selector(metric)));
                var answer = await client.SendAsync(new ApiCall(HttpMethod.Get, $"/apis/custom.metrics.k8s.io/{version}{path}{query}"), cancellation)
                    .ConfigureAwait(false);
                var items = Items(answer.Body, "describedObject");
                return items.Count > 0 ? items : throw new MetricUnavailableException("no metrics returned from custom metrics API");
            }
            catch (ApiStatusException failure) when (failure.IsNotFound)
            {
                absent ??= failure;
            }
            catch (Exception failure) when (failure is ApiStatusException or JsonException or FormatException)
            {
                throw new MetricUnavailableException($"unable to fetch metrics from custom metrics API: {failure.Message}", failure);
            }
        }
        throw new MetricUnavailableException($"unable to fetch metrics from custom metrics API: {absent!.Message}", absent);
    }

    /// <summary>Items of a MetricValueList or an ExternalMetricValueList: adapters of all ages write them, so only what is needed is read.</summary>
    private static List<(string Name, PodSample Sample)> Items(ReadOnlyMemory<byte> body, string naming)
    {
        using var document = JsonDocument.Parse(body, JsonLimits.DocumentOptions);
        var found = new List<(string, PodSample)>();
        if (!document.RootElement.TryGetProperty("items", out var items) || items.ValueKind != JsonValueKind.Array)
            return found;
        foreach (var item in items.EnumerateArray())
        {
            var name = !item.TryGetProperty(naming, out var named) ? ""
                : named.ValueKind == JsonValueKind.Object && named.TryGetProperty("name", out var inner) ? inner.GetString() ?? "" : named.ToString();
            var value = item.TryGetProperty("value", out var text) ? Quantity.Parse(text.ToString()) : Quantity.Zero;
            var time = item.TryGetProperty("timestamp", out var at) && at.TryGetDateTimeOffset(out var moment) ? moment : default;
            var window = item.TryGetProperty("windowSeconds", out var seconds) && seconds.TryGetInt64(out var length) ? length : 60;
            found.Add((name, new(name, time, TimeSpan.FromSeconds(window), value.MilliValue())));
        }
        return found;
    }

    private static string? Selector(MetricIdentifier metric) => metric.Selector is null ? null : LabelMatcher.For(metric.Selector).ToString();

    private static string Escape(string text) => Uri.EscapeDataString(text);

    private static string Query(params (string Name, string? Value)[] parts)
    {
        var present = parts.Where(p => !string.IsNullOrEmpty(p.Value)).Select(p => $"{p.Name}={Escape(p.Value!)}").ToList();
        return present.Count == 0 ? "" : "?" + string.Join('&', present);
    }
}
