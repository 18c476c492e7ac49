namespace Cybernetes.Expressions;

/// <summary>
/// What evaluations may cost, in the units of the reference implementation. One budget may serve several evaluations in a row, which then share
/// it; it is not for use by two threads at once.
/// </summary>
public sealed class CelBudget(long limit)
{
    /// <summary>What Kubernetes gives one expression (celconfig.PerCallLimit).</summary>
    public const long PerCall = 1_000_000;

    public long Limit { get; } = limit;

    /// <summary>Spent so far.</summary>
    public long Cost { get; private set; }

    public bool Exceeded => Cost > Limit;

    /// <summary>Spends; a cost that no long holds exceeds every limit.</summary>
    public void Charge(long cost) => Cost = cost < 0 || Cost > long.MaxValue - cost ? long.MaxValue : Cost + cost;
}
