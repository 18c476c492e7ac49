namespace Cybernetes.Scheduler;

/// <summary>What a scheduler is told at its start.</summary>
public sealed record SchedulerOptions
{
    /// <summary>The <c>spec.schedulerName</c> it answers to; upstream's default, so that pods that name none are its own.</summary>
    public string SchedulerName { get; init; } = "default-scheduler";

    /// <summary>Bindings that may be on their way at once (1 … 1000). The API server is asked for one each; 64 keep it busy without flooding it.</summary>
    public int ConcurrentBindings { get; init; } = 64;
}
