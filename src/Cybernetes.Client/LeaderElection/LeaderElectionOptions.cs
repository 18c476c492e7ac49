namespace Cybernetes.Client.LeaderElection;

/// <summary>How candidates agree on one leader by a Lease. The defaults are upstream's.</summary>
public sealed record LeaderElectionOptions
{
    public string LeaseNamespace { get; init; } = "kube-system";

    /// <summary>Such as kube-scheduler.</summary>
    public required string LeaseName { get; init; }

    /// <summary>This candidate; must differ from all others', such as HOST_UUID.</summary>
    public required string Identity { get; init; }

    /// <summary>How long others wait after the last renewal they saw before they take over. Default: 15 s.</summary>
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How long a leader tries to renew before it gives up. Must be below <see cref="LeaseDuration"/>. Default: 10 s.
    /// </summary>
    public TimeSpan RenewDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The time between tries. Must be below <see cref="RenewDeadline"/> by a fifth. Default: 2 s.</summary>
    public TimeSpan RetryPeriod { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// The time from a renewal to the next while all goes well. Default: <see cref="RetryPeriod"/>; so it is, too, where a longer
    /// one would leave less than <see cref="RenewDeadline"/> to try again before <see cref="LeaseDuration"/> is over.
    /// </summary>
    public TimeSpan? RenewPeriod { get; init; }

    /// <summary>
    /// Whether a leader that stops in order hands the lease back, so that the next need not wait. Default: true.
    /// </summary>
    public bool ReleaseOnCancel { get; init; } = true;

    internal const double JitterFactor = 1.2;

    internal TimeSpan PauseAfterRenewal => RenewPeriod is { } period && period + RenewDeadline < LeaseDuration ? period : RetryPeriod;

    /// <exception cref="ArgumentException">The times contradict each other, or a name is empty.</exception>
    internal void Check()
    {
        if (LeaseDuration <= RenewDeadline)
            throw new ArgumentException("leaseDuration must be greater than renewDeadline");
        if (RenewDeadline <= RetryPeriod * JitterFactor)
            throw new ArgumentException("renewDeadline must be greater than retryPeriod*JitterFactor");
        if (LeaseDuration < TimeSpan.FromSeconds(1) || RetryPeriod <= TimeSpan.Zero)
            throw new ArgumentException("leaseDuration must be at least 1 s, and retryPeriod above zero");
        if (Identity.Length == 0 || LeaseName.Length == 0)
            throw new ArgumentException("Lock identity is empty");
    }
}

/// <summary>A leader could not renew its lease in time: another may lead now.</summary>
public sealed class LeadershipLostException(string message) : Exception(message);
