using Cybernetes.Foundation;
using Cybernetes.Node.Simulated.Fleet;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Node.Tests.Simulated;

public sealed class FleetPodTests
{
    private static readonly DateTimeOffset s_start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("Always", "Running", 0)]
    [InlineData("OnFailure", "Running", 0)]
    [InlineData("Never", "Failed", 255)]
    public void Crash_OfTheNode_EndsWhatIsNotToBeRestarted(string policy, string phase, int exitCode)
    {
        var pod = Running(policy);
        pod.StartAt(s_start.AddMinutes(5), isRestart: true);
        pod.MoveTo(s_start.AddMinutes(5));
        var status = pod.Status(s_start.AddMinutes(5));
        Assert.Equal(phase, status.Phase);
        Assert.Equal(exitCode, status.ContainerStatuses![0].State!.Terminated?.ExitCode ?? 0);
    }

    [Fact]
    public void Status_MadeNotReadyByOthers_IsToldWrong()
    {
        var pod = Running("Always");
        var told = pod.Status(s_start.AddMinutes(1));
        Assert.False(pod.IsToldWrong(told));
        told.Conditions!.Single(c => c.Type == "Ready").Status = "False";
        Assert.True(pod.IsToldWrong(told));
    }

    private static FleetPod Running(string policy)
    {
        var spec = new Pod { Metadata = { Namespace = "n", Name = "p", UID = "u" }, Spec = { RestartPolicy = policy, Containers = [new() { Name = "main", Image = "i" }] } };
        var options = new FleetOptions();
        var pod = new FleetPod(spec, new FleetNode(new(), 0, 0, options), new FleetBehaviour(options, Chance.Seeded(1)));
        pod.StartAt(s_start, isRestart: false);
        pod.MoveTo(s_start);
        Assert.Equal("Running", pod.Status(s_start).Phase);
        return pod;
    }
}
