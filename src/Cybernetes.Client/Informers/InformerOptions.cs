using Cybernetes.Foundation;

namespace Cybernetes.Client.Informers;

/// <summary>What an informer watches and how.</summary>
public sealed record InformerOptions
{
    /// <summary>Null: all namespaces.</summary>
    public string? Namespace { get; init; }

    public string? LabelSelector { get; init; }
    public string? FieldSelector { get; init; }

    /// <summary>Items a page of the first list. Range: above 0. Default: 500, as upstream's pager.</summary>
    public int PageSize { get; init; } = 500;

    /// <summary>
    /// How often every handler is shown every object again as an update of itself. Default: never; events are not lost, so only
    /// handlers
    /// that depend on something outside the cluster need it.
    /// </summary>
    public TimeSpan ResyncPeriod { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>
    /// How many events a handler may be behind. Then the watch waits for it; nothing is dropped. Range: above 0. Default: 1024:
    /// some hundred
    /// kilobytes at the most, and far more than a handler that only fills a work queue ever lags.
    /// </summary>
    public int HandlerBacklog { get; init; } = 1024;

    /// <summary>
    /// Whether metadata.managedFields is dropped from what is kept: often half of an object, and no component reads it. Default:
    /// true.
    /// </summary>
    public bool DropManagedFields { get; init; } = true;

    /// <summary>The waits after failures. Default: 800 ms doubling to 30 s with full jitter, as client-go's reflector.</summary>
    public BackoffOptions Backoff { get; init; } = new(TimeSpan.FromMilliseconds(800), TimeSpan.FromSeconds(30)) { Jitter = 1 };

    /// <summary>Shared informers are those that watch the same; how they are tuned does not make them different.</summary>
    internal (string?, string?, string?) Selection => (Namespace, LabelSelector, FieldSelector);
}
