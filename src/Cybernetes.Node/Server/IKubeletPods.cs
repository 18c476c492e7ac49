using System.Buffers;

namespace Cybernetes.Node.Server;

/// <summary>
/// What the kubelet's HTTPS server asks the pod workers. Failures meant for the client are <see cref="KubeletRequestException"/>.
/// </summary>
public interface IKubeletPods
{
    /// <summary>Writes the node's pods as a JSON v1 PodList (GET /pods), only those running for /runningpods.</summary>
    ValueTask WritePodsAsync(IBufferWriter<byte> output, bool onlyRunning, CancellationToken cancellation);

    /// <summary>The running container to exec into or attach to.</summary>
    /// <param name="podUid">Empty when the client named none; else it has to match.</param>
    ValueTask<ContainerTarget> FindContainerAsync(
        string podNamespace, string podName, string podUid, string containerName, CancellationToken cancellation);

    /// <summary>The ready sandbox to forward ports to. Returns its id.</summary>
    ValueTask<string> FindSandboxAsync(string podNamespace, string podName, string podUid, CancellationToken cancellation);

    /// <summary>The log of a container, of its instance before when <paramref name="previous"/>.</summary>
    ValueTask<ContainerLogTarget> FindLogAsync(
        string podNamespace, string podName, string containerName, bool previous, CancellationToken cancellation);

    /// <summary>Writes the JSON of GET /stats/summary (stats.k8s.io Summary).</summary>
    ValueTask WriteStatsSummaryAsync(IBufferWriter<byte> output, bool onlyCpuAndMemory, CancellationToken cancellation);

    /// <summary>Writes one of the metrics pages in Prometheus text form.</summary>
    ValueTask WriteMetricsAsync(KubeletMetricsPage page, IBufferWriter<byte> output, CancellationToken cancellation);

    /// <summary>Null when well; else why the pod workers' loop is stuck (shown by /healthz).</summary>
    string? SyncLoopFault { get; }
}

public enum KubeletMetricsPage
{
    /// <summary>GET /metrics: the node agent's own.</summary>
    Kubelet,

    /// <summary>GET /metrics/cadvisor: the containers'.</summary>
    Cadvisor,

    /// <summary>GET /metrics/resource: CPU and memory of node, pods and containers.</summary>
    Resource,

    /// <summary>GET /metrics/probes.</summary>
    Probes,
}

/// <param name="HasTerminal">The container was made with a TTY (attach follows it).</param>
/// <param name="HasStdin">The container was made with stdin.</param>
public readonly record struct ContainerTarget(string ContainerId, bool HasTerminal, bool HasStdin);

/// <param name="Path">The CRI log file.</param>
/// <param name="IsRunning">Asked again and again while following: false once the container ended and the log will not
/// grow.</param>
public sealed record ContainerLogTarget(string Path, Func<CancellationToken, ValueTask<bool>> IsRunning);

/// <summary>A request that gets an HTTP error with a plain text.</summary>
public sealed class KubeletRequestException(int statusCode, string message) : Exception(message)
{
    public int StatusCode { get; } = statusCode;
}
