using System.Security.Cryptography;
using System.Text;
using Cybernetes.Node.Runtime;
using Cybernetes.Node.Runtime.Cri;

namespace Cybernetes.Node.Simulated;

/// <summary>
/// A container runtime without containers: sandboxes and containers are entries in memory, which start, end and answer as their
/// scripts say, under the given time. For tests and for thousands of nodes on one machine. Equal calls in equal order give equal
/// ids and addresses.
/// </summary>
public sealed partial class SimulatedRuntime : IRuntimeService, IImageService, IDirectStreaming
{
    private readonly SimulatedRuntimeOptions _options;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, SimulatedSandbox> _sandboxes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SimulatedContainer> _containers = new(StringComparer.Ordinal);
    private readonly SimulatedAddresses _addresses;
    private readonly SimulatedEvents _events = new();
    private long _made;

    public SimulatedRuntime(SimulatedRuntimeOptions options, TimeProvider time)
    {
        _options = options;
        _time = time;
        _addresses = new SimulatedAddresses(options.PodCidr);
    }

    public Task<VersionResponse> VersionAsync(CancellationToken cancellation) => Answer("Version", () => new VersionResponse
    {
        Version = "0.1.0",
        RuntimeName = "simulated",
        RuntimeVersion = "v1.0.0",
        RuntimeApiVersion = "v1",
    });

    public Task<StatusResponse> StatusAsync(bool verbose, CancellationToken cancellation) =>
        Answer("Status", () => new StatusResponse
        {
            Status = new RuntimeStatus
            {
                Conditions =
            {
                new RuntimeCondition { Type = "RuntimeReady", Status = true },
                new RuntimeCondition { Type = "NetworkReady", Status = true },
            },
            },
            RuntimeHandlers = { new RuntimeHandler { Name = "", Features = new RuntimeHandlerFeatures() } },
        });

    public Task UpdateRuntimeConfigAsync(string podCidr, CancellationToken cancellation) => Answer("UpdateRuntimeConfig", () =>
    {
        _addresses.MoveTo(podCidr.Split(',')[0]);
        return true;
    });

    public Task<CgroupDriver?> CgroupDriverAsync(CancellationToken cancellation) =>
        Answer<CgroupDriver?>("RuntimeConfig", () => CgroupDriver.Cgroupfs);

    public async Task<string> RunPodSandboxAsync(PodSandboxConfig config, string runtimeHandler, CancellationToken cancellation)
    {
        await DelayAsync(_options.SandboxDelay, cancellation).ConfigureAwait(false);
        return await Answer("RunPodSandbox", () =>
        {
            var isHostNetwork = config.Linux?.SecurityContext?.NamespaceOptions?.Network == NamespaceMode.Node;
            var address = isHostNetwork ? "" : _addresses.Take();
            var sandbox = new SimulatedSandbox(NextId(), config.Clone(), runtimeHandler, address, Now());
            _sandboxes.Add(sandbox.Id, sandbox);
            Tell(ContainerEventType.ContainerStartedEvent, sandbox.Id, sandbox);
            return sandbox.Id;
        }).ConfigureAwait(false);
    }

    public Task StopPodSandboxAsync(string sandboxId, CancellationToken cancellation) => Answer("StopPodSandbox", () =>
    {
        if (!_sandboxes.TryGetValue(sandboxId, out var sandbox) || sandbox.State == PodSandboxState.SandboxNotready)
            return false;
        foreach (var container in ContainersOf(sandbox))
            End(container, exitCode: 137, reason: "Error");
        sandbox.State = PodSandboxState.SandboxNotready;
        _addresses.GiveBack(sandbox.Address);
        Tell(ContainerEventType.ContainerStoppedEvent, sandbox.Id, sandbox);
        return true;
    });

    public async Task RemovePodSandboxAsync(string sandboxId, CancellationToken cancellation)
    {
        await StopPodSandboxAsync(sandboxId, cancellation).ConfigureAwait(false);
        await Answer("RemovePodSandbox", () =>
        {
            if (!_sandboxes.TryGetValue(sandboxId, out var sandbox))
                return false;
            foreach (var container in ContainersOf(sandbox))
                _containers.Remove(container.Id);
            _sandboxes.Remove(sandboxId);
            Tell(ContainerEventType.ContainerDeletedEvent, sandbox.Id, sandbox);
            return true;
        }).ConfigureAwait(false);
    }

    public Task<PodSandboxStatusResponse> PodSandboxStatusAsync(string sandboxId, bool verbose, CancellationToken cancellation) =>
        Answer("PodSandboxStatus", () =>
        {
            var sandbox = FindSandbox(sandboxId);
            var response = new PodSandboxStatusResponse { Status = StatusOf(sandbox), Timestamp = Now() };
            response.ContainersStatuses.Add(ContainersOf(sandbox).Select(container => container.ToStatus()));
            return response;
        });

    public Task<IReadOnlyList<PodSandbox>> ListPodSandboxesAsync(PodSandboxFilter? filter, CancellationToken cancellation) =>
        Answer<IReadOnlyList<PodSandbox>>("ListPodSandbox", () =>
        [
            .. _sandboxes.Values.Where(sandbox => Matches(sandbox, filter)).Select(sandbox => new PodSandbox
            {
                Id = sandbox.Id,
                Metadata = sandbox.Config.Metadata,
                State = sandbox.State,
                CreatedAt = sandbox.CreatedAt,
                Labels = { sandbox.Config.Labels },
                Annotations = { sandbox.Config.Annotations },
                RuntimeHandler = sandbox.RuntimeHandler,
            }),
        ]);

    public Task<string> CreateContainerAsync(
        string sandboxId, ContainerConfig config, PodSandboxConfig sandboxConfig, CancellationToken cancellation) =>
        Answer("CreateContainer", () =>
        {
            var sandbox = FindSandbox(sandboxId);
            if (sandbox.State != PodSandboxState.SandboxReady)
                throw Failed(RuntimeStatusCode.Unknown, $"failed to create containerd task: sandbox {sandboxId} is not ready");
            var image = config.Image?.Image ?? "";
            var container = new SimulatedContainer(NextId(), sandbox, config.Clone(), image, Now())
            {
                Resources = config.Linux?.Resources?.Clone(),
            };
            _containers.Add(container.Id, container);
            Tell(ContainerEventType.ContainerCreatedEvent, container.Id, sandbox);
            return container.Id;
        });

    public async Task StartContainerAsync(string containerId, CancellationToken cancellation)
    {
        var container = await Answer("StartContainer", () =>
        {
            var found = FindContainer(containerId);
            if (found.State != ContainerState.ContainerCreated)
                throw Failed(RuntimeStatusCode.Unknown, $"container {containerId} is in {found.State} state");
            return found;
        }).ConfigureAwait(false);
        container.Script = _options.Script(container);
        await DelayAsync(container.Script.StartDelay, cancellation).ConfigureAwait(false);
        WriteLog(container);
        lock (_lock)
        {
            container.State = ContainerState.ContainerRunning;
            container.StartedAt = Now();
            Tell(ContainerEventType.ContainerStartedEvent, container.Id, container.Sandbox);
            if (container.Script.RunFor is { } span)
                container.ExitTimer = _time.CreateTimer(_ => EndByItself(container), null, span, Timeout.InfiniteTimeSpan);
        }
    }

    public async Task StopContainerAsync(string containerId, TimeSpan grace, CancellationToken cancellation)
    {
        var container = await Answer("StopContainer", () => _containers.GetValueOrDefault(containerId)).ConfigureAwait(false);
        if (container is null || container.State != ContainerState.ContainerRunning)
            return;
        var isKilled = container.Script.StopDelay > grace;
        await DelayAsync(isKilled ? grace : container.Script.StopDelay, cancellation).ConfigureAwait(false);
        Kill(containerId, isKilled ? 137 : 143);
    }

    public Task RemoveContainerAsync(string containerId, CancellationToken cancellation) => Answer("RemoveContainer", () =>
    {
        if (!_containers.TryGetValue(containerId, out var container))
            return false;
        End(container, exitCode: 137, reason: "Error");
        _containers.Remove(containerId);
        Tell(ContainerEventType.ContainerDeletedEvent, containerId, container.Sandbox);
        return true;
    });

    public Task<ContainerStatusResponse> ContainerStatusAsync(string containerId, bool verbose, CancellationToken cancellation) =>
        Answer("ContainerStatus", () => new ContainerStatusResponse { Status = FindContainer(containerId).ToStatus() });

    public Task<IReadOnlyList<Container>> ListContainersAsync(ContainerFilter? filter, CancellationToken cancellation) =>
        Answer<IReadOnlyList<Container>>("ListContainers", () =>
            [.. _containers.Values.Where(container => Matches(container, filter)).Select(container => container.ToListed())]);

    public Task UpdateContainerResourcesAsync(
        string containerId, LinuxContainerResources resources, CancellationToken cancellation) =>
        Answer("UpdateContainerResources", () => FindContainer(containerId).Resources = resources.Clone());

    public Task ReopenContainerLogAsync(string containerId, CancellationToken cancellation) =>
        Answer("ReopenContainerLog", () =>
        {
            if (_options.WritesLogs && FindContainer(containerId).LogFile is { } file)
                File.AppendAllText(file, "");
            return true;
        });

    public IAsyncEnumerable<ContainerEventResponse> ContainerEventsAsync(CancellationToken cancellation) =>
        _events.ReadAsync(cancellation);

    /// <summary>Ends a running container now, as a crash would. Nothing happens when it does not run.</summary>
    public void Kill(string containerId, int exitCode)
    {
        lock (_lock)
        {
            if (_containers.TryGetValue(containerId, out var container))
                End(container, exitCode, exitCode == 0 ? "Completed" : "Error");
        }
    }

    private void EndByItself(SimulatedContainer container)
    {
        var script = container.Script;
        lock (_lock)
        {
            if (script.IsOutOfMemory)
                End(container, 137, "OOMKilled");
            else
                End(container, script.ExitCode, script.ExitCode == 0 ? "Completed" : "Error");
        }
    }

    /// <summary>Under the lock.</summary>
    private void End(SimulatedContainer container, int exitCode, string reason)
    {
        if (container.State != ContainerState.ContainerRunning)
            return;
        container.State = ContainerState.ContainerExited;
        container.ExitCode = exitCode;
        container.Reason = reason;
        container.FinishedAt = Now();
        container.ExitTimer?.Dispose();
        container.Ended.TrySetResult();
        Tell(ContainerEventType.ContainerStoppedEvent, container.Id, container.Sandbox);
    }

    /// <summary>Under the lock.</summary>
    private void Tell(ContainerEventType type, string id, SimulatedSandbox sandbox)
    {
        if (!_events.HasReaders)
            return;
        var happened = new ContainerEventResponse
        {
            ContainerId = id,
            ContainerEventType = type,
            CreatedAt = Now(),
            PodSandboxStatus = StatusOf(sandbox),
        };
        happened.ContainersStatuses.Add(ContainersOf(sandbox).Select(container => container.ToStatus()));
        _events.Tell(happened);
    }

    private static PodSandboxStatus StatusOf(SimulatedSandbox sandbox) => new()
    {
        Id = sandbox.Id,
        Metadata = sandbox.Config.Metadata,
        State = sandbox.State,
        CreatedAt = sandbox.CreatedAt,
        Network = new PodSandboxNetworkStatus { Ip = sandbox.State == PodSandboxState.SandboxReady ? sandbox.Address : "" },
        Linux = new LinuxPodSandboxStatus
        {
            Namespaces = new Namespace { Options = sandbox.Config.Linux?.SecurityContext?.NamespaceOptions ?? new() },
        },
        Labels = { sandbox.Config.Labels },
        Annotations = { sandbox.Config.Annotations },
        RuntimeHandler = sandbox.RuntimeHandler,
    };

    private static bool Matches(SimulatedSandbox sandbox, PodSandboxFilter? filter) =>
        filter is null
        || ((filter.Id.Length == 0 || sandbox.Id.StartsWith(filter.Id, StringComparison.Ordinal))
            && (filter.State is null || filter.State.State == sandbox.State)
            && filter.LabelSelector.All(label =>
                sandbox.Config.Labels.TryGetValue(label.Key, out var value) && value == label.Value));

    private static bool Matches(SimulatedContainer container, ContainerFilter? filter) =>
        filter is null
        || ((filter.Id.Length == 0 || container.Id.StartsWith(filter.Id, StringComparison.Ordinal))
            && (filter.PodSandboxId.Length == 0 || container.Sandbox.Id == filter.PodSandboxId)
            && (filter.State is null || filter.State.State == container.State)
            && filter.LabelSelector.All(label =>
                container.Config.Labels.TryGetValue(label.Key, out var value) && value == label.Value));

    private SimulatedContainer[] ContainersOf(SimulatedSandbox sandbox) =>
        [.. _containers.Values.Where(container => container.Sandbox == sandbox)];

    private SimulatedSandbox FindSandbox(string id) => _sandboxes.GetValueOrDefault(id)
        ?? throw Failed(RuntimeStatusCode.NotFound, $"an error occurred when try to find sandbox: sandbox \"{id}\": not found");

    private SimulatedContainer FindContainer(string id) => _containers.GetValueOrDefault(id)
        ?? throw Failed(RuntimeStatusCode.NotFound, $"an error occurred when try to find container \"{id}\": not found");

    private static RuntimeCallException Failed(RuntimeStatusCode code, string description) => new(code, description);

    private Task<T> Answer<T>(string method, Func<T> answer)
    {
        if (_options.Fault(method) is { } fault)
            return Task.FromException<T>(fault);
        try
        {
            lock (_lock)
                return Task.FromResult(answer());
        }
        catch (RuntimeCallException e)
        {
            return Task.FromException<T>(e);
        }
    }

    private Task DelayAsync(TimeSpan span, CancellationToken cancellation) =>
        span > TimeSpan.Zero ? Task.Delay(span, _time, cancellation) : Task.CompletedTask;

    /// <summary>Nanoseconds since 1970.</summary>
    private long Now() => (_time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;

    private string NextId() => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{_options.Name}/{++_made}")));
}
