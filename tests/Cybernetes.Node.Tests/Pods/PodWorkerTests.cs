using Cybernetes.Node.Pods;
using Cybernetes.Node.Runtime;
using Cybernetes.Node.Simulated;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using static Cybernetes.Node.Tests.Pods.PodBuilder;

namespace Cybernetes.Node.Tests.Pods;

[Collection(nameof(Quiet))]
public sealed class PodWorkerTests
{
    [Fact]
    public async Task Pod_Created_RunsAndIsReady()
    {
        await using var bench = new WorkerBench(new SimulatedRuntimeOptions { SandboxDelay = TimeSpan.FromSeconds(1) });
        bench.Api.Put(Pod());

        await bench.UntilAsync(() => bench.IsReady("web"));

        var status = bench.Api.Pod("web")!.Status;
        Assert.Equal("Running", status.Phase);
        Assert.StartsWith("10.244.0.", status.PodIP);
        Assert.Equal(status.PodIP, Assert.Single(status.PodIPs!).IP);
        Assert.Equal("192.0.2.2", status.HostIP);
        Assert.Equal("BestEffort", status.QOSClass);
        Assert.Equal(1, status.ObservedGeneration);
        var container = Assert.Single(status.ContainerStatuses!);
        Assert.True(container.Ready && container.Started == true);
        Assert.StartsWith("simulated://", container.ContainerID);
        Assert.Equal(
            ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"],
            status.Conditions!.Select(condition => condition.Type));
        Assert.All(status.Conditions!, condition => Assert.Equal("True", condition.Status));
        Assert.Equal("Pending", bench.Api.History.First().Phase);
        Assert.Equal("ContainerCreating", bench.Api.History.First().ContainerStatuses![0].State.Waiting!.Reason);
        Assert.Equal(1, bench.Events.Count("Normal Created spec.containers{app} Container created"));
        Assert.Equal(1, bench.Events.Count("Normal Started spec.containers{app} Container started"));
    }

    [Fact]
    public async Task Pod_Deleted_EndsWithinItsGraceAndLeavesNothing()
    {
        await using var bench = new WorkerBench(new SimulatedRuntimeOptions
        {
            Script = _ => new ContainerScript(StopDelay: TimeSpan.FromSeconds(4)),
        });
        bench.Api.Put(Pod());
        await bench.UntilAsync(() => bench.IsReady("web"));

        bench.Api.Delete("web", bench.Time.GetUtcNow());
        await bench.AdvanceAsync(3);
        Assert.NotNull(bench.Api.Pod("web"));
        await bench.UntilAsync(() => bench.Api.Pod("web") is null, 5);

        await bench.UntilAsync(() => bench.Workers.All.Count == 0);
        Assert.Empty(await bench.Runtime.ListPodSandboxesAsync(null, default));
        Assert.Empty(await bench.Runtime.ListContainersAsync(null, default));
        Assert.Equal(1, bench.Events.Count("Normal Killing spec.containers{app} Stopping container app"));
        Assert.NotNull(bench.Api.History.Last().ContainerStatuses![0].State.Terminated);
    }

    [Fact]
    public async Task Pod_ObjectRemovedByForce_IsStoppedAllTheSame()
    {
        await using var bench = new WorkerBench();
        bench.Api.Put(Pod());
        await bench.UntilAsync(() => bench.IsReady("web"));

        await bench.Api.RemovePodAsync("default", "web", "uid-web", default);

        await bench.UntilAsync(() => bench.Workers.All.Count == 0);
        Assert.Empty(await bench.Runtime.ListPodSandboxesAsync(null, default));
    }

    [Fact]
    public async Task Container_Crashing_ComesAgainWithGrowingDelays()
    {
        await using var bench = new WorkerBench(new SimulatedRuntimeOptions
        {
            Script = _ => new ContainerScript(RunFor: TimeSpan.FromSeconds(1), ExitCode: 3),
        });
        bench.Api.Put(Pod());

        await bench.UntilAsync(() => bench.Container("web", "app").State.Waiting?.Reason == "CrashLoopBackOff");

        var status = bench.Container("web", "app");
        Assert.Equal(1, status.RestartCount);
        Assert.Equal(3, status.LastTerminationState.Terminated!.ExitCode);
        Assert.Equal("Error", status.LastTerminationState.Terminated.Reason);
        Assert.Equal(
            "back-off 10s restarting failed container=app pod=web_default(uid-web)", status.State.Waiting!.Message);
        Assert.Equal("Running", bench.Api.Pod("web")!.Status.Phase);
        Assert.Contains(
            "Warning BackOff spec.containers{app} Back-off restarting failed container app in pod web_default(uid-web)",
            bench.Events.Lines);

        // 0 s, +0 s, +10 s, +20 s, +40 s: five starts in some 75 s, the sixth only after 80 s more.
        await bench.AdvanceAsync(80);
        Assert.Equal(4, bench.Container("web", "app").RestartCount);
        await bench.AdvanceAsync(60);
        Assert.Equal(4, bench.Container("web", "app").RestartCount);
        Assert.True((await bench.Runtime.ListContainersAsync(null, default)).Count <= 2);
    }

    [Theory]
    [InlineData(0, "Succeeded")]
    [InlineData(5, "Failed")]
    public async Task Pod_RunsToItsEnd_TakesItsPhase(int exitCode, string phase)
    {
        await using var bench = new WorkerBench(new SimulatedRuntimeOptions
        {
            Script = _ => new ContainerScript(RunFor: TimeSpan.FromSeconds(2), ExitCode: exitCode),
        });
        bench.Api.Put(Pod().WithPolicy("Never"));

        await bench.UntilPhaseAsync("web", phase);

        var status = bench.Api.Pod("web")!.Status;
        Assert.Equal(exitCode, status.ContainerStatuses![0].State.Terminated!.ExitCode);
        var reason = exitCode == 0 ? "PodCompleted" : "PodFailed";
        Assert.Equal(reason, status.Conditions!.Find(condition => condition.Type == "Ready")!.Reason);
        Assert.NotEmpty(status.PodIP);
        await bench.UntilAsync(() => bench.Workers.All.Single().Stage == PodStage.Terminated);
        Assert.Single(await bench.Runtime.ListContainersAsync(null, default));
    }

    [Fact]
    public async Task InitContainers_InOrder_RunOneAfterTheOther()
    {
        await using var bench = new WorkerBench(new SimulatedRuntimeOptions
        {
            Script = container => container.Config.Metadata.Name.StartsWith('i')
                ? new ContainerScript(RunFor: TimeSpan.FromSeconds(1))
                : new ContainerScript(),
        });
        bench.Api.Put(Pod().WithInit(Container("i0"), Container("i1")));

        await bench.UntilAsync(() => bench.IsReady("web"));

        var status = bench.Api.Pod("web")!.Status;
        Assert.All(status.InitContainerStatuses!, init => Assert.Equal("Completed", init.State.Terminated!.Reason));
        var starts = bench.Events.Lines.Where(line => line.Contains("Started", StringComparison.Ordinal)).ToArray();
        Assert.Equal(["i0", "i1", "app"], starts.Select(line => line.Split('{')[1].Split('}')[0]));
        Assert.Contains(bench.Api.History, seen => seen.ContainerStatuses![0].State.Waiting?.Reason == "PodInitializing");
    }

    [Fact]
    public async Task Image_NotToBeHad_BacksOffAndComesInTheEnd()
    {
        var hasImage = false;
        await using var bench = new WorkerBench(new SimulatedRuntimeOptions { CanPull = _ => hasImage });
        bench.Api.Put(Pod());

        await bench.UntilAsync(() => bench.Api.Pod("web")?.Status.ContainerStatuses?[0].State.Waiting?.Reason == "ErrImagePull");
        await bench.UntilAsync(() => bench.Api.History.Any(
            seen => seen.ContainerStatuses![0].State.Waiting?.Reason is "ImagePullBackOff" or "ErrImagePull"), 30);
        Assert.Equal("Pending", bench.Api.Pod("web")!.Status.Phase);
        hasImage = true;
        await bench.UntilAsync(() => bench.IsReady("web"), 120);

        const string container = "spec.containers{app}";
        const string image = "image \"registry.test/app:1\"";
        Assert.True(bench.Events.Count($"Warning Failed {container} Failed to pull {image}: rpc error") >= 1);
        Assert.True(bench.Events.Count("Warning Failed spec.containers{app} Error: ErrImagePull") >= 1);
        Assert.Equal(1, bench.Events.Count($"Normal Pulled {container} Successfully pulled {image}"));
    }

    [Theory]
    [InlineData("Never", "ErrImageNeverPull")]
    [InlineData("IfNotPresent", "InvalidImageName")]
    public async Task Image_Impossible_SaysWhy(string policy, string reason)
    {
        await using var bench = new WorkerBench();
        var container = With(Container("app"), one =>
        {
            one.ImagePullPolicy = policy;
            one.Image = reason == "InvalidImageName" ? "Not An Image" : one.Image;
        });
        bench.Api.Put(Pod("web", container));

        await bench.UntilAsync(() => bench.Container("web", "app").State.Waiting?.Reason == reason);
    }

    [Fact]
    public async Task Environment_MissingConfigMap_WaitsForIt()
    {
        await using var bench = new WorkerBench();
        var container = With(Container("app"), one => one.EnvFrom =
            [new EnvFromSource { ConfigMapRef = new ConfigMapEnvSource { Name = "settings" } }]);
        bench.Api.Put(Pod("web", container));

        await bench.UntilAsync(() => bench.Container("web", "app").State.Waiting?.Reason == "CreateContainerConfigError");
        Assert.Equal("configmap \"settings\" not found", bench.Container("web", "app").State.Waiting!.Message);

        bench.Api.ConfigMaps["settings"] = new ConfigMap { Data = new Dictionary<string, string> { ["COLOR"] = "blue" } };
        await bench.UntilAsync(() => bench.IsReady("web"));
    }

    [Fact]
    public async Task Sandbox_Failing_IsTriedAgainWithAnEvent()
    {
        var fails = true;
        await using var bench = new WorkerBench(new SimulatedRuntimeOptions
        {
            Fault = call => fails && call == "RunPodSandbox" ? new RuntimeCallException(RuntimeStatusCode.Unknown, "no network")
                : null,
        });
        bench.Api.Put(Pod());
        await bench.UntilAsync(() => bench.Events.Count("FailedCreatePodSandBox") > 0);

        fails = false;
        await bench.UntilAsync(() => bench.IsReady("web"));

        Assert.Contains(
            "Warning FailedCreatePodSandBox Failed to create pod sandbox: rpc error: code = Unknown desc = no network",
            bench.Events.Lines);
    }

    [Fact]
    public async Task Agent_Restarted_TouchesNoContainer()
    {
        var bench = new WorkerBench();
        bench.Api.Put(Pod());
        await bench.UntilAsync(() => bench.IsReady("web"));
        var before = bench.Container("web", "app");
        await bench.DisposeAsync();

        await using var next = new WorkerBench(before: bench);
        next.Workers.Update(next.Api.Pod("web")!);
        await next.AdvanceAsync(90);

        var after = next.Container("web", "app");
        Assert.Equal((before.ContainerID, 0), (after.ContainerID, after.RestartCount));
        Assert.Empty(next.Events.Lines);
        Assert.Single(await next.Runtime.ListContainersAsync(null, default));
    }

    [Fact]
    public async Task Deadline_Passed_FailsThePod()
    {
        await using var bench = new WorkerBench();
        bench.Api.Put(With(Pod(), pod => pod.Spec.ActiveDeadlineSeconds = 20));
        await bench.UntilAsync(() => bench.IsReady("web"));

        await bench.UntilPhaseAsync("web", "Failed", 30);

        var status = bench.Api.Pod("web")!.Status;
        Assert.Equal("DeadlineExceeded", status.Reason);
        Assert.Equal("Pod was active on the node longer than the specified deadline", status.Message);
    }

    [Fact]
    public async Task Readiness_Gate_WaitsForItsCondition()
    {
        await using var bench = new WorkerBench();
        bench.Api.Put(With(Pod(), pod => pod.Spec.ReadinessGates = [new PodReadinessGate { ConditionType = "test/up" }]));
        await bench.UntilPhaseAsync("web", "Running");
        var ready = bench.Api.Pod("web")!.Status.Conditions!.Find(condition => condition.Type == "Ready")!;
        Assert.Equal(("False", "ReadinessGatesNotReady"), (ready.Status, ready.Reason));

        var pod = bench.Api.Pod("web")!.DeepClone();
        pod.Status.Conditions!.Add(new PodCondition { Type = "test/up", Status = "True" });
        bench.Api.Put(pod);

        await bench.UntilAsync(() => bench.IsReady("web"));
        Assert.Contains(bench.Api.Pod("web")!.Status.Conditions!, condition => condition.Type == "test/up");
    }

    [Fact]
    public async Task PreStop_Hook_IsRunBeforeTheStop()
    {
        await using var bench = new WorkerBench();
        var container = With(Container("app"), one => one.Lifecycle = new Lifecycle
        {
            PreStop = new LifecycleHandler { HTTPGet = new HTTPGetAction { Path = "/bye", Port = IntOrString.FromInt(8080) } },
        });
        bench.Api.Put(Pod("web", container));
        await bench.UntilAsync(() => bench.IsReady("web"));

        bench.Api.Delete("web", bench.Time.GetUtcNow());
        await bench.UntilAsync(() => bench.Api.Pod("web") is null);

        Assert.Contains(bench.Http.Asked, asked => asked.EndsWith(":8080/bye", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Twenty_PodsAtOnce_AllRun()
    {
        await using var bench = new WorkerBench();
        for (var i = 0; i < 20; i++)
            bench.Api.Put(Pod("web-" + i));

        await bench.UntilAsync(() => Enumerable.Range(0, 20).All(i => bench.IsReady("web-" + i)));

        var addresses = Enumerable.Range(0, 20).Select(i => bench.Api.Pod("web-" + i)!.Status.PodIP);
        Assert.Equal(20, addresses.Distinct().Count());
    }
}
