using Cybernetes.Client.Transport;
using Cybernetes.Foundation;

namespace Cybernetes.Testing;

/// <summary>
/// How often calls of the cluster's parts go wrong (0 … 1 each). The seed decides it for each part and call by itself (the third PUT of that object by
/// that part), so that a run is repeated by its seed whatever else goes on. Safe to change while the cluster runs: <see cref="TestCluster.Faults"/>.
/// </summary>
public sealed record TestFaults
{
    /// <summary>Nothing goes wrong.</summary>
    public static TestFaults None { get; } = new();

    /// <summary>An update or patch is answered with 409 Conflict and not made.</summary>
    public double Conflicts { get; init; }

    /// <summary>Any call is answered with 429, to be made again in a second.</summary>
    public double TooManyRequests { get; init; }

    /// <summary>A watch is answered with 410 Gone: its revision is forgotten.</summary>
    public double Gone { get; init; }

    /// <summary>A watch ends as soon as it has begun.</summary>
    public double WatchDrops { get; init; }

    /// <summary>A watch under way breaks off, at each read from it.</summary>
    public double WatchBreaks { get; init; }

    /// <summary>A write is made, but its answer is lost: the caller sees a broken connection.</summary>
    public double LostAnswers { get; init; }

    /// <summary>
    /// Somebody else takes a leader's lease just before it renews it: it has to stop, and may come back when that lease has run out. Needs
    /// <see cref="TestClusterOptions.LeaderElection"/>, or parts of the test that elect a leader.
    /// </summary>
    public double LeaseLoss { get; init; }

    /// <summary>The longest time by which a call is late, by the cluster's clock. Default: none.</summary>
    public TimeSpan Latency { get; init; }

    /// <summary>A transport that makes these faults in front of another, which stays the caller's.</summary>
    /// <param name="inner">Where calls go that nothing happens to.</param>
    /// <param name="chance">Decides; a seeded one makes the same faults again for the same calls in the same order.</param>
    /// <param name="time">The clock of the latency.</param>
    /// <param name="told">Is told of each fault: the call and what happens to it.</param>
    /// <param name="thief">Takes leases away; without it <see cref="LeaseLoss"/> does not happen.</param>
    public HttpMessageHandler Over(
        HttpMessageHandler inner, IRandomSource chance, TimeProvider time, Action<string>? told = null, ApiClient? thief = null) =>
        new FaultHandler(() => this, _ => chance, time, told, thief) { InnerHandler = inner };
}
