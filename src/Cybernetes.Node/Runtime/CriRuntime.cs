using Cybernetes.Node.Runtime.Cri;
using Google.Protobuf;

namespace Cybernetes.Node.Runtime;

/// <summary>A real container runtime (containerd, CRI-O) over its unix socket, CRI v1.</summary>
public sealed class CriRuntime : IRuntimeService, IImageService, IDisposable
{
    /// <summary>For calls which only look or change little, as upstream's --runtime-request-timeout: two minutes.</summary>
    public static readonly TimeSpan CallDeadline = TimeSpan.FromMinutes(2);

    /// <summary>Making or stopping a sandbox waits on the network plugin, so it gets twice the time, as upstream.</summary>
    public static readonly TimeSpan SandboxDeadline = CallDeadline * 2;

    private const string RuntimeService = "/runtime.v1.RuntimeService/";
    private const string ImageService = "/runtime.v1.ImageService/";

    private readonly GrpcChannel _channel;

    /// <param name="endpoint">A path, or <c>unix://</c> and a path, as --container-runtime-endpoint takes it.</param>
    /// <exception cref="ArgumentException">The endpoint is no unix socket's.</exception>
    public CriRuntime(string endpoint, TimeProvider time) => _channel = new GrpcChannel(SocketPath(endpoint), time);

    public static string SocketPath(string endpoint)
    {
        if (endpoint.StartsWith("unix://", StringComparison.Ordinal))
            endpoint = endpoint["unix://".Length..];
        return endpoint.StartsWith('/')
            ? endpoint
            : throw new ArgumentException($"runtime endpoint \"{endpoint}\" is no unix socket (unix:///path)", nameof(endpoint));
    }

    public void Dispose() => _channel.Dispose();

    public Task<VersionResponse> VersionAsync(CancellationToken cancellation) =>
        CallAsync("Version", new VersionRequest { Version = "v1" }, VersionResponse.Parser, cancellation);

    public Task<StatusResponse> StatusAsync(bool verbose, CancellationToken cancellation) =>
        CallAsync("Status", new StatusRequest { Verbose = verbose }, StatusResponse.Parser, cancellation);

    public Task UpdateRuntimeConfigAsync(string podCidr, CancellationToken cancellation)
    {
        var config = new RuntimeConfig { NetworkConfig = new NetworkConfig { PodCidr = podCidr } };
        var request = new UpdateRuntimeConfigRequest { RuntimeConfig = config };
        return CallAsync("UpdateRuntimeConfig", request, UpdateRuntimeConfigResponse.Parser, cancellation);
    }

    public async Task<CgroupDriver?> CgroupDriverAsync(CancellationToken cancellation)
    {
        try
        {
            var response = await CallAsync(
                "RuntimeConfig", new RuntimeConfigRequest(), RuntimeConfigResponse.Parser, cancellation)
                .ConfigureAwait(false);
            return response.Linux?.CgroupDriver;
        }
        catch (RuntimeCallException e) when (e.Code == RuntimeStatusCode.Unimplemented)
        {
            return null;
        }
    }

    public async Task<string> RunPodSandboxAsync(PodSandboxConfig config, string runtimeHandler, CancellationToken cancellation)
    {
        var request = new RunPodSandboxRequest { Config = config, RuntimeHandler = runtimeHandler };
        var response = await CallAsync("RunPodSandbox", request, RunPodSandboxResponse.Parser, cancellation, SandboxDeadline)
            .ConfigureAwait(false);
        return response.PodSandboxId;
    }

    public Task StopPodSandboxAsync(string sandboxId, CancellationToken cancellation)
    {
        var request = new StopPodSandboxRequest { PodSandboxId = sandboxId };
        return CallAsync("StopPodSandbox", request, StopPodSandboxResponse.Parser, cancellation, SandboxDeadline);
    }

    public Task RemovePodSandboxAsync(string sandboxId, CancellationToken cancellation)
    {
        var request = new RemovePodSandboxRequest { PodSandboxId = sandboxId };
        return CallAsync("RemovePodSandbox", request, RemovePodSandboxResponse.Parser, cancellation);
    }

    public Task<PodSandboxStatusResponse> PodSandboxStatusAsync(string sandboxId, bool verbose, CancellationToken cancellation)
    {
        var request = new PodSandboxStatusRequest { PodSandboxId = sandboxId, Verbose = verbose };
        return CallAsync("PodSandboxStatus", request, PodSandboxStatusResponse.Parser, cancellation);
    }

    public async Task<IReadOnlyList<PodSandbox>> ListPodSandboxesAsync(PodSandboxFilter? filter, CancellationToken cancellation)
    {
        var request = new ListPodSandboxRequest { Filter = filter };
        var response = await CallAsync("ListPodSandbox", request, ListPodSandboxResponse.Parser, cancellation)
            .ConfigureAwait(false);
        return response.Items;
    }

    public async Task<string> CreateContainerAsync(
        string sandboxId, ContainerConfig config, PodSandboxConfig sandboxConfig, CancellationToken cancellation)
    {
        var request = new CreateContainerRequest { PodSandboxId = sandboxId, Config = config, SandboxConfig = sandboxConfig };
        var response = await CallAsync("CreateContainer", request, CreateContainerResponse.Parser, cancellation)
            .ConfigureAwait(false);
        return response.ContainerId;
    }

    public Task StartContainerAsync(string containerId, CancellationToken cancellation)
    {
        var request = new StartContainerRequest { ContainerId = containerId };
        return CallAsync("StartContainer", request, StartContainerResponse.Parser, cancellation);
    }

    public Task StopContainerAsync(string containerId, TimeSpan grace, CancellationToken cancellation)
    {
        var request = new StopContainerRequest { ContainerId = containerId, Timeout = (long)grace.TotalSeconds };
        return CallAsync("StopContainer", request, StopContainerResponse.Parser, cancellation, CallDeadline + grace);
    }

    public Task RemoveContainerAsync(string containerId, CancellationToken cancellation)
    {
        var request = new RemoveContainerRequest { ContainerId = containerId };
        return CallAsync("RemoveContainer", request, RemoveContainerResponse.Parser, cancellation);
    }

    public Task<ContainerStatusResponse> ContainerStatusAsync(string containerId, bool verbose, CancellationToken cancellation)
    {
        var request = new ContainerStatusRequest { ContainerId = containerId, Verbose = verbose };
        return CallAsync("ContainerStatus", request, ContainerStatusResponse.Parser, cancellation);
    }

    public async Task<IReadOnlyList<Container>> ListContainersAsync(ContainerFilter? filter, CancellationToken cancellation)
    {
        var request = new ListContainersRequest { Filter = filter };
        var response = await CallAsync("ListContainers", request, ListContainersResponse.Parser, cancellation)
            .ConfigureAwait(false);
        return response.Containers;
    }

    public Task UpdateContainerResourcesAsync(
        string containerId, LinuxContainerResources resources, CancellationToken cancellation)
    {
        var request = new UpdateContainerResourcesRequest { ContainerId = containerId, Linux = resources };
        return CallAsync("UpdateContainerResources", request, UpdateContainerResourcesResponse.Parser, cancellation);
    }

    public Task ReopenContainerLogAsync(string containerId, CancellationToken cancellation)
    {
        var request = new ReopenContainerLogRequest { ContainerId = containerId };
        return CallAsync("ReopenContainerLog", request, ReopenContainerLogResponse.Parser, cancellation);
    }

    public Task<ExecSyncResponse> ExecSyncAsync(
        string containerId, IReadOnlyList<string> command, TimeSpan timeout, CancellationToken cancellation)
    {
        // The runtime counts whole seconds; the call gets a little longer, so that the runtime's own answer wins.
        var seconds = (long)Math.Ceiling(timeout.TotalSeconds);
        var request = new ExecSyncRequest { ContainerId = containerId, Cmd = { command }, Timeout = seconds };
        TimeSpan? deadline = timeout > TimeSpan.Zero ? timeout + CallDeadline : null;
        return _channel.CallAsync(RuntimeService + "ExecSync", request, ExecSyncResponse.Parser, deadline, cancellation);
    }

    public async Task<string> ExecAsync(ExecRequest request, CancellationToken cancellation) =>
        (await CallAsync("Exec", request, ExecResponse.Parser, cancellation).ConfigureAwait(false)).Url;

    public async Task<string> AttachAsync(AttachRequest request, CancellationToken cancellation) =>
        (await CallAsync("Attach", request, AttachResponse.Parser, cancellation).ConfigureAwait(false)).Url;

    public async Task<string> PortForwardAsync(PortForwardRequest request, CancellationToken cancellation) =>
        (await CallAsync("PortForward", request, PortForwardResponse.Parser, cancellation).ConfigureAwait(false)).Url;

    public async Task<ContainerStats> ContainerStatsAsync(string containerId, CancellationToken cancellation)
    {
        var request = new ContainerStatsRequest { ContainerId = containerId };
        var response = await CallAsync("ContainerStats", request, ContainerStatsResponse.Parser, cancellation)
            .ConfigureAwait(false);
        return response.Stats ?? throw new RuntimeCallException(RuntimeStatusCode.Internal, "the answer holds no statistics");
    }

    public async Task<IReadOnlyList<ContainerStats>> ListContainerStatsAsync(
        ContainerStatsFilter? filter, CancellationToken cancellation)
    {
        var request = new ListContainerStatsRequest { Filter = filter };
        var response = await CallAsync("ListContainerStats", request, ListContainerStatsResponse.Parser, cancellation)
            .ConfigureAwait(false);
        return response.Stats;
    }

    public async Task<IReadOnlyList<PodSandboxStats>> ListPodSandboxStatsAsync(
        PodSandboxStatsFilter? filter, CancellationToken cancellation)
    {
        var request = new ListPodSandboxStatsRequest { Filter = filter };
        var response = await CallAsync("ListPodSandboxStats", request, ListPodSandboxStatsResponse.Parser, cancellation)
            .ConfigureAwait(false);
        return response.Stats;
    }

    public IAsyncEnumerable<ContainerEventResponse> ContainerEventsAsync(CancellationToken cancellation) =>
        _channel.StreamAsync(
            RuntimeService + "GetContainerEvents", new GetEventsRequest(), ContainerEventResponse.Parser, cancellation);

    public async Task<IReadOnlyList<Image>> ListImagesAsync(CancellationToken cancellation)
    {
        var response = await _channel.CallAsync(
            ImageService + "ListImages", new ListImagesRequest(), ListImagesResponse.Parser, CallDeadline, cancellation)
            .ConfigureAwait(false);
        return response.Images;
    }

    public async Task<Image?> ImageStatusAsync(ImageSpec image, CancellationToken cancellation)
    {
        var response = await _channel.CallAsync(
            ImageService + "ImageStatus",
            new ImageStatusRequest { Image = image },
            ImageStatusResponse.Parser,
            CallDeadline,
            cancellation).ConfigureAwait(false);
        return response.Image;
    }

    public async Task<string> PullImageAsync(
        ImageSpec image, AuthConfig? credentials, PodSandboxConfig? sandboxConfig, CancellationToken cancellation)
    {
        var request = new PullImageRequest { Image = image, Auth = credentials, SandboxConfig = sandboxConfig };
        var response = await _channel.CallAsync(
            ImageService + "PullImage", request, PullImageResponse.Parser, deadline: null, cancellation).ConfigureAwait(false);
        return response.ImageRef;
    }

    public Task RemoveImageAsync(ImageSpec image, CancellationToken cancellation)
    {
        var request = new RemoveImageRequest { Image = image };
        return _channel.CallAsync(ImageService + "RemoveImage", request, RemoveImageResponse.Parser, CallDeadline, cancellation);
    }

    public Task<ImageFsInfoResponse> ImageFsInfoAsync(CancellationToken cancellation) => _channel.CallAsync(
        ImageService + "ImageFsInfo", new ImageFsInfoRequest(), ImageFsInfoResponse.Parser, CallDeadline, cancellation);

    private Task<TResponse> CallAsync<TResponse>(
        string method, IMessage request, MessageParser<TResponse> parser, CancellationToken cancellation,
        TimeSpan? deadline = null)
        where TResponse : IMessage<TResponse> =>
        _channel.CallAsync(RuntimeService + method, request, parser, deadline ?? CallDeadline, cancellation);
}
