namespace Cybernetes.Foundation;

/// <summary>
/// A growing delay a key. A key that was quiet for twice the cap starts anew; <see cref="Collect"/> drops such keys.
/// Safe for concurrent use.
/// </summary>
public sealed class BackoffMap<TKey>(BackoffOptions options, TimeProvider time, IRandomSource random)
    where TKey : notnull
{
    private readonly Dictionary<TKey, Entry> _entries = [];
    private readonly Lock _gate = new();

    /// <summary>How many keys have a delay.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _entries.Count;
        }
    }

    /// <summary>Notes a failure of the key now and gives the delay before it may be tried again.</summary>
    public TimeSpan Next(TKey key)
    {
        var now = time.GetUtcNow();
        lock (_gate)
        {
            var failures = Find(key, now) is { } entry ? entry.Failures : 0;
            var delay = options.Delay(failures, random);
            _entries[key] = new Entry(failures + 1, delay, now);
            return delay;
        }
    }

    /// <summary>The key's present delay; zero when it has none.</summary>
    public TimeSpan Get(TKey key)
    {
        lock (_gate)
            return Find(key, time.GetUtcNow())?.Delay ?? TimeSpan.Zero;
    }

    /// <summary>How long the key must still wait, counted from its last failure; zero when it may be tried.</summary>
    public TimeSpan Remaining(TKey key)
    {
        var now = time.GetUtcNow();
        lock (_gate)
            return Find(key, now) is { } entry ? Positive(entry.Since + entry.Delay - now) : TimeSpan.Zero;
    }

    /// <summary>
    /// How long the key must still wait when the wait counts from <paramref name="since"/> (for example the end of a run)
    /// and not from the moment the failure was noted.
    /// </summary>
    public TimeSpan Remaining(TKey key, DateTimeOffset since)
    {
        var now = time.GetUtcNow();
        lock (_gate)
            return Find(key, now) is { } entry ? Positive(since + entry.Delay - now) : TimeSpan.Zero;
    }

    /// <summary>Forgets the key's failures.</summary>
    public void Reset(TKey key)
    {
        lock (_gate)
            _entries.Remove(key);
    }

    /// <summary>Drops the keys that were quiet for twice the cap. To be called now and then by the owner.</summary>
    public void Collect()
    {
        var now = time.GetUtcNow();
        lock (_gate)
        {
            foreach (var (key, entry) in _entries)
            {
                if (IsOver(entry, now))
                    _entries.Remove(key);
            }
        }
    }

    private Entry? Find(TKey key, DateTimeOffset now) =>
        _entries.TryGetValue(key, out var entry) && !IsOver(entry, now) ? entry : null;

    private bool IsOver(Entry entry, DateTimeOffset now) => now - entry.Since > options.Cap * 2;

    private static TimeSpan Positive(TimeSpan span) => span > TimeSpan.Zero ? span : TimeSpan.Zero;

    private sealed record Entry(int Failures, TimeSpan Delay, DateTimeOffset Since);
}
