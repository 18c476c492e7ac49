using Cybernetes.Node.Pods;
using Cybernetes.Node.Probes;
using Cybernetes.Objects.Core.V1;
using static Cybernetes.Node.Tests.Pods.PodBuilder;
using static Cybernetes.Node.Tests.Pods.States;

namespace Cybernetes.Node.Tests.Pods;

public sealed class PodSyncDeciderTests
{
    private readonly ProbeResults _probes = new();

    private PodSyncPlan Decide(Pod pod, PodRuntimeState state) => PodSyncDecider.Decide(pod, state, _probes);

    [Fact]
    public void Decide_NothingThere_MakesSandboxAndStartsAll()
    {
        var pod = Pod("web", Container("a"), Container("b"));

        var plan = Decide(pod, PodRuntimeState.Empty);

        Assert.True(plan.CreateSandbox);
        Assert.Equal(0u, plan.SandboxAttempt);
        Assert.Equal([0, 1], plan.ContainersToStart);
        Assert.Empty(plan.InitContainersToStart);
    }

    [Fact]
    public void Decide_NothingThereWithInit_StartsOnlyTheFirstInit()
    {
        var pod = Pod("web", Container("a")).WithInit(Container("i0"), Container("i1"));

        var plan = Decide(pod, PodRuntimeState.Empty);

        Assert.Equal([0], plan.InitContainersToStart);
        Assert.Empty(plan.ContainersToStart);
    }

    [Fact]
    public void Decide_AllRunning_DoesNothing()
    {
        var pod = Pod("web", Container("a"), Container("b"));

        var plan = Decide(pod, Of(Sandbox(), Running(pod.Spec.Containers![0]), Running(pod.Spec.Containers[1])));

        Assert.True(plan.IsNothing);
    }

    [Theory]
    [InlineData("Always", 0, true)]
    [InlineData("Always", 1, true)]
    [InlineData("OnFailure", 0, false)]
    [InlineData("OnFailure", 1, true)]
    [InlineData("Never", 0, false)]
    [InlineData("Never", 1, false)]
    public void Decide_ContainerEnded_FollowsThePolicy(string policy, int exitCode, bool starts)
    {
        var pod = Pod("web", Container("a"), Container("b")).WithPolicy(policy);

        var plan = Decide(pod, Of(Sandbox(), Exited(pod.Spec.Containers![0], exitCode), Running(pod.Spec.Containers[1])));

        Assert.Equal(starts ? [0] : [], plan.ContainersToStart);
        Assert.False(plan.KillPod);
    }

    [Fact]
    public void Decide_AllEndedForGood_KillsThePod()
    {
        var pod = Pod("web", Container("a")).WithPolicy("Never");

        var plan = Decide(pod, Of(Sandbox(), Exited(pod.Spec.Containers![0], 0)));

        Assert.True(plan.KillPod);
        Assert.False(plan.CreateSandbox);
    }

    [Fact]
    public void Decide_SandboxDied_MakesTheNextAttempt()
    {
        var pod = Pod("web", Container("a"));

        var plan = Decide(pod, Of(Sandbox(attempt: 2, ready: false), Exited(pod.Spec.Containers![0], 137)));

        Assert.True(plan.KillPod);
        Assert.True(plan.CreateSandbox);
        Assert.Equal(3u, plan.SandboxAttempt);
        Assert.Equal("s0", plan.SandboxId);
        Assert.Equal([0], plan.ContainersToStart);
    }

    [Fact]
    public void Decide_SandboxDiedAndPolicyNever_DoesNotComeAgain()
    {
        var pod = Pod("web", Container("a")).WithPolicy("Never");

        var plan = Decide(pod, Of(Sandbox(attempt: 0, ready: false), Exited(pod.Spec.Containers![0], 137)));

        Assert.True(plan.KillPod);
        Assert.False(plan.CreateSandbox);
    }

    [Fact]
    public void Decide_SandboxLostItsAddress_MakesANewOne()
    {
        var pod = Pod();
        var sandbox = Sandbox() with { Addresses = [] };

        Assert.True(Decide(pod, Of(sandbox, Running(pod.Spec.Containers![0]))).CreateSandbox);
    }

    [Fact]
    public void Decide_HostNetworkSandboxWithoutAddress_IsKept()
    {
        var pod = Pod();
        pod.Spec.HostNetwork = true;

        Assert.True(Decide(pod, Of(Sandbox(hostNetwork: true), Running(pod.Spec.Containers![0]))).IsNothing);
    }

    [Theory]
    [InlineData(InstanceState.Running, 0, new int[0], new int[0])]
    [InlineData(InstanceState.Exited, 0, new[] { 1 }, new int[0])]
    [InlineData(InstanceState.Exited, 1, new[] { 0 }, new int[0])]
    [InlineData(InstanceState.Created, 0, new[] { 0 }, new int[0])]
    public void Decide_FirstInit_LeadsToTheNext(object state, int exitCode, int[] init, int[] regular)
    {
        var pod = Pod("web", Container("a")).WithInit(Container("i0"), Container("i1"));

        var plan = Decide(pod, Of(Sandbox(), Instance(pod.Spec.InitContainers![0], (InstanceState)state, exitCode: exitCode)));

        Assert.Equal(init, plan.InitContainersToStart);
        Assert.Equal(regular, plan.ContainersToStart);
    }

    [Fact]
    public void Decide_LastInitSucceeded_StartsTheContainers()
    {
        var pod = Pod("web", Container("a")).WithInit(Container("i0"), Container("i1"));
        var (first, last) = (pod.Spec.InitContainers![0], pod.Spec.InitContainers[1]);

        var plan = Decide(pod, Of(Sandbox(), Exited(last, 0), Exited(first, 0)));

        Assert.Equal([0], plan.ContainersToStart);
        Assert.Empty(plan.InitContainersToStart);
    }

    [Fact]
    public void Decide_InitFailedAndPolicyNever_KillsThePod()
    {
        var pod = Pod("web", Container("a")).WithInit(Container("i0")).WithPolicy("Never");

        var plan = Decide(pod, Of(Sandbox(), Exited(pod.Spec.InitContainers![0], 3)));

        Assert.True(plan.KillPod);
        Assert.Empty(plan.ContainersToStart);
    }

    [Fact]
    public void Decide_NewSandbox_RunsInitContainersAgain()
    {
        var pod = Pod("web", Container("a")).WithInit(Container("i0"));
        var old = Exited(pod.Spec.InitContainers![0], 0, sandbox: "old");

        var plan = Decide(pod, Of(Sandbox("s1", attempt: 1), old, Exited(pod.Spec.Containers![0], 1, sandbox: "old")));

        Assert.Equal([0], plan.InitContainersToStart);
        Assert.Empty(plan.ContainersToStart);
    }

    [Fact]
    public void Decide_SidecarRuns_StartsWhatComesAfterIt()
    {
        var pod = Pod("web", Container("a")).WithInit(Sidecar("proxy"));

        var plan = Decide(pod, Of(Sandbox(), Running(pod.Spec.InitContainers![0])));

        Assert.Equal([0], plan.ContainersToStart);
    }

    [Fact]
    public void Decide_SidecarNotStartedByItsProbe_Waits()
    {
        var proxy = With(Sidecar("proxy"), container => container.StartupProbe = new Probe());
        var pod = Pod("web", Container("a")).WithInit(proxy);
        var state = Of(Sandbox(), Running(proxy));

        Assert.True(Decide(pod, state).IsNothing);
        _probes.Set(ProbeKind.Startup, "proxy-0", ProbeResult.Success);
        Assert.Equal([0], Decide(pod, state).ContainersToStart);
    }

    [Fact]
    public void Decide_SidecarEnded_ComesAgainBesideTheContainers()
    {
        var pod = Pod("web", Container("a")).WithInit(Sidecar("proxy")).WithPolicy("Never");

        var plan = Decide(pod, Of(Sandbox(), Running(pod.Spec.Containers![0]), Exited(pod.Spec.InitContainers![0], 0)));

        Assert.Equal([0], plan.InitContainersToStart);
    }

    [Fact]
    public void Decide_OnlySidecarsLeft_KillsThePod()
    {
        var pod = Pod("web", Container("a")).WithInit(Sidecar("proxy")).WithPolicy("Never");

        var plan = Decide(pod, Of(Sandbox(), Exited(pod.Spec.Containers![0], 0), Running(pod.Spec.InitContainers![0])));

        Assert.True(plan.KillPod);
        Assert.Empty(plan.InitContainersToStart);
    }

    [Theory]
    [InlineData("Always", "Container a failed liveness probe, will be restarted", true)]
    [InlineData("Never", "Container a failed liveness probe", false)]
    public void Decide_LivenessFailed_KillsAndMayRestart(string policy, string message, bool restarts)
    {
        var pod = Pod("web", Container("a"), Container("b")).WithPolicy(policy);
        _probes.Set(ProbeKind.Liveness, "a-0", ProbeResult.Failure);

        var plan = Decide(pod, Of(Sandbox(), Running(pod.Spec.Containers![0]), Running(pod.Spec.Containers[1])));

        var kill = Assert.Single(plan.ContainersToKill);
        Assert.Equal(message, kill.Message);
        Assert.Equal(restarts ? [0] : [], plan.ContainersToStart);
    }

    [Fact]
    public void Decide_ImageChanged_RestartsTheContainer()
    {
        var pod = Pod();
        var running = Running(pod.Spec.Containers![0]);
        pod.Spec.Containers[0].Image = "registry.test/app:2";

        var plan = Decide(pod, Of(Sandbox(), running));

        Assert.Equal("Container app definition changed, will be restarted", Assert.Single(plan.ContainersToKill).Message);
        Assert.Equal([0], plan.ContainersToStart);
    }

    [Fact]
    public void Decide_OwnPolicyOfContainer_GoesBeforeThePods()
    {
        var once = With(Container("a"), container => container.RestartPolicy = "Never");
        var pod = Pod("web", once, Container("b"));

        var plan = Decide(pod, Of(Sandbox(), Exited(once, 1), Running(pod.Spec.Containers![1])));

        Assert.True(plan.IsNothing);
    }

    [Fact]
    public void Decide_EphemeralContainer_IsStartedOnce()
    {
        var pod = Pod();
        pod.Spec.EphemeralContainers = [new EphemeralContainer { Name = "debug", Image = "busybox" }];
        var running = Running(pod.Spec.Containers![0]);

        Assert.Equal([0], Decide(pod, Of(Sandbox(), running)).EphemeralContainersToStart);
        Assert.True(Decide(pod, Of(Sandbox(), running, Exited(Container("debug"), 0))).IsNothing);
    }
}
