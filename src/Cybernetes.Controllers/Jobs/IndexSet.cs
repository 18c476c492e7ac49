using System.Globalization;
using System.Text;

namespace Cybernetes.Controllers.Jobs;

/// <summary>
/// A set of completion indexes as ordered intervals, with the text form of a job's status (<c>0-3,5,7-9</c>): its size goes by the gaps, not
/// by the indexes, so that a job of a million completions is as light as one of ten. Immutable.
/// </summary>
internal sealed class IndexSet
{
    private readonly List<(int First, int Last)> _intervals;

    private IndexSet(List<(int First, int Last)> intervals) => _intervals = intervals;

    public static IndexSet Empty { get; } = new([]);

    public IReadOnlyList<(int First, int Last)> Intervals => _intervals;

    public int Count => _intervals.Sum(i => i.Last - i.First + 1);

    /// <summary>Parses the text form. What is not in order, no interval or not below <paramref name="completions"/> is left out.</summary>
    public static IndexSet Parse(string text, int completions)
    {
        var set = new List<(int First, int Last)>();
        foreach (var part in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var ends = part.Split('-');
            if (!TryIndex(ends[0], out var first) || !TryIndex(ends[^1], out var last) || ends.Length > 2)
                continue;
            if (first >= completions)
                break;
            last = Math.Min(last, completions - 1);
            if (last < first || (set.Count > 0 && first <= set[^1].Last))
                continue;
            Append(set, first, last);
        }
        return new(set);
    }

    public bool Contains(int index)
    {
        var (low, high) = (0, _intervals.Count - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (index < _intervals[middle].First)
                high = middle - 1;
            else if (index > _intervals[middle].Last)
                low = middle + 1;
            else
                return true;
        }
        return false;
    }

    /// <summary>This set with further indexes.</summary>
    public IndexSet With(IEnumerable<int> indexes)
    {
        var added = indexes.Distinct().Order().Select(i => (First: i, Last: i)).ToList();
        if (added.Count == 0)
            return this;
        var merged = new List<(int, int)>(_intervals.Count + added.Count);
        var (a, b) = (0, 0);
        while (a < _intervals.Count || b < added.Count)
        {
            var fromThis = b >= added.Count || (a < _intervals.Count && _intervals[a].First <= added[b].First);
            var (first, last) = fromThis ? _intervals[a++] : added[b++];
            Append(merged, first, last);
        }
        return new(merged);
    }

    public IndexSet With(IndexSet other)
    {
        var merged = new List<(int, int)>(_intervals.Count + other._intervals.Count);
        foreach (var (first, last) in _intervals.Concat(other._intervals).OrderBy(i => i.First))
            Append(merged, first, last);
        return new(merged);
    }

    /// <summary>The first indexes from 0 on that are not in the set, below <paramref name="end"/>, at most <paramref name="count"/>.</summary>
    public List<int> Missing(int end, int count)
    {
        var missing = new List<int>(Math.Min(Math.Max(0, count), 1024));
        var candidate = 0;
        foreach (var (first, last) in _intervals)
        {
            for (; candidate < first && candidate < end && missing.Count < count; candidate++)
                missing.Add(candidate);
            candidate = Math.Max(candidate, last + 1);
        }
        for (; candidate < end && missing.Count < count; candidate++)
            missing.Add(candidate);
        return missing;
    }

    /// <summary>How many of the set's indexes are in the other.</summary>
    public int CountIn(IndexSet other) => other._intervals.Sum(o => _intervals.Sum(i =>
        Math.Max(0, Math.Min(i.Last, o.Last) - Math.Max(i.First, o.First) + 1)));

    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var (first, last) in _intervals)
        {
            if (text.Length > 0)
                text.Append(',');
            text.Append(first);
            // Two neighbours read better apart, as upstream writes them.
            if (last > first)
                text.Append(last == first + 1 ? ',' : '-').Append(last);
        }
        return text.ToString();
    }

    private static bool TryIndex(string text, out int index) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out index);

    private static void Append(List<(int First, int Last)> intervals, int first, int last)
    {
        if (intervals.Count > 0 && first <= intervals[^1].Last + 1)
            intervals[^1] = (intervals[^1].First, Math.Max(intervals[^1].Last, last));
        else
            intervals.Add((first, last));
    }
}
