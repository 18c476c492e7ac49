using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Cybernetes.Node.Pods;
using Cybernetes.Node.Resources;
using Cybernetes.Node.Runtime;
using Cybernetes.Node.Server;
using Cybernetes.Objects;
using Cri = Cybernetes.Node.Runtime.Cri;

namespace Cybernetes.Node.Agent;

/// <summary>
/// What node, pods and containers use: /stats/summary (stats.k8s.io) and the metrics pages that the resource metrics API is
/// fed from.
/// Rates (usageNanoCores) come from the difference to the sample before, taken at least ten seconds earlier.
/// </summary>
internal sealed class NodeStatistics(PodWorkers workers, PodServices services, DateTimeOffset startedAt)
{
    private readonly CpuRates _rates = new();

    public async ValueTask WriteSummaryAsync(IBufferWriter<byte> output, CancellationToken cancellation)
    {
        var now = services.Time.GetUtcNow();
        var usages = await ContainersAsync(cancellation).ConfigureAwait(false);
        using var writer = new Utf8JsonWriter(output, JsonLimits.WriterOptions);
        writer.WriteStartObject();
        writer.WriteStartObject("node");
        writer.WriteString("nodeName", services.Node.Name);
        writer.WriteString("startTime", KubernetesTime.Format(startedAt));
        if (services.Cgroups.ReadUsage("/") is { } node)
            WriteUsage(writer, "node", node, services.Node.MemoryBytes, now);
        writer.WriteEndObject();
        writer.WriteStartArray("pods");
        foreach (var worker in workers.All.Where(worker => worker.State.HasRunningContainers))
            WritePod(writer, worker, usages, now);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    public async ValueTask WriteMetricsAsync(KubeletMetricsPage page, IBufferWriter<byte> output, CancellationToken cancellation)
    {
        var text = new StringBuilder();
        if (page == KubeletMetricsPage.Kubelet)
            WriteKubelet(text);
        else if (page is KubeletMetricsPage.Resource or KubeletMetricsPage.Cadvisor)
            WriteResources(text, await ContainersAsync(cancellation).ConfigureAwait(false), page == KubeletMetricsPage.Cadvisor);
        Encoding.UTF8.GetBytes(text.ToString(), output);
    }

    private async Task<Dictionary<string, Cri.ContainerStats>> ContainersAsync(CancellationToken cancellation)
    {
        try
        {
            var all = await services.Runtime.ListContainerStatsAsync(null, cancellation).ConfigureAwait(false);
            return all.ToDictionary(stats => stats.Attributes.Id, StringComparer.Ordinal);
        }
        catch (RuntimeCallException e)
        {
            throw new KubeletRequestException(500, $"failed to list pod stats: {e.Message}");
        }
    }

    private void WritePod(
        Utf8JsonWriter writer, PodWorker worker, Dictionary<string, Cri.ContainerStats> usages, DateTimeOffset now)
    {
        var pod = worker.Pod;
        writer.WriteStartObject();
        writer.WriteStartObject("podRef");
        writer.WriteString("name", pod.Metadata.Name);
        writer.WriteString("namespace", pod.Metadata.Namespace);
        writer.WriteString("uid", pod.Metadata.UID);
        writer.WriteEndObject();
        writer.WriteString("startTime", KubernetesTime.Format(worker.Status.StartTime ?? now));
        writer.WriteStartArray("containers");
        foreach (var container in worker.State.Containers.Where(container => container.IsRunning))
        {
            if (!usages.TryGetValue(container.Id, out var stats))
                continue;
            writer.WriteStartObject();
            writer.WriteString("name", container.Name);
            writer.WriteString("startTime", KubernetesTime.Format(container.StartedAt ?? container.CreatedAt));
            var limit = ContainerKiller.SpecOf(pod, container.Name)?.Resources.Limits.OrEmpty().GetValueOrDefault("memory")
                .Value() ?? 0;
            WriteUsage(writer, container.Id, UsageOf(stats), limit, now);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        var path = services.Cgroups.PathOf(PodQos.Of(pod), pod.Metadata.UID);
        if (services.Cgroups.ReadUsage(path) is { } usage)
        {
            var limit = PodResourceSums.Limit(pod, "memory")?.Value() ?? 0;
            WriteUsage(writer, pod.Metadata.UID, usage, limit, now);
            writer.WriteStartObject("process_stats");
            writer.WriteNumber("process_count", usage.ProcessCount);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    private void WriteUsage(Utf8JsonWriter writer, string key, CgroupUsage usage, long memoryBytes, DateTimeOffset now)
    {
        var time = KubernetesTime.Format(now);
        writer.WriteStartObject("cpu");
        writer.WriteString("time", time);
        writer.WriteNumber("usageNanoCores", _rates.Of(key, usage.CpuNanoseconds, now));
        writer.WriteNumber("usageCoreNanoSeconds", usage.CpuNanoseconds);
        writer.WriteEndObject();
        writer.WriteStartObject("memory");
        writer.WriteString("time", time);
        if (memoryBytes > 0)
            writer.WriteNumber("availableBytes", Math.Max(0, memoryBytes - (long)usage.WorkingSetBytes));
        writer.WriteNumber("usageBytes", usage.MemoryBytes);
        writer.WriteNumber("workingSetBytes", usage.WorkingSetBytes);
        writer.WriteNumber("rssBytes", usage.RssBytes);
        writer.WriteNumber("pageFaults", usage.PageFaults);
        writer.WriteNumber("majorPageFaults", usage.MajorPageFaults);
        writer.WriteEndObject();
    }

    private static CgroupUsage UsageOf(Cri.ContainerStats stats) => new(
        stats.Cpu?.UsageCoreNanoSeconds?.Value ?? 0,
        stats.Memory?.UsageBytes?.Value ?? stats.Memory?.WorkingSetBytes?.Value ?? 0,
        stats.Memory?.WorkingSetBytes?.Value ?? 0,
        stats.Memory?.RssBytes?.Value ?? 0,
        stats.Memory?.PageFaults?.Value ?? 0,
        stats.Memory?.MajorPageFaults?.Value ?? 0,
        ProcessCount: 0);

    private void WriteKubelet(StringBuilder text)
    {
        var all = workers.All;
        Gauge(text, "kubelet_node_name", "The node's name. The count is always 1.");
        text.Append(CultureInfo.InvariantCulture, $"kubelet_node_name{{node=\"{services.Node.Name}\"}} 1\n");
        Gauge(text, "kubelet_running_pods", "Number of pods that have a running pod sandbox");
        text.Append(CultureInfo.InvariantCulture,
            $"kubelet_running_pods {all.Count(worker => worker.State.ReadySandbox is not null)}\n");
        Gauge(text, "kubelet_running_containers", "Number of containers currently running");
        foreach (var group in all.SelectMany(worker => worker.State.Containers).GroupBy(container => container.State))
        {
            var state = group.Key.ToString().ToLowerInvariant();
            text.Append(CultureInfo.InvariantCulture,
                $"kubelet_running_containers{{container_state=\"{state}\"}} {group.Count()}\n");
        }

        Gauge(text, "kubelet_desired_pods", "The number of pods the kubelet is being instructed to run");
        text.Append(CultureInfo.InvariantCulture,
            $"kubelet_desired_pods {all.Count(worker => worker.Stage == PodStage.Running)}\n");
    }

    private void WriteResources(StringBuilder text, Dictionary<string, Cri.ContainerStats> usages, bool isCadvisor)
    {
        var milliseconds = services.Time.GetUtcNow().ToUnixTimeMilliseconds();
        if (!isCadvisor && services.Cgroups.ReadUsage("/") is { } node)
        {
            Line(text, "node_cpu_usage_seconds_total", "", Seconds(node.CpuNanoseconds), milliseconds);
            Line(text, "node_memory_working_set_bytes", "", node.WorkingSetBytes, milliseconds);
        }

        foreach (var worker in workers.All)
        {
            var pod = worker.Pod.Metadata;
            foreach (var container in worker.State.Containers.Where(container => container.IsRunning))
            {
                if (!usages.TryGetValue(container.Id, out var stats))
                    continue;
                var usage = UsageOf(stats);
                var labels = $"{{container=\"{container.Name}\",namespace=\"{pod.Namespace}\",pod=\"{pod.Name}\"}}";
                Line(text, "container_cpu_usage_seconds_total", labels, Seconds(usage.CpuNanoseconds), milliseconds);
                Line(text, "container_memory_working_set_bytes", labels, usage.WorkingSetBytes, milliseconds);
            }

            var path = services.Cgroups.PathOf(PodQos.Of(worker.Pod), pod.UID);
            if (isCadvisor || services.Cgroups.ReadUsage(path) is not { } whole)
                continue;
            var podLabels = $"{{namespace=\"{pod.Namespace}\",pod=\"{pod.Name}\"}}";
            Line(text, "pod_cpu_usage_seconds_total", podLabels, Seconds(whole.CpuNanoseconds), milliseconds);
            Line(text, "pod_memory_working_set_bytes", podLabels, whole.WorkingSetBytes, milliseconds);
        }
    }

    private static double Seconds(ulong nanoseconds) => nanoseconds / 1e9;

    private static void Gauge(StringBuilder text, string name, string help) =>
        text.Append("# HELP ").Append(name).Append(' ').Append(help).Append("\n# TYPE ").Append(name).Append(" gauge\n");

    private static void Line(StringBuilder text, string name, string labels, double value, long milliseconds) =>
        text.Append(CultureInfo.InvariantCulture, $"{name}{labels} {value:R} {milliseconds}\n");
}

/// <summary>CPU use in billionths of a core, from what was spent since an earlier sample. Safe for concurrent use.</summary>
internal sealed class CpuRates
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);
    private const int MaxKeys = 10_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, (Sample Old, Sample New)> _samples = new(StringComparer.Ordinal);

    public ulong Of(string key, ulong nanoseconds, DateTimeOffset now)
    {
        lock (_gate)
        {
            if (_samples.Count > MaxKeys)
                _samples.Clear();
            var fresh = new Sample(nanoseconds, now);
            if (!_samples.TryGetValue(key, out var known))
                known = (fresh, fresh);
            if (now - known.New.At >= Window)
                known = (known.New, fresh);
            _samples[key] = known;
            var elapsed = (now - known.Old.At).TotalSeconds;
            return elapsed <= 0 || nanoseconds < known.Old.Nanoseconds ? 0
                : (ulong)((nanoseconds - known.Old.Nanoseconds) / elapsed);
        }
    }

    private readonly record struct Sample(ulong Nanoseconds, DateTimeOffset At);
}
