namespace Cybernetes.Foundation;

/// <summary>How a delay grows from failure to failure.</summary>
/// <param name="Initial">The first delay; must be above zero.</param>
/// <param name="Cap">No delay is longer than this, jitter included.</param>
public sealed record BackoffOptions(TimeSpan Initial, TimeSpan Cap)
{
    /// <summary>Each delay is the one before times this. Default 2; 1 makes the delay constant.</summary>
    public double Factor { get; init; } = 2;

    /// <summary>
    /// Up to this share of the delay is added by chance, so that many callers that failed together do not come back together.
    /// Range 0 … 1, default 0 (none).
    /// </summary>
    public double Jitter { get; init; }

    /// <summary>
    /// The delay after <paramref name="failures"/> failures before this one (0 gives <see cref="Initial"/>), without jitter.
    /// </summary>
    public TimeSpan Delay(int failures)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(failures);
        var ticks = Initial.Ticks * Math.Pow(Factor, failures);
        return ticks >= Cap.Ticks ? Cap : TimeSpan.FromTicks((long)ticks);
    }

    /// <summary>As <see cref="Delay(int)"/>, with jitter from <paramref name="random"/> added.</summary>
    public TimeSpan Delay(int failures, IRandomSource random)
    {
        var delay = Delay(failures);
        if (Jitter <= 0)
            return delay;
        var jittered = delay + TimeSpan.FromTicks((long)(delay.Ticks * Jitter * random.NextDouble()));
        return jittered > Cap ? Cap : jittered;
    }
}

/// <summary>
/// The growing delay of one thing that is tried again and again. Not safe for concurrent use: it belongs to its loop.
/// </summary>
public sealed class Backoff(BackoffOptions options, IRandomSource random)
{
    /// <summary>How many delays were given since the start or the last <see cref="Reset"/>.</summary>
    public int Failures { get; private set; }

    /// <summary>The delay before the next try; each call grows it.</summary>
    public TimeSpan Next() => options.Delay(Failures++, random);

    /// <summary>To be called after a success: the next delay is the initial one again.</summary>
    public void Reset() => Failures = 0;
}
