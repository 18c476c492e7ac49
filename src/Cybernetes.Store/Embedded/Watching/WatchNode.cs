namespace Cybernetes.Store.Embedded.Watching;

/// <summary>
/// One batch of a group's changes; the nodes of a group form a chain that its watchers walk along, each at its own pace.
/// </summary>
internal sealed class WatchNode(WatchBatch batch, long position, long bytes)
{
    private volatile WatchNode? _next;

    public WatchBatch Batch { get; } = batch;

    /// <summary>Events of the group up to and including this node.</summary>
    public long Position { get; } = position;

    /// <summary>Bytes of the values in those events.</summary>
    public long Bytes { get; } = bytes;

    public WatchNode? Next
    {
        get => _next;
        set => _next = value;
    }
}
