using Cybernetes.Node.Runtime;
using Cybernetes.Node.Runtime.Cri;
using Cybernetes.Node.Simulated;

namespace Cybernetes.Node.Tests;

internal static class SimulatedPods
{
    public static PodSandboxConfig SandboxConfig(string uid) => new()
    {
        Metadata = new PodSandboxMetadata { Name = "web", Namespace = "default", Uid = uid },
        Hostname = "web",
        Labels = { [RuntimeLabels.PodUid] = uid },
    };

    public static ContainerConfig ContainerConfig(string uid, params string[] command) => new()
    {
        Metadata = new ContainerMetadata { Name = "main" },
        Image = new ImageSpec { Image = "busybox" },
        Command = { command },
        Labels = { [RuntimeLabels.PodUid] = uid, [RuntimeLabels.ContainerName] = "main" },
        LogPath = "main/0.log",
    };

    public static async Task<(string Sandbox, string Container)> RunAsync(
        SimulatedRuntime runtime, string uid, PodSandboxConfig? config = null, params string[] command)
    {
        config ??= SandboxConfig(uid);
        var sandbox = await runtime.RunPodSandboxAsync(config, "", CancellationToken.None);
        var container = await runtime.CreateContainerAsync(
            sandbox, ContainerConfig(uid, command), config, CancellationToken.None);
        await runtime.StartContainerAsync(container, CancellationToken.None);
        return (sandbox, container);
    }
}
