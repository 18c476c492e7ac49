using System.Collections.Concurrent;
using System.Globalization;
using Cybernetes.Client.Informers;
using Cybernetes.Controllers.Ownership;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.ServiceEndpoints;

/// <summary>
/// When what a service's endpoints show began to change: the annotation from which the network's latency is measured. Remembers per service what
/// it has told; as upstream, a change whose time cannot be known (a pod that went) has none.
/// </summary>
internal sealed class TriggerTimes
{
    public const string Annotation = "endpoints.kubernetes.io/last-change-trigger-time";

    private readonly ConcurrentDictionary<ObjectKey, (DateTimeOffset? Service, Dictionary<string, DateTimeOffset> Pods)> _told = new();

    /// <returns>The earliest change since the last call for the service; null when none is known.</returns>
    public string? Next(Service service, IEnumerable<Pod> pods)
    {
        var key = ObjectKey.Of(service);
        var isFirst = !_told.TryGetValue(key, out var told);
        DateTimeOffset? earliest = null;
        var times = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        foreach (var pod in pods)
        {
            if (PodState.Condition(pod, "Ready") is not { LastTransitionTime: { } at })
                continue;
            times[pod.Metadata.Name] = at;
            if (isFirst || !told.Pods.TryGetValue(pod.Metadata.Name, out var before) || before < at)
                earliest = earliest < at ? earliest : at;
        }
        var made = service.Metadata.CreationTimestamp;
        if (made is not null && (isFirst || told.Service < made))
            earliest = earliest < made ? earliest : made;
        _told[key] = (made, times);
        return earliest?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
    }

    public void Forget(ObjectKey service) => _told.TryRemove(service, out _);

    /// <summary>Puts the time on what is about to be written, or takes an old one off.</summary>
    public static void Mark(Objects.Meta.V1.ObjectMeta metadata, string? time)
    {
        if (time is not null)
            (metadata.Annotations ??= [])[Annotation] = time;
        else if (metadata.Annotations?.Remove(Annotation) == true && metadata.Annotations.Count == 0)
            metadata.Annotations = null;
    }
}
