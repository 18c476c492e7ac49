using Cybernetes.Node.Runtime;
using Cybernetes.Node.Runtime.Cri;
using Google.Protobuf;

namespace Cybernetes.Node.Simulated;

public sealed partial class SimulatedRuntime
{
    public Task<ExecSyncResponse> ExecSyncAsync(
        string containerId, IReadOnlyList<string> command, TimeSpan timeout, CancellationToken cancellation) =>
            Answer("ExecSync", () =>
    {
        var answer = _options.Command(FindRunning(containerId), command, "");
        return new ExecSyncResponse
        {
            Stdout = ByteString.CopyFromUtf8(answer.Stdout),
            Stderr = ByteString.CopyFromUtf8(answer.Stderr),
            ExitCode = answer.ExitCode,
        };
    });

    public Task<string> ExecAsync(ExecRequest request, CancellationToken cancellation) => Task.FromException<string>(NoUrl());

    public Task<string> AttachAsync(AttachRequest request, CancellationToken cancellation) => Task.FromException<string>(NoUrl());

    public Task<string> PortForwardAsync(PortForwardRequest request, CancellationToken cancellation) =>
        Task.FromException<string>(NoUrl());

    public async Task<int> RunCommandAsync(ExecRequest request, CommandStreams streams, CancellationToken cancellation)
    {
        var container = await Answer("Exec", () => FindRunning(request.ContainerId)).ConfigureAwait(false);
        return await SimulatedCommands.RunAsync(stdin => _options.Command(container, request.Cmd, stdin), streams, cancellation).ConfigureAwait(false);
    }

    public async Task AttachToAsync(AttachRequest request, CommandStreams streams, CancellationToken cancellation)
    {
        var container = await Answer("Attach", () => FindRunning(request.ContainerId)).ConfigureAwait(false);
        await container.Ended.Task.WaitAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Every port of a pod answers one HTTP request with the pod's name.</summary>
    public async Task ForwardPortAsync(string sandboxId, int port, Stream stream, CancellationToken cancellation)
    {
        var sandbox = await Answer("PortForward", () => FindSandbox(sandboxId)).ConfigureAwait(false);
        await SimulatedCommands.AnswerHttpAsync(sandbox.Config.Metadata?.Name, port, stream, cancellation).ConfigureAwait(false);
    }

    public Task<ContainerStats> ContainerStatsAsync(string containerId, CancellationToken cancellation) =>
        Answer("ContainerStats", () => StatsOf(FindContainer(containerId)));

    public Task<IReadOnlyList<ContainerStats>> ListContainerStatsAsync(
        ContainerStatsFilter? filter, CancellationToken cancellation) =>
        Answer<IReadOnlyList<ContainerStats>>("ListContainerStats", () =>
        {
            var asContainers = filter is null ? null : new ContainerFilter { Id = filter.Id, PodSandboxId = filter.PodSandboxId };
            asContainers?.LabelSelector.Add(filter!.LabelSelector);
            return
            [
                .. _containers.Values
                    .Where(container => container.State == ContainerState.ContainerRunning && Matches(container, asContainers))
                    .Select(StatsOf),
            ];
        });

    public Task<IReadOnlyList<PodSandboxStats>> ListPodSandboxStatsAsync(
        PodSandboxStatsFilter? filter, CancellationToken cancellation) =>
            Answer<IReadOnlyList<PodSandboxStats>>("ListPodSandboxStats", () =>
    [
        .. _sandboxes.Values.Where(sandbox =>
            filter is null || filter.Id.Length == 0 || filter.Id == sandbox.Id).Select(sandbox =>
        {
            var stats = new PodSandboxStats
            {
                Attributes = AttributesOf(sandbox),
                Linux = new LinuxPodSandboxStats(),
            };
            stats.Linux.Containers.Add(ContainersOf(sandbox).Where(c =>
                c.State == ContainerState.ContainerRunning).Select(StatsOf));
            return stats;
        }),
    ]);

    private ContainerStats StatsOf(SimulatedContainer container)
    {
        var until = container.State == ContainerState.ContainerRunning ? Now() : container.FinishedAt;
        var nanoseconds = container.StartedAt == 0 ? 0 : (until - container.StartedAt) / 1000 * container.Script.MilliCpu;
        return new ContainerStats
        {
            Attributes = new ContainerAttributes
            {
                Id = container.Id,
                Metadata = container.Config.Metadata,
                Labels = { container.Config.Labels },
            },
            Cpu = new CpuUsage { Timestamp = Now(), UsageCoreNanoSeconds = new UInt64Value { Value = (ulong)nanoseconds } },
            Memory = new MemoryUsage
            {
                Timestamp = Now(),
                WorkingSetBytes = new UInt64Value { Value = (ulong)container.Script.MemoryBytes },
                UsageBytes = new UInt64Value { Value = (ulong)container.Script.MemoryBytes },
            },
        };
    }

    private static PodSandboxAttributes AttributesOf(SimulatedSandbox sandbox) =>
        new() { Id = sandbox.Id, Metadata = sandbox.Config.Metadata, Labels = { sandbox.Config.Labels } };

    private SimulatedContainer FindRunning(string containerId)
    {
        var container = FindContainer(containerId);
        return container.State == ContainerState.ContainerRunning
            ? container
            : throw Failed(RuntimeStatusCode.Unknown, $"container is in {container.State} state");
    }

    private void WriteLog(SimulatedContainer container)
    {
        if (!_options.WritesLogs || container.LogFile is not { } file)
            return;
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, SimulatedLog.Format(container.Script.Output, _time.GetUtcNow()));
    }

    private static RuntimeCallException NoUrl() =>
        new(RuntimeStatusCode.Unimplemented, "the simulated runtime streams directly (IDirectStreaming)");
}
