using System.Buffers;
using System.Text.Json;
using Cybernetes.Node.Runtime;
using Cybernetes.Node.Runtime.Cri;
using Cybernetes.Node.Server;
using Cybernetes.Objects;
using Google.Protobuf;

namespace Cybernetes.Node.Simulated.Fleet;

/// <summary>
/// What a fleet's kubelet server asks. A log holds what the container's script prints, for each start; commands answer as those of
/// <see cref="SimulatedRuntime"/>; every port answers HTTP with the pod's name. Statistics there are none.
/// </summary>
internal sealed class FleetEndpoint(FleetPods pods, TimeProvider time) : IKubeletPods, ICommandRuntime, IDirectStreaming, IDisposable
{
    private const int BadRequest = 400;
    private const int NotFound = 404;
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(1);
    private readonly Lock _lock = new();
    private string? _logs;

    public string? SyncLoopFault => null;

    public ValueTask WritePodsAsync(IBufferWriter<byte> output, bool onlyRunning, CancellationToken cancellation)
    {
        // Whose pods is not said: all nodes share this server.
        using var writer = new Utf8JsonWriter(output, JsonLimits.WriterOptions);
        writer.WriteStartObject();
        writer.WriteString("kind", "PodList");
        writer.WriteString("apiVersion", "v1");
        writer.WriteStartObject("metadata");
        writer.WriteEndObject();
        writer.WriteNull("items");
        writer.WriteEndObject();
        return ValueTask.CompletedTask;
    }

    public ValueTask<ContainerTarget> FindContainerAsync(
        string podNamespace, string podName, string podUid, string containerName, CancellationToken cancellation)
    {
        var pod = Find(podNamespace, podName, podUid);
        return pod.Find(containerName) is { IsRunning: true }
            ? ValueTask.FromResult(new ContainerTarget(pod.Uid + "/" + containerName, false, false))
            : throw new KubeletRequestException(NotFound, $"container not found (\"{containerName}\")");
    }

    public ValueTask<string> FindSandboxAsync(string podNamespace, string podName, string podUid, CancellationToken cancellation)
    {
        var pod = Find(podNamespace, podName, podUid);
        return pod is { HasEnded: false, Address.Length: > 0 }
            ? ValueTask.FromResult(pod.Uid)
            : throw new KubeletRequestException(NotFound, $"pod not found (\"{podName}_{podNamespace}\")");
    }

    public ValueTask<ContainerLogTarget> FindLogAsync(
        string podNamespace, string podName, string containerName, bool previous, CancellationToken cancellation)
    {
        var pod = pods.Find(podNamespace, podName) ?? throw new KubeletRequestException(NotFound, $"pod \"{podName}\" not found");
        if (pod.Find(containerName) is not { } container)
            throw new KubeletRequestException(NotFound, $"container \"{containerName}\" not found in pod \"{podName}_{podNamespace}\"");
        if (previous && container.Restarts == 0)
            throw new KubeletRequestException(BadRequest, $"previous terminated container \"{containerName}\" in pod \"{podName}\" not found");
        if (container.StartedAt is not { } started)
            throw new KubeletRequestException(BadRequest, $"container \"{containerName}\" in pod \"{podName}\" is waiting to start: ContainerCreating");
        var path = Path.Combine(LogDirectory(), $"{pod.Uid}_{containerName}_{container.Restarts - (previous ? 1 : 0)}.log");
        File.WriteAllText(path, SimulatedLog.Format(container.Output, started));
        return ValueTask.FromResult(new ContainerLogTarget(path, _ => ValueTask.FromResult(!previous && IsRunning(pod.Uid, containerName))));
    }

    public ValueTask WriteStatsSummaryAsync(IBufferWriter<byte> output, bool onlyCpuAndMemory, CancellationToken cancellation) => throw NoStatistics();

    public ValueTask WriteMetricsAsync(KubeletMetricsPage page, IBufferWriter<byte> output, CancellationToken cancellation) => throw NoStatistics();

    public Task<ExecSyncResponse> ExecSyncAsync(string containerId, IReadOnlyList<string> command, TimeSpan timeout, CancellationToken cancellation)
    {
        var answer = SimulatedCommands.Answer(PodOf(containerId).Name, command, "");
        return Task.FromResult(new ExecSyncResponse
        {
            Stdout = ByteString.CopyFromUtf8(answer.Stdout), Stderr = ByteString.CopyFromUtf8(answer.Stderr), ExitCode = answer.ExitCode,
        });
    }

    public Task<int> RunCommandAsync(ExecRequest request, CommandStreams streams, CancellationToken cancellation)
    {
        var pod = PodOf(request.ContainerId);
        return SimulatedCommands.RunAsync(stdin => SimulatedCommands.Answer(pod.Name, request.Cmd, stdin), streams, cancellation);
    }

    public async Task AttachToAsync(AttachRequest request, CommandStreams streams, CancellationToken cancellation)
    {
        var container = request.ContainerId[(request.ContainerId.IndexOf('/') + 1)..];
        while (IsRunning(PodOf(request.ContainerId).Uid, container))
            await Task.Delay(s_look, time, cancellation).ConfigureAwait(false);
    }

    public Task ForwardPortAsync(string sandboxId, int port, Stream stream, CancellationToken cancellation) =>
        SimulatedCommands.AnswerHttpAsync(PodOf(sandboxId).Name, port, stream, cancellation);

    public Task<string> ExecAsync(ExecRequest request, CancellationToken cancellation) => Task.FromException<string>(NoUrl());

    public Task<string> AttachAsync(AttachRequest request, CancellationToken cancellation) => Task.FromException<string>(NoUrl());

    public Task<string> PortForwardAsync(PortForwardRequest request, CancellationToken cancellation) => Task.FromException<string>(NoUrl());

    /// <summary>Removes the logs that somebody looked at.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_logs is not null && Directory.Exists(_logs))
                Directory.Delete(_logs, recursive: true);
        }
    }

    private static KubeletRequestException NoStatistics() => new(NotFound, "simulated nodes have no statistics\n");

    private static RuntimeCallException NoUrl() => new(RuntimeStatusCode.Unimplemented, "simulated nodes stream directly");

    /// <summary>Made when the first log is asked for: a fleet that nobody looks into leaves no trace.</summary>
    private string LogDirectory()
    {
        lock (_lock)
            return _logs ??= Directory.CreateTempSubdirectory("cyb-simulated-logs-").FullName;
    }

    private bool IsRunning(string uid, string container) => pods.Find(uid)?.Find(container) is { IsRunning: true };

    private FleetPod PodOf(string id) =>
        pods.Find(id.Split('/')[0]) ?? throw new RuntimeCallException(RuntimeStatusCode.NotFound, $"no such pod: {id}");

    private FleetPod Find(string podNamespace, string podName, string podUid)
    {
        var pod = podUid.Length > 0 ? pods.Find(podUid) : pods.Find(podNamespace, podName);
        return pod is null || pod.Name != podName || pod.Namespace != podNamespace
            ? throw new KubeletRequestException(NotFound, $"pod not found (\"{podName}_{podNamespace}\")")
            : pod;
    }
}
