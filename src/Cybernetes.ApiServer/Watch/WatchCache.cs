using Cybernetes.ApiServer.Registry;

namespace Cybernetes.ApiServer.Watch;

/// <summary>
/// The recent changes of one kind in a ring, and who waits for them. A watcher holds a place in the ring instead of a buffer of its own: it
/// costs nothing while it is slow, and when the ring has gone over its place it is cut off, as upstream does.
/// </summary>
internal sealed class WatchCache : IDisposable
{
    // Most kinds never change: their rings stay small.
    private const int SmallestCapacity = 8;
    private const int FirstCapacity = 256;

    // Upstream's largest watch cache per resource.
    private const int MaxCapacity = 100 * 1024;

    // The ring grows only while its oldest change is younger than this, as upstream's; above its first size it lets go what is older than that.
    private static readonly TimeSpan WorthGrowing = TimeSpan.FromSeconds(75);
    private static readonly TimeSpan WorthKeeping = TimeSpan.FromMinutes(5);

    // And it does not hold on to more than this, however large the objects are.
    private const long MaxBytes = 64 * 1024 * 1024;

    private readonly Lock _lock = new();
    private readonly WatcherIndex _watchers;
    private readonly WakeRounds _rounds;
    private readonly WatchBeat? _beat;
    private CachedEvent[] _ring = new CachedEvent[SmallestCapacity];
    private long _head; // sequence number of the next change
    private long _tail; // sequence number of the oldest change kept
    private long _coveredFrom; // changes after this revision are all here
    private long _bytes; // of the changes in the ring

    /// <param name="kind">The kind.</param>
    /// <param name="time">The clock.</param>
    /// <param name="beat">Where it asks for <see cref="WakeDue"/>; none: somebody else sees to that.</param>
    public WatchCache(KindDefinition kind, TimeProvider time, WatchBeat? beat = null)
    {
        (Kind, _beat) = (kind, beat);
        Rounds = new(() => beat?.Ask(time.GetUtcNow()));
        Prefix = $"/registry/{kind.StoragePath}/";
        Indexes = new(kind);
        _watchers = new(kind);
        _rounds = new(time, _lock);
    }

    public KindDefinition Kind { get; }

    /// <summary>The keys of this cache: <c>/registry/pods/</c>.</summary>
    public string Prefix { get; }

    /// <summary>Answers to selectors. Under the hub's lock only.</summary>
    public SelectorIndexes Indexes { get; }

    /// <summary>Watchers now.</summary>
    public int Watchers
    {
        get
        {
            lock (_lock)
                return _watchers.Count;
        }
    }

    /// <summary>Says that all changes after a revision will be added. Under the hub's lock.</summary>
    public void Start(long revision)
    {
        Indexes.Clear();
        lock (_lock)
        {
            _coveredFrom = revision;
            _tail = _head;
            _bytes = 0;
            Array.Clear(_ring);
            foreach (var watcher in _watchers.All())
                watcher.Cut();
            _watchers.Clear();
        }
    }

    /// <summary>Takes over changes in the order of their revisions and has those woken whom they concern. Under the hub's lock.</summary>
    public void Append(IReadOnlyList<CachedEvent> events)
    {
        foreach (var change in events)
            Indexes.Apply(change);
        lock (_lock)
        {
            foreach (var change in events)
                Append(change);
            _rounds.Run(_head);
        }
    }

    /// <summary>
    /// Joins a watcher behind a revision. False when changes after that revision are no longer here; <paramref name="oldest"/> is then the
    /// oldest revision that can be watched from.
    /// </summary>
    public bool TryJoin(Watcher watcher, long afterRevision, out long oldest)
    {
        lock (_lock)
        {
            oldest = _coveredFrom;
            if (afterRevision < _coveredFrom)
                return false;
            watcher.Place = FirstAfter(afterRevision);
            watcher.HasPending = watcher.Place < _head;
            watcher.Until = long.MaxValue;
            _watchers.Add(watcher);
            if (watcher.HasPending)
                watcher.Wake();
            return true;
        }
    }

    public void Leave(Watcher watcher)
    {
        lock (_lock)
            _watchers.Remove(watcher);
    }

    /// <summary>What the watchers of one round write, made once. Safe for concurrent use.</summary>
    public RoundBytes Rounds { get; }

    /// <summary>Copies the next changes for a watcher; 0 when there are none now, -1 when it has been cut off.</summary>
    public int Take(Watcher watcher, Span<CachedEvent> into) => Take(watcher, into, out _);

    /// <summary>The same, with the place of the first of them: whoever takes as many from the same place in a round takes the same.</summary>
    /// <param name="watcher">Who takes.</param>
    /// <param name="into">Where to.</param>
    /// <param name="roundPlace">The place of the first change where others take the same; else -1.</param>
    public int Take(Watcher watcher, Span<CachedEvent> into, out long roundPlace)
    {
        roundPlace = -1;
        lock (_lock)
        {
            if (watcher.IsCut || (watcher.HasPending && watcher.Place < _tail))
                return -1;
            if (!watcher.HasPending)
                return 0;
            if (watcher.Until != long.MaxValue)
                roundPlace = watcher.Place;
            var end = Math.Min(_head, watcher.Until);
            var count = (int)Math.Clamp(end - watcher.Place, 0, into.Length);
            for (var i = 0; i < count; i++)
                into[i] = _ring[(watcher.Place + i) & (_ring.Length - 1)];
            watcher.Place += count;
            watcher.HasPending = watcher.Place < _head;
            if (watcher.HasPending && watcher.Place >= end)
            {
                // What came since belongs to the next round.
                _rounds.Add(watcher);
                _rounds.Run(_head);
            }
            return count;
        }
    }

    /// <summary>Says when the clock has something for a watcher next.</summary>
    public void SetDue(Watcher watcher, DateTimeOffset due)
    {
        watcher.Due = due;
        _beat?.Ask(due);
    }

    /// <summary>Wakes the watchers that are due for something by the clock, and lets go of what was kept for the last round.</summary>
    /// <returns>When the next of the others is due.</returns>
    public DateTimeOffset WakeDue(DateTimeOffset now)
    {
        Rounds.Forget();
        var next = DateTimeOffset.MaxValue;
        lock (_lock)
        {
            if (_watchers.Count == 0)
                return next;
            foreach (var watcher in _watchers.All())
            {
                var due = watcher.Due;
                if (due <= now)
                    watcher.Wake(); // it says itself when it is due again
                else if (due < next)
                    next = due;
            }
        }
        return next;
    }

    public void Dispose() => _rounds.Dispose();

    private void Append(CachedEvent change)
    {
        while (_head - _tail > FirstCapacity && (change.Seen - Oldest.Seen > WorthKeeping || _bytes > MaxBytes))
            Drop();
        if (_head - _tail == _ring.Length && !Grow(change.Seen))
            Drop();
        _ring[_head & (_ring.Length - 1)] = change;
        _bytes += change.Bytes;
        var marking = new Marking(change, _head, _rounds);
        _watchers.Visit(change, ref marking);
        _head++;
    }

    private CachedEvent Oldest => _ring[_tail & (_ring.Length - 1)];

    private void Drop()
    {
        _coveredFrom = Oldest.Revision;
        _bytes -= Oldest.Bytes;
        _ring[_tail & (_ring.Length - 1)] = null!;
        _tail++;
    }

    private bool Grow(DateTimeOffset now)
    {
        if (_ring.Length >= MaxCapacity || (_ring.Length >= FirstCapacity && now - Oldest.Seen > WorthGrowing))
            return false;
        var larger = new CachedEvent[_ring.Length * 2];
        for (var i = _tail; i < _head; i++)
            larger[i & (larger.Length - 1)] = _ring[i & (_ring.Length - 1)];
        _ring = larger;
        return true;
    }

    private long FirstAfter(long revision)
    {
        long low = _tail, high = _head;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_ring[middle & (_ring.Length - 1)].Revision <= revision)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    /// <summary>Marks those whom a change concerns and who have nothing pending yet.</summary>
    private readonly struct Marking(CachedEvent change, long place, WakeRounds rounds) : IWatcherVisitor
    {
        public void Visit(Watcher watcher)
        {
            if (watcher.HasPending || !watcher.Concerns(change))
                return;
            watcher.Place = place;
            watcher.HasPending = true;
            rounds.Add(watcher);
        }
    }
}
