using Cybernetes.Node.Runtime.Cri;

namespace Cybernetes.Node.Simulated;

/// <summary>A sandbox of the simulated runtime. Read by scripts; changed only by the runtime, under its lock.</summary>
public sealed class SimulatedSandbox
{
    internal SimulatedSandbox(string id, PodSandboxConfig config, string runtimeHandler, string address, long createdAt)
    {
        Id = id;
        Config = config;
        RuntimeHandler = runtimeHandler;
        Address = address;
        CreatedAt = createdAt;
    }

    public string Id { get; }

    public PodSandboxConfig Config { get; }

    /// <summary>The pod's IP address; empty for pods in the node's network.</summary>
    public string Address { get; }

    internal string RuntimeHandler { get; }

    internal long CreatedAt { get; }

    internal PodSandboxState State { get; set; } = PodSandboxState.SandboxReady;
}

/// <summary>A container of the simulated runtime. Read by scripts; changed only by the runtime, under its lock.</summary>
public sealed class SimulatedContainer
{
    internal SimulatedContainer(string id, SimulatedSandbox sandbox, ContainerConfig config, string imageRef, long createdAt)
    {
        Id = id;
        Sandbox = sandbox;
        Config = config;
        ImageRef = imageRef;
        CreatedAt = createdAt;
    }

    public string Id { get; }

    public SimulatedSandbox Sandbox { get; }

    public ContainerConfig Config { get; }

    /// <summary>Command and arguments; empty when the image's own is meant.</summary>
    public IReadOnlyList<string> CommandLine => [.. Config.Command, .. Config.Args];

    internal string ImageRef { get; }

    internal ContainerScript Script { get; set; } = new();

    internal ContainerState State { get; set; } = ContainerState.ContainerCreated;

    internal long CreatedAt { get; }

    internal long StartedAt { get; set; }

    internal long FinishedAt { get; set; }

    internal int ExitCode { get; set; }

    internal string Reason { get; set; } = "";

    internal LinuxContainerResources? Resources { get; set; }

    internal ITimer? ExitTimer { get; set; }

    /// <summary>Done once the container has ended.</summary>
    internal TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The log file, or null when no log is asked for.</summary>
    internal string? LogFile => Sandbox.Config.LogDirectory.Length > 0 && Config.LogPath.Length > 0
        ? Path.Combine(Sandbox.Config.LogDirectory, Config.LogPath)
        : null;

    internal Container ToListed() => new()
    {
        Id = Id,
        PodSandboxId = Sandbox.Id,
        Metadata = Config.Metadata,
        Image = Config.Image,
        ImageRef = ImageRef,
        ImageId = ImageRef,
        State = State,
        CreatedAt = CreatedAt,
        Labels = { Config.Labels },
        Annotations = { Config.Annotations },
    };

    internal ContainerStatus ToStatus() => new()
    {
        Id = Id,
        Metadata = Config.Metadata,
        State = State,
        CreatedAt = CreatedAt,
        StartedAt = StartedAt,
        FinishedAt = FinishedAt,
        ExitCode = ExitCode,
        Reason = Reason,
        Image = Config.Image,
        ImageRef = ImageRef,
        ImageId = ImageRef,
        Labels = { Config.Labels },
        Annotations = { Config.Annotations },
        Mounts = { Config.Mounts },
        LogPath = LogFile ?? "",
        Resources = Resources is null ? null : new ContainerResources { Linux = Resources },
    };
}
