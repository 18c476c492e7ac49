using Cybernetes.Objects;
using Cybernetes.Objects.Autoscaling.V2;

namespace Cybernetes.Controllers.Autoscaling;

/// <summary>What was recommended or done, and when. Changes are counts of pods.</summary>
internal readonly record struct ScalePoint(DateTimeOffset Time, int Value);

/// <summary>The past of one autoscaler.</summary>
/// <param name="Recommendations">What the metrics asked for, before any rule.</param>
/// <param name="Ups">Pods added.</param>
/// <param name="Downs">Pods taken away.</param>
internal sealed record ScaleHistory(IReadOnlyList<ScalePoint> Recommendations, IReadOnlyList<ScalePoint> Ups, IReadOnlyList<ScalePoint> Downs)
{
    public static ScaleHistory None { get; } = new([], [], []);
}

/// <summary>What the rules made of a recommendation, with the conditions that tell of it.</summary>
internal sealed record RuledScale(
    int Replicas, string AbleReason, string AbleMessage, bool IsLimited, string LimitReason, string LimitMessage);

/// <summary>Stabilisation and speed limits of an autoscaler (KEP-853). Pure.</summary>
internal static class ScaleRules
{
    private const int LeastUpLimit = 4;

    /// <summary>The replicas to have next.</summary>
    /// <param name="window">How far back is looked before scaling down where the behaviour says nothing.</param>
    public static RuledScale Apply(
        HorizontalPodAutoscaler autoscaler, int current, int recommended, ScaleHistory history, TimeSpan window, DateTimeOffset now)
    {
        var up = autoscaler.Spec.Behavior?.ScaleUp;
        var down = autoscaler.Spec.Behavior?.ScaleDown;
        var downWindow = autoscaler.Spec.Behavior is null ? window : Window(down, window);
        var stable = autoscaler.Spec.Behavior is null
            ? Since(history.Recommendations, now - window).Select(p => p.Value).Append(recommended).Max()
            : Stabilize(current, recommended, history, Window(up, TimeSpan.Zero), downWindow, now);
        var (ableReason, ableMessage) = stable == recommended ? ("ReadyForNewScale", "recommended size matches current size")
            : autoscaler.Spec.Behavior is not null && recommended >= current
                ? ("ScaleUpStabilized", "recent recommendations were lower than current one, applying the lowest recent recommendation")
                : ("ScaleDownStabilized", "recent recommendations were higher than current one, applying the highest recent recommendation");
        var (replicas, reason, message) = Limit(autoscaler, current, stable, history, now);
        return new(replicas, ableReason, ableMessage, replicas != stable, reason, message);
    }

    private static TimeSpan Window(HPAScalingRules? rules, TimeSpan otherwise) =>
        rules?.StabilizationWindowSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : otherwise;

    private static IEnumerable<ScalePoint> Since(IReadOnlyList<ScalePoint> points, DateTimeOffset cutoff) => points.Where(p => p.Time > cutoff);

    private static int Stabilize(int current, int recommended, ScaleHistory history, TimeSpan up, TimeSpan down, DateTimeOffset now)
    {
        var least = Since(history.Recommendations, now - up).Select(p => p.Value).Append(recommended).Min();
        var most = Since(history.Recommendations, now - down).Select(p => p.Value).Append(recommended).Max();
        var stable = Math.Max(current, least);
        return Math.Min(stable, most);
    }

    private static (int Replicas, string Reason, string Message) Limit(
        HorizontalPodAutoscaler autoscaler, int current, int desired, ScaleHistory history, DateTimeOffset now)
    {
        var (least, most) = (autoscaler.Spec.MinReplicas ?? 1, autoscaler.Spec.MaxReplicas);
        (int, string, string) fewest = (least, "TooFewReplicas", "the desired replica count is less than the minimum replica count");
        (int, string, string) highest = (most, "TooManyReplicas", "the desired replica count is more than the maximum replica count");
        if (autoscaler.Spec.Behavior is not { } behavior)
        {
            var limit = Math.Max(2L * current, LeastUpLimit);
            if (most > limit)
                highest = ((int)limit, "ScaleUpLimit", "the desired replica count is increasing faster than the maximum scale rate");
        }
        else if (desired > current)
        {
            var limit = Math.Max(current, UpLimit(current, behavior.ScaleUp, history, now));
            if (most > limit)
                highest = (limit, "ScaleUpLimit", "the desired replica count is increasing faster than the maximum scale rate");
        }
        else if (desired < current)
        {
            var limit = Math.Min(current, DownLimit(current, behavior.ScaleDown, history, now));
            if (least < limit)
                fewest = (limit, "ScaleDownLimit", "the desired replica count is decreasing faster than the maximum scale rate");
        }
        if (desired < fewest.Item1)
            return fewest;
        return desired > highest.Item1 ? highest : (desired, "DesiredWithinRange", "the desired count is within the acceptable range");
    }

    private static int UpLimit(int current, HPAScalingRules? rules, ScaleHistory history, DateTimeOffset now)
    {
        if (rules?.SelectPolicy == "Disabled")
            return current;
        var limits = rules?.Policies.OrEmpty().Select(policy =>
        {
            var start = Begin(current, policy, history, now);
            // Rounded up: or a share of few pods would be none for ever.
            return policy.Type == "Pods" ? start + policy.Value : (long)Math.Ceiling(start * (1 + (policy.Value / 100.0)));
        }).ToList() ?? [];
        return limits.Count == 0 ? int.MaxValue : (int)Math.Min(int.MaxValue, rules!.SelectPolicy == "Min" ? limits.Min() : limits.Max());
    }

    private static int DownLimit(int current, HPAScalingRules? rules, ScaleHistory history, DateTimeOffset now)
    {
        if (rules?.SelectPolicy == "Disabled")
            return current;
        var limits = rules?.Policies.OrEmpty().Select(policy =>
        {
            var start = Begin(current, policy, history, now);
            return policy.Type == "Pods" ? start - policy.Value : (long)(start * (1 - (policy.Value / 100.0)));
        }).ToList() ?? [];
        return limits.Count == 0 ? 0 : (int)Math.Clamp(rules!.SelectPolicy == "Min" ? limits.Max() : limits.Min(), int.MinValue, int.MaxValue);
    }

    /// <summary>How many pods there were when the policy's period began.</summary>
    private static long Begin(int current, HPAScalingPolicy policy, ScaleHistory history, DateTimeOffset now)
    {
        var since = now - TimeSpan.FromSeconds(policy.PeriodSeconds);
        return current - Since(history.Ups, since).Sum(p => (long)p.Value) + Since(history.Downs, since).Sum(p => (long)p.Value);
    }
}
