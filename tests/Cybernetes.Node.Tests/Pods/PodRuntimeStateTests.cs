using Cybernetes.Node.Pods;
using Cybernetes.Node.Runtime;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Node.Tests.Pods;

public sealed class PodRuntimeStateTests
{
    [Theory]
    [InlineData(PodLifecycleEventType.ContainerStarted, "s0", true)]
    [InlineData(PodLifecycleEventType.ContainerStarted, "runs-0", true)]
    [InlineData(PodLifecycleEventType.ContainerStarted, "over-0", false)]
    [InlineData(PodLifecycleEventType.ContainerStarted, "new-0", false)]
    [InlineData(PodLifecycleEventType.ContainerDied, "s0", false)]
    [InlineData(PodLifecycleEventType.ContainerDied, "runs-0", false)]
    [InlineData(PodLifecycleEventType.ContainerDied, "over-0", true)]
    [InlineData(PodLifecycleEventType.ContainerRemoved, "over-0", false)]
    [InlineData(PodLifecycleEventType.ContainerRemoved, "gone-0", true)]
    [InlineData(PodLifecycleEventType.ContainerChanged, "runs-0", false)]
    public void Change_BesideTheStateRead_IsKnownOrNews(PodLifecycleEventType type, string id, bool isKnown)
    {
        var state = States.Of(
            States.Sandbox(), States.Running(new Container { Name = "runs" }), States.Exited(new Container { Name = "over" }, 0));

        Assert.Equal(isKnown, state.Shows(new PodLifecycleEvent("uid", type, id)));
    }
}
