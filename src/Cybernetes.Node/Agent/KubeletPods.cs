using System.Buffers;
using System.Text.Json;
using Cybernetes.Node.Pods;
using Cybernetes.Node.Runtime;
using Cybernetes.Node.Server;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Node.Agent;

/// <summary>What the kubelet's HTTPS server asks, answered by the pod workers.</summary>
internal sealed class KubeletPods(PodWorkers workers, PodServices services, NodeStatistics statistics,
    Func<string?> syncLoopFault)
    : IKubeletPods
{
    private const int BadRequest = 400;
    private const int NotFound = 404;

    public string? SyncLoopFault => syncLoopFault();

    public ValueTask WritePodsAsync(IBufferWriter<byte> output, bool onlyRunning, CancellationToken cancellation)
    {
        var list = new KubernetesList<Pod>();
        foreach (var worker in workers.All)
        {
            if (onlyRunning && !worker.State.HasRunningContainers)
                continue;
            var pod = worker.Pod.DeepClone();
            pod.Status = worker.Status;
            list.Items.Add(pod);
        }

        using var writer = new Utf8JsonWriter(output, JsonLimits.WriterOptions);
        list.WriteJson(writer);
        return ValueTask.CompletedTask;
    }

    public ValueTask<ContainerTarget> FindContainerAsync(
        string podNamespace, string podName, string podUid, string containerName, CancellationToken cancellation)
    {
        var worker = Find(podNamespace, podName, podUid);
        var running = worker.State.Containers.FirstOrDefault(instance => instance.Name == containerName && instance.IsRunning)
            ?? throw new KubeletRequestException(NotFound, $"container not found (\"{containerName}\")");
        var spec = ContainerKiller.SpecOf(worker.Pod, containerName);
        return ValueTask.FromResult(new ContainerTarget(running.Id, spec?.TTY == true, spec?.Stdin == true));
    }

    public ValueTask<string> FindSandboxAsync(string podNamespace, string podName, string podUid, CancellationToken cancellation)
    {
        var worker = Find(podNamespace, podName, podUid);
        return worker.State.ReadySandbox is { } sandbox
            ? ValueTask.FromResult(sandbox.Id)
            : throw new KubeletRequestException(NotFound, $"pod not found (\"{podName}_{podNamespace}\")");
    }

    public ValueTask<ContainerLogTarget> FindLogAsync(
        string podNamespace, string podName, string containerName, bool previous, CancellationToken cancellation)
    {
        var worker = workers.Find(podNamespace, podName)
            ?? throw new KubeletRequestException(NotFound, $"pod \"{podName}\" not found");
        var spec = ContainerKiller.SpecOf(worker.Pod, containerName)
            ?? throw new KubeletRequestException(NotFound,
                $"container \"{containerName}\" not found in pod \"{podName}_{podNamespace}\"");
        var instances = worker.State.Containers.Where(instance => instance.Name == spec.Name).ToArray();
        if (previous)
        {
            var before = instances.Skip(1).FirstOrDefault() ?? OnlyEnded(instances, worker, spec.Name);
            return before is { LogPath.Length: > 0 }
                ? ValueTask.FromResult(new ContainerLogTarget(before.LogPath, _ => ValueTask.FromResult(false)))
                : throw new KubeletRequestException(
                    BadRequest, $"previous terminated container \"{containerName}\" in pod \"{podName}\" not found");
        }

        var newest = instances.FirstOrDefault(instance => instance.State is InstanceState.Running or InstanceState.Exited);
        if (newest is null)
            throw new KubeletRequestException(BadRequest, WaitingText(worker, containerName, podName));
        var path = newest.LogPath.Length > 0
            ? newest.LogPath
            : Path.Combine(services.Paths.LogDirectory(worker.Pod), PodPaths.LogFile(newest.Name, newest.RestartCount));
        return ValueTask.FromResult(new ContainerLogTarget(path, token => IsRunningAsync(newest.Id, token)));
    }

    public ValueTask WriteStatsSummaryAsync(IBufferWriter<byte> output, bool onlyCpuAndMemory, CancellationToken cancellation) =>
        statistics.WriteSummaryAsync(output, cancellation);

    public ValueTask WriteMetricsAsync(KubeletMetricsPage page, IBufferWriter<byte> output, CancellationToken cancellation) =>
        statistics.WriteMetricsAsync(page, output, cancellation);

    /// <summary>A container that ended and waits for its next start: its only instance is the previous one.</summary>
    private static ContainerInstance? OnlyEnded(ContainerInstance[] instances, PodWorker worker, string name)
    {
        var status = worker.Status.ContainerStatuses?.Find(one => one.Name == name)
            ?? worker.Status.InitContainerStatuses?.Find(one => one.Name == name);
        return status?.State.Waiting is not null ? instances.FirstOrDefault(instance => instance.State == InstanceState.Exited)
            : null;
    }

    private static string WaitingText(PodWorker worker, string containerName, string podName)
    {
        var status = worker.Status.ContainerStatuses?.Find(one => one.Name == containerName)
            ?? worker.Status.InitContainerStatuses?.Find(one => one.Name == containerName)
            ?? worker.Status.EphemeralContainerStatuses?.Find(one => one.Name == containerName);
        if (status?.State.Waiting is not { } waiting)
            return $"container \"{containerName}\" in pod \"{podName}\" is not available";
        var why = waiting.Reason is "ErrImagePull" or "ImagePullBackOff"
            ? waiting.Reason == "ErrImagePull" ? "image can't be pulled" : "trying and failing to pull image"
            : waiting.Reason;
        return $"container \"{containerName}\" in pod \"{podName}\" is waiting to start: {why}";
    }

    private async ValueTask<bool> IsRunningAsync(string containerId, CancellationToken cancellation)
    {
        try
        {
            var answer = await services.Runtime.ContainerStatusAsync(containerId, verbose: false, cancellation)
                .ConfigureAwait(false);
            return ContainerInstance.StateOf(answer.Status.State) == InstanceState.Running;
        }
        catch (RuntimeCallException e) when (e.Code == RuntimeStatusCode.NotFound)
        {
            return false;
        }
    }

    private PodWorker Find(string podNamespace, string podName, string podUid)
    {
        var worker = podUid.Length > 0 ? workers.Find(podUid) : workers.Find(podNamespace, podName);
        var isOther = worker is not null
            && (worker.Pod.Metadata.Name != podName || worker.Pod.Metadata.Namespace != podNamespace);
        return worker is null || isOther
            ? throw new KubeletRequestException(NotFound, $"pod not found (\"{podName}_{podNamespace}\")")
            : worker;
    }
}
