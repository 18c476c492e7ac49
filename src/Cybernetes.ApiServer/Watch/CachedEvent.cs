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
internal sealed class CachedEvent(Record record, Record? previous, DateTimeOffset seen)
{
    private byte[]? _lastState;
    private Encoding? _encodings;

    /// <summary>The store's revision of the change.</summary>
    public long Revision { get; } = record.ModRevision;

    /// <summary>When this server saw the change.</summary>
    public DateTimeOffset Seen { get; } = seen;

    /// <summary>The new state; a record without a value when the object is gone.</summary>
    public Record Record => record;

    /// <summary>The state before; null when there was none.</summary>
    public Record? Previous => previous;

    /// <summary>What the change keeps in memory: its state, or the last one.</summary>
    public int Bytes => record.IsDeletion ? previous?.Value.Length ?? 0 : record.Value.Length;

    /// <summary>JSON of the new state.</summary>
    public ReadOnlyMemory<byte> State => record.Value;

    /// <summary>JSON of the last state before a watcher loses sight of the object, with the change's revision.</summary>
    public ReadOnlyMemory<byte> LastState => _lastState ??= previous?.CopyWithRevision(Revision) ?? [];

    /// <summary>
    /// The object of the event in another version or format, made once for all watchers that read it at about the same time; it is not kept beyond.
    /// </summary>
    /// <param name="form">The form asked for, equal for all who get the same bytes.</param>
    /// <param name="last">Whether it is of <see cref="LastState"/>.</param>
    /// <param name="encode">Makes it.</param>
    public ReadOnlyMemory<byte> Encoded(EventForm form, bool last, Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> encode)
    {
        for (var known = Volatile.Read(ref _encodings); known is not null; known = known.Next)
        {
            if (known.Last == last && known.Form == form && known.Bytes.TryGetTarget(out var bytes))
                return bytes.Memory;
        }
        var made = new EncodedBytes(encode(last ? LastState : State));
        var alive = Volatile.Read(ref _encodings);
        // At most a few forms are asked for; those that are gone are dropped with the chain.
        while (alive is not null && !alive.Bytes.TryGetTarget(out _))
            alive = alive.Next;
        Volatile.Write(ref _encodings, new(form, last, new(made), alive));
        return made.Memory;
    }

    /// <summary>
    /// What the change means to someone who sees only what a filter lets through: an update that enters is an addition, one that leaves a
    /// deletion; null when it is none of theirs.
    /// </summary>
    public WatchEventType? For(ObjectFilter filter)
    {
        var seesNow = !record.IsDeletion && filter.Matches(record);
        // Where the state before is no longer known, a change of something that existed is taken for one inside the filter.
        var sawBefore = previous is not null ? filter.Matches(previous) : seesNow && record.CreateRevision != record.ModRevision;
        return (sawBefore, seesNow) switch
        {
            (false, true) => WatchEventType.Added,
            (true, true) => WatchEventType.Modified,
            (true, false) => WatchEventType.Deleted,
            _ => null,
        };
    }

    private sealed record EncodedBytes(ReadOnlyMemory<byte> Memory);

    private sealed record Encoding(EventForm Form, bool Last, WeakReference<EncodedBytes> Bytes, Encoding? Next);
}

/// <summary>A form of events that many watchers may ask for.</summary>
/// <param name="Version">Version asked for; null where the form is the same for all.</param>
/// <param name="Protobuf">Whether it is a protobuf envelope; else JSON.</param>
/// <param name="MetaVersion">The version of the metadata-only form; null for the whole object.</param>
internal readonly record struct EventForm(ServedVersion? Version, bool Protobuf, string? MetaVersion = null);
