using Cybernetes.ApiServer.Registry;
using Cybernetes.Store;

namespace Cybernetes.ApiServer.Watch;

/// <summary>What a watcher is told.</summary>
internal enum WatchEventType
{
    Added,
    Modified,
    Deleted,
}

/// <summary>One change of one object, shared by all watchers: bytes and facts exist once.</summary>
internal sealed class CachedEvent(KindDefinition kind, Record record, Record? previous, DateTimeOffset seen)
{
    private byte[]? _lastState;
    private Encoding? _encodings;

    /// <summary>The store's revision of the change.</summary>
    public long Revision { get; } = record.ModRevision;

    /// <summary>When this server saw the change.</summary>
    public DateTimeOffset Seen { get; } = seen;

    /// <summary>Facts of the new state; null when the object is gone.</summary>
    public ObjectFacts? Facts { get; } = record.IsDeletion ? null : ObjectFacts.Of(record, kind);

    /// <summary>Facts of the state before; null when there was none.</summary>
    public ObjectFacts? PreviousFacts { get; } = previous is null ? null : ObjectFacts.Of(previous, kind);

    /// <summary>JSON of the new state.</summary>
    public ReadOnlyMemory<byte> State => record.Value;

    /// <summary>JSON of the last state before a watcher loses sight of the object, with the change's revision.</summary>
    public ReadOnlyMemory<byte> LastState => _lastState ??= previous?.CopyWithRevision(Revision) ?? [];

    /// <summary>
    /// The object of the event in another version or format, made once for all watchers that read it at about the same time; it is not kept beyond.
    /// </summary>
    /// <param name="version">Version asked for.</param>
    /// <param name="protobuf">Whether it is a protobuf envelope; else JSON.</param>
    /// <param name="last">Whether it is of <see cref="LastState"/>.</param>
    /// <param name="encode">Makes it.</param>
    public ReadOnlyMemory<byte> Encoded(
        ServedVersion version, bool protobuf, bool last, Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> encode)
    {
        for (var known = Volatile.Read(ref _encodings); known is not null; known = known.Next)
        {
            if (ReferenceEquals(known.Version, version) && known.Protobuf == protobuf && known.Last == last && known.Bytes.TryGetTarget(out var bytes))
                return bytes.Memory;
        }
        var made = new EncodedBytes(encode(last ? LastState : State));
        var alive = Volatile.Read(ref _encodings);
        // At most a few forms are asked for; those that are gone are dropped with the chain.
        while (alive is not null && !alive.Bytes.TryGetTarget(out _))
            alive = alive.Next;
        Volatile.Write(ref _encodings, new(version, protobuf, last, new(made), alive));
        return made.Memory;
    }

    /// <summary>
    /// What the change means to someone who sees only what a filter lets through: an update that enters is an addition, one that leaves a
    /// deletion; null when it is none of theirs.
    /// </summary>
    public WatchEventType? For(ObjectFilter filter)
    {
        var seesNow = Facts is not null && filter.Matches(Facts);
        // Where the state before is no longer known, a change of something that existed is taken for one inside the filter.
        var sawBefore = PreviousFacts is not null ? filter.Matches(PreviousFacts) : seesNow && record.CreateRevision != record.ModRevision;
        return (sawBefore, seesNow) switch
        {
            (false, true) => WatchEventType.Added,
            (true, true) => WatchEventType.Modified,
            (true, false) => WatchEventType.Deleted,
            _ => null,
        };
    }

    private sealed record EncodedBytes(ReadOnlyMemory<byte> Memory);

    private sealed record Encoding(ServedVersion Version, bool Protobuf, bool Last, WeakReference<EncodedBytes> Bytes, Encoding? Next);
}
