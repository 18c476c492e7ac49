using Cybernetes.Node.Runtime.Cri;
using Microsoft.Extensions.Logging;

namespace Cybernetes.Node.Runtime;

/// <summary>
/// Tells what happens to pods at the runtime. Takes the runtime's own events where it has them, and lists every so often: each
/// <see cref="ListPeriod"/> without events (as upstream's PLEG), each <see cref="ListPeriodWithEvents"/> with them.
/// </summary>
/// <remarks>
/// The first listing reports everything that is there already as started or died: so running pods are found after a restart.
/// Events may come twice; the receiver compares states, not counts.
/// </remarks>
public sealed partial class PodLifecycleSource(IRuntimeService runtime, TimeProvider time, ILogger logger)
{
    public static readonly TimeSpan ListPeriod = TimeSpan.FromSeconds(1);

    /// <summary>Much shorter than upstream's 300 s: a lost event then costs seconds, and two lists cost next to nothing.</summary>
    public static readonly TimeSpan ListPeriodWithEvents = TimeSpan.FromSeconds(10);

    /// <summary>With no listing for this long, <see cref="IsHealthy"/> says no: upstream's "PLEG is not healthy".</summary>
    public static readonly TimeSpan HealthLimit = TimeSpan.FromMinutes(3);

    private readonly SemaphoreSlim _nudge = new(0, 1);
    private RuntimeListing _last = RuntimeListing.Empty;
    private long _lastListed;
    private volatile bool _hasEvents;

    /// <summary>The newest listing; never null.</summary>
    public RuntimeListing Last => Volatile.Read(ref _last);

    public bool IsHealthy
    {
        get
        {
            var at = Interlocked.Read(ref _lastListed);
            if (at == 0)
                return false;
            return time.GetElapsedTime(at) < HealthLimit;
        }
    }

    /// <summary>Asks for a listing now instead of at the period's end. Cheap; many askers share one listing.</summary>
    public void ListSoon()
    {
        try
        {
            _nudge.Release();
        }
        catch (SemaphoreFullException)
        {
            // A listing is already asked for.
        }
    }

    /// <summary>Runs until cancelled. The handler is called from two loops, so it has to take calls at the same time, and not
    /// block.</summary>
    public async Task RunAsync(Action<PodLifecycleEvent> handler, CancellationToken cancellation)
    {
        var events = FollowEventsAsync(handler, cancellation);
        try
        {
            while (!cancellation.IsCancellationRequested)
            {
                await ListAsync(handler, cancellation).ConfigureAwait(false);
                await WaitAsync(_hasEvents ? ListPeriodWithEvents : ListPeriod, cancellation).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The end that was asked for.
        }

        await events.ConfigureAwait(false);
    }

    private async Task ListAsync(Action<PodLifecycleEvent> handler, CancellationToken cancellation)
    {
        try
        {
            var sandboxes = await runtime.ListPodSandboxesAsync(null, cancellation).ConfigureAwait(false);
            var containers = await runtime.ListContainersAsync(null, cancellation).ConfigureAwait(false);
            var listing = new RuntimeListing(sandboxes, containers);
            var before = Interlocked.Exchange(ref _last, listing);
            Interlocked.Exchange(ref _lastListed, Math.Max(1, time.GetTimestamp()));
            foreach (var change in listing.ChangesSince(before))
                handler(change);
        }
        catch (RuntimeCallException e)
        {
            LogListFailed(logger, e.Message);
        }
    }

    private async Task WaitAsync(TimeSpan period, CancellationToken cancellation)
    {
        using var timer = new CancellationTokenSource(period, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellation);
        try
        {
            await _nudge.WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // The period is over.
        }
    }

    private async Task FollowEventsAsync(Action<PodLifecycleEvent> handler, CancellationToken cancellation)
    {
        // The answer's beginning shows only with the first event, so a connected stream is trusted from then on.
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                await foreach (var happened in runtime.ContainerEventsAsync(cancellation).ConfigureAwait(false))
                {
                    _hasEvents = true;
                    if (EventOf(happened) is { } change)
                        handler(change);
                }
            }
            catch (RuntimeCallException e) when (e.Code == RuntimeStatusCode.Unimplemented)
            {
                LogNoEvents(logger);
                return;
            }
            catch (RuntimeCallException e)
            {
                LogEventsEnded(logger, e.Message);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }

            // What happened meanwhile is found by listing.
            _hasEvents = false;
            ListSoon();
            await Task.Delay(ListPeriod, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static PodLifecycleEvent? EventOf(ContainerEventResponse happened)
    {
        if (happened.PodSandboxStatus?.Metadata?.Uid is not { Length: > 0 } uid)
            return null;
        var type = happened.ContainerEventType switch
        {
            ContainerEventType.ContainerStartedEvent => PodLifecycleEventType.ContainerStarted,
            ContainerEventType.ContainerStoppedEvent => PodLifecycleEventType.ContainerDied,
            ContainerEventType.ContainerDeletedEvent => PodLifecycleEventType.ContainerRemoved,
            _ => PodLifecycleEventType.ContainerChanged,
        };
        return new PodLifecycleEvent(uid, type, happened.ContainerId);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Listing the runtime's pods failed: {Reason}")]
    private static partial void LogListFailed(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "The runtime has no container events; listing every second instead")]
    private static partial void LogNoEvents(ILogger logger);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The runtime's container events ended: {Reason}")]
    private static partial void LogEventsEnded(ILogger logger, string reason);
}
