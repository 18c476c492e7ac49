using Cybernetes.Scheduler.Cycle;

namespace Cybernetes.Scheduler.Plugins;

/// <summary>Stretches raw scores of the feasible nodes to 0 … 100 by the largest of them, as upstream's default normaliser does.</summary>
internal static class Normalization
{
    public static void Apply(SchedulingCycle cycle, Span<int> scores, bool reverse)
    {
        long maximum = 0;
        foreach (var slot in cycle.Feasible)
            maximum = Math.Max(maximum, scores[slot]);
        foreach (var slot in cycle.Feasible)
        {
            var score = maximum == 0 ? 0 : (int)((long)scores[slot] * IClusterScore.MaximumScore / maximum);
            scores[slot] = reverse ? IClusterScore.MaximumScore - score : score;
        }
    }
}
