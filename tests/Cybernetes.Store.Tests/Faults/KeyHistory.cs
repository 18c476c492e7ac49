using System.Collections.Concurrent;

namespace Cybernetes.Store.Tests.Faults;

/// <summary>
/// What clients saw of one key, with the order in time, and whether one order of all operations explains it (linearizability). Since
/// each operation names the revision it made or saw, the order is given: it only has to agree with time.
/// </summary>
internal sealed class KeyHistory
{
    private readonly ConcurrentBag<Seen> _all = [];
    private long _clock;

    /// <summary>To be called before an operation begins.</summary>
    public long Begin() => Interlocked.Increment(ref _clock);

    /// <summary>A write that was acknowledged, or a read that was answered (revision 0: there was nothing).</summary>
    public void End(long began, bool isWrite, long revision, int value) =>
        _all.Add(new Seen(began, Interlocked.Increment(ref _clock), isWrite, revision, value));

    /// <summary>What cannot be; empty when all can.</summary>
    public IEnumerable<string> Violations()
    {
        foreach (var twice in _all.Where(seen => seen.IsWrite).GroupBy(seen => seen.Revision).Where(group => group.Count() > 1))
            yield return $"revision {twice.Key} was given to {twice.Count()} writes";
        foreach (var version in _all.GroupBy(seen => seen.Revision).Where(group => group.Select(seen => seen.Value).Distinct().Count() > 1))
            yield return $"revision {version.Key} was seen with different values";
        var newest = 0L;
        var ends = new Queue<Seen>(_all.OrderBy(seen => seen.Ended));
        foreach (var seen in _all.OrderBy(seen => seen.Began))
        {
            // Whatever ended before this began is behind it in the order.
            while (ends.TryPeek(out var earlier) && earlier.Ended < seen.Began)
                newest = Math.Max(newest, ends.Dequeue().Revision);
            if (seen.Revision < newest || (seen.IsWrite && seen.Revision == newest))
                yield return $"{seen} began after {newest} was seen";
        }
    }

    private sealed record Seen(long Began, long Ended, bool IsWrite, long Revision, int Value);
}
