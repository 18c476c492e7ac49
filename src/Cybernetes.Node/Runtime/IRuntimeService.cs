using Cybernetes.Node.Runtime.Cri;

namespace Cybernetes.Node.Runtime;

/// <summary>
/// The container runtime as the node agent sees it: CRI v1's RuntimeService. <see cref="CriRuntime"/> speaks it to a real
/// runtime, <see cref="Simulated.SimulatedRuntime"/> answers it without containers.
/// </summary>
/// <remarks>
/// Every call fails with <see cref="RuntimeCallException"/> when the runtime refuses or cannot be reached, and with
/// <see cref="OperationCanceledException"/> only when the caller's own token was cancelled. Each call has a deadline of its own.
/// Times in the messages are nanoseconds since 1970 in UTC; 0 means never. Messages belong to the caller once returned.
/// </remarks>
public interface IRuntimeService : ICommandRuntime
{
    Task<VersionResponse> VersionAsync(CancellationToken cancellation);

    /// <summary>Conditions RuntimeReady and NetworkReady, handlers, features.</summary>
    Task<StatusResponse> StatusAsync(bool verbose, CancellationToken cancellation);

    /// <summary>Tells the runtime the node's pod range (a CIDR, or two with a comma between).</summary>
    Task UpdateRuntimeConfigAsync(string podCidr, CancellationToken cancellation);

    /// <summary>Which cgroup driver the runtime wants; null where the runtime does not say (containerd before 2.0).</summary>
    Task<CgroupDriver?> CgroupDriverAsync(CancellationToken cancellation);

    /// <summary>Makes and starts the sandbox with its network. Returns its id.</summary>
    Task<string> RunPodSandboxAsync(PodSandboxConfig config, string runtimeHandler, CancellationToken cancellation);

    /// <summary>Kills what runs inside and gives the addresses back. May be called again on a stopped or absent
    /// sandbox.</summary>
    Task StopPodSandboxAsync(string sandboxId, CancellationToken cancellation);

    /// <summary>Removes a sandbox with all its containers. An absent one is no error.</summary>
    Task RemovePodSandboxAsync(string sandboxId, CancellationToken cancellation);

    /// <summary>Fails with <see cref="RuntimeStatusCode.NotFound"/> when there is no such sandbox.</summary>
    Task<PodSandboxStatusResponse> PodSandboxStatusAsync(string sandboxId, bool verbose, CancellationToken cancellation);

    Task<IReadOnlyList<PodSandbox>> ListPodSandboxesAsync(PodSandboxFilter? filter, CancellationToken cancellation);

    /// <summary>Makes a container in a sandbox without starting it. Returns its id.</summary>
    Task<string> CreateContainerAsync(
        string sandboxId, ContainerConfig config, PodSandboxConfig sandboxConfig, CancellationToken cancellation);

    Task StartContainerAsync(string containerId, CancellationToken cancellation);

    /// <summary>Stop signal, then kill after <paramref name="grace"/> (whole seconds count; zero kills at once).</summary>
    Task StopContainerAsync(string containerId, TimeSpan grace, CancellationToken cancellation);

    /// <summary>Removes the container, by force when it runs. An absent one is no error.</summary>
    Task RemoveContainerAsync(string containerId, CancellationToken cancellation);

    /// <summary>Fails with <see cref="RuntimeStatusCode.NotFound"/> when there is no such container.</summary>
    Task<ContainerStatusResponse> ContainerStatusAsync(string containerId, bool verbose, CancellationToken cancellation);

    Task<IReadOnlyList<Container>> ListContainersAsync(ContainerFilter? filter, CancellationToken cancellation);

    Task UpdateContainerResourcesAsync(string containerId, LinuxContainerResources resources, CancellationToken cancellation);

    /// <summary>Makes the runtime write to a new file at the log path, after the old one was renamed.</summary>
    Task ReopenContainerLogAsync(string containerId, CancellationToken cancellation);

    Task<ContainerStats> ContainerStatsAsync(string containerId, CancellationToken cancellation);

    Task<IReadOnlyList<ContainerStats>> ListContainerStatsAsync(ContainerStatsFilter? filter, CancellationToken cancellation);

    /// <summary>Fails with <see cref="RuntimeStatusCode.Unimplemented"/> on containerd 1.6.</summary>
    Task<IReadOnlyList<PodSandboxStats>> ListPodSandboxStatsAsync(
        PodSandboxStatsFilter? filter, CancellationToken cancellation);

    /// <summary>
    /// Container events from now on, until cancelled or the connection ends. Fails with <see
    /// cref="RuntimeStatusCode.Unimplemented"/> where the runtime has none: <see cref="PodLifecycleSource"/> then lists instead.
    /// </summary>
    IAsyncEnumerable<ContainerEventResponse> ContainerEventsAsync(CancellationToken cancellation);
}

/// <summary>The images of the container runtime: CRI v1's ImageService. Failures as in <see cref="IRuntimeService"/>.</summary>
public interface IImageService
{
    Task<IReadOnlyList<Image>> ListImagesAsync(CancellationToken cancellation);

    /// <summary>Null when the image is not on the node.</summary>
    Task<Image?> ImageStatusAsync(ImageSpec image, CancellationToken cancellation);

    /// <summary>Pulls and returns the reference (an image id or digest) to create containers with. No deadline but the
    /// caller's.</summary>
    Task<string> PullImageAsync(
        ImageSpec image, AuthConfig? credentials, PodSandboxConfig? sandboxConfig, CancellationToken cancellation);

    /// <summary>An absent image is no error.</summary>
    Task RemoveImageAsync(ImageSpec image, CancellationToken cancellation);

    Task<ImageFsInfoResponse> ImageFsInfoAsync(CancellationToken cancellation);
}
