using System.Globalization;
using Cybernetes.Objects;

namespace Cybernetes.ApiServer.Registry.Batch;

/// <summary>Indexes of an indexed job's pods as text: <c>0-3,5,7-9</c>, increasing.</summary>
internal static class JobIndexes
{
    /// <summary>Counts the indexes; null on success, else upstream's error text.</summary>
    public static string? TryCount(string text, int completions, out int count)
    {
        count = 0;
        int? last = null;
        if (text.Length == 0)
            return null;
        foreach (var part in text.Split(','))
        {
            if (TryInterval(part, completions, out var first, out var end) is { } problem)
                return problem;
            if (last >= first)
                return $"non-increasing order, previous: {last}, current: {first}";
            count += end - first + 1;
            last = end;
        }
        return null;
    }

    /// <summary>
    /// The first index that is in both texts, told as upstream does; null when there is none. Parts that are no intervals are passed over.
    /// </summary>
    public static string? Overlap(string completed, string failed, int completions)
    {
        var done = Intervals(completed, completions);
        foreach (var (first, end) in Intervals(failed, completions))
        {
            foreach (var (start, stop) in done)
            {
                if (start <= end && first <= stop)
                    return $"failedIndexes and completedIndexes overlap at index: {Math.Max(start, first)}";
            }
        }
        return null;
    }

    private static List<(int First, int End)> Intervals(string text, int completions)
    {
        var intervals = new List<(int, int)>();
        foreach (var part in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            if (TryInterval(part, completions, out var first, out var end) is null)
                intervals.Add((first, end));
        }
        return intervals;
    }

    private static string? TryInterval(string text, int completions, out int first, out int end)
    {
        var parts = text.Split('-');
        first = end = 0;
        if (parts.Length > 2)
            return $"the fragment {GoText.Quote(text)} violates the requirement that an index interval can have at most two parts separated by '-'";
        if (TryIndex(parts[0], completions, out first) is { } problem)
            return problem;
        end = first;
        if (parts.Length == 1)
            return null;
        if (TryIndex(parts[1], completions, out end) is { } second)
            return second;
        return first >= end ? $"non-increasing order, previous: {first}, current: {end}" : null;
    }

    private static string? TryIndex(string text, int completions, out int index)
    {
        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out index))
            return $"cannot convert string to integer for index: {GoText.Quote(text)}";
        return index >= completions ? $"too large index: {GoText.Quote(text)}" : null;
    }
}
