using System.Numerics;
using Cybernetes.Foundation;

namespace Cybernetes.Scheduler.Cycle;

/// <summary>Adds the scores up and picks the best node, by chance among equals; runs over all nodes a vector at a time.</summary>
internal sealed class ScoreBoard(IRandomSource random)
{
    private int[] _total = [];
    private int[] _one = [];

    /// <summary>The chosen slot among the cycle's feasible nodes, of which there is at least one.</summary>
    public int Pick(SchedulingCycle cycle, int feasible)
    {
        if (feasible == 1)
            return cycle.Feasible.First();
        var isWholeRow = feasible == cycle.Row.Feasible.Count();
        var capacity = cycle.Columns.Capacity;
        var copied = false;
        foreach (var (plugin, weight) in cycle.Profile.ClusterScores)
        {
            if (!plugin.Applies(cycle))
                continue;
            if (!copied)
                Copy(cycle, isWholeRow);
            copied = true;
            var one = _one.AsSpan(0, capacity);
            one.Clear();
            plugin.Score(cycle, one);
            Add(_total.AsSpan(0, capacity), one, weight);
        }
        foreach (var extender in cycle.Profile.Extenders.Where(e => e.Prioritizes))
        {
            if (!copied)
                Copy(cycle, isWholeRow);
            copied = true;
            extender.Prioritize(cycle, _total);
        }
        if (copied)
            return Best(_total.AsSpan(0, capacity));
        if (isWholeRow)
            return Best(cycle.Row.Scores);
        Copy(cycle, isWholeRow);
        return Best(_total.AsSpan(0, capacity));
    }

    // Nodes that are not feasible stay far below all others, whatever is added to them.
    private void Copy(SchedulingCycle cycle, bool isWholeRow)
    {
        const int farBelow = int.MinValue / 2;
        var capacity = cycle.Columns.Capacity;
        if (_total.Length < capacity)
        {
            _total = new int[capacity];
            _one = new int[capacity];
        }
        var scores = cycle.Row.Scores;
        if (isWholeRow)
        {
            for (var i = 0; i < capacity; i++)
                _total[i] = Math.Max(scores[i], farBelow);
            return;
        }
        Array.Fill(_total, farBelow);
        foreach (var slot in cycle.Feasible)
            _total[slot] = scores[slot];
    }

    private static void Add(Span<int> total, ReadOnlySpan<int> one, int weight)
    {
        var i = 0;
        var weights = new Vector<int>(weight);
        for (; i <= total.Length - Vector<int>.Count; i += Vector<int>.Count)
            (new Vector<int>(total[i..]) + new Vector<int>(one[i..]) * weights).CopyTo(total[i..]);
        for (; i < total.Length; i++)
            total[i] += one[i] * weight;
    }

    private int Best(ReadOnlySpan<int> scores)
    {
        var best = Highest(scores);
        var ties = scores.Count(best);
        var skip = ties == 1 ? 0 : random.Next(ties);
        // Whole blocks are passed over by counting, so that thousands of equal nodes cost no more than one.
        const int block = 128;
        var from = 0;
        for (int there; skip >= (there = scores.Slice(from, Math.Min(block, scores.Length - from)).Count(best)); from += block)
            skip -= there;
        var at = from + scores[from..].IndexOf(best);
        for (; skip > 0; skip--)
            at += 1 + scores[(at + 1)..].IndexOf(best);
        return at;
    }

    private static int Highest(ReadOnlySpan<int> scores)
    {
        var highest = new Vector<int>(int.MinValue);
        var i = 0;
        for (; i <= scores.Length - Vector<int>.Count; i += Vector<int>.Count)
            highest = Vector.Max(highest, new Vector<int>(scores[i..]));
        var best = int.MinValue;
        for (var lane = 0; lane < Vector<int>.Count; lane++)
            best = Math.Max(best, highest[lane]);
        for (; i < scores.Length; i++)
            best = Math.Max(best, scores[i]);
        return best;
    }
}
