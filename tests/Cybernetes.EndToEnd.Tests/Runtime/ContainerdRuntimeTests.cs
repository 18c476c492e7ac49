using System.Threading.Channels;
using Cybernetes.EndToEnd.Tests.Harness;
using Cybernetes.Node.Resources;
using Cybernetes.Node.Runtime;
using Cybernetes.Node.Runtime.Cri;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cybernetes.EndToEnd.Tests.Runtime;

/// <summary>The runtime's seam against a real containerd: what the pod workers build on.</summary>
public sealed class ContainerdRuntimeTests : IAsyncLifetime
{
    private const string Image = "docker.io/library/busybox:1.35";
    private const string Uid = "11111111-2222-3333-4444-555555555555";

    private NodeSpace? _node;
    private CriRuntime? _runtime;

    private CriRuntime Runtime => _runtime!;

    public async ValueTask InitializeAsync()
    {
        if (!Machine.CanRunNodes)
            return;
        await Machine.PrepareAsync();
        _node = await NodeSpace.CreateAsync("runtime");
        var containerd = await Containerd.StartAsync(_node, "pause", "busybox");
        _runtime = new CriRuntime(containerd.Endpoint, TimeProvider.System);
    }

    public async ValueTask DisposeAsync()
    {
        _runtime?.Dispose();
        if (_node is not null)
            await _node.DisposeAsync();
    }

    [ClusterFact]
    public async Task Pod_RunExecAndStopped_ShowsEachState()
    {
        var (sandbox, container) = await RunAsync("trap 'exit 7' TERM; echo started; while true; do sleep 0.1; done");
        var status = (await Runtime.ContainerStatusAsync(container, false, CancellationToken.None)).Status;
        Assert.Equal(ContainerState.ContainerRunning, status.State);
        await Until.TrueAsync(
            "the log is there", TimeSpan.FromSeconds(60), () => File.ReadAllText(status.LogPath).Contains("stdout F started"));

        var ran = await Runtime.ExecSyncAsync(
            container, ["sh", "-c", "echo out; echo err >&2; exit 3"], TimeSpan.FromSeconds(20), CancellationToken.None);
        Assert.Equal(("out\n", "err\n", 3), (ran.Stdout.ToStringUtf8(), ran.Stderr.ToStringUtf8(), ran.ExitCode));
        var late = await Assert.ThrowsAsync<RuntimeCallException>(
            () => Runtime.ExecSyncAsync(container, ["sleep", "60"], TimeSpan.FromSeconds(1), CancellationToken.None));
        Assert.Equal(RuntimeStatusCode.DeadlineExceeded, late.Code);

        await Runtime.StopContainerAsync(container, TimeSpan.FromSeconds(20), CancellationToken.None);
        status = (await Runtime.ContainerStatusAsync(container, false, CancellationToken.None)).Status;
        Assert.Equal((ContainerState.ContainerExited, 7), (status.State, status.ExitCode));

        await Runtime.StopPodSandboxAsync(sandbox, CancellationToken.None);
        await Runtime.RemovePodSandboxAsync(sandbox, CancellationToken.None);
        var gone = await Assert.ThrowsAsync<RuntimeCallException>(
            () => Runtime.PodSandboxStatusAsync(sandbox, false, CancellationToken.None));
        Assert.Equal(RuntimeStatusCode.NotFound, gone.Code);
    }

    [ClusterFact]
    public async Task Container_BeyondItsMemory_IsReportedAsOutOfMemory()
    {
        var (_, container) = await RunAsync("tail -c 200000000 /dev/zero", memoryBytes: 16 << 20);

        ContainerStatus? status = null;
        await Until.TrueAsync("the container ended", TimeSpan.FromSeconds(60), async () =>
        {
            status = (await Runtime.ContainerStatusAsync(container, false, CancellationToken.None)).Status;
            return status.State == ContainerState.ContainerExited;
        });
        Assert.Equal(("OOMKilled", 137), (status!.Reason, status.ExitCode));
    }

    [ClusterFact]
    public async Task Lifecycle_ContainerEnds_IsTold()
    {
        var source = new PodLifecycleSource(Runtime, TimeProvider.System, NullLogger.Instance);
        var events = Channel.CreateUnbounded<PodLifecycleEvent>();
        using var ending = new CancellationTokenSource();
        var running = source.RunAsync(change => events.Writer.TryWrite(change), ending.Token);

        var (_, container) = await RunAsync("sleep 0.2; exit 1");

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30), TimeProvider.System);
        var died = new PodLifecycleEvent(Uid, PodLifecycleEventType.ContainerDied, container);
        while (await events.Reader.ReadAsync(patience.Token) != died)
        {
            // The starts before it.
        }

        await ending.CancelAsync();
        await running;
    }

    [ClusterFact]
    public async Task Image_Imported_IsKnownByItsName()
    {
        var image = await Runtime.ImageStatusAsync(new ImageSpec { Image = Image }, CancellationToken.None);

        Assert.Contains(Image, image!.RepoTags);
        var absent = new ImageSpec { Image = "docker.io/library/absent:1" };
        Assert.Null(await Runtime.ImageStatusAsync(absent, CancellationToken.None));
        Assert.NotEmpty((await Runtime.ImageFsInfoAsync(CancellationToken.None)).ImageFilesystems);
    }

    private async Task<(string Sandbox, string Container)> RunAsync(string script, long memoryBytes = 0)
    {
        // In the node's own network: this is about the runtime, not about the network plugin.
        var namespaces = new NamespaceOption { Network = NamespaceMode.Node, Pid = NamespaceMode.Container };
        var sandboxConfig = new PodSandboxConfig
        {
            Metadata = new PodSandboxMetadata { Name = "trial", Namespace = "default", Uid = Uid },
            LogDirectory = Path.Combine(_node!.Folder, "logs"),
            Labels = { [RuntimeLabels.PodUid] = Uid },
            Linux = new LinuxPodSandboxConfig { SecurityContext = new() { NamespaceOptions = namespaces } },
        };
        Directory.CreateDirectory(sandboxConfig.LogDirectory);
        var config = new ContainerConfig
        {
            Metadata = new ContainerMetadata { Name = "main" },
            Image = new ImageSpec { Image = Image },
            Command = { "sh", "-c", script },
            Labels = { [RuntimeLabels.PodUid] = Uid },
            LogPath = "main.log",
            Linux = new LinuxContainerConfig
            {
                Resources = ResourceMath.ContainerResources(null, null, memoryBytes, OutOfMemoryScore.BestEffort),
                SecurityContext = new LinuxContainerSecurityContext { NamespaceOptions = namespaces },
            },
        };
        var sandbox = await Runtime.RunPodSandboxAsync(sandboxConfig, "", CancellationToken.None);
        var container = await Runtime.CreateContainerAsync(sandbox, config, sandboxConfig, CancellationToken.None);
        await Runtime.StartContainerAsync(container, CancellationToken.None);
        return (sandbox, container);
    }
}
