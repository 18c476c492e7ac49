namespace Cybernetes.Store.Embedded;

/// <summary>Limits of the embedded engine. The defaults suit a cluster of thousands of nodes.</summary>
public sealed record EmbeddedStoreOptions
{
    /// <summary>
    /// How often old revisions are compacted; each time up to the revision of the time before, so that history is kept for one
    /// to two intervals. Default 5 minutes, as kube-apiserver does with etcd; zero turns it off.
    /// </summary>
    public TimeSpan CompactionInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// History above so many bytes of memory (see <see cref="MemoryWeight"/>) is halved at once, without waiting for the interval.
    /// Default 256 MiB; 0 turns it off.
    /// </summary>
    public long HistoryByteLimit { get; init; } = 256L << 20;

    /// <summary>
    /// Undelivered events after which a watcher is cut off. Default 65,536: some seconds of writing at full speed.
    /// </summary>
    public int WatchEventLimit { get; init; } = 65_536;

    /// <summary>
    /// Bytes of values in undelivered events after which a watcher is cut off, since it keeps them in memory. Default 64 MiB.
    /// </summary>
    public long WatchByteLimit { get; init; } = 64L << 20;

    /// <summary>Writes that may wait for the disk; more are refused. Default 16,384.</summary>
    public int PendingWriteLimit { get; init; } = 16_384;

    /// <summary>Bytes of values that may wait for the disk; more are refused. Default 256 MiB.</summary>
    public long PendingByteLimit { get; init; } = 256L << 20;

    /// <summary>The longest value. Default 3 MiB: as much as the API server takes in one request.</summary>
    public int ValueByteLimit { get; init; } = 3 << 20;

    /// <summary>Operations a transaction may have. Default 128, as etcd's.</summary>
    public int OperationLimit { get; init; } = 128;

    /// <summary>
    /// The database's largest size in bytes; 0 (default) for what the disk holds. Writes beyond it fail with
    /// <see cref="StoreErrorKind.NoSpace"/>.
    /// </summary>
    public long DatabaseByteLimit { get; init; }

    /// <summary>
    /// Whether those who wait for a write go on with the thread that has made it durable, one after the other, and not with one of the pool's,
    /// which saves a change of threads in each group. For callers who are soon done or wait again; whoever does hold such a thread up holds up
    /// those who are answered with him, for 10 ms the writes of others, and <see cref="EmbeddedStore.DisposeAsync"/>. Default false.
    /// </summary>
    public bool AnswersGoOnWithWriter { get; init; }
}
