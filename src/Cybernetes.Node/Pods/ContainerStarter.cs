using System.Globalization;
using Cybernetes.Node.Runtime;
using Cybernetes.Objects;
using Cybernetes.Objects.Core.V1;
using Cri = Cybernetes.Node.Runtime.Cri;

namespace Cybernetes.Node.Pods;

/// <summary>What a pod's containers are started in.</summary>
/// <param name="Volumes">Host paths by volume name.</param>
internal sealed record StartPlace(
    string SandboxId, Cri.PodSandboxConfig SandboxConfig, IReadOnlyDictionary<string, string> Volumes,
    IReadOnlyList<string> Addresses, PodRuntimeState State);

/// <summary>Starts one container. Steps: 1 image, 2 description, 3 create, 4 start, 5 postStart.</summary>
internal sealed class ContainerStarter(PodServices services, ContainerKiller killer)
{
    private readonly ContainerEnvironment _environment = new(services.Objects);

    /// <exception cref="ContainerStartException">It does not run; the reason becomes its waiting state. Events have been
    /// recorded.</exception>
    public async Task StartAsync(
        Pod pod, Container container, StartPlace place, CancellationToken cancellation, string targetContainer = "")
    {
        var fieldPath = ContainerFields.Of(pod, container.Name);
        try
        {
            await StartStepsAsync(pod, container, fieldPath, place, targetContainer, cancellation).ConfigureAwait(false);
        }
        catch (ContainerStartException e) when (e.Reason is not "PostStartHookError")
        {
            // For images the event names the reason; their details are in events of their own.
            var isImage = e.Reason.Contains("Image", StringComparison.Ordinal);
            services.Events.Record(pod, fieldPath, EventType.Warning, "Failed", "Error: " + (isImage ? e.Reason : e.Message));
            throw;
        }
    }

    private async Task StartStepsAsync(
        Pod pod, Container container, string fieldPath, StartPlace place, string targetContainer, CancellationToken cancellation)
    {
        // 1 image
        var image = await services.Images.EnsureAsync(pod, container, fieldPath, place.SandboxConfig, cancellation)
            .ConfigureAwait(false);

        // 2 description
        var config = await DescribeAsync(pod, container, image, place, targetContainer, cancellation).ConfigureAwait(false);

        // 3 create
        var id = await CallAsync("CreateContainerError", () => services.Runtime.CreateContainerAsync(
            place.SandboxId, config, place.SandboxConfig, cancellation)).ConfigureAwait(false);
        services.Events.Record(pod, fieldPath, EventType.Normal, "Created", "Container created");

        // 4 start
        await CallAsync("RunContainerError", async () =>
        {
            await services.Runtime.StartContainerAsync(id, cancellation).ConfigureAwait(false);
            return id;
        }).ConfigureAwait(false);
        services.Events.Record(pod, fieldPath, EventType.Normal, "Started", "Container started");

        // 5 postStart
        if (container.Lifecycle?.PostStart is { } postStart)
            await PostStartAsync(pod, container, postStart, id, fieldPath, place, cancellation).ConfigureAwait(false);
    }

    private async Task<Cri.ContainerConfig> DescribeAsync(
        Pod pod, Container container, PulledImage image, StartPlace place, string targetContainer, CancellationToken cancellation)
    {
        try
        {
            if (SecurityContexts.NonRootFault(pod, container, (image.Uid, image.UserName)) is { } fault)
                throw new PodConfigException(fault);
            var facts = new EnvironmentFacts(
                place.Addresses, services.Node.Addresses, services.Node.Allocatable, ServiceVariables(pod));
            var environment = await _environment.MakeAsync(pod, container, facts, cancellation).ConfigureAwait(false);
            var variables = environment.ToDictionary(entry => entry.Key, entry => entry.Value, StringComparer.Ordinal);
            IReadOnlyList<Cri.Mount> mounts = services.Mounts is { } maker
                ? maker.Make(pod, container, place.Volumes, place.Addresses, variables.GetValueOrDefault)
                : [];
            var restartCount = RestartCountOf(pod, container.Name, place.State);
            var logs = Path.Combine(services.Paths.LogDirectory(pod), container.Name);
            if (services.Mounts is not null)
                Directory.CreateDirectory(logs);
            var resources = PodResourceSums.OfContainer(pod, container, services.Node.MemoryBytes,
                services.Node.HasUnifiedCgroups);
            var target = targetContainer.Length > 0 ? place.State.Newest(targetContainer)?.Id ?? "" : "";
            return ContainerConfigs.Make(new ContainerConfigInputs(pod, container, image, restartCount, environment, mounts,
                resources)
            {
                TargetContainerId = target,
            });
        }
        catch (Exception e) when (e is PodConfigException or IOException or UnauthorizedAccessException
            or Client.Transport.ApiStatusException or HttpRequestException or TimeoutException)
        {
            throw new ContainerStartException("CreateContainerConfigError", e.Message);
        }
    }

    private IReadOnlyDictionary<string, string> ServiceVariables(Pod pod)
    {
        var own = services.Services.List(pod.Metadata.Namespace);
        var master = services.Services.List("default");
        if (own is null || master is null)
            throw new ContainerStartException("CreateContainerConfigError",
                "services have not yet been read at least once, cannot construct envvars");
        return ServiceEnvironment.Of(pod.Metadata.Namespace, pod.Spec.EnableServiceLinks ?? true, own, master);
    }

    /// <summary>One more than the newest instance's; where the runtime has none, one more than the newest log file's.</summary>
    private int RestartCountOf(Pod pod, string name, PodRuntimeState state)
    {
        if (state.Newest(name) is { } newest)
            return newest.RestartCount + 1;
        var logs = Path.Combine(services.Paths.LogDirectory(pod), name);
        if (services.Mounts is null || !Directory.Exists(logs))
            return 0;
        var count = 0;
        foreach (var file in Directory.EnumerateFiles(logs, "*.log"))
        {
            if (int.TryParse(Path.GetFileNameWithoutExtension(file), NumberStyles.None, CultureInfo.InvariantCulture,
                out var number))
                count = Math.Max(count, number + 1);
        }

        return count;
    }

    private async Task PostStartAsync(
        Pod pod, Container container, LifecycleHandler handler, string id, string fieldPath, StartPlace place,
        CancellationToken cancellation)
    {
        var address = place.Addresses.Count > 0 ? place.Addresses[0] : "";
        try
        {
            await services.Hooks.RunAsync(handler, container, id, address, cancellation).ConfigureAwait(false);
        }
        catch (LifecycleHookException)
        {
            services.Events.Record(pod, fieldPath, EventType.Warning, "FailedPostStartHook", "PostStartHook failed");
            var status = await services.Runtime.ContainerStatusAsync(id, verbose: false, cancellation).ConfigureAwait(false);
            var instance = new ContainerInstance(
                id, container.Name, place.SandboxId, ContainerInstance.StateOf(status.Status.State), services.Time.GetUtcNow(),
                    null, null,
                0, "", "", 0, "", "", "", "");
            var kill = new ContainerKill(instance, container, "FailedPostStartHook", KillReason.PostStartFailed);
            await killer.KillAsync(pod, kill, address, graceOverride: null, cancellation).ConfigureAwait(false);
            throw new ContainerStartException("PostStartHookError", "PostStartHook failed");
        }
    }

    private static async Task<T> CallAsync<T>(string reason, Func<Task<T>> call)
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (RuntimeCallException e)
        {
            throw new ContainerStartException(reason, e.Description);
        }
    }
}
