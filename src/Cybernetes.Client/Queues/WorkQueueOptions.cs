namespace Cybernetes.Client.Queues;

/// <summary>
/// How fast a <see cref="WorkQueue{TKey}"/> lets failed keys come back. The defaults are upstream's controller rate limiter.
/// </summary>
public sealed record WorkQueueOptions
{
    /// <summary>Names the queue in logs and metrics. Default: empty.</summary>
    public string Name { get; init; } = "";

    /// <summary>The delay after a key's first failure; it doubles with each further one. Default: 5 ms.</summary>
    public TimeSpan BaseDelay { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>No key waits longer than this for its own failures. Default: 1000 s.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromSeconds(1000);

    /// <summary>How many rate-limited additions a second all keys together may make. Default: 10.</summary>
    public double RefillPerSecond { get; init; } = 10;

    /// <summary>How many rate-limited additions may come at once before the refill counts. Default: 100.</summary>
    public int Burst { get; init; } = 100;

    /// <summary>Where the queue is counted, under its name. Default: nowhere.</summary>
    public WorkQueueMetrics? Metrics { get; init; }
}
