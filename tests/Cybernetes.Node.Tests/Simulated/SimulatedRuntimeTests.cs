using Cybernetes.Foundation;
using Cybernetes.Node.Runtime;
using Cybernetes.Node.Runtime.Cri;
using Cybernetes.Node.Simulated;

namespace Cybernetes.Node.Tests.Simulated;

public sealed class SimulatedRuntimeTests
{
    private readonly VirtualTimeProvider _time = new();

    [Fact]
    public async Task Container_SleepCommand_EndsByItselfAfterThatTime()
    {
        var runtime = Make();
        var (_, container) = await SimulatedPods.RunAsync(runtime, "u", null, "sleep", "5");
        await _time.AdvanceAsync(TimeSpan.FromSeconds(4.9));
        Assert.Equal(ContainerState.ContainerRunning, (await StatusOf(runtime, container)).State);

        await _time.AdvanceAsync(TimeSpan.FromSeconds(0.2));

        var status = await StatusOf(runtime, container);
        Assert.Equal(ContainerState.ContainerExited, status.State);
        Assert.Equal("Completed", status.Reason);
        Assert.Equal(5_000_000_000, status.FinishedAt - status.StartedAt);
    }

    [Theory]
    [InlineData("exit-code", "7", 7, "Error")]
    [InlineData("oom-killed", "true", 137, "OOMKilled")]
    public async Task Container_ScriptInAnnotations_EndsAsWritten(string annotation, string value, int exitCode, string reason)
    {
        var runtime = Make();
        var config = SimulatedPods.SandboxConfig("u");
        config.Annotations[ContainerScript.AnnotationPrefix + "run-for"] = "2.5";
        config.Annotations[ContainerScript.AnnotationPrefix + annotation] = value;
        var (_, container) = await SimulatedPods.RunAsync(runtime, "u", config);

        await _time.AdvanceAsync(TimeSpan.FromSeconds(3));

        var status = await StatusOf(runtime, container);
        Assert.Equal((exitCode, reason), (status.ExitCode, status.Reason));
    }

    [Theory]
    [InlineData("1", 10, 143)]
    [InlineData("30", 10, 137)]
    public async Task Stop_ContainerThatNeedsTime_EndsOrIsKilledAtGrace(string stopDelay, int grace, int exitCode)
    {
        var runtime = Make();
        var config = SimulatedPods.SandboxConfig("u");
        config.Annotations[ContainerScript.AnnotationPrefix + "stop-delay"] = stopDelay;
        var (_, container) = await SimulatedPods.RunAsync(runtime, "u", config);

        var stop = runtime.StopContainerAsync(container, TimeSpan.FromSeconds(grace), CancellationToken.None);
        await _time.AdvanceToNextTimerAsync();
        await stop;

        Assert.Equal(exitCode, (await StatusOf(runtime, container)).ExitCode);
    }

    [Fact]
    public async Task Runtimes_SameCalls_GiveSameIdsAndAddresses()
    {
        var one = Make();
        var two = Make();
        var first = await SimulatedPods.RunAsync(one, "u");
        var second = await SimulatedPods.RunAsync(two, "u");

        Assert.Equal(first, second);
        Assert.Matches("^[0-9a-f]{64}$", first.Container);
        var status = (await one.PodSandboxStatusAsync(first.Sandbox, false, CancellationToken.None)).Status;
        Assert.Equal("10.244.0.2", status.Network.Ip);
    }

    [Fact]
    public async Task Addresses_RangeThrough_UsesGivenBackOnes()
    {
        var runtime = Make();
        await runtime.UpdateRuntimeConfigAsync("10.9.9.0/30", CancellationToken.None);
        var (first, _) = await SimulatedPods.RunAsync(runtime, "a");
        var full = await Assert.ThrowsAsync<RuntimeCallException>(() => SimulatedPods.RunAsync(runtime, "b"));
        await runtime.RemovePodSandboxAsync(first, CancellationToken.None);

        var (second, _) = await SimulatedPods.RunAsync(runtime, "b");

        Assert.Contains("no IP addresses available", full.Message, StringComparison.Ordinal);
        Assert.Equal("10.9.9.2", (await runtime.PodSandboxStatusAsync(second, false, CancellationToken.None)).Status.Network.Ip);
    }

    [Fact]
    public async Task Sandbox_Stopped_EndsItsContainers()
    {
        var runtime = Make();
        var (sandbox, container) = await SimulatedPods.RunAsync(runtime, "u");

        await runtime.StopPodSandboxAsync(sandbox, CancellationToken.None);

        Assert.Equal(137, (await StatusOf(runtime, container)).ExitCode);
        var filter = new PodSandboxFilter { State = new PodSandboxStateValue { State = PodSandboxState.SandboxReady } };
        Assert.Empty(await runtime.ListPodSandboxesAsync(filter, CancellationToken.None));
    }

    [Fact]
    public async Task Removed_Anything_IsGoneAndMayBeRemovedAgain()
    {
        var runtime = Make();
        var (sandbox, container) = await SimulatedPods.RunAsync(runtime, "u");
        await runtime.RemovePodSandboxAsync(sandbox, CancellationToken.None);
        await runtime.RemovePodSandboxAsync(sandbox, CancellationToken.None);
        await runtime.RemoveContainerAsync(container, CancellationToken.None);

        var e = await Assert.ThrowsAsync<RuntimeCallException>(() => StatusOf(runtime, container));

        Assert.Equal(RuntimeStatusCode.NotFound, e.Code);
    }

    [Fact]
    public async Task Image_PulledAndRemoved_ComesAndGoes()
    {
        var runtime = Make(canPull: name => name != "nope");
        var image = new ImageSpec { Image = "nginx:1" };
        Assert.Null(await runtime.ImageStatusAsync(image, CancellationToken.None));
        var id = await runtime.PullImageAsync(image, null, null, CancellationToken.None);
        Assert.Equal(id, (await runtime.ImageStatusAsync(image, CancellationToken.None))?.Id);
        Assert.Single(await runtime.ListImagesAsync(CancellationToken.None));

        await runtime.RemoveImageAsync(new ImageSpec { Image = id }, CancellationToken.None);

        Assert.Empty(await runtime.ListImagesAsync(CancellationToken.None));
        await Assert.ThrowsAsync<RuntimeCallException>(
            () => runtime.PullImageAsync(new ImageSpec { Image = "nope" }, null, null, CancellationToken.None));
    }

    [Fact]
    public async Task Fault_Asked_MakesTheCallFail()
    {
        var options = new SimulatedRuntimeOptions
        {
            Fault = method =>
                method == "CreateContainer" ? new RuntimeCallException(RuntimeStatusCode.Unknown, "disk full") : null,
        };
        var runtime = new SimulatedRuntime(options, _time);

        var e = await Assert.ThrowsAsync<RuntimeCallException>(() => SimulatedPods.RunAsync(runtime, "u"));

        Assert.Equal("disk full", e.Description);
    }

    [Fact]
    public async Task ExecSync_KnownCommands_Answer()
    {
        var runtime = Make();
        var (_, container) = await SimulatedPods.RunAsync(runtime, "u");

        var echo = await runtime.ExecSyncAsync(container, ["echo", "a", "b"], TimeSpan.Zero, CancellationToken.None);
        var exit = await runtime.ExecSyncAsync(container, ["sh", "-c", "exit 4"], TimeSpan.Zero, CancellationToken.None);

        Assert.Equal("a b\n", echo.Stdout.ToStringUtf8());
        Assert.Equal(4, exit.ExitCode);
    }

    private static async Task<ContainerStatus> StatusOf(SimulatedRuntime runtime, string container) =>
        (await runtime.ContainerStatusAsync(container, false, CancellationToken.None)).Status;

    private SimulatedRuntime Make(Predicate<string>? canPull = null) =>
        new(new SimulatedRuntimeOptions { CanPull = canPull ?? (_ => true) }, _time);
}
