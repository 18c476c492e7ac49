using Cybernetes.Scheduler.Configuration;

namespace Cybernetes.Scheduler;

/// <summary>What a scheduler is told at its start.</summary>
public sealed record SchedulerOptions
{
    /// <summary>Profiles, plugins and extenders. Default: upstream's default profile, for pods that name no scheduler.</summary>
    public SchedulerConfiguration Configuration { get; init; } = new();

    /// <summary>The features that are on (<c>--feature-gates</c>): what the scheduler looks at without being asked for by an object.</summary>
    public IReadOnlySet<string> Features { get; init; } = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>The machine's name, as events name the one that reports. Default: that of this machine.</summary>
    public string HostName { get; init; } = Environment.MachineName;

    /// <summary>Bindings that may be on their way at once (1 … 1000). The API server is asked for one each; 64 keep it busy without flooding it.</summary>
    public int ConcurrentBindings { get; init; } = 64;
}
