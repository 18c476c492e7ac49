namespace Cybernetes.Store;

/// <summary>The expected ways in which a call of the store fails.</summary>
public enum StoreErrorKind
{
    /// <summary>The revision asked for is older than the last compaction (<see cref="StoreError.CompactRevision"/>).</summary>
    Compacted,

    /// <summary>The revision asked for is newer than the store's.</summary>
    FutureRevision,

    /// <summary>The lease does not exist, or no longer.</summary>
    LeaseNotFound,

    /// <summary>The request contradicts itself, for example it writes one key twice.</summary>
    InvalidRequest,

    /// <summary>The request is above a limit of the engine.</summary>
    TooLarge,

    /// <summary>Too many writes wait already. Nothing happened; try later.</summary>
    Overloaded,

    /// <summary>The disk or the quota is full. Nothing happened; works again when there is space.</summary>
    NoSpace,

    /// <summary>
    /// The disk or the peer failed. Embedded: nothing is visible; after a crash the write may turn out to have happened. etcd: the
    /// answer was lost, the write may have happened; reading tells.
    /// </summary>
    Unavailable,

    /// <summary>What is stored does not match its checksum.</summary>
    Corrupted,

    /// <summary>Another process has the data.</summary>
    Locked,

    /// <summary>The watcher fell too far behind and was cut off; it may start again from the last revision it saw.</summary>
    WatcherTooSlow,

    /// <summary>The store was closed.</summary>
    Closed,
}

/// <summary>An expected failure.</summary>
/// <param name="Kind">What a caller decides by.</param>
/// <param name="Message">What a person reads.</param>
/// <param name="CompactRevision">With <see cref="StoreErrorKind.Compacted"/>: the oldest revision that can be read; otherwise
/// 0.</param>
/// <param name="CurrentRevision">The store's revision where it matters (compacted, future); otherwise 0.</param>
public sealed record StoreError(StoreErrorKind Kind, string Message, long CompactRevision = 0, long CurrentRevision = 0)
{
    // The texts of etcd's errors: people search for them.
    internal static StoreError Compacted(long compactRevision, long currentRevision) => new(
        StoreErrorKind.Compacted, "mvcc: required revision has been compacted", compactRevision, currentRevision);

    internal static StoreError FutureRevision(long currentRevision) => new(
        StoreErrorKind.FutureRevision, "mvcc: required revision is a future revision", 0, currentRevision);

    internal static StoreError LeaseNotFound() => new(StoreErrorKind.LeaseNotFound, "requested lease not found");

    internal static StoreError Closed() => new(StoreErrorKind.Closed, "the store is closed");
}
