using Cybernetes.Node.Runtime;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Node.Pods;

/// <summary>Ends containers: event, preStop hook within the grace period, stop signal, kill.</summary>
internal sealed class ContainerKiller(PodServices services)
{
    /// <summary>However little grace was asked for, the runtime gets this long, unless an override says less.</summary>
    public const long MinimumGraceSeconds = 2;

    /// <param name="graceOverride">Seconds, instead of what the pod says.</param>
    public async Task KillAsync(Pod pod, ContainerKill kill, string address, long? graceOverride, CancellationToken cancellation)
    {
        var grace = GraceOf(pod, kill, graceOverride);
        var name = kill.Instance.Name;
        var message = kill.Message.Length > 0 ? kill.Message : $"Stopping container {name}";
        services.Events.Record(pod, ContainerFields.Of(pod, name), EventType.Normal, "Killing", message);
        if (kill.Spec?.Lifecycle?.PreStop is { } preStop && grace > 0)
        {
            var took = await PreStopAsync(pod, kill, preStop, address, grace, cancellation).ConfigureAwait(false);
            grace = Math.Max(grace - (long)took.TotalSeconds, graceOverride is null ? MinimumGraceSeconds : 0);
        }

        try
        {
            await services.Runtime.StopContainerAsync(kill.Instance.Id, TimeSpan.FromSeconds(grace), cancellation)
                .ConfigureAwait(false);
        }
        catch (RuntimeCallException e) when (e.Code == RuntimeStatusCode.NotFound)
        {
            // It is gone: what was to be done is done.
        }
    }

    /// <summary>
    /// Ends all running containers: the regular ones together, then the sidecars one by one, the last first (KEP-753), all
    /// within one
    /// grace period.
    /// </summary>
    public async Task KillAllAsync(
        Pod pod, PodRuntimeState state, string address, long? graceOverride, CancellationToken cancellation)
    {
        var began = services.Time.GetTimestamp();
        var running = state.Containers.Where(container => container.State is InstanceState.Running or InstanceState.Unknown)
            .ToArray();
        var sidecars = pod.Spec.InitContainers.OrEmpty().Where(RestartRules.IsSidecar).ToList();
        var regular = running.Where(instance => !sidecars.Exists(sidecar => sidecar.Name == instance.Name));
        await Task.WhenAll(regular.Select(instance => KillAsync(
            pod, new ContainerKill(instance, SpecOf(pod, instance.Name), "", KillReason.PodEnds), address, graceOverride,
                cancellation)))
            .ConfigureAwait(false);
        for (var i = sidecars.Count - 1; i >= 0; i--)
        {
            foreach (var instance in running.Where(instance => instance.Name == sidecars[i].Name))
            {
                var kill = new ContainerKill(instance, sidecars[i], "", KillReason.PodEnds);
                var left = GraceOf(pod, kill, graceOverride) - (long)services.Time.GetElapsedTime(began).TotalSeconds;
                await KillAsync(pod, kill, address, Math.Max(left, MinimumGraceSeconds), cancellation).ConfigureAwait(false);
            }
        }
    }

    internal static long GraceOf(Pod pod, ContainerKill kill, long? graceOverride)
    {
        if (graceOverride is { } seconds)
            return seconds;
        var byProbe = kill.Reason switch
        {
            KillReason.LivenessFailed => kill.Spec?.LivenessProbe?.TerminationGracePeriodSeconds,
            KillReason.StartupFailed => kill.Spec?.StartupProbe?.TerminationGracePeriodSeconds,
            _ => null,
        };
        var bySpec = byProbe ?? pod.Spec.TerminationGracePeriodSeconds ?? MinimumGraceSeconds;
        return Math.Max(pod.Metadata.DeletionGracePeriodSeconds ?? bySpec, MinimumGraceSeconds);
    }

    internal static Container? SpecOf(Pod pod, string name) =>
        pod.Spec.Containers?.Find(container => container.Name == name)
        ?? pod.Spec.InitContainers?.Find(container => container.Name == name)
        ?? (pod.Spec.EphemeralContainers?.Find(container => container.Name == name) is { } ephemeral
            ? EphemeralContainers.AsContainer(ephemeral)
            : null);

    private async Task<TimeSpan> PreStopAsync(
        Pod pod, ContainerKill kill, LifecycleHandler handler, string address, long graceSeconds, CancellationToken cancellation)
    {
        var began = services.Time.GetTimestamp();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(graceSeconds), services.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            await services.Hooks.RunAsync(handler, kill.Spec!, kill.Instance.Id, address, both.Token).ConfigureAwait(false);
        }
        catch (LifecycleHookException)
        {
            // As upstream the event tells no details: hooks' output may be secret.
            var fieldPath = ContainerFields.Of(pod, kill.Instance.Name);
            services.Events.Record(pod, fieldPath, EventType.Warning, "FailedPreStopHook", "PreStopHook failed");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // The grace period is over: the container is stopped although the hook has not ended.
        }

        return services.Time.GetElapsedTime(began);
    }
}
