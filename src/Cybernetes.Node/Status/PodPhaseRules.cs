using Cybernetes.Node.Pods;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Node.Status;

/// <summary>The phase, from the containers' statuses (API reference, "Pod phase"). Pure; upstream's getPhase.</summary>
internal static class PodPhaseRules
{
    public static string PhaseOf(
        Pod pod, IReadOnlyList<ContainerStatus> initStatuses, IReadOnlyList<ContainerStatus> statuses, bool isTerminal)
    {
        var init = CountInit(pod, initStatuses);
        var count = Count(pod, statuses);
        if (init.FailedForGood > 0)
            return PodPhase.Failed;
        if (isTerminal)
            return count.Stopped == count.Succeeded && count.Waiting + count.Running + count.Unknown == 0 && init.Pending == 0
                ? PodPhase.Succeeded
                : PodPhase.Failed;
        if (init.Pending > 0 && count.Running + count.Stopped == 0)
            return PodPhase.Pending;
        if (count.Waiting > 0)
            return PodPhase.Pending;
        if (count.Running > 0 && count.Unknown == 0)
            return PodPhase.Running;
        if (count.Running == 0 && count.Stopped > 0 && count.Unknown == 0)
            return OfStopped(count);
        return PodPhase.Pending;
    }

    private static string OfStopped(Counts count)
    {
        if (count.ComesAgain > 0)
            return PodPhase.Running;
        return count.Stopped == count.Succeeded ? PodPhase.Succeeded : PodPhase.Failed;
    }

    private static (int Pending, int FailedForGood) CountInit(Pod pod, IReadOnlyList<ContainerStatus> statuses)
    {
        var (pending, failed) = (0, 0);
        foreach (var container in pod.Spec.InitContainers.OrEmpty())
        {
            var status = statuses.FirstOrDefault(status => status.Name == container.Name);
            if (RestartRules.IsSidecar(container))
            {
                if (status?.Started != true && status?.LastTerminationState.Terminated is null
                    && status?.State.Terminated is null)
                    pending++;
                continue;
            }

            var ended = status?.State.Terminated ?? (status?.State.Waiting is null ? null
                : status.LastTerminationState.Terminated);
            if (ended is null)
                pending++;
            else if (ended.ExitCode != 0 && !RestartRules.RestartsAfterFailure(pod, container, ended.ExitCode))
                failed++;
            else if (ended.ExitCode != 0)
                pending++;
        }

        return (pending, failed);
    }

    private static Counts Count(Pod pod, IReadOnlyList<ContainerStatus> statuses)
    {
        var count = default(Counts);
        foreach (var container in pod.Spec.Containers.OrEmpty())
        {
            var status = statuses.FirstOrDefault(status => status.Name == container.Name);
            if (status is null)
                count.Unknown++;
            else if (status.State.Running is not null)
                count.Running++;
            else if (status.State.Terminated is { } ended)
                count.AddStopped(pod, container, ended);
            else if (status.State.Waiting is not null && status.LastTerminationState.Terminated is not null)
                count.AddWaitingToComeAgain();
            else if (status.State.Waiting is not null)
                count.Waiting++;
            else
                count.Unknown++;
        }

        return count;
    }

    private struct Counts
    {
        public int Running;
        public int Waiting;
        public int Stopped;
        public int Succeeded;
        public int ComesAgain;
        public int Unknown;

        public void AddStopped(Pod pod, Container container, ContainerStateTerminated ended)
        {
            Stopped++;
            if (ended.ExitCode == 0)
                Succeeded++;
            if (RestartRules.RestartsAfter(pod, container, ended.ExitCode))
                ComesAgain++;
        }

        public void AddWaitingToComeAgain()
        {
            Stopped++;
            ComesAgain++;
        }
    }
}
