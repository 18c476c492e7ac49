using Cybernetes.Node.Runtime;
using Cybernetes.Node.Status;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cri = Cybernetes.Node.Runtime.Cri;

namespace Cybernetes.Node.Pods;

/// <summary>How carrying out a plan went.</summary>
/// <param name="RetryAfter">When to look again although nothing happens; null when there is no need.</param>
/// <param name="NewSandbox">The sandbox that was made, as the runtime described it.</param>
internal sealed record PodSyncOutcome(TimeSpan? RetryAfter, SandboxInstance? NewSandbox = null);

/// <summary>
/// Carries out a <see cref="PodSyncPlan"/>, in upstream's order: 1 kill the pod or what has to go, 2 sandbox, 3 ephemeral
/// containers,
/// 4 init containers, 5 containers. Start failures go to the dictionary it is given, from where the status takes them.
/// </summary>
internal sealed class PodSync(PodServices services)
{
    private static readonly TimeSpan FailedSandboxDelay = TimeSpan.FromSeconds(1);

    /// <summary>For failures which no back-off covers (a ConfigMap that is not there yet): upstream's pod worker
    /// back-off.</summary>
    private static readonly TimeSpan FailedStartDelay = TimeSpan.FromSeconds(10);

    private readonly ContainerKiller _killer = new(services);

    public ContainerKiller Killer => _killer;

    public async Task<PodSyncOutcome> ExecuteAsync(
        Pod pod, PodSyncPlan plan, PodRuntimeState state, IReadOnlyDictionary<string, string> volumes,
        Dictionary<string, StartFailure> failures, CancellationToken cancellation)
    {
        // 1 kill
        var address = AddressOf(pod, state);
        if (plan.KillPod)
            await KillPodAsync(pod, plan, state, address, cancellation).ConfigureAwait(false);
        else
        {
            foreach (var kill in plan.ContainersToKill)
                await _killer.KillAsync(pod, kill, address, graceOverride: null, cancellation).ConfigureAwait(false);
        }

        if (plan is { CreateSandbox: false, KillPod: true })
            return new PodSyncOutcome(null);

        // 2 sandbox
        if (Describe(pod, plan) is not { } config)
            return new PodSyncOutcome(FailedStartDelay);
        var sandboxId = plan.SandboxId;
        var addresses = state.ReadySandbox?.Addresses ?? [];
        SandboxInstance? sandbox = null;
        if (plan.CreateSandbox)
        {
            sandbox = await CreateSandboxAsync(pod, config, cancellation).ConfigureAwait(false);
            if (sandbox is null)
                return new PodSyncOutcome(FailedSandboxDelay);
            (sandboxId, addresses) = (sandbox.Id, sandbox.Addresses);
        }

        var podAddresses = pod.Spec.HostNetwork ? services.Node.Addresses : addresses;
        var place = new StartPlace(sandboxId, config, volumes, podAddresses, state);

        // 3, 4, 5 containers
        var retry = await StartAllAsync(pod, plan, place, failures, cancellation).ConfigureAwait(false);
        return new PodSyncOutcome(retry, sandbox);
    }

    /// <summary>Null, with an event, when the pod asks for a sandbox that cannot be.</summary>
    private Cri.PodSandboxConfig? Describe(Pod pod, PodSyncPlan plan)
    {
        try
        {
            var config = services.Sandboxes.Make(pod, plan.SandboxAttempt, out var missesDns);
            if (missesDns && plan.CreateSandbox)
                RecordMissingDns(pod);
            return config;
        }
        catch (PodConfigException e)
        {
            services.Events.Record(
                pod, "", EventType.Warning, "FailedCreatePodSandBox", $"Failed to create pod sandbox: {e.Message}");
            return null;
        }
    }

    public static string AddressOf(Pod pod, PodRuntimeState state) =>
        state.ReadySandbox is { Addresses.Count: > 0 } sandbox ? sandbox.Addresses[0] : pod.Status.PodIP;

    private async Task<TimeSpan?> StartAllAsync(
        Pod pod, PodSyncPlan plan, StartPlace place, Dictionary<string, StartFailure> failures, CancellationToken cancellation)
    {
        TimeSpan? retry = null;
        foreach (var i in plan.EphemeralContainersToStart)
        {
            var ephemeral = pod.Spec.EphemeralContainers![i];
            var container = EphemeralContainers.AsContainer(ephemeral);
            retry = Sooner(retry, await TryStartAsync(
                pod, container, place, failures, cancellation, ephemeral.TargetContainerName).ConfigureAwait(false));
        }

        foreach (var i in plan.InitContainersToStart)
        {
            var container = pod.Spec.InitContainers![i];
            var wait = await TryStartAsync(pod, container, place, failures, cancellation).ConfigureAwait(false);
            retry = Sooner(retry, wait);

            // A regular init container that does not start holds up all after it.
            if (wait is not null && !RestartRules.IsSidecar(container))
                return retry;
        }

        foreach (var i in plan.ContainersToStart)
        {
            retry = Sooner(retry, await TryStartAsync(pod, pod.Spec.Containers![i], place, failures, cancellation)
                .ConfigureAwait(false));
        }

        return retry;
    }

    private async Task KillPodAsync(
        Pod pod, PodSyncPlan plan, PodRuntimeState state, string address, CancellationToken cancellation)
    {
        if (plan.CreateSandbox && plan.SandboxId.Length > 0)
        {
            services.Events.Record(
                pod, "", EventType.Normal, "SandboxChanged", "Pod sandbox changed, it will be killed and re-created.");
        }

        await _killer.KillAllAsync(pod, state, address, graceOverride: null, cancellation).ConfigureAwait(false);
        foreach (var sandbox in state.Sandboxes.Where(sandbox => sandbox.IsReady || sandbox.Id == plan.SandboxId))
            await services.Runtime.StopPodSandboxAsync(sandbox.Id, cancellation).ConfigureAwait(false);
    }

    private async Task<SandboxInstance?> CreateSandboxAsync(Pod pod, Cri.PodSandboxConfig config, CancellationToken cancellation)
    {
        try
        {
            if (services.Mounts is not null)
                Directory.CreateDirectory(config.LogDirectory);
            var handler = RuntimeHandlerOf(pod);
            // Journey 24: container runtime
            var id = await services.Runtime.RunPodSandboxAsync(config, handler, cancellation).ConfigureAwait(false);
            var status = await services.Runtime.PodSandboxStatusAsync(id, verbose: false, cancellation).ConfigureAwait(false);
            return PodRuntimeReader.InstanceOf(status.Status);
        }
        catch (RuntimeCallException e)
        {
            services.Events.Record(
                pod, "", EventType.Warning, "FailedCreatePodSandBox", $"Failed to create pod sandbox: {e.Message}");
            return null;
        }
    }

    /// <summary>Without the RuntimeClass kind the class' name is taken as the runtime's handler, which is what most classes
    /// say.</summary>
    private static string RuntimeHandlerOf(Pod pod) => pod.Spec.RuntimeClassName ?? "";

    /// <returns>Null when it runs; else when to try again.</returns>
    private async Task<TimeSpan?> TryStartAsync(
        Pod pod, Container container, StartPlace place, Dictionary<string, StartFailure> failures, CancellationToken cancellation,
        string targetContainer = "")
    {
        if (CrashWait(pod, container, place.State, failures) is { } wait)
            return wait;
        try
        {
            await new ContainerStarter(services, _killer)
                .StartAsync(pod, container, place, cancellation, targetContainer).ConfigureAwait(false);
            failures.Remove(container.Name);
            return null;
        }
        catch (ContainerStartException e)
        {
            failures[container.Name] = new StartFailure(e.Reason, e.Message);
            var remaining = services.Images.Remaining(pod, container);
            return remaining > TimeSpan.Zero ? remaining : FailedStartDelay;
        }
    }

    /// <summary>Null when the container may start now; this also notes that it does.</summary>
    private TimeSpan? CrashWait(
        Pod pod, Container container, PodRuntimeState state, Dictionary<string, StartFailure> failures)
    {
        // The newest that ended, even when one runs: that one may be in the middle of being killed by its probe.
        var ended = state.Containers.FirstOrDefault(one => one.Name == container.Name && one.State == InstanceState.Exited);
        if (ended is null)
            return null;
        var key = (pod.Metadata.UID, container.Name, ContainerHash.Of(container));
        var remaining = services.CrashBackoff.Remaining(key, ended.FinishedAt ?? ended.CreatedAt);
        if (remaining <= TimeSpan.Zero)
        {
            services.CrashBackoff.Next(key);
            return null;
        }

        var fieldPath = ContainerFields.Of(pod, container.Name);
        var podText = $"{pod.Metadata.Name}_{pod.Metadata.Namespace}({pod.Metadata.UID})";
        services.Events.Record(
            pod, fieldPath, EventType.Warning, "BackOff",
            $"Back-off restarting failed container {container.Name} in pod {podText}");
        var delay = KubernetesDuration.Format(services.CrashBackoff.Get(key));
        failures[container.Name] = new StartFailure(
            "CrashLoopBackOff", $"back-off {delay} restarting failed container={container.Name} pod={podText}");
        return remaining;
    }

    private void RecordMissingDns(Pod pod)
    {
        var text = "kubelet does not have ClusterDNS IP configured and cannot create Pod using "
            + $"\"{pod.Spec.DNSPolicy}\" policy. Falling back to \"Default\" policy.";
        services.Events.Record(
            pod, "", EventType.Warning, "MissingClusterDNS",
            $"pod: \"{pod.Metadata.Name}_{pod.Metadata.Namespace}({pod.Metadata.UID})\". {text}");
    }

    private static TimeSpan? Sooner(TimeSpan? one, TimeSpan? other) =>
        one is null ? other : other is null || one < other ? one : other;
}
