using Cybernetes.Node.Probes;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Node.Pods;

/// <param name="FailedForGood">One failed and the pod's policy does not try it again.</param>
internal sealed record InitContainerDecision(
    bool IsInitialized, bool FailedForGood, IReadOnlyList<int> Start, IReadOnlyList<ContainerKill> Kill);

/// <summary>
/// The order of init containers: one after the other, each once the one before succeeded; sidecars (KEP-753) once the one
/// before started,
/// and again whenever they end.
/// </summary>
internal static class InitContainerDecider
{
    public static InitContainerDecision Decide(Pod pod, PodRuntimeState state, ProbeResults probes)
    {
        var containers = pod.Spec.InitContainers.OrEmpty();
        if (containers.Count == 0)
            return new InitContainerDecision(true, false, [], []);
        var wasInitialized = pod.Spec.Containers.OrEmpty().Any(container => state.NewestActive(container.Name) is not null);
        var walk = new Walk(pod, containers, probes) { WasInitialized = wasInitialized, IsInitialized = wasInitialized };

        // From the last to the first: the last one that was started tells where the pod stands.
        for (var i = containers.Count - 1; i >= 0; i--)
        {
            var newest = state.NewestActive(containers[i].Name);
            if (newest is null)
            {
                if (wasInitialized && RestartRules.IsSidecar(containers[i]))
                    walk.Start.Add(i);
                continue;
            }

            if (wasInitialized && !RestartRules.IsSidecar(containers[i]))
                continue;
            walk.SawAny = true;
            walk.Visit(i, newest);
            if (walk.FailedForGood)
                return new InitContainerDecision(false, true, [], walk.Kill);
            if (!wasInitialized && !RestartRules.IsSidecar(containers[i]))
                return walk.Decision(sidecarsBefore: EndedSidecars(containers, state, i));
            if (!wasInitialized)
                return walk.Decision(sidecarsBefore: EndedSidecars(containers, state, i));
        }

        if (!wasInitialized && !walk.SawAny)
            return new InitContainerDecision(false, false, [0], []);
        return walk.Decision(sidecarsBefore: []);
    }

    /// <summary>Sidecars that were started earlier and ended meanwhile have to come again.</summary>
    private static List<int> EndedSidecars(IReadOnlyList<Container> containers, PodRuntimeState state, int before)
    {
        var ended = new List<int>();
        for (var i = 0; i < before; i++)
        {
            if (RestartRules.IsSidecar(containers[i])
                && state.NewestActive(containers[i].Name) is not { State: InstanceState.Running })
                ended.Add(i);
        }

        return ended;
    }

    private sealed class Walk(Pod pod, IReadOnlyList<Container> containers, ProbeResults probes)
    {
        public bool WasInitialized { get; init; }

        public bool IsInitialized { get; set; }

        public bool FailedForGood { get; private set; }

        public bool SawAny { get; set; }

        public List<int> Start { get; } = [];

        public List<ContainerKill> Kill { get; } = [];

        public InitContainerDecision Decision(List<int> sidecarsBefore)
        {
            var start = Start.Concat(sidecarsBefore).Distinct().Order().ToArray();
            return new InitContainerDecision(IsInitialized, FailedForGood, start, Kill);
        }

        public void Visit(int i, ContainerInstance newest)
        {
            var container = containers[i];
            switch (newest.State)
            {
                case InstanceState.Created:
                    Start.Add(i);
                    break;
                case InstanceState.Running when RestartRules.IsSidecar(container):
                    VisitRunningSidecar(i, container, newest);
                    break;
                case InstanceState.Running:
                    break;
                case InstanceState.Exited when RestartRules.IsSidecar(container):
                    Start.Add(i);
                    break;
                case InstanceState.Exited:
                    VisitEnded(i, container, newest);
                    break;
                default:
                    VisitUnknown(i, container, newest);
                    break;
            }
        }

        private void VisitRunningSidecar(int i, Container container, ContainerInstance running)
        {
            if (container.StartupProbe is not null)
            {
                var startup = probes.Get(ProbeKind.Startup, running.Id);
                if (startup == ProbeResult.Failure)
                {
                    var failed = $"Init container {container.Name} failed startup probe";
                    Kill.Add(new ContainerKill(running, container, failed, KillReason.StartupFailed));
                    Start.Add(i);
                }

                if (startup != ProbeResult.Success)
                    return;
            }

            Next(i);
            if (probes.Get(ProbeKind.Liveness, running.Id) != ProbeResult.Failure)
                return;
            var message = $"Init container {container.Name} failed liveness probe";
            Kill.Add(new ContainerKill(running, container, message, KillReason.LivenessFailed));
            Start.Add(i);
        }

        private void VisitEnded(int i, Container container, ContainerInstance ended)
        {
            if (ended.ExitCode == 0)
            {
                Next(i);
                return;
            }

            if (RestartRules.RestartsAfterFailure(pod, container, ended.ExitCode))
                Start.Add(i);
            else
                FailedForGood = true;
        }

        private void VisitUnknown(int i, Container container, ContainerInstance unknown)
        {
            if (!RestartRules.IsSidecar(container) && pod.Spec.RestartPolicy == RestartRules.Never)
            {
                FailedForGood = true;
                return;
            }

            var message = $"Init container {container.Name} is in unknown state, try killing it before restart";
            Kill.Add(new ContainerKill(unknown, container, message, KillReason.StateUnknown));
            Start.Add(i);
        }

        private void Next(int i)
        {
            if (i == containers.Count - 1)
                IsInitialized = true;
            else if (!WasInitialized)
                Start.Add(i + 1);
        }
    }
}
