using Cybernetes.Node.Status;
using Cybernetes.Objects.Core.V1;
using static Cybernetes.Node.Tests.Pods.PodBuilder;

namespace Cybernetes.Node.Tests.Status;

public sealed class PodPhaseRulesTests
{
    // State of each container: R running, W waiting, B waiting after an end (back-off), 0-9 ended with that code, - no status.
    [Theory]
    [InlineData("Always", "R", false, "Running")]
    [InlineData("Always", "W", false, "Pending")]
    [InlineData("Always", "RW", false, "Pending")]
    [InlineData("Always", "R-", false, "Pending")]
    [InlineData("Always", "R1", false, "Running")]
    [InlineData("Always", "0", false, "Running")]
    [InlineData("Always", "B", false, "Running")]
    [InlineData("OnFailure", "0", false, "Succeeded")]
    [InlineData("OnFailure", "1", false, "Running")]
    [InlineData("OnFailure", "R0", false, "Running")]
    [InlineData("Never", "00", false, "Succeeded")]
    [InlineData("Never", "01", false, "Failed")]
    [InlineData("Never", "R1", false, "Running")]
    [InlineData("Always", "0", true, "Succeeded")]
    [InlineData("Always", "1", true, "Failed")]
    [InlineData("Always", "W", true, "Failed")]
    public void PhaseOf_Containers_Decide(string policy, string states, bool isTerminal, string expected)
    {
        var containers = states.Select((_, i) => Container("c" + i)).ToArray();
        var pod = Pod("web", containers).WithPolicy(policy);

        Assert.Equal(expected, PodPhaseRules.PhaseOf(pod, [], Statuses("c", states), isTerminal));
    }

    [Theory]
    [InlineData("Always", "R", "Pending")]
    [InlineData("Always", "0W", "Pending")]
    [InlineData("Always", "1", "Pending")]
    [InlineData("Never", "1", "Failed")]
    [InlineData("Never", "0R", "Pending")]
    public void PhaseOf_InitContainers_HoldThePodBack(string policy, string init, string expected)
    {
        var pod = Pod("web", Container("c0")).WithPolicy(policy).WithInit([.. init.Select((_, i) => Container("i" + i))]);

        Assert.Equal(expected, PodPhaseRules.PhaseOf(pod, Statuses("i", init), Statuses("c", "W"), isTerminal: false));
    }

    private static List<ContainerStatus> Statuses(string prefix, string states)
    {
        var statuses = new List<ContainerStatus>();
        for (var i = 0; i < states.Length; i++)
        {
            var status = new ContainerStatus { Name = prefix + i };
            switch (states[i])
            {
                case '-':
                    continue;
                case 'R':
                    status.State.Running = new ContainerStateRunning();
                    break;
                case 'W':
                    status.State.Waiting = new ContainerStateWaiting();
                    break;
                case 'B':
                    status.State.Waiting = new ContainerStateWaiting();
                    status.LastTerminationState.Terminated = new ContainerStateTerminated { ExitCode = 1 };
                    break;
                default:
                    status.State.Terminated = new ContainerStateTerminated { ExitCode = states[i] - '0' };
                    break;
            }

            statuses.Add(status);
        }

        return statuses;
    }
}
