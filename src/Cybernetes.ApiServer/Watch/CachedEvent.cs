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
}
