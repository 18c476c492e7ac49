namespace Cybernetes.ApiServer.Watch;

/// <summary>
/// The changes that the store still knew when the server started, and those of kinds nobody has asked for yet: so that after a restart
/// watchers go on where they were, instead of all listing anew at once. Kept for as long as caches keep changes. Guarded by the hub's lock.
/// </summary>
internal sealed class PastChanges(TimeProvider time)
{
    /// <summary>As many as the largest cache holds.</summary>
    public const int Limit = 100 * 1024;

    // The store holds most of these bytes as well.
    private const long ByteLimit = 64 * 1024 * 1024;
    private static readonly TimeSpan WorthKeeping = TimeSpan.FromMinutes(5);

    private readonly List<CachedEvent> _changes = [];
    private DateTimeOffset _began;
    private long _bytes;

    /// <summary>All changes after this revision are here, or in the caches that have been made.</summary>
    public long? CoveredFrom { get; private set; }

    /// <summary>When they are old; never, where there are none.</summary>
    public DateTimeOffset Ends => CoveredFrom is null ? DateTimeOffset.MaxValue : _began + WorthKeeping;

    public void Start(long revision)
    {
        Forget();
        (CoveredFrom, _began) = (revision, time.GetUtcNow());
    }

    public void Add(CachedEvent change)
    {
        if (CoveredFrom is null)
            return;
        _changes.Add(change);
        _bytes += change.Bytes;
        if (_changes.Count > Limit || _bytes > ByteLimit || change.Seen - _began > WorthKeeping)
            Forget();
    }

    /// <summary>The changes below a prefix, in their order.</summary>
    public List<CachedEvent> Below(string prefix) =>
        _changes.FindAll(change => change.Record.Key.StartsWith(prefix, StringComparison.Ordinal));

    public void ForgetWhenOld(DateTimeOffset now)
    {
        if (CoveredFrom is not null && now - _began >= WorthKeeping)
            Forget();
    }

    public void Forget()
    {
        CoveredFrom = null;
        _changes.Clear();
        _changes.TrimExcess();
        _bytes = 0;
    }
}
