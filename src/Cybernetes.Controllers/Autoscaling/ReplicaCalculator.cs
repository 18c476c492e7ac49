using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.Autoscaling;

/// <summary>What a metric says of one pod, in thousandths.</summary>
internal sealed record PodSample(string Pod, DateTimeOffset Timestamp, TimeSpan Window, long Milli);

/// <summary>What a calculation gave.</summary>
/// <param name="Replicas">The number of pods that would bring the metric to its target.</param>
/// <param name="Utilization">Usage in percent of what is requested; null where the target is no percentage.</param>
/// <param name="AverageMilli">Usage of a pod on average, in thousandths.</param>
internal sealed record ReplicaProposal(int Replicas, int? Utilization, long AverageMilli);

/// <summary>Which ratios of usage to target are left alone.</summary>
internal readonly record struct Tolerance(double Down, double Up)
{
    public bool Contains(double ratio) => ratio >= 1 - Down && ratio <= 1 + Up;
}

/// <summary>When samples of young pods are left out.</summary>
internal sealed record Readiness(TimeSpan CpuInitialization, TimeSpan InitialDelay);

/// <summary>A metric from which no number can be made; the message is upstream's.</summary>
internal sealed class MetricUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// From metrics to numbers of pods, as the autoscaler's documentation tells it: pods whose metric is missing, or that are not ready, count so
/// that they damp the change, and never turn it round. Pure.
/// </summary>
internal sealed class ReplicaCalculator(IReadOnlyList<Pod> pods, int current, Tolerance tolerance, Readiness readiness, DateTimeOffset now)
{
    /// <summary>By a share of what the pods (or one of their containers) request.</summary>
    /// <exception cref="MetricUnavailableException">There is nothing to go by.</exception>
    public ReplicaProposal ByUtilization(IReadOnlyList<PodSample> samples, int target, string resource, string? container)
    {
        var groups = Group(samples, resource);
        var requests = pods.ToDictionary(p => p.Metadata.Name, p => Request(p, resource, container), StringComparer.Ordinal);
        (double Ratio, int Utilization, long Average) Measure(Dictionary<string, long> usage)
        {
            var known = usage.Where(u => requests.ContainsKey(u.Key)).ToList();
            var requested = known.Sum(u => (double)requests[u.Key]);
            if (requested == 0)
                throw new MetricUnavailableException("no metrics returned matched known pods");
            var used = known.Sum(u => (double)u.Value);
            var utilization = (int)(used * 100 / requested);
            return ((double)utilization / target, utilization, (long)(used / known.Count));
        }

        var first = Measure(groups.Usage);
        // Whoever cannot be seen is taken to use all it may when pods would go, and nothing when pods would come.
        var fallback = Math.Max(100, target);
        var replicas = Replicas(groups, first.Ratio, pod => requests[pod] * fallback / 100, usage => Measure(usage).Ratio);
        return new(replicas, first.Utilization, first.Average);
    }

    /// <summary>By an average over the pods.</summary>
    /// <param name="resource">The resource; empty for metrics of other kinds.</param>
    /// <exception cref="MetricUnavailableException">There is nothing to go by.</exception>
    public ReplicaProposal ByAverage(IReadOnlyList<PodSample> samples, long targetMilli, string resource)
    {
        var groups = Group(samples, resource);
        double Ratio(Dictionary<string, long> usage) => usage.Values.Average(v => (double)v) / targetMilli;
        var ratio = Ratio(groups.Usage);
        return new(Replicas(groups, ratio, _ => targetMilli, Ratio), null, (long)groups.Usage.Values.Average(v => (double)v));
    }

    /// <summary>By one value for all pods.</summary>
    public int ByValue(long usageMilli, long targetMilli)
    {
        var ratio = (double)usageMilli / targetMilli;
        if (current == 0)
            return Ceiling(ratio);
        if (tolerance.Contains(ratio))
            return current;
        if (pods.Count == 0)
            throw new MetricUnavailableException("no pods returned by selector while calculating replica count");
        return Ceiling(ratio * pods.Count(p => p.Status.Phase == PodPhase.Running && PodState.IsReady(p)));
    }

    /// <summary>By one value that the pods share.</summary>
    /// <param name="replicas">How many there are by the scale's status.</param>
    public int ByShare(long usageMilli, long targetMilli, int replicas) =>
        tolerance.Contains((double)usageMilli / ((double)targetMilli * replicas)) ? replicas : Ceiling((double)usageMilli / targetMilli);

    private static int Ceiling(double value) => double.IsNaN(value) || value <= 0 ? 0 : value >= int.MaxValue ? int.MaxValue : (int)Math.Ceiling(value);

    private int Replicas(PodGroups groups, double ratio, Func<string, long> fallback, Func<Dictionary<string, long>, double> measure)
    {
        var withUnready = groups.Unready.Count > 0 && ratio > 1;
        if (!withUnready && groups.Missing.Count == 0)
            return tolerance.Contains(ratio) ? current : Ceiling(ratio * groups.Ready);
        var usage = new Dictionary<string, long>(groups.Usage, StringComparer.Ordinal);
        foreach (var pod in groups.Missing.Where(_ => ratio != 1))
            usage[pod] = ratio < 1 ? fallback(pod) : 0;
        foreach (var pod in groups.Unready.Where(_ => withUnready))
            usage[pod] = 0;
        var damped = measure(usage);
        if (tolerance.Contains(damped) || (ratio < 1 && damped > 1) || (ratio > 1 && damped < 1))
            return current;
        var replicas = Ceiling(damped * usage.Count);
        return (damped < 1 && replicas > current) || (damped > 1 && replicas < current) ? current : replicas;
    }

    private sealed record PodGroups(Dictionary<string, long> Usage, int Ready, List<string> Unready, List<string> Missing);

    private PodGroups Group(IReadOnlyList<PodSample> samples, string resource)
    {
        if (pods.Count == 0)
            throw new MetricUnavailableException("no pods returned by selector while calculating replica count");
        var byPod = samples.ToDictionary(s => s.Pod, StringComparer.Ordinal);
        var usage = samples.ToDictionary(s => s.Pod, s => s.Milli, StringComparer.Ordinal);
        var (ready, unready, missing) = (0, new List<string>(), new List<string>());
        foreach (var pod in pods)
        {
            var name = pod.Metadata.Name;
            if (pod.Metadata.DeletionTimestamp is not null || pod.Status.Phase == PodPhase.Failed)
                usage.Remove(name);
            else if (pod.Status.Phase == PodPhase.Pending)
                unready.Add(name);
            else if (!byPod.TryGetValue(name, out var sample))
                missing.Add(name);
            else if (resource == "cpu" && IsUnready(pod, sample))
                unready.Add(name);
            else
                ready++;
        }
        foreach (var name in unready)
            usage.Remove(name);
        return usage.Count > 0 ? new(usage, ready, unready, missing)
            : throw new MetricUnavailableException("did not receive metrics for targeted pods (pods might be unready)");
    }

    /// <summary>A pod that starts burns processor time that says nothing of its load.</summary>
    private bool IsUnready(Pod pod, PodSample sample)
    {
        if (PodState.Condition(pod, "Ready") is not { LastTransitionTime: { } since } condition || pod.Status.StartTime is not { } start)
            return true;
        if (start + readiness.CpuInitialization > now)
            return condition.Status == "False" || sample.Timestamp < since + sample.Window;
        // One that was never ready since its start.
        return condition.Status == "False" && start + readiness.InitialDelay > since;
    }

    private static long Request(Pod pod, string resource, string? container)
    {
        if (container is null && pod.Spec.Resources?.Requests is { } whole && whole.TryGetValue(resource, out var ofPod))
            return ofPod.MilliValue();
        long sum = 0;
        var sidecars = pod.Spec.InitContainers.OrEmpty().Where(c => c.RestartPolicy == "Always");
        foreach (var each in pod.Spec.Containers.OrEmpty().Concat(sidecars).Where(c => container is null || c.Name == container))
        {
            if (each.Resources.Requests is not { } requests || !requests.TryGetValue(resource, out var request))
                throw new MetricUnavailableException($"missing request for {resource} in container {each.Name} of Pod {pod.Metadata.Name}");
            sum += request.MilliValue();
        }
        return sum;
    }
}
