using Cybernetes.Node.Runtime;
using Cybernetes.Node.Runtime.Cri;
using Cybernetes.Node.Simulated;

namespace Cybernetes.Node.Tests.Runtime;

/// <summary>A runtime like containerd 1.6: it answers lists but has no events.</summary>
internal sealed class EventlessRuntime(SimulatedRuntime inner) : IRuntimeService
{
    public SimulatedRuntime Inner => inner;

    public Task<IReadOnlyList<PodSandbox>> ListPodSandboxesAsync(PodSandboxFilter? filter, CancellationToken cancellation) =>
        inner.ListPodSandboxesAsync(filter, cancellation);

    public Task<IReadOnlyList<Container>> ListContainersAsync(ContainerFilter? filter, CancellationToken cancellation) =>
        inner.ListContainersAsync(filter, cancellation);

    public IAsyncEnumerable<ContainerEventResponse> ContainerEventsAsync(CancellationToken cancellation) =>
        throw new RuntimeCallException(RuntimeStatusCode.Unimplemented, "method GetContainerEvents not implemented");

    public Task<VersionResponse> VersionAsync(CancellationToken cancellation) => throw new NotSupportedException();

    public Task<StatusResponse> StatusAsync(bool verbose, CancellationToken cancellation) => throw new NotSupportedException();

    public Task UpdateRuntimeConfigAsync(string podCidr, CancellationToken cancellation) => throw new NotSupportedException();

    public Task<CgroupDriver?> CgroupDriverAsync(CancellationToken cancellation) => throw new NotSupportedException();

    public Task<string> RunPodSandboxAsync(PodSandboxConfig config, string runtimeHandler, CancellationToken cancellation) =>
        throw new NotSupportedException();

    public Task StopPodSandboxAsync(string sandboxId, CancellationToken cancellation) => throw new NotSupportedException();

    public Task RemovePodSandboxAsync(string sandboxId, CancellationToken cancellation) => throw new NotSupportedException();

    public Task<PodSandboxStatusResponse> PodSandboxStatusAsync(string sandboxId, bool verbose, CancellationToken cancellation) =>
        throw new NotSupportedException();

    public Task<string> CreateContainerAsync(
        string sandboxId, ContainerConfig config, PodSandboxConfig sandboxConfig, CancellationToken cancellation) =>
        throw new NotSupportedException();

    public Task StartContainerAsync(string containerId, CancellationToken cancellation) => throw new NotSupportedException();

    public Task StopContainerAsync(string containerId, TimeSpan grace, CancellationToken cancellation) =>
        throw new NotSupportedException();

    public Task RemoveContainerAsync(string containerId, CancellationToken cancellation) => throw new NotSupportedException();

    public Task<ContainerStatusResponse> ContainerStatusAsync(string containerId, bool verbose, CancellationToken cancellation) =>
        throw new NotSupportedException();

    public Task UpdateContainerResourcesAsync(
        string containerId, LinuxContainerResources resources, CancellationToken cancellation) =>
            throw new NotSupportedException();

    public Task ReopenContainerLogAsync(string containerId, CancellationToken cancellation) => throw new NotSupportedException();

    public Task<ExecSyncResponse> ExecSyncAsync(
        string containerId, IReadOnlyList<string> command, TimeSpan timeout, CancellationToken cancellation) =>
        throw new NotSupportedException();

    public Task<string> ExecAsync(ExecRequest request, CancellationToken cancellation) => throw new NotSupportedException();

    public Task<string> AttachAsync(AttachRequest request, CancellationToken cancellation) => throw new NotSupportedException();

    public Task<string> PortForwardAsync(PortForwardRequest request, CancellationToken cancellation) =>
        throw new NotSupportedException();

    public Task<ContainerStats> ContainerStatsAsync(string containerId, CancellationToken cancellation) =>
        throw new NotSupportedException();

    public Task<IReadOnlyList<ContainerStats>> ListContainerStatsAsync(
        ContainerStatsFilter? filter, CancellationToken cancellation) => throw new NotSupportedException();

    public Task<IReadOnlyList<PodSandboxStats>> ListPodSandboxStatsAsync(
        PodSandboxStatsFilter? filter, CancellationToken cancellation) => throw new NotSupportedException();
}
