using System.Globalization;
using Cybernetes.Client.LeaderElection;
using Cybernetes.Client.Transport;
using Cybernetes.Foundation;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Simulator.World;

/// <summary>What a part is.</summary>
/// <param name="Name">In the trace, and the identity in elections: controllers-a.</param>
/// <param name="User">Whom it acts as.</param>
/// <param name="Lease">The lease it leads by; null: it works at once.</param>
/// <param name="Work">What it does, by a client, until it is cancelled.</param>
internal sealed record PartPlan(string Name, string User, string? Lease, Func<ApiClient, ILogger, CancellationToken, Task> Work);

/// <summary>A process of the cluster: it can be killed, ended in order, and started again.</summary>
internal sealed class SimulatedPart(PartPlan plan, SimulatedCluster cluster)
{
    private static readonly Uri s_address = new("https://in-process.cybernetes.local");
    private CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;
    private int _incarnation;

    public string Name => plan.Name;

    public string? Lease => plan.Lease;

    public bool IsRunning { get; private set; }

    /// <summary>Is told the uid of each pod that the part takes away itself.</summary>
    public Action<string>? TakesAway { get; set; }

    /// <summary>The way of the present incarnation.</summary>
    public PartTransport Transport { get; private set; } = null!;

    public void Start()
    {
        _incarnation++;
        var seed = (cluster.Seed * 31) ^ (plan.Name.Sum(c => c * 131) + (_incarnation * 1009));
        var transport = new PartTransport(
            cluster.Server.HandlerFor(plan.User), cluster.Faults, Chance.Seeded(seed), cluster.Time,
                what => cluster.Trace.Write("fault", $"{Name}: {what}"))
        {
            TakesAway = TakesAway, Wrong = what => cluster.Violate($"{Name}: {what}"),
            LongestCall = cluster.Options.IsRich ? TimeSpan.FromMilliseconds(4) : TimeSpan.Zero,
        };
        var options = new ApiClientOptions { Time = cluster.Time, Random = Chance.Seeded(seed + 1), UserAgent = ApiClientOptions.AgentOf(plan.User) };
        var client = new ApiClient(transport, s_address, options);
        var stop = _stop = new();
        transport.Died = () => Ended("is killed in the middle of a call", stop);
        (Transport, IsRunning) = (transport, true);
        cluster.Trace.Write("start", Name);
        _running = Task.Run(() => RunAsync(client, transport, stop.Token));
    }

    /// <summary>The process is gone from one moment to the next; what it sent has been sent, what was on the way back is lost.</summary>
    public void Kill()
    {
        if (!IsRunning)
            return;
        Transport.Cut();
        Ended("is killed", _stop);
    }

    /// <summary>The process is told to end, and does so in order.</summary>
    public async Task StopAsync()
    {
        if (!IsRunning)
            return;
        Ended("is stopped", _stop);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Ends when the last incarnation has.</summary>
    public Task WhenEnded() => _running;

    private void Ended(string how, CancellationTokenSource stop)
    {
        IsRunning = false;
        cluster.Trace.Write("kill", $"{Name} {how}");
        _ = stop.CancelAsync();
    }

    private async Task RunAsync(ApiClient client, PartTransport transport, CancellationToken cancellation)
    {
        var logger = new PartLogger(Name, cluster, () => transport.IsCut || cancellation.IsCancellationRequested);
        var identity = $"{Name}-{_incarnation.ToString(CultureInfo.InvariantCulture)}";
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                if (plan.Lease is null)
                {
                    await plan.Work(client, logger, cancellation).ConfigureAwait(false);
                    continue;
                }
                var options = new LeaderElectionOptions { LeaseName = plan.Lease, Identity = identity };
                var elector = new LeaderElector(client, options, logger);
                await elector.RunFencedAsync(
                    (fenced, term) =>
                    {
                        cluster.Trace.Write("lead", $"{identity} leads {plan.Lease}");
                        return plan.Work(fenced, logger, term);
                    },
                    cancellation).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
            catch (LeadershipLostException lost)
            {
                cluster.Trace.Write("lead", lost.Message);
            }
            catch (Exception failure) when (!cancellation.IsCancellationRequested)
            {
                cluster.Violate($"{Name} ended by itself: {failure}");
                return;
            }
        }
    }
}

/// <summary>A part's log: what only a mistake in the code brings about is a finding, the rest is not kept.</summary>
internal sealed class PartLogger(string name, SimulatedCluster cluster, Func<bool> isEnding) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (exception is not null && !isEnding() && IsMistake(exception))
            cluster.Violate($"{name}: {formatter(state, exception)}: {exception}");
        else if (logLevel >= LogLevel.Warning && cluster.Options.IsTalkative)
            cluster.Trace.Remark("log",
                $"{name}: {formatter(state, exception)}{(exception is null ? "" : ": " + exception.Message.ReplaceLineEndings(" "))}");
    }

    private static bool IsMistake(Exception exception) => exception
        is NullReferenceException or ArgumentException or KeyNotFoundException or IndexOutOfRangeException or InvalidCastException
        or NotSupportedException or NotImplementedException or ObjectDisposedException or InvalidOperationException;
}

/// <summary>Logs of the API server.</summary>
internal sealed class PartLoggers(SimulatedCluster cluster) : ILoggerFactory
{
    public void AddProvider(ILoggerProvider provider)
    {
    }

    public ILogger CreateLogger(string categoryName) => new PartLogger("apiserver", cluster, () => !cluster.Server.IsUp);

    public void Dispose()
    {
    }
}
