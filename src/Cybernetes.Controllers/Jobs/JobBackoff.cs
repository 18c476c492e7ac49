using Cybernetes.Objects.Core.V1;

namespace Cybernetes.Controllers.Jobs;

/// <summary>Failures of a job's pods since its last success, and when the last one was. Pure.</summary>
internal sealed record JobBackoff(int Failures, DateTimeOffset? LastFailure)
{
    private static readonly TimeSpan s_first = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(10);

    public static JobBackoff None { get; } = new(0, null);

    /// <summary>The record after further pods have ended.</summary>
    public JobBackoff After(IReadOnlyList<Pod> succeeded, IReadOnlyList<Pod> failed, DateTimeOffset now)
    {
        if (succeeded.Count == 0 && failed.Count == 0)
            return this;
        var failures = failed.Select(p => JobPods.EndOf(p, now)).Order().ToList();
        if (succeeded.Count == 0)
            return new(Failures + failures.Count, failures[^1]);
        var success = succeeded.Max(p => JobPods.EndOf(p, now));
        var since = failures.Where(f => f > success).ToList();
        return since.Count == 0 ? None : new(since.Count, since[^1]);
    }

    /// <summary>How long no pod is to be made yet.</summary>
    public TimeSpan Remaining(DateTimeOffset now) => Remaining(Failures, LastFailure, now);

    /// <summary>As <see cref="Remaining(DateTimeOffset)"/>, for so many failures, the last of them then: 10 s, doubling, 10 minutes at most.</summary>
    public static TimeSpan Remaining(int failures, DateTimeOffset? last, DateTimeOffset now)
    {
        if (failures <= 0 || last is null)
            return TimeSpan.Zero;
        var wait = failures > 7 ? s_longest : TimeSpan.FromTicks(Math.Min(s_longest.Ticks, s_first.Ticks << (failures - 1)));
        var elapsed = now - last.Value;
        return elapsed < wait ? wait - elapsed : TimeSpan.Zero;
    }
}
