using Cybernetes.Node.Probes;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Node.Pods;

/// <summary>
/// What to do to a pod, from its spec, what the runtime holds of it and what its probes say. Touches nothing. Whether a start
/// has to wait
/// (crash back-off, image back-off) is not decided here: the plan says what is wanted, carrying it out says when.
/// </summary>
internal static class PodSyncDecider
{
    public static PodSyncPlan Decide(Pod pod, PodRuntimeState state, ProbeResults probes)
    {
        var (isChanged, attempt, sandboxId) = SandboxChange(pod, state);
        if (isChanged)
            return FromTheStart(pod, state, attempt, sandboxId);

        var plan = new PodSyncPlan { SandboxId = sandboxId, SandboxAttempt = attempt };
        plan = plan with { EphemeralContainersToStart = NewEphemeralContainers(pod, state) };
        var init = InitContainerDecider.Decide(pod, state, probes);
        plan = plan with { InitContainersToStart = init.Start, ContainersToKill = init.Kill };
        if (init.FailedForGood)
            return plan with { KillPod = true, InitContainersToStart = [] };
        if (!init.IsInitialized)
            return plan;
        return WithRegularContainers(plan, pod, state, probes);
    }

    /// <summary>Whether a new sandbox is needed; else the one to use. Upstream's PodSandboxChanged.</summary>
    private static (bool IsChanged, uint Attempt, string SandboxId) SandboxChange(Pod pod, PodRuntimeState state)
    {
        if (state.Sandboxes.Count == 0)
            return (true, 0, "");
        var newest = state.Sandboxes[0];
        var ready = state.Sandboxes.Count(sandbox => sandbox.IsReady);
        if (ready > 1 || !newest.IsReady)
            return (true, newest.Attempt + 1, newest.Id);
        if (newest.IsHostNetwork != pod.Spec.HostNetwork)
            return (true, newest.Attempt + 1, "");

        // A sandbox without an address has lost its network (the machine was restarted, for example).
        if (!pod.Spec.HostNetwork && newest.Addresses.Count == 0)
            return (true, newest.Attempt + 1, newest.Id);
        return (false, newest.Attempt, newest.Id);
    }

    private static PodSyncPlan FromTheStart(Pod pod, PodRuntimeState state, uint attempt, string sandboxId)
    {
        var plan = new PodSyncPlan { KillPod = true, CreateSandbox = true, SandboxAttempt = attempt, SandboxId = sandboxId };
        var mayComeAgain = pod.Spec.RestartPolicy != RestartRules.Never || pod.Spec.Containers.OrEmpty().Any(MayRestart);
        if (!mayComeAgain && attempt != 0 && state.Containers.Count != 0)
            return plan with { CreateSandbox = false };

        var start = new List<int>();
        var containers = pod.Spec.Containers.OrEmpty();
        for (var i = 0; i < containers.Count; i++)
        {
            var newest = state.Newest(containers[i].Name);
            if (newest is { State: InstanceState.Exited } && !RestartRules.RestartsAfter(pod, containers[i], newest.ExitCode))
                continue;
            start.Add(i);
        }

        var anyWasCreated = containers.Any(container => state.Newest(container.Name) is not null);
        if (start.Count == 0 && anyWasCreated)
            return plan with { CreateSandbox = false };
        return pod.Spec.InitContainers.OrEmpty().Count > 0
            ? plan with { InitContainersToStart = [0] }
            : plan with { ContainersToStart = start };
    }

    private static bool MayRestart(Container container) =>
        container.RestartPolicy is RestartRules.Always or RestartRules.OnFailure
            || container.RestartPolicyRules.OrEmpty().Count > 0;

    private static List<int> NewEphemeralContainers(Pod pod, PodRuntimeState state)
    {
        var start = new List<int>();
        var containers = pod.Spec.EphemeralContainers.OrEmpty();
        for (var i = 0; i < containers.Count; i++)
        {
            // Once only: an ephemeral container never restarts.
            if (state.Newest(containers[i].Name) is null)
                start.Add(i);
        }

        return start;
    }

    private static PodSyncPlan WithRegularContainers(PodSyncPlan plan, Pod pod, PodRuntimeState state, ProbeResults probes)
    {
        var start = new List<int>();
        var kill = plan.ContainersToKill.ToList();
        var kept = 0;
        var containers = pod.Spec.Containers.OrEmpty();
        for (var i = 0; i < containers.Count; i++)
        {
            var container = containers[i];
            var newest = state.Newest(container.Name);
            if (newest is not { State: InstanceState.Running })
            {
                if (!RestartRules.IsToBeStarted(pod, container, newest))
                    continue;
                start.Add(i);
                if (newest is { State: InstanceState.Unknown })
                    kill.Add(new ContainerKill(newest, container, UnknownMessage(container), KillReason.StateUnknown));
                continue;
            }

            if (ReasonToKill(pod, container, newest, probes) is not { } reason)
            {
                kept++;
                continue;
            }

            if (reason.Restart)
                start.Add(i);
            kill.Add(new ContainerKill(newest, container, reason.Message, reason.Reason));
        }

        if (kept == 0 && start.Count == 0)
            return plan with { KillPod = true, InitContainersToStart = [], ContainersToKill = kill };
        return plan with { ContainersToStart = start, ContainersToKill = kill };
    }

    private static (KillReason Reason, bool Restart, string Message)? ReasonToKill(
        Pod pod, Container container, ContainerInstance running, ProbeResults probes)
    {
        var restarts = container.RestartPolicy is { } own ? own != RestartRules.Never
            : pod.Spec.RestartPolicy != RestartRules.Never;
        if (running.Hash.Length > 0 && running.Hash != ContainerHash.Of(container))
            return (KillReason.SpecChanged, true, $"Container {container.Name} definition changed, will be restarted");
        var suffix = restarts ? ", will be restarted" : "";
        if (probes.Get(ProbeKind.Liveness, running.Id) == ProbeResult.Failure)
            return (KillReason.LivenessFailed, restarts, $"Container {container.Name} failed liveness probe{suffix}");
        if (probes.Get(ProbeKind.Startup, running.Id) == ProbeResult.Failure)
            return (KillReason.StartupFailed, restarts, $"Container {container.Name} failed startup probe{suffix}");
        return null;
    }

    internal static string UnknownMessage(Container container) =>
        $"Container {container.Name} is in unknown state, try killing it before restart";
}
