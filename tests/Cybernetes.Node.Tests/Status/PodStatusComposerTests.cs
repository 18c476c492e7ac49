using Cybernetes.Node.Pods;
using Cybernetes.Node.Probes;
using Cybernetes.Node.Status;
using Cybernetes.Node.Tests.Pods;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using static Cybernetes.Node.Tests.Pods.PodBuilder;
using static Cybernetes.Node.Tests.Pods.States;

namespace Cybernetes.Node.Tests.Status;

public sealed class PodStatusComposerTests
{
    private readonly Dictionary<string, StartFailure> _failures = [];

    [Fact]
    public void Compose_NothingYet_WaitsForContainers()
    {
        var status = Compose(Pod(), PodRuntimeState.Empty);

        Assert.Equal("Pending", status.Phase);
        Assert.Equal("ContainerCreating", status.ContainerStatuses![0].State.Waiting!.Reason);
        Assert.Equal("containers with unready status: [app]", Condition(status, "ContainersReady").Message);
        Assert.Equal("False", Condition(status, "PodReadyToStartContainers").Status);
        Assert.Equal(Start, status.StartTime);
    }

    [Fact]
    public void Compose_ContainersInStatus_AreSortedByName()
    {
        var status = Compose(Pod("web", Container("b"), Container("a")), PodRuntimeState.Empty);

        Assert.Equal(["a", "b"], status.ContainerStatuses!.Select(one => one.Name));
    }

    [Fact]
    public void Compose_EndedTwice_ShowsTheLastStateToo()
    {
        var pod = Pod();
        var container = pod.Spec.Containers![0];

        var status = Compose(pod, Of(Sandbox(), Running(container, restarts: 1), Exited(container, 7)));

        var one = status.ContainerStatuses![0];
        Assert.Equal(1, one.RestartCount);
        Assert.NotNull(one.State.Running);
        Assert.Equal(7, one.LastTerminationState.Terminated!.ExitCode);
        Assert.Equal("containerd://app-0", one.LastTerminationState.Terminated.ContainerID);
    }

    [Fact]
    public void Compose_StartFailed_ShowsItAsWaiting()
    {
        var pod = Pod();
        _failures["app"] = new StartFailure("CrashLoopBackOff", "back-off");

        var status = Compose(pod, Of(Sandbox(), Exited(pod.Spec.Containers![0], 1)));

        var one = status.ContainerStatuses![0];
        Assert.Equal("CrashLoopBackOff", one.State.Waiting!.Reason);
        Assert.Equal(1, one.LastTerminationState.Terminated!.ExitCode);
    }

    [Fact]
    public void Compose_StateUnchanged_KeepsTheTransitionTime()
    {
        var pod = Pod();
        var state = Of(Sandbox(), Running(pod.Spec.Containers![0]));
        var first = Compose(pod, state);

        var later = PodStatusComposer.Compose(Inputs(pod, state) with { Old = first, Now = Start.AddMinutes(5) });

        Assert.Equal(Start, Condition(later, "Ready").LastTransitionTime);
        Assert.True(later.SemanticEquals(first));
    }

    [Fact]
    public void Compose_Terminal_EndsWhatNeverRan()
    {
        var status = PodStatusComposer.Compose(Inputs(Pod(), PodRuntimeState.Empty) with { IsTerminal = true });

        Assert.Equal("Failed", status.Phase);
        var ended = status.ContainerStatuses![0].State.Terminated!;
        Assert.Equal((137, "ContainerStatusUnknown"), (ended.ExitCode, ended.Reason));
    }

    [Fact]
    public void Compose_ContainerLost_CountsAsRestarted()
    {
        var pod = Pod();
        var old = Compose(pod, Of(Sandbox(), Running(pod.Spec.Containers![0])));

        var status = PodStatusComposer.Compose(Inputs(pod, PodRuntimeState.Empty) with { Old = old });

        var one = status.ContainerStatuses![0];
        Assert.Equal(1, one.RestartCount);
        Assert.Equal("ContainerStatusUnknown", one.LastTerminationState.Terminated!.Reason);
        Assert.NotNull(one.State.Waiting);
    }

    [Fact]
    public void Compose_HostNetwork_HasTheNodesAddress()
    {
        var pod = With(Pod(), one => one.Spec.HostNetwork = true);

        var status = Compose(pod, Of(Sandbox(hostNetwork: true), Running(pod.Spec.Containers![0])));

        Assert.Equal(("192.0.2.2", "192.0.2.2"), (status.PodIP, status.HostIP));
        Assert.Equal("True", Condition(status, "Ready").Status);
    }

    [Fact]
    public void ForPod_OthersConditionChanged_IsNotTouched()
    {
        var pod = Pod();
        var desired = Compose(pod, Of(Sandbox(), Running(pod.Spec.Containers![0])));
        var server = desired.DeepClone();
        server.Conditions!.Add(new PodCondition { Type = "test/up", Status = "True" });

        Assert.Null(StatusPatch.ForPod("u", server, desired));
    }

    [Fact]
    public void ForPod_OneConditionChanged_SendsOnlyThatOne()
    {
        var pod = Pod();
        var from = Compose(pod, PodRuntimeState.Empty);
        var to = from.DeepClone();
        Condition(to, "Ready").Status = "True";

        var patch = System.Text.Encoding.UTF8.GetString(StatusPatch.ForPod("u", from, to)!);

        Assert.Contains("\"uid\":\"u\"", patch);
        Assert.Contains("{\"status\":\"True\",\"type\":\"Ready\"}", patch);
        Assert.DoesNotContain("lastTransitionTime", patch);
    }

    private PodStatusInputs Inputs(Pod pod, PodRuntimeState state) =>
        new(pod, new PodStatus(), state, _failures, new ProbeResults(), ["192.0.2.2"], Start);

    private PodStatus Compose(Pod pod, PodRuntimeState state) => PodStatusComposer.Compose(Inputs(pod, state));

    private static PodCondition Condition(PodStatus status, string type) => status.Conditions!.Find(one => one.Type == type)!;
}
